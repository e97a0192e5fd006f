"""What waits for the one thread that writes SQLite: accepting first, but nothing waits for ever."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Final, Generic, TypeVar

from gateway.errors import StorageUnavailable
from gateway.storage.sqlite_accepting import AcceptedRow
from gateway.storage.transaction import Writer

T = TypeVar("T")

_MOST_ACCEPTED: Final = 128
"""Mails stored by the same statements."""


@dataclass(slots=True, eq=False, kw_only=True)
class Unit(Generic[T]):
    """A piece of work that waits for the writing thread."""

    work: Callable[[Writer], T]
    future: "asyncio.Future[T]"
    is_urgent: bool
    result: T | None = None
    error: BaseException | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class Accepting(Unit[tuple[int, ...]]):
    """Mails that wait to be accepted: neighbours are stored by the same statements."""

    count: int
    """How many."""
    bind: Callable[[], Sequence[AcceptedRow]]
    """Makes their rows."""


class WriteQueue:
    """What waits for the writing thread, accepting first.

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

    def take(self) -> list[Unit[Any]]:
        """Return what comes next: neighbouring acceptances together, anything else alone, or nothing."""
        urgent = self._urgent
        if not urgent:
            return self.take_background()
        taken = [urgent.popleft()]
        count = taken[0].count if isinstance(taken[0], Accepting) else _MOST_ACCEPTED
        while urgent and isinstance(following := urgent[0], Accepting) and count < _MOST_ACCEPTED:
            count += following.count
            taken.append(urgent.popleft())
        return taken

    @property
    def is_background_waiting(self) -> bool:
        """Tell whether a unit waits that is not urgent."""
        return bool(self._background)

    def take_background(self) -> list[Unit[Any]]:
        """Return the next unit that is not urgent, or nothing."""
        return [self._background.popleft()] if self._background else []

    def take_all(self) -> list[Unit[Any]]:
        """Return everything that waits."""
        taken: list[Unit[Any]] = []
        for waiting in (self._urgent, self._background):
            while waiting:
                taken.append(waiting.popleft())
        return taken

    def close(self) -> None:
        """Take nothing more; what waits is still handed out."""
        self._closed = True
        self._bell.put(None)
