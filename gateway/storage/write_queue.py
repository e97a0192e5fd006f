"""What waits for the one thread that writes SQLite: urgent work first, but nothing waits for ever."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from gateway.errors import StorageUnavailable
from gateway.storage.transaction import Writer

T = TypeVar("T")


@dataclass(slots=True, eq=False, kw_only=True)
class Unit(Generic[T]):
    """A piece of work that waits for the writing thread."""

    work: Callable[[Writer], T]
    future: "asyncio.Future[T]"
    is_urgent: bool
    result: T | None = None
    error: BaseException | None = None


class WriteQueue:
    """What waits for the writing thread, urgent work first.

    Only that thread takes; it finds out by the bell that there may be something. A deque needs no lock for one who adds and one
    who takes, and a lock is what threads that share an interpreter pay most for.
    """

    def __init__(self) -> None:
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._urgent: deque[Unit[Any]] = deque()
        self._background: deque[Unit[Any]] = deque()
        self._closed = False

    def put(self, unit: Unit[Any]) -> None:
        """Add a unit. Raises StorageUnavailable when the queue is closed."""
        if self._closed:
            raise StorageUnavailable("the database is closed")
        (self._urgent if unit.is_urgent else self._background).append(unit)
        self._bell.put(None)

    def wait(self) -> bool:
        """Return True when something waits, False when nothing ever will."""
        while not (self._urgent or self._background or self._closed):
            self._bell.get()
        return bool(self._urgent or self._background)

    def take(self) -> Unit[Any] | None:
        """Return what comes next, or None."""
        return self._urgent.popleft() if self._urgent else self.take_background()

    def take_background(self) -> Unit[Any] | None:
        """Return the next unit that is not urgent, or None."""
        return self._background.popleft() if self._background else None

    def take_all(self) -> list[Unit[Any]]:
        """Return everything that waits."""
        taken: list[Unit[Any]] = []
        while (unit := self.take()) is not None:
            taken.append(unit)
        return taken

    def close(self) -> None:
        """Take nothing more; what waits is still handed out."""
        self._closed = True
        self._bell.put(None)
