"""Business time against a slow model that looks at the wall clock minute by minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.pipeline.business_hours import (
    ALWAYS,
    BusinessHours,
    add_business_seconds,
    business_seconds_between,
    holidays_of,
    is_open,
)

MINUTE = timedelta(minutes=1)
BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = BusinessHours(zone=BERLIN, week=(((540, 720), (780, 1020)),) * 5 + ((),) * 2)
"""Monday to Friday, 9 to 12 and 13 to 17."""
CHANGES = (
    datetime(2026, 3, 29, 1, 0, tzinfo=UTC),  # Berlin puts its clocks forward
    datetime(2026, 10, 25, 1, 0, tzinfo=UTC),  # and back
    datetime(2026, 3, 8, 7, 0, tzinfo=UTC),  # New York
    datetime(2018, 11, 4, 3, 0, tzinfo=UTC),  # São Paulo, at midnight
    datetime(2018, 2, 18, 2, 0, tzinfo=UTC),  # and back, at midnight
    datetime(2026, 4, 4, 15, 0, tzinfo=UTC),  # Lord Howe, half an hour
    datetime(2011, 12, 30, 10, 0, tzinfo=UTC),  # Apia left out a whole day
    datetime(2026, 11, 2, 9, 0, tzinfo=UTC),  # nothing
)
ZONES = ("Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata", "UTC")


@st.composite
def calendars(draw: st.DrawFn) -> BusinessHours:
    """Draw hours of any kind, also such that begin or end at midnight, with closed days."""
    days = []
    for _ in range(7):
        edges = sorted(
            draw(st.sets(st.sampled_from((0, 1, 60, 119, 120, 150, 180, 540, 720, 1020, 1380, 1439, 1440)), max_size=6))
        )
        days.append(tuple(zip(edges[::2], edges[1::2], strict=False)))
    change = draw(st.sampled_from(CHANGES)).date()
    closed = draw(st.frozensets(st.sampled_from([change + timedelta(days=n) for n in range(-2, 3)]), max_size=2))
    return BusinessHours(zone=ZoneInfo(draw(st.sampled_from(ZONES))), week=tuple(days), closed=closed)


moments = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes), st.sampled_from(CHANGES), st.integers(-3000, 3000)
)


def counts(at: datetime, hours: BusinessHours) -> bool:
    """Say whether the minute that begins at a moment counts, as a person with a wall clock and a calendar would."""
    wall = at.astimezone(hours.zone)
    minute = wall.hour * 60 + wall.minute
    return wall.date() not in hours.closed and any(a <= minute < b for a, b in hours.week[wall.weekday()])


def slow_seconds_between(start: datetime, end: datetime, hours: BusinessHours) -> float:
    minutes = int((end - start) / MINUTE)
    return 60.0 * sum(counts(start + n * MINUTE, hours) for n in range(minutes))


@settings(max_examples=50, deadline=None)
@given(hours=calendars(), start=moments, minutes=st.integers(0, 3000))
def test_business_time_is_what_the_wall_clock_says_minute_by_minute(hours: BusinessHours, start: datetime, minutes: int) -> None:
    end = start + minutes * MINUTE
    assert business_seconds_between(start, end, hours) == slow_seconds_between(start, end, hours)
    assert business_seconds_between(end, start, hours) == -slow_seconds_between(start, end, hours)


@settings(max_examples=150, deadline=None)
@given(hours=calendars(), at=moments)
def test_a_moment_is_open_when_its_minute_counts(hours: BusinessHours, at: datetime) -> None:
    assert is_open(at, hours) == counts(at, hours)


@settings(max_examples=100, deadline=None)
@given(hours=calendars().filter(lambda h: h.seconds_of_week >= 3600), at=moments, seconds=st.integers(1, 200_000))
def test_adding_gives_the_first_moment_by_which_so_much_has_passed(hours: BusinessHours, at: datetime, seconds: int) -> None:
    due = add_business_seconds(at, seconds, hours)
    assert business_seconds_between(at, due, hours) == seconds
    assert business_seconds_between(at, due - timedelta(microseconds=1), hours) < seconds


@settings(max_examples=100, deadline=None)
@given(hours=calendars().filter(lambda h: h.seconds_of_week >= 3600), at=moments, seconds=st.integers(1, 200_000))
def test_going_back_gives_the_last_moment_from_which_so_much_is_left(hours: BusinessHours, at: datetime, seconds: int) -> None:
    earlier = add_business_seconds(at, -seconds, hours)
    assert business_seconds_between(earlier, at, hours) == seconds
    assert business_seconds_between(earlier + timedelta(microseconds=1), at, hours) < seconds


@settings(max_examples=100, deadline=None)
@given(hours=calendars(), at=moments, first=st.floats(0, 90_000), second=st.floats(0, 90_000))
def test_waiting_twice_is_waiting_for_the_sum(hours: BusinessHours, at: datetime, first: float, second: float) -> None:
    middle = at + timedelta(seconds=first)
    end = middle + timedelta(seconds=second)
    parts = business_seconds_between(at, middle, hours) + business_seconds_between(middle, end, hours)
    assert business_seconds_between(at, end, hours) == pytest.approx(parts, abs=1e-5)


def test_four_hours_from_half_past_eleven_end_after_lunch() -> None:
    monday = datetime(2026, 11, 2, 11, 30, tzinfo=BERLIN)
    assert add_business_seconds(monday, 4 * 3600, OFFICE) == datetime(2026, 11, 2, 16, 30, tzinfo=BERLIN)


def test_friday_evening_goes_on_on_monday() -> None:
    friday = datetime(2026, 11, 6, 16, 0, tzinfo=BERLIN)
    assert add_business_seconds(friday, 2 * 3600, OFFICE) == datetime(2026, 11, 9, 10, 0, tzinfo=BERLIN)


def test_what_ends_with_the_day_is_due_then_and_not_next_morning() -> None:
    assert add_business_seconds(datetime(2026, 11, 6, 15, 0, tzinfo=BERLIN), 7200, OFFICE).astimezone(BERLIN).hour == 17


def test_a_night_with_a_longer_hour_is_an_hour_longer() -> None:
    night = BusinessHours(zone=BERLIN, week=(((0, 360),),) * 7)
    midnight = datetime(2026, 10, 25, 0, 0, tzinfo=BERLIN)
    assert business_seconds_between(midnight, midnight + timedelta(hours=8), night) == 7 * 3600
    spring = datetime(2026, 3, 29, 0, 0, tzinfo=BERLIN).astimezone(UTC)
    assert business_seconds_between(spring, spring + timedelta(hours=8), night) == 5 * 3600


def test_bavaria_rests_on_corpus_christi_and_berlin_does_not() -> None:
    thursday = datetime(2026, 6, 4, 10, 0, tzinfo=BERLIN)
    bavaria = BusinessHours(zone=BERLIN, week=OFFICE.week, country="DE", state="BY")
    berlin = BusinessHours(zone=BERLIN, week=OFFICE.week, country="DE", state="BE")
    assert not is_open(thursday, bavaria)
    assert is_open(thursday, berlin)
    assert add_business_seconds(thursday, 60, bavaria) == datetime(2026, 6, 5, 9, 1, tzinfo=BERLIN)


def test_a_country_that_does_not_exist_has_no_holidays() -> None:
    with pytest.raises(NotImplementedError):
        holidays_of("XX", None, 2026)
    with pytest.raises(NotImplementedError):
        holidays_of("DE", "XX", 2026)


def test_further_closed_days_are_closed() -> None:
    hours = BusinessHours(zone=BERLIN, week=OFFICE.week, closed=frozenset({date(2026, 11, 3)}))
    tuesday = datetime(2026, 11, 3, 8, 0, tzinfo=BERLIN)
    assert add_business_seconds(tuesday, 3600, hours) == datetime(2026, 11, 4, 10, 0, tzinfo=BERLIN)


@pytest.mark.parametrize("seconds", [3600.0, -3600.0])
def test_a_calendar_that_never_opens_answers_all_the_same(seconds: float) -> None:
    never = BusinessHours(zone=BERLIN, week=((),) * 7)
    answer = add_business_seconds(datetime(2026, 11, 2, tzinfo=UTC), seconds, never)
    assert abs(answer.year - 2026) in {9, 10, 11}


def test_where_nothing_is_said_every_hour_counts() -> None:
    at = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    assert add_business_seconds(at, 86_400.5, ALWAYS) == at + timedelta(seconds=86_400.5)
    assert ALWAYS.seconds_of_day == 86_400
