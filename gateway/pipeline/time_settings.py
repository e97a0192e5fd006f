"""The sections of the configuration about time: business hours, clocks, reports."""

from datetime import date
from itertools import pairwise
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from gateway.mail.addresses import Address
from gateway.pipeline.business_hours import MINUTES_OF_DAY, BusinessHours, Span, holidays_of
from gateway.section import BusinessTime, Section
from gateway.tickets import Priority

DEFAULT: Final = "default"
"""The business hours and the clock of queues that name none."""
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ANY_YEAR: Final = 2026


def parse_span(value: object) -> object:
    """Turn `09:00-17:30` into minutes since midnight; anything else that is no span is left for pydantic to refuse."""
    if not isinstance(value, str):
        return value
    start, _, end = value.replace("\N{EN DASH}", "-").partition("-")
    first, last = _minutes(start), _minutes(end)
    if first is None or last is None:
        message = f"{value!r} is no span of time; write two times of day, such as 09:00-17:30"
        raise ValueError(message)
    if first >= last:
        message = f"{value!r} ends before it begins; what goes past midnight is two spans, one on each day"
        raise ValueError(message)
    return first, last


def parse_time_of_day(value: object) -> object:
    """Turn `07:30` into minutes since midnight."""
    if isinstance(value, str):
        minutes = _minutes(value)
        if minutes is None or minutes == MINUTES_OF_DAY:
            message = f"{value!r} is no time of day; write one such as 07:30"
            raise ValueError(message)
        return minutes
    return value


def _minutes(text: str) -> int | None:
    hours, colon, minutes = text.strip().partition(":")
    are_digits = hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit()
    if not colon or not are_digits or len(hours) > 2 or len(minutes) != 2 or int(minutes) > 59:  # noqa: PLR2004 hh:mm
        return None
    total = int(hours) * 60 + int(minutes)
    return total if total <= MINUTES_OF_DAY else None


def _check_apart(spans: list[Span]) -> list[Span]:
    ordered = sorted(spans)
    for (_, end), (start, _) in pairwise(ordered):
        if start < end:
            message = f"two spans overlap at {start // 60:02}:{start % 60:02}"
            raise ValueError(message)
    return ordered


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"there is no time zone {name}; write one such as Europe/Berlin"
        raise ValueError(message) from None
    return name


_SpanText = Annotated[
    Span, BeforeValidator(parse_span), WithJsonSchema({"type": "string", "examples": ["09:00-12:00", "13:00-17:30"]})
]
Spans = Annotated[list[_SpanText], AfterValidator(_check_apart)]
TimeOfDay = Annotated[int, BeforeValidator(parse_time_of_day), WithJsonSchema({"type": "string", "examples": ["07:30"]})]
Zone = Annotated[str, AfterValidator(_check_zone)]


class HolidaySettings(Section):
    """Whose public holidays are closed."""

    country: Annotated[str, StringConstraints(to_upper=True)]
    """A country's code, such as DE, AT or CH."""
    state: str | None = None
    """A part of the country with holidays of its own, such as BY for Bavaria; without it those of the whole country."""

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        try:
            holidays_of(self.country, self.state, _ANY_YEAR)
        except NotImplementedError:
            where = f"{self.country}, {self.state}" if self.state else self.country
            message = f"no holidays are known of {where}; write codes such as {{country: DE, state: BY}}"
            raise ValueError(message) from None
        return self


class BusinessHoursSettings(Section):
    """When a team works; a day without spans is closed."""

    timezone: Zone = "Europe/Berlin"
    """Where the team's wall clock hangs."""
    monday: Spans = Field(default_factory=list)
    """Such as ["09:00-12:00", "13:00-17:00"]; 24:00 is the end of a day."""
    tuesday: Spans = Field(default_factory=list)
    """Likewise."""
    wednesday: Spans = Field(default_factory=list)
    """Likewise."""
    thursday: Spans = Field(default_factory=list)
    """Likewise."""
    friday: Spans = Field(default_factory=list)
    """Likewise."""
    saturday: Spans = Field(default_factory=list)
    """Likewise."""
    sunday: Spans = Field(default_factory=list)
    """Likewise."""
    holidays: HolidaySettings | None = None
    """Whose public holidays are closed; without it nobody's."""
    also: list[date] = Field(default_factory=list)
    """Further closed days, such as 2026-12-24."""

    @model_validator(mode="after")
    def _opens_some_time(self) -> Self:
        if not any(getattr(self, day) for day in WEEKDAYS):
            message = 'it is never open; give some day at least one span, such as monday: ["09:00-17:00"]'
            raise ValueError(message)
        return self

    def compiled(self) -> BusinessHours:
        """Return it as the value that time is counted by."""
        return BusinessHours(
            zone=ZoneInfo(self.timezone),
            week=tuple(tuple(getattr(self, day)) for day in WEEKDAYS),
            country=self.holidays.country if self.holidays else None,
            state=self.holidays.state if self.holidays else None,
            closed=frozenset(self.also),
        )


class PromiseSettings(Section):
    """What is promised for one priority. `4h` is four hours of business time, `3d` three working days, `1w` a working week."""

    reaction: BusinessTime | None = None
    """By when an agent has answered for the first time."""
    resolution: BusinessTime | None = None
    """By when it is solved, without the time that it waits for somebody else."""
    warning: BusinessTime | None = None
    """So long before either ends, whoever has the ticket is warned; without it nobody is."""


class ClockSettings(Section):
    """What is promised, by priority; for a priority that is not here nothing is."""

    low: PromiseSettings | None = None
    """For what can wait."""
    normal: PromiseSettings | None = None
    """For most tickets."""
    high: PromiseSettings | None = None
    """For what should not wait."""
    urgent: PromiseSettings | None = None
    """For what cannot wait."""

    def of(self, priority: Priority) -> PromiseSettings | None:
        """Return what is promised for a priority."""
        promise: PromiseSettings | None = getattr(self, priority.value)
        return promise


class ReportSettings(Section):
    """A report that is mailed every week."""

    to: Annotated[list[str], Field(min_length=1)]
    """Who gets it: agents by name, others by address."""
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    """The day it is sent; it tells of the seven days before."""
    time: TimeOfDay = 7 * 60
    """When it is sent, such as 07:00."""
    timezone: Zone | None = None
    """By which wall clock; without it that of the texts."""

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Return those who are named by address."""
        return tuple(Address.parse(name) for name in self.to if "@" in name)
