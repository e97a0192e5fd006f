"""What the intake journal names belongs to somebody, also before a row names it."""

from pathlib import Path

import pytest

from gateway.mail.content import Content
from gateway.storage import verification
from gateway.storage.accepting import Acceptance, rows_of
from gateway.storage.database import Database
from gateway.storage.folder import BlobFolder
from gateway.storage.journal import keep_record, make_folder, name_segment, pack, set_aside
from gateway.storage.journal_importer import JournalImporter
from gateway.storage.journal_reader import holds_mail, named_bodies
from gateway.storage.sqlite import SqliteEngine
from tests.storage.conftest import Make

LARGE = Content.of(b"large" * 40_000)
OTHER = Content.of(b"other" * 40_000)


@pytest.fixture(params=["sqlite"])
def url(request: pytest.FixtureRequest) -> str:
    """Only SQLite has a journal."""
    return str(request.param)


@pytest.fixture(autouse=True)
def _no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "GRACE_SECONDS", -1.0)


def put_into_journal(data: Path, *acceptances: Acceptance) -> Path:
    for acceptance in acceptances:
        if acceptance.mail.content.size > 65_536:
            BlobFolder(data).put(acceptance.mail.content)
    path = name_segment(make_folder(data), milliseconds=1_000, writer="77", number=1)
    path.write_bytes(b"".join(map(pack, rows_of(acceptances, BlobFolder(data)))))
    return path


async def test_body_that_only_a_segment_names_is_no_orphan(database: Database, tmp_path: Path, make: Make) -> None:
    put_into_journal(tmp_path, make.acceptance(LARGE))
    BlobFolder(tmp_path).put(OTHER)
    assert (await database.verify()).orphans == (OTHER.sha256,)
    assert await database.remove_orphans() == 1
    assert BlobFolder(tmp_path).has(LARGE.sha256)


async def test_body_of_a_mail_that_no_table_takes_is_no_orphan(database: Database, tmp_path: Path, make: Make) -> None:
    BlobFolder(tmp_path).put(LARGE)
    (row,) = rows_of([make.acceptance(LARGE)], BlobFolder(tmp_path))
    kept = keep_record(tmp_path, row)
    assert await database.remove_orphans() == 0
    kept.unlink()
    assert await database.remove_orphans() == 1


async def test_nothing_is_an_orphan_while_a_part_of_the_journal_cannot_be_read(
    database: Database, tmp_path: Path, make: Make
) -> None:
    segment = put_into_journal(tmp_path, make.acceptance(LARGE), make.acceptance(b"two"))
    octets = bytearray(segment.read_bytes())
    octets[40] ^= 0xFF
    segment.write_bytes(octets)
    assert not named_bodies(tmp_path).is_all
    assert await database.remove_orphans() == 0
    aside = set_aside(segment)
    assert await database.remove_orphans() == 0
    aside.unlink()
    assert await database.remove_orphans() == 1


async def test_half_a_record_names_nothing_and_stops_nobody(database: Database, tmp_path: Path, make: Make) -> None:
    segment = put_into_journal(tmp_path, make.acceptance(b"one"), make.acceptance(LARGE))
    segment.write_bytes(segment.read_bytes()[:-1])
    assert named_bodies(tmp_path).is_all
    assert await database.remove_orphans() == 1


async def test_file_set_aside_may_be_given_to_the_gateway_again(database: Database, tmp_path: Path, make: Make) -> None:
    (row,) = rows_of([make.acceptance(b"strange")], BlobFolder(tmp_path))
    kept = keep_record(tmp_path, row)
    assert (await database.verify()).aside == (str(kept),)
    again = kept.rename(kept.with_suffix(".segment"))
    assert holds_mail(tmp_path, 1)
    assert isinstance(database.engine, SqliteEngine)
    await JournalImporter(tmp_path, database.engine, new_id=lambda: 99).store_all()
    assert not again.exists()
    assert (await database.read(lambda tx: tx.received.get(1))).content.read() == b"strange"
    assert (await database.verify()).is_sound
