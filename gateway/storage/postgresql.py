"""PostgreSQL: any number of gateways share one database; a node holds nothing that it may not lose.

Claims skip what another node has locked, acceptances of many sessions share one commit, and a commit that leaves work behind
tells every node by NOTIFY. `synchronous_commit=on`: what was acknowledged survives a power cut of the server.
"""

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy import Connection, event, func, select
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.errors import StorageUnavailable, WrongCommand
from gateway.storage import schema
from gateway.storage.accepting import Acceptance
from gateway.storage.cache import BlobCache
from gateway.storage.engine import Clock
from gateway.storage.faults import translate, translated
from gateway.storage.listener import CHANNEL, Listener
from gateway.storage.transaction import Reader, Topic, Writer
from gateway.storage.wakeups import Wakeups

T = TypeVar("T")

_CONNECT_SECONDS: Final = 10.0
_CONNECTIONS: Final = 8
_MOST_ACCEPTED: Final = 128
_SETTINGS: Final = {"application_name": "ticket-gateway", "synchronous_commit": "on", "timezone": "UTC", "jit": "off"}

_Waiting = tuple[Sequence[Acceptance], "asyncio.Future[tuple[int, ...]]"]


class PostgresqlEngine:
    """The engine beyond one machine."""

    folder: None = None
    """Large bodies lie in the database: a local folder would be missing on the other nodes; a node only keeps copies."""

    def __init__(self, url: str, data: Path, *, clock: Clock, read_only: bool) -> None:
        self._url = url
        self._cache = BlobCache(data)
        self._clock = clock
        self._read_only = read_only
        self._wakeups = Wakeups()
        self._listener = Listener(self.connect, self._wakeups)
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self.connect,
            pool_size=_CONNECTIONS,
            max_overflow=0,
            pool_timeout=_CONNECT_SECONDS,
        )
        event.listen(self._engine.sync_engine, "checkout", _refuse_closed)
        self._read_engine = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._waiting: list[_Waiting] = []
        self._committer: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, url: str, data: Path, *, clock: Clock, migrate: bool, read_only: bool) -> "PostgresqlEngine":
        """Connect.

        Raises:
            StorageUnavailable: the server does not answer, or the schema is not the one of this program.
        """
        engine = cls(url, data, clock=clock, read_only=read_only)
        try:
            with translated():
                if migrate and not read_only:
                    async with engine._engine.begin() as connection:
                        await connection.run_sync(schema.migrate)
                else:
                    async with engine._read_engine.connect() as connection:
                        await connection.run_sync(schema.require_newest)
            await engine._listener.start()
        except BaseException:
            await engine.close()
            raise
        return engine

    async def connect(self, *_arguments: object, **_named: object) -> Any:  # noqa: ANN401 asyncpg is published without types
        """Return a connection of asyncpg, which reads the URL as libpq does.

        Raises:
            StorageUnavailable: the server does not answer or does not let us in.
        """
        try:
            return await asyncpg.connect(self._url, timeout=_CONNECT_SECONDS, server_settings=_SETTINGS)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise StorageUnavailable(str(error) or type(error).__name__) from error

    async def read(self, work: Callable[[Reader], T]) -> T:
        """Run `work` on one consistent picture."""
        with translated():
            async with self._read_engine.connect() as connection:
                return await connection.run_sync(lambda sync: work(Reader(sync, self._cache)))

    async def write(self, work: Callable[[Writer], T], *, urgent: bool) -> T:
        """Run `work` in a transaction of its own; return once it is durable."""
        del urgent  # the server lets all go on at once
        if self._read_only:
            raise WrongCommand("the database was opened for reading only")
        with translated():
            async with self._engine.begin() as connection:
                result, topics = await connection.run_sync(self._work, work)
        self._wakeups.wake(topics)
        return result

    def _work(self, connection: Connection, work: Callable[[Writer], T]) -> tuple[T, set[Topic]]:
        tx = Writer(connection, self._cache, now=self._clock())
        result = work(tx)
        for topic in sorted(tx.topics):
            connection.execute(select(func.pg_notify(CHANNEL, topic.value)))
        return result, tx.topics

    async def accept(self, acceptances: Sequence[Acceptance]) -> tuple[int, ...]:
        """Store mails; whoever comes while a commit is under way shares the next one."""
        future: asyncio.Future[tuple[int, ...]] = asyncio.get_running_loop().create_future()
        self._waiting.append((acceptances, future))
        if self._committer is None or self._committer.done():
            self._committer = asyncio.create_task(self._commit_accepted())
        return await future

    async def _commit_accepted(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:_MOST_ACCEPTED], self._waiting[_MOST_ACCEPTED:]
            if not await self._try_together(taken):
                for waiting in taken:
                    await self._try_together([waiting])

    async def _try_together(self, taken: Sequence[_Waiting]) -> bool:
        """Accept in one transaction. False when several failed together and each deserves a try of its own."""
        try:
            ids = iter(await self.write(lambda tx: tx.accept([a for wanted, _ in taken for a in wanted]), urgent=True))
        except Exception as error:  # noqa: BLE001 whatever it is, the sessions that wait must hear of it
            if len(taken) > 1 and not isinstance(error, StorageUnavailable):
                return False
            for _, future in taken:
                if not future.done():
                    future.set_exception(translate(error))
            return True
        for wanted, future in taken:
            mine = tuple(islice(ids, len(wanted)))
            if not future.done():
                future.set_result(mine)
        return True

    async def wait_for(self, topic: Topic, timeout: float) -> None:  # noqa: ASYNC109 waiting in vain is no error here
        """Return when any node committed something for the topic, or after `timeout` seconds."""
        await self._wakeups.wait_for(topic, timeout)

    async def close(self) -> None:
        """Finish what is being accepted, then disconnect."""
        if self._committer is not None:
            await self._committer
        await self._listener.stop()
        await self._engine.dispose()


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:  # noqa: ANN401 SQLAlchemy's event
    """Have the pool make a new connection where the server has closed the old one meanwhile, such as after its restart."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError
