"""One connection that hears what other nodes have committed (PostgreSQL's LISTEN)."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import asyncpg

from gateway.errors import StorageUnavailable
from gateway.storage.transaction import Topic
from gateway.storage.wakeups import Wakeups

CHANNEL: Final = "ticket_gateway"
_RETRY_SECONDS: Final = 2.0


class Listener:
    """Wakes whoever waits; when its connection is lost, it comes back by itself and wakes everybody once."""

    def __init__(self, connect: Callable[[], Awaitable[Any]], wakeups: Wakeups) -> None:
        self._connect = connect
        self._wakeups = wakeups
        self._task: asyncio.Task[None] | None = None
        self._connection: Any = None
        self._lost = asyncio.Event()

    async def start(self) -> None:
        """Listen from now on.

        Raises:
            StorageUnavailable: the server does not answer.
        """
        await self._listen()
        self._task = asyncio.create_task(self._stay())

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._connection is not None:
            self._connection.terminate()

    async def _stay(self) -> None:
        while True:
            await self._lost.wait()
            await asyncio.sleep(_RETRY_SECONDS)
            with suppress(StorageUnavailable):
                await self._listen()
                self._wakeups.wake(Topic)  # something may have been committed meanwhile

    async def _listen(self) -> None:
        self._connection = await self._connect()
        self._lost.clear()
        self._connection.add_termination_listener(lambda _connection: self._lost.set())
        try:
            await self._connection.add_listener(CHANNEL, self._hear)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            self._connection.terminate()
            raise StorageUnavailable(str(error)) from error

    def _hear(self, _connection: object, _process: int, _channel: str, payload: str) -> None:
        with suppress(ValueError):  # a topic of a newer version
            self._wakeups.wake([Topic(payload)])
