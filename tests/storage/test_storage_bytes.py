"""Large bodies: stored once, whole or not at all, checked, and tidied up."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.errors import NotFound, StorageUnavailable
from gateway.mail.content import Content
from gateway.storage import verification
from gateway.storage.contents import LARGEST_INLINE
from gateway.storage.database import Database
from gateway.storage.folder import BlobFolder

if TYPE_CHECKING:
    from tests.storage.conftest import Make

LARGE = b"0123456789abcde\n" * (LARGEST_INLINE // 16 + 1)


def _spooled(folder: Path, body: bytes) -> Content:
    path = folder / "spool" / "arriving-1"
    path.write_bytes(body)
    return replace(Content.of(body), body=None, path=path)


@pytest.fixture
def _no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "GRACE_SECONDS", -1.0)


@pytest.mark.parametrize("url", ["sqlite"])
async def test_spooled_file_is_moved_and_gone_from_the_spool(database: Database, make: "Make", tmp_path: Path) -> None:
    content = _spooled(tmp_path, LARGE)
    pair = [make.acceptance(content, channel="support"), make.acceptance(content, channel="sales")]
    for each in await database.accept(pair):
        stored = (await database.read(lambda tx, each=each: tx.received.get(each))).content  # type: ignore[misc]
        assert stored.read() == LARGE
        assert stored.path == BlobFolder(tmp_path).path(content.sha256)
    assert list((tmp_path / "spool").iterdir()) == []


async def test_spooled_file_is_moved_where_the_folder_was_named_relatively(
    make: "Make", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    database = await Database.open(data=Path("data"))
    await database.accept([make.acceptance(_spooled(tmp_path / "data", LARGE))])
    assert list((tmp_path / "data" / "spool").iterdir()) == []
    await database.close()


@pytest.mark.parametrize("url", ["sqlite"])
async def test_small_spooled_file_lands_in_its_row_and_is_gone(database: Database, make: "Make", tmp_path: Path) -> None:
    content = _spooled(tmp_path, b"small")
    (received_id,) = await database.accept([make.acceptance(content)])
    assert (await database.read(lambda tx: tx.received.get(received_id))).content.body == b"small"
    assert list((tmp_path / "spool").iterdir()) == []


async def test_file_outside_the_spool_is_copied(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere"
    path.write_bytes(LARGE)
    content = replace(Content.of(LARGE), body=None, path=path)
    await database.blobs.put(content)
    assert (await database.blobs.get(content.sha256)).read() == LARGE
    assert path.read_bytes() == LARGE


async def test_putting_the_same_bytes_again_changes_nothing(database: Database) -> None:
    small, large = Content.of(b"small"), Content.of(LARGE)
    await database.blobs.put(small, large, small)
    await database.blobs.put(large, small)
    assert (await database.blobs.get(small.sha256)).read() == b"small"
    assert (await database.blobs.get(large.sha256)).read() == LARGE
    with pytest.raises(NotFound):
        await database.blobs.get("0" * 64)


async def test_sound_database_is_verified_as_sound(database: Database) -> None:
    await database.blobs.put(Content.of(b""), Content.of(b"small"), Content.of(LARGE))
    seen: list[int] = []
    found = await database.verify(seen.append)
    assert (found.checked, found.missing, found.damaged, found.orphans, seen) == (3, (), (), (), [3])
    assert found.is_sound


@pytest.mark.parametrize("url", ["sqlite"])
async def test_missing_and_damaged_bytes_are_named(database: Database, tmp_path: Path) -> None:
    gone, damaged = Content.of(LARGE), Content.of(LARGE[1:])
    await database.blobs.put(gone, damaged)
    folder = BlobFolder(tmp_path)
    folder.path(gone.sha256).unlink()
    folder.path(damaged.sha256).chmod(0o600)
    folder.path(damaged.sha256).write_bytes(b"something else")
    found = await database.verify()
    assert (found.missing, found.damaged) == ((gone.sha256,), (damaged.sha256,))
    assert not found.is_sound


@pytest.mark.parametrize("url", ["sqlite"])
@pytest.mark.usefixtures("_no_grace")
async def test_orphans_are_removed_and_nothing_else(database: Database, tmp_path: Path) -> None:
    named, orphan = Content.of(LARGE), Content.of(LARGE[1:])
    await database.blobs.put(named)
    BlobFolder(tmp_path).put(orphan)
    assert (await database.verify()).orphans == (orphan.sha256,)
    assert await database.remove_orphans() == 1
    assert await database.remove_orphans() == 0
    assert (await database.blobs.get(named.sha256)).read() == LARGE
    assert not BlobFolder(tmp_path).has(orphan.sha256)


@pytest.mark.parametrize("url", ["sqlite"])
async def test_blob_that_may_just_be_on_its_way_is_no_orphan(database: Database, tmp_path: Path) -> None:
    BlobFolder(tmp_path).put(Content.of(LARGE))
    arriving = _spooled(tmp_path, b"half of a mail")
    assert (await database.verify()).orphans == ()
    assert await database.remove_orphans() == 0
    assert arriving.read() == b"half of a mail"


@pytest.mark.usefixtures("_no_grace")
async def test_what_a_dead_process_left_in_the_spool_is_removed(database: Database, tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir(exist_ok=True)
    left = _spooled(tmp_path, b"half of a mail")
    assert await database.remove_orphans() == 1
    assert left.path is not None
    assert not left.path.exists()


@pytest.mark.parametrize("url", ["sqlite"])
async def test_bytes_that_find_no_room_leave_no_file_behind(database: Database, make: "Make", tmp_path: Path) -> None:
    gone = replace(Content.of(LARGE), body=None, path=tmp_path)  # a folder: opening it fails as a broken disk would
    with pytest.raises(StorageUnavailable):
        await database.accept([make.acceptance(gone)])
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.parametrize("url", ["sqlite"])
async def test_folder_that_takes_nothing_is_a_temporary_fault(database: Database, make: "Make", tmp_path: Path) -> None:
    blobs = tmp_path / "blobs"
    blobs.rmdir()
    blobs.write_bytes(b"no folder")
    with pytest.raises(StorageUnavailable):
        await database.accept([make.acceptance(LARGE)])
    assert await database.read(lambda tx: tx.received.list()) == ()
