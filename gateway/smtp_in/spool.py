"""A mail's bytes while they arrive: small ones in memory, big ones in a file of the spool folder, hashed on the way.

A finished file is read-only, and both it and its folder are on the disk (fsync), so a commit may name it.
"""

import asyncio
import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway.mail.content import Content
from gateway.smtp_in.limits import InFlight

PREFIX: Final = "arriving-"
_READ_ONLY: Final = 0o440
_WRITE_OCTETS: Final = 262_144

_T = TypeVar("_T")


def sync_folder(folder: Path) -> None:
    """Put a folder's entries on the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def prefix_of_process(process: int) -> str:
    """Return how the names of one process's files begin, where several take mail."""
    return f"{PREFIX}{process}-"


def files_of_process(folder: Path, process: int) -> list[Path]:
    """Return the files of one process."""
    return list(folder.glob(f"{prefix_of_process(process)}*"))


def remove_files(paths: Iterable[Path]) -> None:
    """Remove files; what cannot be removed now is when a gateway starts."""
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


class SpoolFile:
    """A file that a mail is written to, made by the first write. Every method blocks; one thread at a time."""

    __slots__ = ("_descriptor", "_folder", "_prefix", "digest", "path")

    def __init__(self, folder: Path, *, prefix: str = PREFIX) -> None:
        self._folder = folder
        self._prefix = prefix
        self._descriptor: int | None = None
        self.path: Path | None = None
        self.digest = hashlib.sha256()

    def append(self, octets: bytes) -> None:
        """Write all of it. Raises OSError."""
        if self._descriptor is None:
            self._descriptor, name = tempfile.mkstemp(prefix=self._prefix, dir=self._folder)
            self.path = Path(name)
        self.digest.update(octets)
        rest = memoryview(octets)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def finish(self) -> Path:
        """Put the file and its name on the disk, and return its path. Raises OSError."""
        assert self._descriptor is not None  # noqa: S101 something was appended
        assert self.path is not None  # noqa: S101 likewise
        os.fchmod(self._descriptor, _READ_ONLY)
        os.fsync(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = None
        sync_folder(self._folder)
        return self.path

    def remove(self) -> None:
        """Give it up; never raises."""
        descriptor, self._descriptor = self._descriptor, None
        with contextlib.suppress(OSError):
            if descriptor is not None:
                os.close(descriptor)
        with contextlib.suppress(OSError):
            if self.path is not None:
                self.path.unlink(missing_ok=True)


class Spool:
    """The folder for big mails, and the threads that write to it."""

    def __init__(self, folder: Path, *, prefix: str = PREFIX) -> None:
        """Take a folder, and how the names of this process's files begin."""
        self.folder = folder
        self.prefix = prefix
        self.threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="spool")

    def remove(self, path: Path) -> None:
        """Remove a finished file that no commit names, in a thread."""

        def unlink() -> None:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

        self.threads.submit(unlink)

    def close(self) -> None:
        """Wait for what is being written."""
        self.threads.shutdown()


class Arriving:
    """One mail that is arriving. After `finish` the bytes belong to the caller; `drop` ends the counting in any case."""

    __slots__ = ("_body", "_counted", "_digest", "_file", "_in_flight", "_job", "_spool", "size")

    def __init__(self, *, spool: Spool, in_flight: InFlight) -> None:
        self._spool = spool
        self._in_flight = in_flight
        self._digest = hashlib.sha256()
        self._body = bytearray()
        self._file: SpoolFile | None = None
        self._job: Future[Any] | None = None
        self._counted = 0
        self.size = 0

    async def write(self, octets: bytes) -> None:
        """Take the next octets. Raises OSError when the disk does not take them."""
        self._body += octets
        self.size += len(octets)
        self._count(len(octets))
        if self._file is not None:
            if len(self._body) >= _WRITE_OCTETS or self._in_flight.is_memory_short:
                await self._write_out()
        elif self._in_flight.must_spool(len(self._body)):
            await self._write_out()
        else:
            self._digest.update(octets)

    async def finish(self) -> Content:
        """Return everything, durable where it is a file. Raises OSError when the disk does not take it."""
        if self._file is None:
            body = bytes(self._body)
            self._body.clear()
            return Content(sha256=self._digest.hexdigest(), size=len(body), body=body)
        if self._body:
            await self._write_out()
        file = self._file
        path = await self._in_thread(file.finish)
        self._file = None
        return Content(sha256=file.digest.hexdigest(), size=self.size, path=path)

    def drop(self) -> None:
        """Give up what is still here and what was counted for it; harmless when called twice."""
        self._in_flight.count(octets=-self.size, in_memory=-self._counted)
        self.size = self._counted = 0
        self._body.clear()
        file, self._file = self._file, None
        if file is not None:
            # A thread may still be writing: the file goes after it.
            job = self._job
            if job is None or job.done():
                self._spool.threads.submit(file.remove)
            else:
                job.add_done_callback(lambda _: file.remove())

    async def _write_out(self) -> None:
        octets = bytes(self._body)
        self._body.clear()
        if self._file is None:
            self._file = SpoolFile(self._spool.folder, prefix=self._spool.prefix)
        await self._in_thread(partial(self._file.append, octets))
        self._count(0)

    def _count(self, octets: int) -> None:
        """Count octets that have come, and what is in memory now."""
        self._in_flight.count(octets=octets, in_memory=len(self._body) - self._counted)
        self._counted = len(self._body)

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        self._job = job = self._spool.threads.submit(work)
        return await asyncio.wrap_future(job)
