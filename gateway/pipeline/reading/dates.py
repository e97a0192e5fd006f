"""Dates in header fields: RFC 5322 with its obsolete forms (section 4.3), ISO 8601, and what other programs write."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_LONGEST: Final = 300
_CLOCK: Final = r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d{1,9})?)?(?:\s?(?P<half>[AaPp])[Mm]\b)?"
_ZONE: Final = r"(?:\s*(?:GMT|UTC)?(?P<offset>[+-]\d{1,2}:?\d{2})|\s*(?P<zone>[A-Za-z]{1,5})\b)?"
_FORMS: Final = (
    re.compile(
        rf"(?P<day>\d{{1,2}})[ .-]{{1,3}}(?P<month>[^\W\d]{{3,12}})[ .-]{{1,3}}(?P<year>\d{{2,4}})[ T]{{1,3}}{_CLOCK}{_ZONE}"
    ),
    re.compile(rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})[T ]\s?(?:[^\W\d]{{2,12}} )?{_CLOCK}{_ZONE}"),
    re.compile(rf"(?P<month>[^\W\d]{{3,12}}) (?P<day>\d{{1,2}}) {_CLOCK}{_ZONE} (?P<year>\d{{4}})"),
    re.compile(rf"(?P<month>[^\W\d]{{3,12}}) (?P<day>\d{{1,2}}) (?P<year>\d{{4}}) {_CLOCK}{_ZONE}"),
)
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan ene gen", "feb fev fév", "mar mär mrz mrt maa", "apr avr abr", "may mai mei maj mag", "jun giu juin",
            "jul lug juil", "aug aou aoû ago", "sep set", "oct okt ott out", "nov", "dec dez dic déc",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
"""By their beginnings in the languages that mail programs write into Date although they must not."""
_ZONES: Final = {
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "hst": -10, "akst": -9, "akdt": -8,
    "cet": 1, "cest": 2, "mez": 1, "mesz": 2, "met": 1, "mest": 2, "bst": 1, "west": 1, "eet": 2, "eest": 3, "sast": 2,
    "msk": 3, "msd": 4, "ist": 5.5, "jst": 9, "kst": 9, "hkt": 8, "sgt": 8, "awst": 8, "acst": 9.5, "aest": 10, "aedt": 11,
    "nzst": 12, "nzdt": 13,
}  # fmt: skip
"""Hours east of Greenwich; whatever is not here counts as UTC, as RFC 5322 section 4.3 says of military zones."""
_HOURS: Final = 12
_CENTURY: Final = 100
_MILLENNIUM: Final = 1000
_PIVOT: Final = 50


def parse_date(raw: bytes | None) -> datetime | None:
    """Return the moment a Date field names, with the offset it names (UTC where it names none); None when it names no moment."""
    if raw is None:
        return None
    text = " ".join(_without_comments(raw[:_LONGEST].decode("utf-8", "replace")).replace(",", " ").split())
    for form in _FORMS:
        found = form.search(text)
        if found is not None:
            return _moment(found)
    return None


def _moment(found: "re.Match[str]") -> datetime | None:
    name = found["month"]
    month = int(name) if name.isdecimal() else _MONTHS.get(name[:4].lower()) or _MONTHS.get(name[:3].lower())
    if month is None:
        return None
    try:
        return datetime(
            _year(int(found["year"])),
            month,
            int(found["day"]),
            _hour(int(found["hour"]), found["half"]),
            int(found["minute"]),
            min(int(found["second"] or 0), 59),  # a leap second
            tzinfo=_zone(found["offset"], found["zone"]),
        )
    except (ValueError, OverflowError):
        return None


def _year(year: int) -> int:
    if year < _CENTURY:
        return year + (2000 if year < _PIVOT else 1900)
    return year + 1900 if year < _MILLENNIUM else year


def _hour(hour: int, half: str | None) -> int:
    if half is None or not 1 <= hour <= _HOURS:
        return hour
    return hour % _HOURS + (_HOURS if half in "pP" else 0)


def _zone(offset: str | None, name: str | None) -> timezone:
    hours: float = 0
    if offset:
        digits = offset[1:].replace(":", "").rjust(4, "0")
        hours = int(digits[:2]) + int(digits[2:]) / 60
        hours = -hours if offset[0] == "-" else hours
    elif name:
        hours = _ZONES.get(name.lower(), 0)
    return timezone(timedelta(hours=hours)) if hours and abs(hours) < 24 else UTC  # noqa: PLR2004 hours of a day


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
    return "".join(kept) if not depth else text
