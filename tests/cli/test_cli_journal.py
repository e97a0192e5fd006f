"""What an admin sees of mail that has its 250 and is not in the database yet."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.cli.examining import Health, examine_journal
from gateway.cli.exits import Exit
from gateway.ids import format_id
from gateway.mail.content import Content
from gateway.storage.accepting import Acceptance, rows_of
from gateway.storage.database import Database
from gateway.storage.folder import BlobFolder
from gateway.storage.journal import make_folder, name_segment, pack, set_aside
from gateway.storage.journal_importer import JournalImporter
from gateway.storage.sqlite import SqliteEngine
from tests.cli.conftest import Command
from tests.storage.conftest import Make

CONFIG = """
hostname: gw.firma.example
data: {folder}
listen: [{{smtp: "127.0.0.1:0"}}]
smarthosts: {{main: {{host: 127.0.0.1, security: none}}}}
agents: {{anna: {{name: Anna Arndt, addresses: [anna@firma.example]}}}}
queues: {{support: {{agents: [anna]}}}}
channels: {{support: {{address: support@firma.example, display_name: Support, queue: support, smarthosts: [main]}}}}
"""
LARGE = Content.of(b"x" * 200_000)


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """Return the folder of a gateway that does not run."""
    await (await Database.open(data=tmp_path / "data")).close()
    return tmp_path / "data"


@pytest.fixture
def config(tmp_path: Path, data: Path) -> Path:
    file = tmp_path / "gateway.yaml"
    file.write_text(CONFIG.format(folder=data))
    return file


def put_into_journal(data: Path, *acceptances: Acceptance) -> Path:
    for acceptance in acceptances:
        if acceptance.mail.content.size > 65_536:
            BlobFolder(data).put(acceptance.mail.content)
    path = name_segment(make_folder(data), milliseconds=1_000, writer="77", number=1)
    path.write_bytes(b"".join(map(pack, rows_of(acceptances, BlobFolder(data)))))
    return path


def bring_in(data: Path) -> None:
    async def store_all() -> None:
        database = await Database.open(data=data)
        assert isinstance(database.engine, SqliteEngine)
        await JournalImporter(data, database.engine, new_id=lambda: 99).store_all()
        await database.close()

    asyncio.run(store_all())


def test_verify_counts_the_mail_that_waits_and_reads_its_large_bodies(config: Path, data: Path, command: Command) -> None:
    make = Make()
    one = make.acceptance()
    put_into_journal(data, one, one, make.acceptance(LARGE))
    ran = command("-c", config, "verify")
    assert ran.code == Exit.OK
    assert ran.out.startswith("1 stored body read.\n2 mails in the intake journal, safe and not in the database yet")
    assert ran.out.endswith("Everything is there.\n")


def test_verify_does_not_count_as_waiting_what_is_in_the_tables_already(config: Path, data: Path, command: Command) -> None:
    one = Make().acceptance()
    put_into_journal(data, one)
    bring_in(data)
    put_into_journal(data, one)
    (answer,) = command("-c", config, "verify", "--json").answers
    assert (answer["waiting"], answer["checked"]) == (0, 1)


def test_large_body_that_only_the_journal_names_and_that_is_gone_is_lost(config: Path, data: Path, command: Command) -> None:
    put_into_journal(data, Make().acceptance(LARGE))
    BlobFolder(data).remove(LARGE.sha256)
    ran = command("-c", config, "verify")
    assert ran.code == Exit.FAILED
    assert f"LOST     {LARGE.sha256}" in ran.out


def test_large_body_that_only_the_journal_names_and_that_was_changed_is_damaged(
    config: Path, data: Path, command: Command
) -> None:
    put_into_journal(data, Make().acceptance(LARGE))
    blob = BlobFolder(data).path(LARGE.sha256)
    blob.chmod(0o600)
    blob.write_bytes(b"something else")
    (answer,) = command("-c", config, "verify", "--json").answers
    assert (answer["damaged"], answer["is_sound"]) == ([LARGE.sha256], False)


def test_file_that_was_set_aside_is_named_with_where_to_read_on(config: Path, data: Path, command: Command) -> None:
    aside = set_aside(put_into_journal(data, Make().acceptance()))
    ran = command("-c", config, "verify")
    assert ran.code == Exit.FAILED
    assert f"ASIDE    {aside}" in ran.out
    assert "docs/admins.md" in ran.out
    assert "from a backup" not in ran.out


@pytest.mark.parametrize("octet", [1, 5, 9, 100, -1], ids=["magic", "size of the columns", "size of the body", "columns", "body"])
def test_damaged_segment_is_not_passed_over_in_silence(config: Path, data: Path, command: Command, octet: int) -> None:
    make = Make()
    segment = put_into_journal(data, make.acceptance(b"one"), make.acceptance(b"two"))
    octets = bytearray(segment.read_bytes())
    octets[octet] ^= 0xFF
    segment.write_bytes(octets)
    (answer,) = command("-c", config, "verify", "--json").answers
    assert (answer["waiting"], answer["broken"], answer["is_sound"]) == (1, [str(segment)], False)


def test_half_a_record_at_the_end_is_no_damage(config: Path, data: Path, command: Command) -> None:
    make = Make()
    segment = put_into_journal(data, make.acceptance(b"one"), make.acceptance(b"two"))
    segment.write_bytes(segment.read_bytes()[:-1])
    (answer,) = command("-c", config, "verify", "--json").answers
    assert (answer["waiting"], answer["broken"], answer["is_sound"]) == (1, [], True)


def test_backup_tells_that_mail_waits_in_its_journal(config: Path, data: Path, command: Command, tmp_path: Path) -> None:
    put_into_journal(data, Make().acceptance(LARGE))
    ran = command("-c", config, "backup", tmp_path / "copy", "--verify")
    assert ran.code == Exit.OK
    assert "1 mail in its intake journal" in ran.out
    assert ran.out.endswith("Everything is there.\n")


def test_mail_that_is_only_in_the_journal_is_known_to_be_safe(config: Path, data: Path, command: Command) -> None:
    waiting = Make().acceptance()
    put_into_journal(data, waiting)
    ran = command("-c", config, "failed", "show", format_id(waiting.mail.id))
    assert ran.code == Exit.NO_SUCH
    assert "waits in the intake journal" in ran.err
    bring_in(data)
    assert command("-c", config, "failed", "show", format_id(waiting.mail.id)).code == Exit.OK


@pytest.mark.usefixtures("data")
def test_unknown_mail_may_be_a_second_copy(config: Path, command: Command) -> None:
    ran = command("-c", config, "suspended", "show", format_id(4711), "--raw")
    assert ran.code == Exit.NO_SUCH
    assert "mail.second_copy" in ran.err


def test_doctor_doubts_mail_that_has_waited_for_more_than_five_minutes(data: Path) -> None:
    segment = put_into_journal(data, Make().acceptance())
    now = datetime.fromtimestamp(segment.stat().st_ctime, UTC)
    (fresh,) = examine_journal(data, now=now + timedelta(minutes=4))
    assert fresh.health is Health.WELL
    (old,) = examine_journal(data, now=now + timedelta(minutes=6))
    assert old.health is Health.DOUBTFUL
    assert old.says.startswith("1 mail with a 250 cannot be seen yet")


def test_doctor_doubts_files_that_were_set_aside(data: Path) -> None:
    aside = set_aside(put_into_journal(data, Make().acceptance()))
    (finding,) = examine_journal(data, now=datetime.now(UTC))
    assert finding.health is Health.DOUBTFUL
    assert aside.name in finding.says


def test_doctor_is_well_with_a_gateway_that_never_took_mail(tmp_path: Path) -> None:
    (finding,) = examine_journal(tmp_path / "new", now=datetime.now(UTC))
    assert finding.health is Health.WELL
