"""What strangers wrote is clean and bounded before it reaches a database, whatever it was."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.exc import DBAPIError, OperationalError

from gateway.errors import ConcurrentChange, StorageUnavailable
from gateway.storage.columns import LONGEST_KEY, UtcTime, clean_text, index_key, write_json
from gateway.storage.faults import translate
from gateway.tickets import TraceLine

ANYTHING = st.text(st.one_of(st.characters(exclude_categories=()), st.sampled_from("\0\ud83d\ude00\udfff\\u0")), max_size=60)


@given(ANYTHING)
def test_clean_text_can_always_be_stored_and_is_left_alone(text: str) -> None:
    cleaned = clean_text(text)
    cleaned.encode()
    assert "\0" not in cleaned
    assert clean_text(cleaned) == cleaned
    assert len(cleaned) <= len(text)


@given(st.text(max_size=50).filter(lambda text: "\0" not in text))
def test_text_that_can_be_stored_is_not_touched(text: str) -> None:
    assert clean_text(text) == text


@given(st.one_of(ANYTHING, st.builds(lambda text: text * 40, ANYTHING)))
def test_key_fits_every_index_and_is_its_own_key(text: str) -> None:
    key = index_key(text)
    assert len(key.encode()) <= LONGEST_KEY
    assert index_key(key) == key


def test_long_keys_that_differ_at_the_end_stay_different() -> None:
    assert index_key("x" * 1000 + "a") != index_key("x" * 1000 + "b")


@given(ANYTHING)
def test_json_holds_clean_text_only(text: str) -> None:
    written = write_json(tuple[TraceLine, ...], (TraceLine(step="s", hit=True, because=text),))
    (line,) = TypeAdapter(tuple[TraceLine, ...]).validate_json(written)
    assert line.because == clean_text(text)


DIALECTS: tuple[Dialect, ...] = (SQLiteDialect(), PGDialect())  # type: ignore[no-untyped-call]


def test_time_without_its_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        UtcTime().process_bind_param(datetime(2026, 1, 1), DIALECTS[0])  # noqa: DTZ001 the point


@pytest.mark.parametrize("dialect", DIALECTS)
def test_times_come_back_in_utc(dialect: Dialect) -> None:
    there = datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    back = UtcTime().process_result_value(UtcTime().process_bind_param(there, dialect), dialect)
    assert back is not None
    assert (back, back.tzinfo) == (there, UTC)


class _ServerError(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "expected"),
    [
        ("23505", ConcurrentChange),
        ("40001", ConcurrentChange),
        ("40P01", ConcurrentChange),
        ("53100", StorageUnavailable),
        ("57P01", StorageUnavailable),
        ("08006", StorageUnavailable),
        ("58030", StorageUnavailable),
        ("55P03", StorageUnavailable),
        ("25006", StorageUnavailable),
        ("42P01", OperationalError),
        ("23502", OperationalError),
    ],
)
def test_faults_of_the_server_are_temporary_and_our_own_stay_ours(sqlstate: str, expected: type[Exception]) -> None:
    fault: DBAPIError = OperationalError("SELECT 1", {}, _ServerError(sqlstate))
    assert type(translate(fault)) is expected
