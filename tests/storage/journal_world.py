"""Segments of the intake journal as tests write them, and what comes of them in the tables."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from gateway.line import LineClosed, Subject
from gateway.storage.accepting import Acceptance, rows_of
from gateway.storage.database import Database
from gateway.storage.journal import make_folder, name_segment, pack
from gateway.storage.journal_importer import JournalImporter
from gateway.storage.journal_writer import JournalWriter
from gateway.storage.sqlite import SqliteEngine
from gateway.storage.sqlite_accepting import AcceptedRow

FIRST_NEW_ID = 1_000_000
"""Mails whose own id is taken get ids from here on."""


def write_segment(data: Path, octets: bytes, *, number: int = 1) -> Path:
    """Leave a segment as a writer that is gone left it."""
    path = name_segment(make_folder(data), milliseconds=number, writer="gone", number=0)
    path.write_bytes(octets)
    return path


def packed(rows: Sequence[AcceptedRow]) -> bytes:
    return b"".join(map(pack, rows))


class Intake:
    """A database that this process writes, and its journal."""

    def __init__(self, data: Path, database: Database) -> None:
        self.data = data
        self.database = database
        self.ids: Iterator[int] = count(FIRST_NEW_ID)
        self.importer = self.another_importer()

    def another_importer(self) -> JournalImporter:
        """Return what the next desk would have: it knows nothing of what was read before."""
        engine = self.database.engine
        assert isinstance(engine, SqliteEngine)
        return JournalImporter(self.data, engine, new_id=lambda: next(self.ids))

    def rows(self, acceptances: Sequence[Acceptance]) -> list[AcceptedRow]:
        """Return what is appended for these mails; their large bodies lie in their folder then."""
        engine = self.database.engine
        assert isinstance(engine, SqliteEngine)
        return rows_of(acceptances, engine.folder)

    def leave(self, acceptances: Sequence[Acceptance], *, number: int = 1) -> Path:
        """Leave a segment with these mails."""
        return write_segment(self.data, packed(self.rows(acceptances)), number=number)

    async def keys(self) -> list[str]:
        """Return the delivery keys that are in the tables."""
        statement = "SELECT delivery_key FROM received ORDER BY delivery_key"
        return await self.database.read(lambda tx: list(tx.connection.exec_driver_sql(statement).scalars()))

    async def stored_ids(self) -> list[int]:
        return await self.database.read(lambda tx: sorted(line.id for line in tx.received.list(limit=10_000)))


async def refuse(_subject: Subject, _question: bytes) -> bytes:
    """Be a desk that is not there."""
    message = "there is no desk process at this moment"
    raise LineClosed(message)


@asynccontextmanager
async def attached(data: Path, *, on_accepted: Callable[[], None] = lambda: None) -> AsyncIterator[Database]:
    """Give the database as a process has it that takes mail, while no desk is there."""
    database = Database.attach(data=data, ask=refuse, on_accepted=on_accepted)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def appending(data: Path, *, on_appended: Callable[[], None] = lambda: None) -> AsyncIterator[JournalWriter]:
    writer = JournalWriter(data, on_appended=on_appended)
    try:
        yield writer
    finally:
        await writer.close()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what a thread or another process makes true."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 nobody tells us
            await asyncio.sleep(0.005)
