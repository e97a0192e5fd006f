"""One queue to the database: mails of many sessions are stored by one commit, and each session awaits the same yes.

While one commit runs, the next batch gathers by itself, so the batch is as large as the disk is slow. A commit belongs to the
committer and not to a session: when a client drops, its mail is either not begun and forgotten, or stored whole.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from gateway.errors import TransientError
from gateway.storage.accepting import Acceptance

log: Final = structlog.get_logger()

Accept = Callable[[Sequence[Acceptance]], Awaitable[tuple[int, ...]]]

BATCH_MAILS: Final = 64
"""Mails in one commit: with more, the first would wait longer than the disk saves."""
LARGE_AT_ONCE: Final = 4
"""Mails from the spool that are stored at the same time, beside the batches: a small mail never waits for a large one."""
_GATHERING_TURNS: Final = 2
"""Turns of the event loop before a batch is closed: mails whose last octets are here already come along.

With six, ten busy sessions share half as many commits and a mail costs a sixth less processor time; but then all of them wait for
the disk at once, and fewer mails come in (docs/performance.md).
"""
BATCH_OCTETS: Final = 8_000_000
"""Octets in memory in one commit."""


@dataclass(slots=True)
class _Waiting:
    mails: tuple[Acceptance, ...]
    octets: int
    ids: "asyncio.Future[tuple[int, ...]]"
    give_up: Callable[[], None]
    """Called when the mail is not stored for sure."""


class Committer:
    """Stores mails for all sessions of a process."""

    def __init__(self, *, accept: Accept, on_received: Callable[[], None]) -> None:
        self._accept = accept
        self._on_received = on_received
        self._waiting: list[_Waiting] = []
        self._is_committing = False
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    async def store(self, mails: tuple[Acceptance, ...], *, give_up: Callable[[], None]) -> tuple[int, ...]:
        """Return the ids of the mails once they are durable; a mail that was there already keeps its first id.

        The content's file belongs to the committer from now on: `give_up` is called when the mail is not stored for sure.

        Raises:
            TransientError, OSError: not stored; a second copy is welcome.
        """
        loop = asyncio.get_running_loop()
        octets = len(mails[0].mail.content.body or b"")
        entry = _Waiting(mails=mails, octets=octets, ids=loop.create_future(), give_up=give_up)
        if mails[0].mail.content.path is not None:
            self._begin(self._commit_large(entry))
        else:
            self._waiting.append(entry)
            if not self._is_committing:
                self._is_committing = True
                self._begin(self._commit_small())
        return await entry.ids

    async def drain(self) -> None:
        """Wait until everything that was handed over is stored or refused."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        """Run a commit in a task of its own, which no session can cancel."""
        task = asyncio.get_running_loop().create_task(work, name="committer")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _commit_large(self, entry: _Waiting) -> None:
        async with self._large:
            if entry.ids.cancelled():
                entry.give_up()
            else:
                await self._commit([entry])

    async def _commit_small(self) -> None:
        try:
            while self._waiting:
                for _ in range(_GATHERING_TURNS):
                    await asyncio.sleep(0)
                if batch := self._next_batch():
                    await self._commit(batch)
        finally:
            self._is_committing = False

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        octets = taken = 0
        for entry in self._waiting:
            if batch and (len(batch) >= BATCH_MAILS or octets + entry.octets > BATCH_OCTETS):
                break
            taken += 1
            if entry.ids.cancelled():
                entry.give_up()
                continue
            batch.append(entry)
            octets += entry.octets
        del self._waiting[:taken]
        return batch

    async def _commit(self, batch: list[_Waiting]) -> None:
        try:
            ids = await self._accept([mail for entry in batch for mail in entry.mails])
        except asyncio.CancelledError:
            for entry in batch:
                entry.ids.cancel()
            raise
        except Exception as error:  # noqa: BLE001 belongs to the SMTP hook: every session gets its own 451
            if len(batch) > 1 and not isinstance(error, TransientError | OSError):
                # One of them may be what the database chokes on: the others must not suffer for it.
                for entry in batch:
                    await self._commit([entry])
                return
            for entry in batch:
                entry.give_up()
                if not entry.ids.done():
                    entry.ids.set_exception(error)
            return
        start = 0
        for entry in batch:
            end = start + len(entry.mails)
            if not entry.ids.done():
                entry.ids.set_result(ids[start:end])
            start = end
        self._on_received()
