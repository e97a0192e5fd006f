"""Telling from the look of a line whether it names a day or a time of day, in any language and calendar style."""

import re
from typing import Final

_YEAR: Final = re.compile(r"(?<!\d)(?:19|20|25|13|14)\d\d(?!\d)")
_DAY: Final = re.compile(r"(?<!\d)\d{1,4}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{1,4}(?!\d)")
_TIME: Final = re.compile(
    r"(?<!\d)\d{1,2}\s?[:h時时시]\s?\d{2}(?!\d)|(?<![\d.])(?:[01]?\d|2[0-3])\.[0-5]\d(?![\d.])|"
    r"(?<!\d)\d{1,2}\s?(?:am|pm|uhr)\b"
)


def names_day(plain: str) -> bool:
    """Tell whether a plain line holds a year or a numeric date."""
    return _YEAR.search(plain) is not None or _DAY.search(plain) is not None


def names_time(plain: str) -> bool:
    """Tell whether a plain line holds a time of day."""
    return _TIME.search(plain) is not None
