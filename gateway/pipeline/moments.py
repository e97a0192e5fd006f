"""Reads the times that agents write behind a command: `3h`, `2d`, `1w`, `2026-12-01`, `01.12.2026`, `bis 1.12.` Pure."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from gateway.pipeline import sayings_commands
from gateway.pipeline.said import Said

_SPAN: Final = re.compile(r"(\d{1,4})\s?([a-z]{1,10})")
_HOURS: Final = (
    dict.fromkeys(("m", "min", "minute", "minutes", "minuten"), 1 / 60)
    | dict.fromkeys(("h", "hour", "hours", "std", "stunde", "stunden"), 1)
    | dict.fromkeys(("d", "day", "days", "t", "tag", "tage", "tagen"), 24)
    | dict.fromkeys(("w", "week", "weeks", "woche", "wochen"), 168)
)
_ISO_DATE: Final = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})")
_GERMAN_DATE: Final = re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})?")
_MORNING: Final = time(8)
_FARTHEST: Final = timedelta(days=366)
_LONGEST: Final = 40
_LEADING: Final = ("until ", "till ", "bis ", "zum ", "for ", "für ")


def read_until(written: str, *, now: datetime, zone: str, whole_day: bool = False) -> datetime | Said:
    """Return the moment (UTC) that somebody wrote, or what is wrong with it.

    A date means that day's morning at eight; with `whole_day`, that day included, so the midnight after it.
    """
    text = written.casefold().strip()[:_LONGEST]
    for word in _LEADING:
        text = text.removeprefix(word).strip()
    span = _SPAN.fullmatch(text)
    if span is not None and span[2] in _HOURS:
        return _near(now + timedelta(hours=int(span[1]) * _HOURS[span[2]]), written, now)
    day = _read_date(text, now.astimezone(ZoneInfo(zone)).date())
    if day is None:
        return sayings_commands.no_time(written[:_LONGEST])
    if abs(day.year - now.year) > 1:  # the calendar ends soon after
        return sayings_commands.time_is_over(written[:_LONGEST])
    if whole_day:
        moment = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
    else:
        moment = datetime.combine(day, _MORNING, ZoneInfo(zone))
    return _near(moment.astimezone(UTC), written, now)


def _near(moment: datetime, written: str, now: datetime) -> datetime | Said:
    return moment if now < moment <= now + _FARTHEST else sayings_commands.time_is_over(written[:_LONGEST])


def _read_date(text: str, today: date) -> date | None:
    match = _ISO_DATE.fullmatch(text) or _GERMAN_DATE.fullmatch(text)
    if match is None:
        return None
    day, month, year = int(match["day"]), int(match["month"]), match["year"]
    try:
        if year is not None:
            return date(int(year), month, day)
        this_year = date(today.year, month, day)
        return this_year if this_year >= today else date(today.year + 1, month, day)
    except ValueError:
        return None
