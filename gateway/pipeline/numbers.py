"""Ticket numbers in stock, so that a new ticket does not wait for a transaction of its own.

Numbers are reserved together with the mails that may need them. A number that is in stock when a process dies leaves a gap; at an
orderly end the rest is given back.
"""

from collections import deque
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from gateway.pipeline.policy import Policy
from gateway.storage.database import Database
from gateway.storage.work import claim_received, reserve_numbers, return_numbers

_ALL_YEARS: Final = "all"


class Numbers:
    """The numbers that this process has reserved and not used, of one series at a time."""

    def __init__(self) -> None:
        """Begin with none."""
        self._series = ""
        self._stock: deque[int] = deque()

    async def claim(
        self, database: Database, policy: Policy, *, most: int, now: datetime, lease_seconds: float, node: str, under_way: int
    ) -> tuple[int, ...]:
        """Lease received mails and return their ids; afterwards there is a number for each of them and of those under way.

        Raises:
            TransientError: the database cannot take it now.
        """
        series = series_of(policy, now)
        claim = partial(claim_received, most, now, lease_seconds, node)
        ids, first, count = await database.write(partial(claim, series, self._in_stock(series) - under_way))
        self._add(series, first, count)
        return ids

    async def take(self, database: Database, policy: Policy, *, now: datetime, count: int) -> tuple[str, ...]:
        """Return the next numbers as people see them; one that is not used after all leaves a gap.

        Raises:
            TransientError: the database cannot take it now.
        """
        series = series_of(policy, now)
        while (missing := count - self._in_stock(series)) > 0:
            self._add(series, await database.write(partial(reserve_numbers, series, missing)), missing)
        year, text = _year(policy, now), policy.tickets.number.format
        return tuple(text.format(year=year, number=self._stock.popleft()) for _ in range(count))

    async def give_back(self, database: Database) -> None:
        """Return the last ones that were not used, unless somebody else has taken numbers since. Raises TransientError."""
        if not self._stock:
            return
        first, count = self._stock.pop(), 1
        while self._stock and self._stock[-1] == first - 1:
            first = self._stock.pop()
            count += 1
        self._stock.clear()
        await database.write(partial(return_numbers, self._series, first, count))

    def _in_stock(self, series: str) -> int:
        return len(self._stock) if series == self._series else 0

    def _add(self, series: str, first: int, count: int) -> None:
        if series != self._series:
            self._series, self._stock = series, deque()
        self._stock.extend(range(first, first + count))


def series_of(policy: Policy, now: datetime) -> str:
    """Return the name of the series that counts now: the year, where numbers begin anew with each."""
    return str(_year(policy, now)) if policy.tickets.number.restart_each_year else _ALL_YEARS


def _year(policy: Policy, now: datetime) -> int:
    return now.astimezone(ZoneInfo(policy.texts.timezone)).year
