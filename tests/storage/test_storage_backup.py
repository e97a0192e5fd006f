"""A backup is whole, whoever writes meanwhile, and nothing that is no backup is ever overwritten."""

import asyncio
import fcntl
import os
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.errors import StorageUnavailable, WrongCommand
from gateway.mail.content import Content
from gateway.storage.backup import MARK, Backup, make_backup
from gateway.storage.database import Database
from gateway.storage.folder import BlobFolder
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

    def after_the_database(what: str, done: int, total: int) -> None:
        if what == "database" and done == total and not erased.is_set():
            erased.set()
            asyncio.run_coroutine_threadsafe(erase(), loop).result(30)

    made = await asyncio.to_thread(make_backup, tmp_path / "data", tmp_path / "copy", after_the_database)
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
