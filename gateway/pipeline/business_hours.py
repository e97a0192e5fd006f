"""Time that counts: a team's hours in its time zone, without its holidays. Pure, and exact to the microsecond.

A moment is open when the wall clock of the time zone says so. Clocks are put forward and back, some at midnight, so nothing here
walks through local days: it walks through days of UTC, splits each where the offset changes, and looks at the wall clock of each
piece. Business time is seconds of real time: a Sunday night that lasts an hour longer is an hour longer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

Span = tuple[int, int]
"""From and until, in minutes since midnight by the wall clock; until is at most 1440."""

MINUTES_OF_DAY: Final = 1440
_MOST_DAYS: Final = 3660
"""So far ahead or back, ten years, a moment is looked for; then that is the answer. A calendar that never opens has no other."""
_ONE_DAY: Final = timedelta(days=1)
_SMALLEST: Final = timedelta(microseconds=1)
_YEARS_KEPT: Final = 64
_DAYS_KEPT: Final = 1024
"""Clocks ask about the same days again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessHours:
    """When a team works."""

    zone: ZoneInfo
    week: tuple[tuple[Span, ...], ...]
    """Monday first: the spans of each day, in order, none overlapping another."""
    country: str | None = None
    """Whose public holidays are closed, as a code such as DE."""
    state: str | None = None
    """A part of the country with holidays of its own, such as BY."""
    closed: frozenset[date] = frozenset()
    """Further closed days."""

    @property
    def seconds_of_week(self) -> float:
        """Return how long a week without a holiday is."""
        return 60.0 * sum(end - start for day in self.week for start, end in day)

    @property
    def seconds_of_day(self) -> float:
        """Return how long a working day is, on average."""
        days = sum(1 for day in self.week if day)
        return self.seconds_of_week / days if days else 0.0

    def spans_of(self, day: date) -> tuple[Span, ...]:
        """Return when a day by the wall clock is open."""
        spans = self.week[day.weekday()]
        return () if spans and self.is_holiday(day) else spans

    def is_holiday(self, day: date) -> bool:
        """Tell whether a day is closed whatever weekday it is."""
        return day in self.closed or (self.country is not None and day in holidays_of(self.country, self.state, day.year))


ALWAYS: Final = BusinessHours(zone=ZoneInfo("UTC"), week=(((0, MINUTES_OF_DAY),),) * 7)
"""Every hour counts."""


@lru_cache(maxsize=_YEARS_KEPT)
def holidays_of(country: str, state: str | None, year: int) -> frozenset[date]:
    """Return the public holidays of a year.

    Raises:
        NotImplementedError: no such country or state is known.
    """
    import holidays  # noqa: PLC0415 slow to import

    return frozenset(holidays.country_holidays(country, subdiv=state, years=year, expand=False))


def is_open(at: datetime, hours: BusinessHours) -> bool:
    """Tell whether a moment is business time; the last moment of a span is not."""
    local = at.astimezone(hours.zone)
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    return any(start * 60 <= seconds < end * 60 for start, end in hours.spans_of(local.date()))


def business_seconds_between(start: datetime, end: datetime, hours: BusinessHours) -> float:
    """Return how much business time lies between two moments; negative where the second one is the earlier."""
    if end < start:
        return -business_seconds_between(end, start, hours)
    total = timedelta()
    day = _utc_midnight(start)
    while day < end:
        for opens, closes in _spans_of_utc_day(day, hours):
            total += max(min(closes, end) - max(opens, start), timedelta())
        day += _ONE_DAY
    return total.total_seconds()


def add_business_seconds(at: datetime, seconds: float, hours: BusinessHours) -> datetime:
    """Return the first moment by which so much business time has passed, in UTC; ten years later where there never is so much.

    With negative seconds: the last moment from which on so much lies before `at`.
    """
    at = at.astimezone(UTC)
    left = timedelta(seconds=abs(seconds))
    if not left:
        return at
    return _go_back(at, left, hours) if seconds < 0 else _go_ahead(at, left, hours)


def _go_ahead(at: datetime, left: timedelta, hours: BusinessHours) -> datetime:
    day = _utc_midnight(at)
    for _ in range(_MOST_DAYS):
        for opens, closes in _spans_of_utc_day(day, hours):
            length = closes - max(opens, at)
            if length >= left:
                return closes - (length - left)
            left -= max(length, timedelta())
        day += _ONE_DAY
    return day


def _go_back(at: datetime, left: timedelta, hours: BusinessHours) -> datetime:
    day = _utc_midnight(at)
    for _ in range(_MOST_DAYS):
        for opens, closes in reversed(_spans_of_utc_day(day, hours)):
            length = min(closes, at) - opens
            if length >= left:
                return opens + (length - left)
            left -= max(length, timedelta())
        day -= _ONE_DAY
    return day


def _utc_midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@lru_cache(maxsize=_DAYS_KEPT)
def _spans_of_utc_day(midnight: datetime, hours: BusinessHours) -> tuple[tuple[datetime, datetime], ...]:
    """Return when it is open in the 24 hours from a midnight of UTC, in order and in UTC."""
    return tuple(_find_spans(midnight, hours))


def _find_spans(midnight: datetime, hours: BusinessHours) -> Iterator[tuple[datetime, datetime]]:
    for start, end, offset in _pieces(midnight, hours.zone):
        wall_start, wall_end = (start + offset).replace(tzinfo=None), (end + offset).replace(tzinfo=None)
        day = wall_start.date()
        while day <= (wall_end - _SMALLEST).date():
            zero = datetime(day.year, day.month, day.day)  # noqa: DTZ001 what the wall clock says
            for first, last in hours.spans_of(day):
                opens = max(zero + timedelta(minutes=first), wall_start)
                closes = min(zero + timedelta(minutes=last), wall_end)
                if opens < closes:
                    yield (opens - offset).replace(tzinfo=UTC), (closes - offset).replace(tzinfo=UTC)
            day += _ONE_DAY


def _pieces(midnight: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yield the pieces of a day of UTC in which the offset stays the same; no zone ever changed it twice in one."""
    end = midnight + _ONE_DAY
    before, after = _offset(midnight, zone), _offset(end - _SMALLEST, zone)
    if before == after:
        yield midnight, end, before
        return
    low, high = 0, 86_400  # seconds: the offset is still the first one at `low`, and the second one at `high`
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(midnight + timedelta(seconds=middle), zone) == before:
            low = middle
        else:
            high = middle
    change = midnight + timedelta(seconds=high)
    yield midnight, change, before
    if change < end:
        yield change, end, after


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
