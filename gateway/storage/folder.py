"""The folder of large bodies, `blobs/ab/cdef…`: named by their digest, complete and durable as soon as they have that name.

A file is written elsewhere, fsynced, renamed, and its folder is fsynced; only then may a row name it. So a file without a row is
an orphan (somebody died in between), a row without a file is damage.
"""

import fcntl
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from gateway.mail.content import Content

SPOOL: Final = "spool"
"""The folder, below the gateway's own, of mail that is just arriving and of bytes that are just being stored."""

_HEX: Final = frozenset("0123456789abcdef")
_DIGEST_LENGTH: Final = 64
_READ_SIZE: Final = 1 << 20


class BlobFolder:
    """Blocking; call it from a thread."""

    def __init__(self, data: Path) -> None:
        """Take the gateway's folder; `blobs` and `spool` are made in it."""
        self.root = data.absolute() / "blobs"
        self.spool = data.absolute() / SPOOL

    def create(self) -> None:
        """Make the folders, readable for nobody else."""
        self.root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.root, self.spool):
            folder.mkdir(mode=0o700, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Return where the bytes with that digest lie or would lie."""
        return self.root / sha256[:2] / sha256[2:]

    def has(self, sha256: str) -> bool:
        """Tell whether they lie there."""
        return self.path(sha256).exists()

    def put(self, content: Content) -> None:
        """Make the bytes durable under their digest; a spooled file is moved, any other file is copied.

        Raises:
            OSError: no room, or the disk fails.
        """
        target = self.path(content.sha256)
        if not target.parent.exists():
            target.parent.mkdir(mode=0o700, exist_ok=True)
            sync_folder(self.root)
        if not self._touch(target):
            spooled = _spooled(self.spool, content)
            if spooled is not None:
                _settle_file(spooled)
            (spooled or self._spool_copy(content)).rename(target)
        # Also when it was there already: whoever renamed it may not have come to this line yet.
        sync_folder(target.parent)
        discard_spooled(self.spool, (content,))

    def digests(self, *, older_than_seconds: float) -> Iterator[str]:
        """Yield the digest of every blob that has lain there for so long."""
        newest = time.time() - older_than_seconds
        for folder in sorted(self.root.iterdir()):
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                digest = folder.name + path.name
                if len(digest) == _DIGEST_LENGTH and _HEX.issuperset(digest) and path.stat().st_ctime < newest:
                    yield digest

    def remove(self, sha256: str, *, older_than_seconds: float = 0.0) -> None:
        """Remove a blob that no row names, if it has lain there for so long."""
        path = self.path(sha256)
        with self._lock(fcntl.LOCK_EX), suppress(FileNotFoundError):
            if path.stat().st_ctime <= time.time() - older_than_seconds:
                path.unlink()

    def _touch(self, target: Path) -> bool:
        """Make a blob young, so that nobody removes it who takes it for an orphan; tell whether it is there."""
        with self._lock(fcntl.LOCK_SH):
            try:
                os.utime(target)
            except FileNotFoundError:
                return False
            return True

    @contextmanager
    def _lock(self, kind: int) -> Iterator[None]:
        """Keep those who touch and those who remove apart, in whichever process."""
        handle = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, kind)
            yield
        finally:
            os.close(handle)

    def _spool_copy(self, content: Content) -> Path:
        """Write the bytes into a new file of the spool folder, on the disk and read-only."""
        path = self.spool / f"storing-{secrets.token_hex(8)}"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            try:
                if content.body is not None:
                    _write(handle, content.body)
                elif content.path is not None:
                    with content.path.open("rb") as source:
                        while piece := source.read(_READ_SIZE):
                            _write(handle, piece)
                _settle(handle)
            finally:
                os.close(handle)
        except OSError:
            with suppress(OSError):
                path.unlink()
            raise
        return path


def discard_spooled(spool: Path, contents: Iterable[Content]) -> None:
    """Remove the files of contents that lie in the spool folder; what cannot be removed now is when a gateway starts."""
    for path in filter(None, (_spooled(spool, content) for content in contents)):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _spooled(spool: Path, content: Content) -> Path | None:
    """Return where a content lies in the spool folder, or None when it lies elsewhere."""
    path = None if content.path is None else content.path.absolute()
    return path if path is not None and path.parent == spool else None


def _write(handle: int, octets: bytes) -> None:
    rest = memoryview(octets)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _settle(handle: int) -> None:
    """Put a file on the disk, to be written no more."""
    os.fchmod(handle, 0o400)
    os.fsync(handle)


def remove_stale_files(spool: Path, *, older_than_seconds: float) -> int:
    """Remove what dead processes left half received or half stored; return how many files.

    Raises:
        OSError: the folder cannot be read or written.
    """
    newest = time.time() - older_than_seconds
    removed = 0
    for path in spool.iterdir() if spool.exists() else ():
        with suppress(FileNotFoundError):  # somebody else was faster
            if path.stat().st_mtime < newest:
                path.unlink()
                removed += 1
    return removed


def _settle_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        _settle(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Put the octets of a file on the disk.

    Raises:
        OSError: the disk fails.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk.

    Raises:
        OSError: the disk fails.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
