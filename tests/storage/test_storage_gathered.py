"""Results of many sendings share a commit, and the failure of one is its own."""

import asyncio
from datetime import UTC, datetime

import pytest

from gateway.errors import ConcurrentChange, StorageUnavailable
from gateway.storage.gathered import GatheredChanges
from gateway.tickets import Changes, HistoryLine


def change(number: int) -> Changes:
    line = HistoryLine(ticket_id=number, at=datetime(2026, 1, 1, tzinfo=UTC), by="gateway", what="", why="")
    return Changes(history=(line,))


class Book:
    """Writes down what it is given, unless it holds something that it cannot take."""

    def __init__(self, refused: int | None = None, error: type[Exception] = ConcurrentChange) -> None:
        self.commits: list[tuple[int, ...]] = []
        self._refused = refused
        self._error = error

    async def apply(self, changes: Changes) -> None:
        await asyncio.sleep(0)
        numbers = tuple(line.ticket_id for line in changes.history)
        if self._refused in numbers:
            raise self._error
        self.commits.append(numbers)


async def write_all(book: Book, count: int) -> list[BaseException | None]:
    gathered = GatheredChanges(book.apply)
    return await asyncio.gather(*(gathered.apply(change(number)) for number in range(count)), return_exceptions=True)


async def test_what_comes_together_is_written_together() -> None:
    book = Book()
    assert await write_all(book, 100) == [None] * 100
    assert [number for commit in book.commits for number in commit] == list(range(100))
    assert len(book.commits) < 5


async def test_one_that_fails_fails_alone() -> None:
    book = Book(refused=3)
    results = await write_all(book, 6)
    assert [number for number, result in enumerate(results) if result is not None] == [3]
    assert isinstance(results[3], ConcurrentChange)
    assert sorted(number for commit in book.commits for number in commit) == [0, 1, 2, 4, 5]


async def test_a_database_that_is_away_is_not_asked_again_for_each() -> None:
    book = Book(refused=3, error=StorageUnavailable)
    results = await write_all(book, 6)
    assert all(isinstance(result, StorageUnavailable) for result in results)


async def test_whoever_goes_away_takes_nobody_along() -> None:
    book = Book()
    gathered = GatheredChanges(book.apply)
    waiting = [asyncio.create_task(gathered.apply(change(number))) for number in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting[1]
    await asyncio.gather(waiting[0], waiting[2])
    assert sorted(number for commit in book.commits for number in commit) == [0, 1, 2]
