"""How values stand in columns: times in UTC, clean text, keys that fit an index, words of closed lists, JSON.

Everything that strangers wrote goes through `clean_text` here, at the last moment before it is stored: no table can be forgotten.
"""

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

Id: Final = BigInteger().with_variant(Integer(), "sqlite")
"""63 bits; on SQLite an INTEGER PRIMARY KEY is the rowid itself."""

LONGEST_KEY: Final = 512
"""Octets. PostgreSQL refuses index entries over 2,704 octets, and strangers write Message-IDs of any length."""

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def clean_text(text: str) -> str:
    """Return text that every database takes: NUL and lone surrogates become U+FFFD, surrogate pairs their character."""
    if "\0" in text:
        text = text.replace("\0", _REPLACEMENT)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def index_key(text: str) -> str:
    """Return the form in which hostile text stands in an index: itself, or its digest where it is too long."""
    cleaned = clean_text(text)
    octets = cleaned.encode()
    return cleaned if len(octets) <= LONGEST_KEY else f"sha256:{hashlib.sha256(octets).hexdigest()}"


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept and returned in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; SQLite keeps no zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"a time without its zone: {value}"
            raise ValueError(message)
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return it aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class CleanText(TypeDecorator[str]):
    """Text that strangers may have written."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Clean it."""
        del dialect
        return None if value is None else clean_text(value)


class KeyText(TypeDecorator[str]):
    """Text to look up by; over 512 octets its digest stands for it, in the row and in every comparison alike."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Clean and bound it."""
        del dialect
        return None if value is None else index_key(value)


class Word(TypeDecorator[StrEnum]):
    """A word of a closed list."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        """Refuse words that are not in the list."""
        del dialect
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """Return the member."""
        del dialect
        return None if value is None else self.words(value)


class Json(TypeDecorator[Any]):
    """A value of ours, made of dataclasses and tuples, as JSON text."""

    impl = Text
    cache_ok = True

    def __init__(self, shape: Any) -> None:  # noqa: ANN401 any type that pydantic can read
        super().__init__()
        self.shape = shape

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401 of `shape`
        """Write it."""
        del dialect
        return None if value is None else write_json(self.shape, value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401 of `shape`
        """Read it."""
        del dialect
        return None if value is None else _adapter(self.shape).validate_json(value)


def write_json(shape: Any, value: Any) -> str:  # noqa: ANN401 any type that pydantic can write
    """Return JSON text whose strings are clean."""
    adapter = _adapter(shape)
    try:
        written = adapter.dump_json(value)
    except PydanticSerializationError:  # lone surrogates
        written = b""
    if not written or b"\\u0000" in written:
        cleaned = adapter.validate_python(_clean(adapter.dump_python(value)))
        written = adapter.dump_json(cleaned)
    return written.decode()


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:  # noqa: ANN401 any type that pydantic can read
    return TypeAdapter(shape)


def _clean(value: object) -> object:
    match value:
        case StrEnum():
            return value
        case str():
            return clean_text(value)
        case dict():
            return {_clean(key): _clean(each) for key, each in value.items()}
        case list() | tuple():
            return type(value)(_clean(each) for each in value)
        case _:
            return value
