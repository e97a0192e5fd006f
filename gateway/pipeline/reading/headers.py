"""What single header fields say: ids, and the whole block as a person reads it."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Final

from gateway.mail.message import Header
from gateway.pipeline.reading.fields import MOST_FIELDS, Field
from gateway.pipeline.reading.text import clean_line, decode_unstructured

LONGEST_VALUE: Final = 8192
_SHORT_VALUE: Final = 100
_MOST_OCTETS: Final = 262_144
_LONGEST_ID: Final = 998
_MOST_IDS: Final = 1000
_BRACKETED: Final = re.compile(r"<([^<>]{1,998})>")


def read_headers(fields: Iterable[Field], hint: str | None) -> tuple[Header, ...]:
    """Return the fields as a person reads them, in order, capped in number and length.

    Of an absurdly big block the first fields are given in full, the rest cut short.
    """
    headers: list[Header] = []
    room = _MOST_OCTETS
    for found in islice(fields, MOST_FIELDS):
        raw = found.raw[: min(LONGEST_VALUE * 4, max(room, _SHORT_VALUE))]
        room -= len(raw)
        headers.append(Header(found.name, decode_unstructured(raw, hint)[:LONGEST_VALUE]))
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
