"""SQLite in a process that does not write it: it reads with connections of its own, and its units of work travel to the writer.

`SqliteRemoteEngine` is the side of the desk and of the porters; `serve_writes`, `serve_accepting` and `forward_wakeups` are the
side of the front, which has the one writing thread. What a porter accepts travels as rows that it has made itself. A unit of work
is a pickled `functools.partial` of a module's function, run in that thread behind everything that is being accepted. Pickles are
acceptable on this line only: it is a socketpair between two processes of ours, and the front trusts them with the whole
database anyway. Large bodies do not travel: their files are made before (`blobs.py`).
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import event
from sqlalchemy.pool import QueuePool

from gateway.errors import StorageUnavailable
from gateway.line import Line, LineClosed, Subject
from gateway.pickling import dumps, loads
from gateway.storage.engine import StorageEngine
from gateway.storage.faults import translated
from gateway.storage.folder import BlobFolder
from gateway.storage.received import Acceptance, rows_of
from gateway.storage.sqlite import FILE_NAME, SqliteEngine, make_engine
from gateway.storage.transaction import Reader, Topic, Writer
from gateway.storage.wakeups import Wakeups

T = TypeVar("T")

_READERS: Final = 2
_WAIT_SECONDS: Final = 3600.0


class SqliteRemoteEngine:
    """The embedded engine, as a process sees it that does not write."""

    def __init__(self, data: Path, line: Line) -> None:
        """Take the gateway's folder, whose database the other process has opened, and the line to it."""
        self.folder = BlobFolder(data)
        self._line = line
        self._wakeups = Wakeups()
        self._is_closed = False
        self._loop = asyncio.get_running_loop()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="storage-read")
        self._read_engine = make_engine(data / FILE_NAME, poolclass=QueuePool)
        event.listen(self._read_engine, "connect", _only_read)
        line.on_news(Subject.WAKE, self._hear)

    def _hear(self, topic: bytes) -> None:
        self._wakeups.wake([Topic(topic.decode())])

    async def read(self, work: Callable[[Reader], T]) -> T:
        """Run `work` in a reading thread on one consistent picture."""
        if self._is_closed:
            raise StorageUnavailable("the database is closed")
        return await self._loop.run_in_executor(self._readers, self._read, work)

    def _read(self, work: Callable[[Reader], T]) -> T:
        with translated(), self._read_engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                return work(Reader(connection, self.folder))
            finally:
                connection.exec_driver_sql("ROLLBACK")

    async def write(self, work: Callable[[Writer], T], *, urgent: bool) -> T:
        """Have `work` run by the process that writes; return what it returned once that is durable."""
        del urgent  # only accepting is
        result: T = loads(await self._line.ask(Subject.WRITE, dumps(work)))
        return result

    async def accept(self, acceptances: Sequence[Acceptance]) -> tuple[int, ...]:
        """Have mails stored by the process that writes, together with its own; return their ids once they are durable."""
        octets = dumps(rows_of(acceptances, self.folder))
        ids: tuple[int, ...] = loads(await self._line.ask(Subject.ACCEPT, octets))
        return ids

    async def wait_for(self, topic: Topic, timeout: float) -> None:  # noqa: ASYNC109 waiting in vain is no error here
        """Return when the other process committed something for the topic, or after `timeout` seconds."""
        await self._wakeups.wait_for(topic, timeout)

    async def close(self) -> None:
        """Let go of the file."""
        self._is_closed = True
        await asyncio.to_thread(self._readers.shutdown)
        self._read_engine.dispose()


def _only_read(connection: sqlite3.Connection, _record: object) -> None:
    """Make sure that nobody writes here by mistake."""
    connection.execute("PRAGMA query_only=ON")


# ------------------------------------------------------------------------------------------- in the process that writes


def serve_writes(engine: StorageEngine, line: Line) -> None:
    """Run the units of work that come over the line."""
    line.on_ask(Subject.WRITE, partial(_write, engine))


def serve_accepting(engine: SqliteEngine, line: Line) -> None:
    """Store the mails that come over the line."""
    line.on_ask(Subject.ACCEPT, partial(_accept, engine))


async def _accept(engine: SqliteEngine, octets: bytes) -> bytes:
    return dumps(await engine.accept_rows(loads(octets)))


async def forward_wakeups(engine: StorageEngine, line: Line) -> None:
    """Tell the other side whenever something was committed that somebody there may wait for, until the line is closed."""
    await asyncio.gather(*(_forward(engine, topic, line) for topic in Topic))


async def _forward(engine: StorageEngine, topic: Topic, line: Line) -> None:
    with suppress(LineClosed):
        while True:
            await engine.wait_for(topic, _WAIT_SECONDS)
            line.tell(Subject.WAKE, topic.encode())


async def _write(engine: StorageEngine, octets: bytes) -> bytes:
    return await engine.write(partial(_run, octets), urgent=False)


def _run(octets: bytes, tx: Writer) -> bytes:
    """Run a unit of work; unpickled here, in the writing thread, so that the event loop has nothing to do with it."""
    work: Callable[[Writer], Any] = loads(octets)
    return dumps(work(tx))
