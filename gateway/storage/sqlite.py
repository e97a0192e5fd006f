"""SQLite: one thread writes, a few threads read.

The writing thread takes whatever waits, accepting first, runs each piece of work in a savepoint of one transaction, commits once,
and only then tells everybody. One transaction is bounded in time and in number, so nothing waits long behind background work; a
piece of work that fails undoes only itself. `synchronous=FULL` in WAL mode: what was committed survives a power cut.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

from gateway.errors import StorageUnavailable
from gateway.storage import schema
from gateway.storage.accepting import Acceptance
from gateway.storage.engine import Clock
from gateway.storage.faults import translate, translated
from gateway.storage.folder import BlobFolder, sync_folder
from gateway.storage.journal import make_folder
from gateway.storage.sqlite_accepting import AcceptedRow
from gateway.storage.sqlite_bulk import driver_of
from gateway.storage.transaction import Reader, Topic, Writer
from gateway.storage.wakeups import Wakeups
from gateway.storage.write_queue import Unit, WriteQueue

T = TypeVar("T")

FILE_NAME: Final = "gateway.sqlite"

_LOCK_SECONDS: Final = 5.0
"""How long to wait for another process that writes, such as a command of the operator."""
_OPENING_SECONDS: Final = 60.0
"""How long to wait while another process makes the tables, or brings them up to date."""
_AGAIN_SECONDS: Final = 0.01
_READERS: Final = 3
_PREPARED_STATEMENTS: Final = 384
"""Those of `sqlite_bulk.py` for each number of rows, and the ones that SQLAlchemy makes."""
_MOST_UNITS: Final = 256
_MOST_MILLISECONDS: Final = 4.0
_CACHE_KIB: Final = 16 * 1024
_PAGES_PER_CHECKPOINT: Final = 4000


def make_engine(path: Path, *, poolclass: type[NullPool | QueuePool]) -> Engine:
    """Return an engine whose transactions begin when they begin, not when sqlite3 thinks so."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(
            path,
            timeout=_LOCK_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=_PREPARED_STATEMENTS,
        ),
        poolclass=poolclass,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        _use_wal(connection)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA temp_store=MEMORY")  # statement journals are no business of the disk
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        connection.execute(f"PRAGMA wal_autocheckpoint={_PAGES_PER_CHECKPOINT}")

    return engine


def _use_wal(connection: sqlite3.Connection) -> None:
    """Keep changes in a log beside the database; whoever finds others at this very change does not wait by itself."""
    ends = time.monotonic() + _OPENING_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > ends:
                raise
            time.sleep(_AGAIN_SECONDS)
        else:
            return


class SqliteEngine:
    """The embedded engine; one process writes."""

    def __init__(self, data: Path, *, clock: Clock) -> None:
        self.path = data / FILE_NAME
        self.folder = BlobFolder(data)
        self._clock = clock
        self._is_closed = False
        self._wakeups = Wakeups()
        self._queue = WriteQueue()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="storage-read")
        self._read_engine = make_engine(self.path, poolclass=QueuePool)
        self._write_engine = make_engine(self.path, poolclass=NullPool)
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._write_forever, name="storage-write", daemon=True)

    @classmethod
    async def open(cls, data: Path, *, clock: Clock, migrate: bool) -> "SqliteEngine":
        """Open or make the database.

        Raises:
            StorageUnavailable: it cannot be opened, or its schema is not the one of this program.
        """
        engine = cls(data, clock=clock)
        try:
            with translated():
                await asyncio.to_thread(engine._prepare, migrate=migrate)
        except BaseException:
            await engine.close()
            raise
        engine._thread.start()
        return engine

    def _prepare(self, *, migrate: bool) -> None:
        self.folder.create()
        make_folder(self.path.parent)
        if not self.path.exists():
            self.path.touch(mode=0o600)
            sync_folder(self.path.parent)
        with self._write_engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_OPENING_SECONDS * 1000:.0f}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            if migrate:
                schema.migrate(connection)
            else:
                schema.require_newest(connection)
            connection.exec_driver_sql("COMMIT")

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
        """Run `work` in the writing thread; return once it is durable."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(Unit(work=work, future=future, is_urgent=urgent))
        return await future

    async def accept(self, acceptances: Sequence[Acceptance]) -> tuple[int, ...]:
        """Store mails; many callers share one commit."""
        return await self.write(lambda tx: tx.accept(acceptances), urgent=True)

    async def accept_rows(self, rows: Sequence[AcceptedRow]) -> tuple[int, ...]:
        """Store mails whose rows were made by another process, which has put them into the journal."""
        return await self.write(lambda tx: tx.accept_rows(rows), urgent=True)

    async def wait_for(self, topic: Topic, timeout: float) -> None:  # noqa: ASYNC109 waiting in vain is no error here
        """Return when this process committed something for the topic, or after `timeout` seconds."""
        await self._wakeups.wait_for(topic, timeout)

    async def close(self) -> None:
        """Finish what waits, then let go of the files."""
        self._is_closed = True
        self._queue.close()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._readers.shutdown)
        self._read_engine.dispose()
        self._write_engine.dispose()

    # ------------------------------------------------------------------------------------------- in the writing thread

    def _write_forever(self) -> None:
        connection: Connection | None = None
        while self._queue.wait():
            units: Sequence[Unit[Any]] = ()
            topics: frozenset[Topic] = frozenset()
            shared: _SharedTransaction | None = None
            try:
                connection = connection or self._write_engine.connect()
                shared = _SharedTransaction(connection, self.folder, now=self._clock())
                self._write_once(shared)
                units, topics = shared.units, frozenset(shared.topics)
            except BaseException as error:  # noqa: BLE001 every waiting caller must hear of it, and the thread must go on
                units = shared.units if shared is not None and shared.units else self._queue.take_all()
                for unit in units:
                    unit.error = translate(error) if isinstance(error, Exception) else StorageUnavailable(str(error))
                if connection is not None:
                    connection.invalidate()
                    connection.close()
                    connection = None
            with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                self._loop.call_soon_threadsafe(self._tell, units, topics)
        if connection is not None:
            connection.close()

    def _write_once(self, shared: "_SharedTransaction") -> None:
        """Run what waits in one transaction; every unit that was taken stands in it, whatever happens."""
        ends = time.monotonic() + _MOST_MILLISECONDS / 1000
        shared.begin()
        while (unit := self._queue.take()) is not None:
            shared.run(unit)
            if len(shared.units) >= _MOST_UNITS or time.monotonic() >= ends:
                break
        urgent_only = all(unit.is_urgent for unit in shared.units)
        if urgent_only and (unit := self._queue.take_background()) is not None:  # however much is urgent, the rest goes on
            shared.run(unit)
        shared.commit()

    def _tell(self, units: Sequence[Unit[Any]], topics: frozenset[Topic]) -> None:
        for unit in units:
            if unit.future.done():
                continue
            if unit.error is not None:
                unit.future.set_exception(unit.error)
            else:
                unit.future.set_result(unit.result)
        self._wakeups.wake(topics)


class _SharedTransaction:
    """One transaction for many units of work, each in its own savepoint."""

    def __init__(self, connection: Connection, folder: BlobFolder, *, now: datetime) -> None:
        self.units: list[Unit[Any]] = []
        self.topics: set[Topic] = set()
        self._connection = connection
        self._folder = folder
        self._now = now
        self._driver = driver_of(connection)

    def begin(self) -> None:
        """Begin, as the only one who writes."""
        if not self._connection.in_transaction():
            self._connection.begin()  # SQLAlchemy's own idea of it, which stays: what begins and ends is the driver's business.
        self._driver.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make all of it durable."""
        self._driver.execute("COMMIT")

    def run(self, unit: Unit[Any]) -> None:
        """Run a unit in a savepoint: when it fails it undoes only itself. Whose caller went away is not begun."""
        self.units.append(unit)
        if unit.future.cancelled():
            return
        tx = Writer(self._connection, self._folder, now=self._now)
        self._driver.execute("SAVEPOINT unit")
        try:
            unit.result = unit.work(tx)
        except Exception as error:
            if not self._driver.in_transaction:
                raise StorageUnavailable(str(error)) from error  # SQLite gave up the whole transaction
            self._driver.execute("ROLLBACK TO unit")
            self._driver.execute("RELEASE unit")
            unit.error = translate(error)
        else:
            self._driver.execute("RELEASE unit")
            self.topics |= tx.topics
