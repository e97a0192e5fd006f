"""A backup is whole, whoever writes meanwhile, and nothing that is no backup is ever overwritten."""

import asyncio
import fcntl
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from gateway.errors import StorageUnavailable, WrongCommand
from gateway.mail.content import Content
from gateway.storage.accepting import Acceptance, rows_of
from gateway.storage.backup import MARK, Backup, OnProgress, make_backup
from gateway.storage.database import Database
from gateway.storage.folder import BlobFolder
from gateway.storage.journal import (
    find_record,
    keep_record,
    make_folder,
    name_segment,
    pack,
    segments,
    set_aside,
    set_aside_files,
)
from gateway.storage.journal_importer import JournalImporter
from gateway.storage.sqlite import SqliteEngine
from gateway.storage.transaction import Reader
from tests.storage.conftest import Make

LARGE = Content.of(b"large" * 40_000)
OTHER = Content.of(b"other" * 40_000)
SMALL = Content.of(b"small")


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Database]:
    """Return a database that is open for writing, with a large and a small body."""
    database = await Database.open(data=tmp_path / "data")
    await database.blobs.put(LARGE, SMALL)
    yield database
    await database.close()


async def backed_up(tmp_path: Path) -> Backup:
    return await asyncio.to_thread(make_backup, tmp_path / "data", tmp_path / "copy")


def once(what: str, do: Callable[[], object]) -> OnProgress:
    """Do something in the middle of a backup: when the first portion of something is done."""
    done = threading.Event()

    def on_progress(now: str, _done: int, _all: int) -> None:
        if now == what and not done.is_set():
            done.set()
            do()

    return on_progress


async def contents_of(folder: Path) -> list[str]:
    """Return the digests of all bytes of a data folder, each of them read and sound."""
    database = await Database.open(data=folder, migrate=False, read_only=True)
    try:
        found = await database.verify()
        assert found.is_sound
        return sorted(each.sha256 for each in await database.read(lambda tx: tx.contents.check(after="", limit=1_000)))
    finally:
        await database.close()


@pytest.mark.usefixtures("running")
async def test_backup_is_a_data_folder_with_everything_in_it(tmp_path: Path) -> None:
    made = await backed_up(tmp_path)
    assert (made.bodies, made.copied, made.removed, made.is_whole) == (1, 1, 0, True)
    assert await contents_of(tmp_path / "copy") == sorted([LARGE.sha256, SMALL.sha256])
    assert not list((tmp_path / "copy").glob("gateway.sqlite?*"))


@pytest.mark.usefixtures("running")
async def test_nobody_else_may_read_a_backup(tmp_path: Path) -> None:
    await backed_up(tmp_path)
    files = [path for path in (tmp_path / "copy").rglob("*") if path.is_file() and path.name != MARK]
    assert len(files) == 2
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "copy", *files))


async def test_second_backup_copies_only_what_is_new(running: Database, tmp_path: Path) -> None:
    await backed_up(tmp_path)
    await running.blobs.put(OTHER)
    made = await backed_up(tmp_path)
    assert (made.bodies, made.copied) == (2, 1)
    assert OTHER.sha256 in await contents_of(tmp_path / "copy")


@pytest.mark.usefixtures("running")
async def test_gateway_starts_on_a_restored_backup(tmp_path: Path) -> None:
    await backed_up(tmp_path)
    restored = await Database.open(data=tmp_path / "copy")
    await restored.blobs.put(OTHER)
    assert (await restored.blobs.get(LARGE.sha256)).read() == LARGE.body
    await restored.close()


async def test_backup_is_one_picture_while_somebody_writes_back_to_back(running: Database, tmp_path: Path, make: Make) -> None:
    for _ in range(40):
        await running.accept([make.acceptance(b"Subject: Mail\r\n\r\n" + os.urandom(30_000).hex().encode()) for _ in range(10)])
    backing_up = asyncio.create_task(backed_up(tmp_path))
    written = 0
    while not backing_up.done():
        await running.accept([make.acceptance(b"Subject: Mail\r\n\r\n" + os.urandom(100).hex().encode())])
        written += 1
    made = await backing_up
    assert made.is_whole
    assert written > 0
    with closing(sqlite3.connect(tmp_path / "copy" / "gateway.sqlite")) as connection:
        (received,) = connection.execute("SELECT count(*) FROM received").fetchone()
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert 400 <= received <= 400 + written


@pytest.mark.usefixtures("running")
async def test_body_that_the_gateway_lost_is_named(tmp_path: Path) -> None:
    BlobFolder(tmp_path / "data").path(LARGE.sha256).unlink()
    made = await backed_up(tmp_path)
    assert (made.missing, made.bodies, made.is_whole) == ((LARGE.sha256,), 0, False)


@pytest.mark.usefixtures("running")
async def test_body_that_the_gateway_lost_stays_in_the_older_backup(tmp_path: Path) -> None:
    await backed_up(tmp_path)
    BlobFolder(tmp_path / "data").path(LARGE.sha256).unlink()
    assert (await backed_up(tmp_path)).is_whole
    assert LARGE.sha256 in await contents_of(tmp_path / "copy")


@pytest.mark.usefixtures("running")
async def test_body_that_is_not_what_was_stored_is_named_and_not_copied(tmp_path: Path) -> None:
    blob = BlobFolder(tmp_path / "data").path(LARGE.sha256)
    blob.chmod(0o600)
    blob.write_bytes(b"something else")
    made = await backed_up(tmp_path)
    assert (made.damaged, made.is_whole) == ((LARGE.sha256,), False)
    assert not BlobFolder(tmp_path / "copy").has(LARGE.sha256)


async def test_what_the_gateway_forgot_the_next_backup_forgets(running: Database, tmp_path: Path) -> None:
    await backed_up(tmp_path)
    await running.write(lambda tx: tx.contents.forget([LARGE.sha256]))
    made = await backed_up(tmp_path)
    assert (made.bodies, made.removed, made.is_whole) == (0, 1, True)
    assert not BlobFolder(tmp_path / "copy").has(LARGE.sha256)


async def test_body_that_is_erased_during_the_backup_is_not_in_it(running: Database, tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    erased = threading.Event()

    async def erase() -> None:
        await running.write(lambda tx: tx.contents.forget([LARGE.sha256]))
        BlobFolder(tmp_path / "data").remove(LARGE.sha256)
        erased.set()

    def act() -> None:
        asyncio.run_coroutine_threadsafe(erase(), loop).result(30)

    made = await asyncio.to_thread(make_backup, tmp_path / "data", tmp_path / "copy", once("database", act))
    assert erased.is_set()
    assert (made.bodies, made.is_whole) == (0, True)
    assert LARGE.sha256 not in await contents_of(tmp_path / "copy")


@pytest.mark.parametrize("place", ["data", "data/copy", "."])
@pytest.mark.usefixtures("running")
async def test_backup_into_the_gateways_own_folder_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(WrongCommand, match="own folder"):
        make_backup(tmp_path / "data", tmp_path / place)


@pytest.mark.usefixtures("running")
async def test_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "thesis.txt").write_text("years of work")
    with pytest.raises(WrongCommand, match="something else"):
        await backed_up(tmp_path)
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["thesis.txt"]


@pytest.mark.usefixtures("running")
async def test_two_backups_at_once_into_one_folder_are_refused(tmp_path: Path) -> None:
    await backed_up(tmp_path)
    with (tmp_path / "copy" / MARK).open("r+") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        with pytest.raises(StorageUnavailable, match="another backup"):
            await backed_up(tmp_path)


@pytest.mark.usefixtures("running")
async def test_failed_backup_leaves_the_older_one_whole(tmp_path: Path) -> None:
    await backed_up(tmp_path)
    before = (tmp_path / "copy" / "gateway.sqlite").read_bytes()

    def fail(_what: str, _done: int, _all: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        await asyncio.to_thread(make_backup, tmp_path / "data", tmp_path / "copy", fail)
    assert (tmp_path / "copy" / "gateway.sqlite").read_bytes() == before
    assert await contents_of(tmp_path / "copy") == sorted([LARGE.sha256, SMALL.sha256])
    assert (await backed_up(tmp_path)).is_whole


def test_backup_of_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(StorageUnavailable, match="no database"):
        make_backup(tmp_path / "data", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


async def test_damaged_database_is_no_backup(running: Database, tmp_path: Path) -> None:
    await running.close()
    path = tmp_path / "data" / "gateway.sqlite"
    octets = bytearray(path.read_bytes())
    octets[8192:20_000] = b"\xff" * (20_000 - 8192)
    path.write_bytes(octets)
    with pytest.raises(StorageUnavailable):
        await backed_up(tmp_path)
    assert not (tmp_path / "copy" / "gateway.sqlite").exists()


# ------------------------------------------------------------------------------------------------ the intake journal


def put_into_journal(data: Path, *acceptances: Acceptance, number: int = 1) -> Path:
    """Do what a process does that takes mail: large bodies into their folder, the rest into a segment."""
    for acceptance in acceptances:
        if acceptance.mail.content.size > 65_536:
            BlobFolder(data).put(acceptance.mail.content)
    path = name_segment(make_folder(data), milliseconds=1_000, writer="77", number=number)
    path.write_bytes(b"".join(map(pack, rows_of(acceptances, BlobFolder(data)))))
    return path


async def bring_in(database: Database, data: Path) -> None:
    """Do what the desk does when it begins."""
    assert isinstance(database.engine, SqliteEngine)
    await JournalImporter(data, database.engine, new_id=lambda: 99).store_all()


async def bodies_after_restoring(folder: Path) -> list[bytes]:
    """Let a gateway begin on a backup; return the bytes of all mails it has then."""
    database = await Database.open(data=folder)
    try:
        await bring_in(database, folder)
        assert segments(folder) == ()
        assert (await database.verify()).is_sound
        return await database.read(all_bodies)
    finally:
        await database.close()


def all_bodies(tx: Reader) -> list[bytes]:
    ids = tx.connection.exec_driver_sql("SELECT id FROM received ORDER BY id").scalars().all()
    return [tx.received.get(each).content.read() for each in ids]


@pytest.mark.usefixtures("running")
async def test_mail_that_waits_in_the_journal_is_restored_with_its_body(tmp_path: Path, make: Make) -> None:
    put_into_journal(tmp_path / "data", make.acceptance(b"small"), make.acceptance(OTHER))
    made = await backed_up(tmp_path)
    assert (made.waiting, made.bodies, made.copied, made.is_whole) == (2, 2, 2, True)
    assert await bodies_after_restoring(tmp_path / "copy") == [b"small", OTHER.body]


@pytest.mark.parametrize("moment", ["journal", "database"])
async def test_mail_that_gets_into_the_tables_during_the_backup_is_restored_once(
    running: Database, tmp_path: Path, make: Make, moment: str
) -> None:
    put_into_journal(tmp_path / "data", make.acceptance(b"first"), make.acceptance(OTHER))
    loop = asyncio.get_running_loop()

    def store() -> None:
        asyncio.run_coroutine_threadsafe(bring_in(running, tmp_path / "data"), loop).result(30)

    made = await asyncio.to_thread(make_backup, tmp_path / "data", tmp_path / "copy", once(moment, store))
    assert segments(tmp_path / "data") == ()
    assert (made.is_whole, made.waiting) == (True, 0 if moment == "journal" else 2)
    assert await bodies_after_restoring(tmp_path / "copy") == [b"first", OTHER.body]


async def test_segment_of_which_a_part_is_in_the_tables_gives_only_the_rest_to_the_backup(
    running: Database, tmp_path: Path, make: Make
) -> None:
    stored, waiting = make.acceptance(b"stored"), make.acceptance(b"waiting")
    await running.accept([stored])
    put_into_journal(tmp_path / "data", stored, waiting)
    made = await backed_up(tmp_path)
    assert made.waiting == 1
    (kept,) = segments(tmp_path / "copy")
    assert b"waiting" in kept.read_bytes()
    assert b"stored" not in kept.read_bytes()
    assert kept.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("moment", ["journal", "database"])
async def test_nothing_stays_in_the_backup_of_who_is_erased_meanwhile(
    running: Database, tmp_path: Path, make: Make, moment: str
) -> None:
    put_into_journal(tmp_path / "data", make.acceptance(b"secret"), make.acceptance(OTHER))
    loop = asyncio.get_running_loop()

    async def store_and_erase() -> None:
        await bring_in(running, tmp_path / "data")
        await running.write(lambda tx: tx.contents.forget([Content.of(b"secret").sha256, OTHER.sha256]))
        BlobFolder(tmp_path / "data").remove(OTHER.sha256)

    def act() -> None:
        asyncio.run_coroutine_threadsafe(store_and_erase(), loop).result(30)

    made = await asyncio.to_thread(make_backup, tmp_path / "data", tmp_path / "copy", once(moment, act))
    assert (made.waiting, made.is_whole) == (0, True)
    assert segments(tmp_path / "copy") == ()
    assert not BlobFolder(tmp_path / "copy").has(OTHER.sha256)


@pytest.mark.usefixtures("running")
async def test_body_that_only_the_journal_names_and_nobody_has_is_missing(tmp_path: Path, make: Make) -> None:
    put_into_journal(tmp_path / "data", make.acceptance(OTHER))
    BlobFolder(tmp_path / "data").remove(OTHER.sha256)
    made = await backed_up(tmp_path)
    assert (made.missing, made.is_whole) == ((OTHER.sha256,), False)


async def test_segments_of_the_last_backup_go(running: Database, tmp_path: Path, make: Make) -> None:
    put_into_journal(tmp_path / "data", make.acceptance(b"yesterday"))
    await backed_up(tmp_path)
    await bring_in(running, tmp_path / "data")
    put_into_journal(tmp_path / "data", make.acceptance(b"today"))
    made = await backed_up(tmp_path)
    assert made.waiting == 1
    (kept,) = segments(tmp_path / "copy")
    assert b"yesterday" not in kept.read_bytes()
    assert await bodies_after_restoring(tmp_path / "copy") == [b"yesterday", b"today"]


@pytest.mark.usefixtures("running")
async def test_backup_that_breaks_off_leaves_the_older_ones_journal(tmp_path: Path, make: Make) -> None:
    segment = put_into_journal(tmp_path / "data", make.acceptance(b"one"))
    await backed_up(tmp_path)
    segment.write_bytes(b"")

    def fail(_what: str, _done: int, _all: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        await asyncio.to_thread(make_backup, tmp_path / "data", tmp_path / "copy", fail)
    assert await bodies_after_restoring(tmp_path / "copy") == [b"one"]


@pytest.mark.usefixtures("running")
async def test_mail_behind_a_damaged_place_of_the_journal_is_restored(tmp_path: Path, make: Make) -> None:
    segment = put_into_journal(tmp_path / "data", make.acceptance(b"one"), make.acceptance(b"two"))
    octets = bytearray(segment.read_bytes())
    octets[30] ^= 0xFF
    segment.write_bytes(octets)
    assert find_record(segment, 0)
    made = await backed_up(tmp_path)
    assert made.waiting == 1
    database = await Database.open(data=tmp_path / "copy")
    await bring_in(database, tmp_path / "copy")
    assert await database.read(all_bodies) == [b"two"]
    assert len(set_aside_files(tmp_path / "copy")) == 1
    await database.close()


@pytest.mark.usefixtures("running")
async def test_what_was_set_aside_is_in_the_backup_with_its_body_until_it_is_removed(tmp_path: Path, make: Make) -> None:
    set_aside(put_into_journal(tmp_path / "data", make.acceptance(b"strange")))
    (row,) = rows_of([make.acceptance(OTHER)], BlobFolder(tmp_path / "data"))
    BlobFolder(tmp_path / "data").put(OTHER)
    kept = keep_record(tmp_path / "data", row)
    made = await backed_up(tmp_path)
    assert (made.aside, made.waiting, made.bodies) == (2, 0, 2)
    assert len(set_aside_files(tmp_path / "copy")) == 2
    kept.unlink()
    made = await backed_up(tmp_path)
    assert (made.aside, made.removed) == (1, 1)
    assert len(set_aside_files(tmp_path / "copy")) == 1
