"""SQLite in a process that takes mail and does not write the database: the desk does (`desk.py`).

What is accepted here goes into the intake journal (`journal_writer.py`), which the desk brings into the tables. It is read with
connections of our own. What little else is to be written travels to the desk: a pickled `functools.partial` of a module's
function. Pickles are acceptable on this line only: it is a socketpair between two processes of ours that trust each other with
the whole database anyway.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import event
from sqlalchemy.pool import QueuePool

from gateway.errors import StorageUnavailable
from gateway.line import Line, Subject
from gateway.pickling import dumps, loads
from gateway.storage.accepting import Acceptance, rows_of
from gateway.storage.engine import StorageEngine
from gateway.storage.faults import translated
from gateway.storage.folder import BlobFolder
from gateway.storage.journal_writer import JournalWriter
from gateway.storage.sqlite import FILE_NAME, make_engine
from gateway.storage.transaction import Reader, Topic, Writer

T = TypeVar("T")
Ask = Callable[[Subject, bytes], Awaitable[bytes]]

_READERS: Final = 2


class SqliteRemoteEngine:
    """The embedded engine, as a process sees it that does not write."""

    def __init__(self, data: Path, *, ask: Ask, on_accepted: Callable[[], None]) -> None:
        """Take the gateway's folder, whose database is there already, whom to ask for writing, and whom to tell of new mail."""
        self.folder = BlobFolder(data)
        self._ask = ask
        self._is_closed = False
        self._loop = asyncio.get_running_loop()
        self._journal = JournalWriter(data, on_appended=on_accepted)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="storage-read")
        self._read_engine = make_engine(data / FILE_NAME, poolclass=QueuePool)
        event.listen(self._read_engine, "connect", _only_read)

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
        del urgent  # nobody waits for it over here
        result: T = loads(await self._ask(Subject.WRITE, dumps(work)))
        return result

    async def accept(self, acceptances: Sequence[Acceptance]) -> tuple[int, ...]:
        """Put mails into the journal; return their ids once they are durable. Which are second copies is found out later."""
        rows = rows_of(acceptances, self.folder)
        await self._journal.append(rows)
        return tuple(acceptance.mail.id for acceptance in acceptances)

    async def wait_for(self, topic: Topic, timeout: float) -> None:  # noqa: ASYNC109 waiting in vain is no error here
        """Wait in vain: what the other process commits is not heard here."""
        del topic
        await asyncio.sleep(timeout)

    async def close(self) -> None:
        """Finish what is being accepted, and let go of the files."""
        self._is_closed = True
        await self._journal.close()
        await asyncio.to_thread(self._readers.shutdown)
        self._read_engine.dispose()


def _only_read(connection: sqlite3.Connection, _record: object) -> None:
    """Make sure that nobody writes here by mistake."""
    connection.execute("PRAGMA query_only=ON")


# ------------------------------------------------------------------------------------------- in the process that writes


def serve_writes(engine: StorageEngine, line: Line) -> None:
    """Run the units of work that come over the line."""
    line.on_ask(Subject.WRITE, partial(_write, engine))


async def _write(engine: StorageEngine, octets: bytes) -> bytes:
    return await engine.write(partial(_run, octets), urgent=False)


def _run(octets: bytes, tx: Writer) -> bytes:
    """Run a unit of work; unpickled here, in the writing thread, so that the event loop has nothing to do with it."""
    work: Callable[[Writer], Any] = loads(octets)
    return dumps(work(tx))
