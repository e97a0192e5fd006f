"""What single header fields say: ids, dates, and the whole block as a person reads it."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from typing import Final

from gateway.mail import Header
from gateway.pipeline.fields import MOST_FIELDS, Field
from gateway.pipeline.text import clean_line, decode_unstructured

LONGEST_VALUE: Final = 8192
_LONGEST_ID: Final = 998
_MOST_IDS: Final = 1000
_BRACKETED: Final = re.compile(r"<([^<>]{1,998})>")
_ZONES: Final = {
    "cet": 60, "mez": 60, "cest": 120, "mesz": 120, "met": 60, "mest": 120, "wet": 0, "west": 60, "bst": 60, "ist": 330,
    "eet": 120, "eest": 180, "msk": 180, "msd": 240, "jst": 540, "kst": 540, "hkt": 480, "sgt": 480, "aest": 600, "aedt": 660,
    "acst": 570, "awst": 480, "nzst": 720, "nzdt": 780, "sast": 120, "hst": -600, "akst": -540, "akdt": -480, "ut": 0, "z": 0,
}  # fmt: skip
"""Minutes east of Greenwich; those of RFC 5322 section 4.3 the library knows itself."""
_ZONE: Final = re.compile(r"\s([A-Za-z]{1,5})\.?$")
_MINUTES_PER_DAY: Final = 24 * 60


def read_headers(fields: Iterable[Field], hint: str | None) -> tuple[Header, ...]:
    """Return the fields as a person reads them, in order, capped in number and length."""
    headers: list[Header] = []
    for found in fields:
        value = decode_unstructured(found.raw[: LONGEST_VALUE * 4], hint)
        headers.append(Header(found.name, value[:LONGEST_VALUE]))
        if len(headers) >= MOST_FIELDS:
            break
    return tuple(headers)


def parse_ids(raws: Iterable[bytes]) -> tuple[str, ...]:
    """Return the message ids of Message-ID, In-Reply-To or References fields without brackets, each once, in order.

    Missing brackets, blanks inside, comments and the words that old mail programs put around them are passed over.
    """
    found: dict[str, None] = {}
    for raw in raws:
        text = clean_line(raw.decode("utf-8", "replace"))
        ids = _BRACKETED.findall(text) or _bare_ids(text)
        for each in ids:
            cleaned = "".join(each.split())
            if cleaned:
                found.setdefault(cleaned[:_LONGEST_ID])
            if len(found) >= _MOST_IDS:
                return tuple(found)
    return tuple(found)


def _bare_ids(text: str) -> list[str]:
    """Ids that stand without brackets: every word has an @, or else the field is a sentence and not a list."""
    words = text.replace(",", " ").replace(";", " ").split()
    if words and all("@" in word for word in words):
        return [word.strip("<>\"'") for word in words]
    return []


def parse_message_id(raw: bytes | None) -> str | None:
    """Return the id of a Message-ID field; one without an @ counts too, as long as it is one word."""
    if raw is None:
        return None
    ids = parse_ids([raw])
    if ids:
        return ids[0]
    text = clean_line(raw.decode("utf-8", "replace")).strip("<>\"' ")
    return text[:_LONGEST_ID] if text and " " not in text else None


def parse_date(raw: bytes | None) -> datetime | None:
    """Return the moment a Date field names, with the offset it names; None when it names none.

    Obsolete zones, two-digit years, missing seconds and comments are understood (RFC 5322 section 4.3), ISO 8601 as well.
    """
    if raw is None:
        return None
    text = clean_line(_without_comments(raw[:300].decode("latin-1")))
    fields = _split_date(text)
    if fields is None:
        return _parse_iso(text)
    minutes = int((fields[9] or 0) / 60)
    zone_name = _ZONE.search(text)
    if zone_name and not minutes:
        minutes = _ZONES.get(zone_name[1].lower(), 0)
    if abs(minutes) >= _MINUTES_PER_DAY:
        minutes = 0
    zone = timezone(timedelta(minutes=minutes)) if minutes else UTC
    year, month, day, hour, minute, second = fields[:6]
    try:
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
    except (ValueError, OverflowError):
        return _parse_iso(text)


def _split_date(text: str) -> tuple[int, int, int, int, int, int, int, int, int, int | None] | None:
    try:
        return parsedate_tz(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None


def _parse_iso(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _without_comments(text: str) -> str:
    kept: list[str] = []
    depth = 0
    for c in text:
        if c == "(":
            depth += 1
        elif c == ")" and depth:
            depth -= 1
        elif not depth:
            kept.append(c)
    return "".join(kept) or text
