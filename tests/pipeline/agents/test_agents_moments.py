"""How agents write until when, and what is understood."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pipeline.moments import read_until
from gateway.pipeline.said import Said

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ZONE = "Europe/Berlin"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("3h", datetime(2026, 11, 2, 12, 0, tzinfo=UTC)),
        ("2d", datetime(2026, 11, 4, 9, 0, tzinfo=UTC)),
        ("2 Tage", datetime(2026, 11, 4, 9, 0, tzinfo=UTC)),
        ("1w", datetime(2026, 11, 9, 9, 0, tzinfo=UTC)),
        ("90 min", datetime(2026, 11, 2, 10, 30, tzinfo=UTC)),
        ("2026-12-01", datetime(2026, 12, 1, 7, 0, tzinfo=UTC)),
        ("bis 1.12.2026", datetime(2026, 12, 1, 7, 0, tzinfo=UTC)),
        ("1.12.", datetime(2026, 12, 1, 7, 0, tzinfo=UTC)),
        ("until 2027-07-01", datetime(2027, 7, 1, 6, 0, tzinfo=UTC)),
        ("1.3.", datetime(2027, 3, 1, 7, 0, tzinfo=UTC)),
    ],
)
def test_time_is_read_as_people_write_it(written: str, moment: datetime) -> None:
    assert read_until(written, now=NOW, zone=ZONE) == moment


def test_day_away_is_the_last_day_away() -> None:
    until = read_until("2026-11-09", now=NOW, zone=ZONE, whole_day=True)
    assert until == datetime(2026, 11, 9, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "written", ["bald", "2", "3 months", "31.2.2027", "2026-13-01", "2025-01-01", "400d", "0h", "", "-2d", "9999w"]
)
def test_what_is_no_time_in_the_next_year_is_refused(written: str) -> None:
    assert isinstance(read_until(written, now=NOW, zone=ZONE), Said)


@given(st.text(max_size=60))
def test_anything_written_is_a_time_to_come_or_refused(written: str) -> None:
    until = read_until(written, now=NOW, zone=ZONE)
    assert isinstance(until, Said) or until > NOW
