"""`verify` finds bytes that are gone, and says so with its exit code."""

import json
from pathlib import Path

import pytest

from gateway.cli.entry import run
from gateway.cli.exits import Exit
from gateway.mail.content import Content
from gateway.storage.database import Database

CONFIG = """
hostname: gw.firma.example
data: {folder}
listen: [{{smtp: "127.0.0.1:0"}}]
smarthosts: {{main: {{host: 127.0.0.1, security: none}}}}
agents: {{anna: {{name: Anna Arndt, addresses: [anna@firma.example]}}}}
queues: {{support: {{agents: [anna]}}}}
channels: {{support: {{address: support@firma.example, display_name: Support, queue: support, smarthosts: [main]}}}}
"""


@pytest.fixture
async def stored(tmp_path: Path) -> tuple[Path, Content]:
    content = Content.of(b"x" * 200_000)
    folder = tmp_path / "data"
    database = await Database.open(data=folder)
    await database.blobs.put(content, Content.of(b"small"))
    await database.close()
    file = tmp_path / "gateway.yaml"
    file.write_text(CONFIG.format(folder=folder))
    return file, content


def test_a_sound_store_is_sound(stored: tuple[Path, Content], capsys: pytest.CaptureFixture[str]) -> None:
    file, _ = stored
    assert run(["-c", str(file), "verify"]) == Exit.OK
    assert "2 stored bodies read.\nEverything is there.\n" in capsys.readouterr().out


def test_a_large_body_that_is_gone_is_named(stored: tuple[Path, Content], capsys: pytest.CaptureFixture[str]) -> None:
    file, content = stored
    (blob,) = (path for path in (file.parent / "data" / "blobs").rglob("*") if path.is_file())
    blob.unlink()
    assert run(["-c", str(file), "verify", "--json"]) == Exit.FAILED
    found = json.loads(capsys.readouterr().out)
    assert found["missing"] == [content.sha256]
    assert found["is_sound"] is False
