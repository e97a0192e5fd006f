"""Small changes of many callers, written together: while one commit runs, the next batch gathers by itself."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from gateway.errors import StorageUnavailable
from gateway.tickets import Changes, merge_changes

_MOST: Final = 64

_Waiting = tuple[Changes, "asyncio.Future[None]"]


class GatheredChanges:
    """Applies changes that have nothing to do with each other; belongs to one event loop."""

    def __init__(self, apply: Callable[[Changes], Awaitable[None]]) -> None:
        """Take what writes changes in one transaction: all of them, or nothing."""
        self._apply = apply
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def apply(self, changes: Changes) -> None:
        """Return once the changes are durable, or raise what stood in the way of these and not of others."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((changes, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all(), name="gathered")
        await done

    async def _write_all(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            if not await self._try_together(taken):
                for one in taken:
                    await self._try_together([one])

    async def _try_together(self, taken: Sequence[_Waiting]) -> bool:
        """Write in one transaction. False when several failed together and each deserves a try of its own."""
        try:
            await self._apply(merge_changes(changes for changes, _ in taken))
        except Exception as error:  # noqa: BLE001 whatever it is, those that wait must hear of it
            if len(taken) > 1 and not isinstance(error, StorageUnavailable):
                return False
            for _, done in taken:
                if not done.done():
                    done.set_exception(error)
            return True
        for _, done in taken:
            if not done.done():
                done.set_result(None)
        return True
