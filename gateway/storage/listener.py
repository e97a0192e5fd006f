"""One connection that hears what other nodes have committed (PostgreSQL's LISTEN)."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

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

    async def start(self) -> None:
        """Listen from now on.

        Raises:
            StorageUnavailable: the server does not answer.
        """
        connection, lost = await self._listen()
        self._task = asyncio.create_task(self._stay(connection, lost))

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _stay(self, connection: Any, lost: asyncio.Event) -> None:  # noqa: ANN401 asyncpg is published without types
        try:
            while True:
                await lost.wait()
                await asyncio.sleep(_RETRY_SECONDS)
                with suppress(StorageUnavailable):
                    connection, lost = await self._listen()
                    self._wakeups.wake(Topic)  # something may have been committed meanwhile
        finally:
            connection.terminate()

    async def _listen(self) -> tuple[Any, asyncio.Event]:
        connection = await self._connect()
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _connection: lost.set())
        await connection.add_listener(CHANNEL, self._hear)
        return connection, lost

    def _hear(self, _connection: object, _process: int, _channel: str, payload: str) -> None:
        with suppress(ValueError):  # a topic of a newer version
            self._wakeups.wake([Topic(payload)])
