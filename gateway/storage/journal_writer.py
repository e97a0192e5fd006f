"""Appends accepted mail to the intake journal (`journal.py`): one thread in each process that takes mail.

What several sessions hand over while the disk is busy goes with the next append, and each append is one call that returns when
its octets are on the disk (O_DSYNC). A segment is closed when it is large or old enough, or when no mail came for a moment, so
that the desk can remove it; the next mail begins another.
"""

import asyncio
import fcntl
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from gateway.errors import StorageUnavailable
from gateway.storage.folder import sync_folder
from gateway.storage.journal import BEGINNING, make_folder, name_segment, pack
from gateway.storage.sqlite_accepting import AcceptedRow

_IDLE_SECONDS: Final = 0.5
_OLD_SECONDS: Final = 5.0
_LARGE_OCTETS: Final = 16 << 20
_RINGING_SECONDS: Final = 0.02
"""The more mail goes into the tables at once, the less each costs."""


@dataclass(slots=True, eq=False, kw_only=True)
class _Entry:
    octets: bytes
    future: "asyncio.Future[None]"


class JournalWriter:
    """Belongs to one event loop; `on_appended` is called there after appends, at most every 20 ms."""

    def __init__(self, data: Path, *, on_appended: Callable[[], None]) -> None:
        """Take the gateway's folder; the thread begins with the first mail."""
        self._data = data
        self._on_appended = on_appended
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Entry | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._rung_at = 0.0
        self._bell: asyncio.TimerHandle | None = None

    async def append(self, rows: Sequence[AcceptedRow]) -> None:
        """Return when the rows would survive a power cut.

        Raises:
            StorageUnavailable: they may not; a second copy is welcome.
        """
        if self._is_closed:
            raise StorageUnavailable("the journal is closed")
        entry = _Entry(octets=b"".join(map(pack, rows)), future=self._loop.create_future())
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_forever, name="journal", daemon=True)
            self._thread.start()
        self._queue.put(entry)
        await entry.future

    async def close(self) -> None:
        """Finish what waits, and let go of the segment."""
        self._is_closed = True
        if self._thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)

    # ------------------------------------------------------------------------------------------------- in the thread

    def _write_forever(self) -> None:
        segment: _Segment | None = None
        while True:
            try:
                entry = self._queue.get(timeout=_IDLE_SECONDS if segment is not None else None)
            except Empty:
                if segment is not None:
                    segment.close()
                    segment = None
                continue
            if entry is None:
                break
            entries = [entry, *self._take_more()]
            error: Exception | None = None
            try:
                segment = segment or _Segment.begin(self._data)
                segment.append(b"".join(entry.octets for entry in entries))
                if segment.is_finished:
                    segment.close()
                    segment = None
            except Exception as fault:  # noqa: BLE001 every waiting session must hear of it, and the thread must go on
                if segment is not None:
                    segment.close()
                    segment = None
                error = StorageUnavailable(f"the journal cannot be written: {fault}")
            with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                self._loop.call_soon_threadsafe(self._tell, entries, error)
        if segment is not None:
            segment.close()

    def _take_more(self) -> list[_Entry]:
        """Return what waits beside the first; an end that is among it is put back."""
        entries: list[_Entry] = []
        with suppress(Empty):
            while (entry := self._queue.get_nowait()) is not None:
                entries.append(entry)
            self._queue.put(None)
        return entries

    def _tell(self, entries: Sequence[_Entry], error: Exception | None) -> None:
        for entry in entries:
            if entry.future.done():
                continue
            if error is not None:
                entry.future.set_exception(error)
            else:
                entry.future.set_result(None)
        self._ring()

    def _ring(self) -> None:
        """Say that there is more: at once, but not again and again."""
        moment = self._loop.time()
        if self._bell is None and moment >= self._rung_at + _RINGING_SECONDS:
            self._rung_at = moment
            self._on_appended()
        elif self._bell is None:
            self._bell = self._loop.call_at(self._rung_at + _RINGING_SECONDS, self._ring_late)

    def _ring_late(self) -> None:
        self._bell = None
        self._ring()


class _Segment:
    """A file that this process appends to, and holds."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._size = 0
        self._ends = time.monotonic() + _OLD_SECONDS

    @classmethod
    def begin(cls, data: Path) -> "_Segment":
        """Begin a segment: held before anybody can see it under its name, and that name on the disk before there is mail in it.

        Raises:
            OSError: no room, or the disk fails.
        """
        folder = make_folder(data)
        moment = time.time_ns()
        path = name_segment(folder, milliseconds=moment // 1_000_000, writer=str(os.getpid()), number=moment % 1_000_000)
        hidden = path.with_suffix(BEGINNING)
        handle = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_DSYNC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            hidden.rename(path)
            sync_folder(folder)
        except BaseException:
            os.close(handle)
            for name in (hidden, path):
                with suppress(OSError):
                    name.unlink(missing_ok=True)
            raise
        return cls(handle)

    @property
    def is_finished(self) -> bool:
        """Tell whether the next mail shall begin another one."""
        return self._size >= _LARGE_OCTETS or time.monotonic() >= self._ends

    def append(self, octets: bytes) -> None:
        """Put octets on the disk; when that fails nothing shall be left of them.

        Raises:
            OSError: no room, or the disk fails.
        """
        rest = memoryview(octets)
        try:
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except OSError:
            with suppress(OSError):  # then half a record is the end of this segment, and is known as that
                os.ftruncate(self._handle, self._size)
            raise
        self._size += len(octets)

    def close(self) -> None:
        """Let go of it: it gets no more mail. What a disk has to say now changes nothing: its octets are there."""
        with suppress(OSError):
            os.close(self._handle)
