"""`backup` says what it copied, and its exit code whether everything is in it."""

from pathlib import Path

import pytest

from gateway.cli.exits import Exit
from gateway.mail.content import Content
from gateway.storage.database import Database
from gateway.storage.folder import BlobFolder
from tests.cli.conftest import Command

CONFIG = """
hostname: gw.firma.example
data: {folder}
database: {database}
listen: [{{smtp: "127.0.0.1:0"}}]
smarthosts: {{main: {{host: 127.0.0.1, security: none}}}}
agents: {{anna: {{name: Anna Arndt, addresses: [anna@firma.example]}}}}
queues: {{support: {{agents: [anna]}}}}
channels: {{support: {{address: support@firma.example, display_name: Support, queue: support, smarthosts: [main]}}}}
"""
LARGE = Content.of(b"x" * 200_000)


@pytest.fixture
async def config(tmp_path: Path) -> Path:
    """Return a configuration whose data folder holds a large body."""
    folder = tmp_path / "data"
    database = await Database.open(data=folder)
    await database.blobs.put(LARGE)
    await database.close()
    file = tmp_path / "gateway.yaml"
    file.write_text(CONFIG.format(folder=folder, database="sqlite"))
    return file


def test_backup_tells_people_what_it_holds(config: Path, command: Command, tmp_path: Path) -> None:
    ran = command("-c", config, "backup", tmp_path / "copy", "--verify")
    assert ran.code == Exit.OK
    assert "1 file of large bodies, 1 new, 0 removed" in ran.out
    assert ran.out.endswith("1 stored body read.\nEverything is there.\n")


def test_backup_tells_programs_what_it_holds(config: Path, command: Command, tmp_path: Path) -> None:
    ran = command("-c", config, "backup", tmp_path / "copy", "--verify", "--json")
    (answer,) = ran.answers
    assert ran.code == Exit.OK
    assert (answer["bodies"], answer["copied"], answer["is_whole"], answer["verified"]["is_sound"]) == (1, 1, True, True)


def test_backup_with_a_body_that_is_lost_ends_with_1(config: Path, command: Command, tmp_path: Path) -> None:
    BlobFolder(tmp_path / "data").path(LARGE.sha256).unlink()
    ran = command("-c", config, "backup", tmp_path / "copy")
    assert ran.code == Exit.FAILED
    assert f"LOST     {LARGE.sha256}" in ran.out


def test_backup_into_the_data_folder_is_a_mistake(config: Path, command: Command, tmp_path: Path) -> None:
    ran = command("-c", config, "backup", tmp_path / "data")
    assert ran.code == Exit.USAGE
    assert "choose another place" in ran.err


def test_backup_where_nothing_can_be_written_says_so(config: Path, command: Command) -> None:
    ran = command("-c", config, "backup", "/proc/nowhere/copy")
    assert ran.code == Exit.CANNOT_WRITE
    assert "/proc/nowhere" in ran.err


def test_postgresql_is_backed_up_by_its_own_means(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(CONFIG.format(folder=tmp_path / "data", database="postgresql://gw@127.0.0.1:1/gw"))
    ran = command("-c", file, "backup", tmp_path / "copy")
    assert ran.code == Exit.USAGE
    assert "pg_dump" in ran.err
