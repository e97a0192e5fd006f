"""The database: where everything begins that must survive a restart.

    database = await Database.open(data=Path("/var/lib/ticket-gateway"))
    mail = await database.read(lambda tx: tx.received.get(received_id))
    await database.write(lambda tx: tx.apply(changes))

`work` is a plain function of a transaction (`transaction.py`), the same for both engines. It may run again or not at all, so it
does nothing but read and write through its transaction.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from gateway.mail.content import Content
from gateway.storage.accepting import Acceptance
from gateway.storage.blobs import BlobStore
from gateway.storage.engine import Clock, StorageEngine
from gateway.storage.faults import translated
from gateway.storage.folder import SPOOL
from gateway.storage.journal_reader import named_bodies
from gateway.storage.settings import SQLITE
from gateway.storage.transaction import Reader, Topic, Writer
from gateway.storage.verification import Verification, remove_orphans, verify
from gateway.storage.work import apply_changes
from gateway.tickets import Changes

if TYPE_CHECKING:
    from gateway.storage.sqlite_remote import Ask

T = TypeVar("T")


def utc_now() -> datetime:
    """Return now, aware, in UTC."""
    return datetime.now(UTC)


class Database:
    """One open database; belongs to one event loop."""

    def __init__(self, engine: StorageEngine, *, data: Path) -> None:
        """Use `open`."""
        self._engine = engine
        self._data = data
        self.blobs = BlobStore(engine, spool=data.absolute() / SPOOL)

    @classmethod
    async def open(
        cls,
        *,
        data: Path,
        database: str = SQLITE,
        migrate: bool = True,
        read_only: bool = False,
        clock: Clock = utc_now,
    ) -> Self:
        """Open a database and bring its schema up to date, or only check it.

        Raises:
            StorageUnavailable: it cannot be reached, or its schema is not the one of this program.
        """
        engine: StorageEngine
        if database == SQLITE:
            engine = await _open_sqlite(data, clock=clock, migrate=migrate, read_only=read_only)
        else:
            from gateway.storage.postgresql import PostgresqlEngine  # noqa: PLC0415 likewise

            engine = await PostgresqlEngine.open(database, data, clock=clock, migrate=migrate, read_only=read_only)
        return cls(engine, data=data)

    @classmethod
    def attach(cls, *, data: Path, ask: "Ask", on_accepted: Callable[[], None]) -> Self:
        """Use a SQLite database that another process of ours writes: whom to `ask` for that, whom to tell of accepted mail."""
        from gateway.storage.sqlite_remote import SqliteRemoteEngine  # noqa: PLC0415 each engine loads only its own driver

        return cls(SqliteRemoteEngine(data, ask=ask, on_accepted=on_accepted), data=data)

    @property
    def engine(self) -> StorageEngine:
        """What runs the transactions: for whoever runs them on behalf of another process."""
        return self._engine

    async def read(self, work: Callable[[Reader], T]) -> T:
        """Run `work` on one consistent picture of the database.

        Raises:
            StorageUnavailable: the database does not answer.
        """
        return await self._engine.read(work)

    async def write(self, work: Callable[[Writer], T], *, urgent: bool = False) -> T:
        """Run `work` and return what it returned once that is durable; when it raises, nothing of it stays.

        Raises:
            StorageUnavailable: nothing was written, or it is not known whether it was.
            ConcurrentChange: somebody was faster.
        """
        return await self._engine.write(work, urgent=urgent)

    async def apply(self, changes: Changes) -> None:
        """Write all that one stimulus changes, its large bodies first, so that the transaction is short.

        Raises:
            StorageUnavailable: nothing was written, or it is not known whether it was.
            ConcurrentChange: somebody was faster; decide again on fresh facts.
        """
        await self.blobs.prepare(_contents_of(changes))
        await self.write(partial(apply_changes, self._lightened(changes)))

    def _lightened(self, changes: Changes) -> Changes:
        contents = self.blobs.lightened(changes.contents)
        bodies = self.blobs.lightened([mail.content for mail in changes.outbound])
        outbound = (replace(mail, content=body) for mail, body in zip(changes.outbound, bodies, strict=True))
        return replace(changes, contents=tuple(contents), outbound=tuple(outbound))

    async def accept(self, acceptances: Sequence[Acceptance]) -> tuple[int, ...]:
        """Store mails before their 250, in the tables or, in a process that does not write SQLite, in the intake journal.

        Returns:
            The id of each. Where the tables are written at once, a second copy's is the first one's.

        Many callers share one commit. Spooled files are the store's from here on, whether this succeeds or not.

        Raises:
            StorageUnavailable: nothing was acknowledged; the client must try again.
        """
        contents = [acceptance.mail.content for acceptance in acceptances]
        await self.blobs.prepare(contents)
        ids = await self._engine.accept(acceptances)
        await self.blobs.discard_spooled(contents)
        return ids

    async def wait_for(self, topic: Topic, timeout: float) -> None:  # noqa: ASYNC109 waiting in vain is no error here
        """Return when something was committed for the topic since the last wait, or after `timeout` seconds."""
        await self._engine.wait_for(topic, timeout)

    async def verify(self, on_progress: Callable[[int], None] = lambda _checked: None) -> Verification:
        """Read all bytes and compare them with their digests; `on_progress` gets the number that was checked so far.

        Raises:
            StorageUnavailable: the database does not answer.
        """
        return await verify(self._engine, self._data, on_progress)

    async def remove_orphans(self) -> int:
        """Remove files that a dead process left in the blob folder or the spool; return how many. Safe at any time.

        Raises:
            StorageUnavailable: the database does not answer, or the disk fails.
        """
        return await remove_orphans(self._engine, self._data)

    async def waiting_bodies(self) -> frozenset[str]:
        """Return the digests of large bodies that mails in the intake journal name: no row may know them yet.

        Raises:
            StorageUnavailable: the disk fails.
        """
        with translated():
            return (await asyncio.to_thread(named_bodies, self._data)).digests

    async def close(self) -> None:
        """Finish what was begun and let go of everything."""
        await self._engine.close()


def _contents_of(changes: Changes) -> list[Content]:
    return [*changes.contents, *(mail.content for mail in changes.outbound)]


async def _open_sqlite(data: Path, *, clock: Clock, migrate: bool, read_only: bool) -> StorageEngine:
    from gateway.storage.sqlite import FILE_NAME, SqliteEngine  # noqa: PLC0415 each engine loads only its own driver

    if not read_only:
        return await SqliteEngine.open(data, clock=clock, migrate=migrate)
    from gateway.storage.sqlite_reading import SqliteReadingEngine  # noqa: PLC0415 likewise

    return await SqliteReadingEngine.open(data, data / FILE_NAME)
