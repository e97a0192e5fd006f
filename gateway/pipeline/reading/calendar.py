"""Invitations (RFC 5545, RFC 5546): what, when, where, who, in a few lines that stand in the text of the mail.

Only the few properties that people look at are read, line by line. Start with `summarise_calendar`.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.pipeline.reading.charsets import decode_text
from gateway.pipeline.reading.text import clean_line, clean_text

_LONGEST: Final = 1_000_000
_MOST_EVENTS: Final = 5
_MOST_PEOPLE: Final = 20
_LONGEST_VALUE: Final = 1000
_MOMENT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z)?)?")
_PARAMETER: Final = re.compile(r';([A-Za-z-]{1,40})=("[^"]*"|[^;:"]*)')
_ESCAPE: Final = re.compile(r"\\([\\;,nN])")
_ZONE_NAME: Final = re.compile(r"[A-Za-z0-9_+/-]{1,64}")
_METHODS: Final = {
    "REQUEST": "Invitation",
    "PUBLISH": "Event",
    "CANCEL": "Cancelled event",
    "REPLY": "Answer to an invitation",
    "COUNTER": "Counter-proposal to an invitation",
    "REFRESH": "Request for a fresh invitation",
    "ADD": "Further date of an event",
    "DECLINECOUNTER": "Declined counter-proposal",
}
_ANSWERS: Final = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative", "DELEGATED": "delegated"}


@dataclass(frozen=True, slots=True)
class _Property:
    name: str
    parameters: dict[str, str]
    value: str


@dataclass(slots=True)
class _Event:
    properties: list[_Property] = field(default_factory=list)

    def first(self, name: str) -> _Property | None:
        return next((p for p in self.properties if p.name == name), None)

    def text(self, name: str) -> str:
        found = self.first(name)
        return clean_line(_unescape(found.value))[:_LONGEST_VALUE] if found else ""


def summarise_calendar(body: bytes, charset: str | None = None) -> str:
    """Return a few lines about the events in a text/calendar part; empty where there are none. Never raises."""
    text = clean_text(decode_text(body[:_LONGEST], charset or "utf-8"))
    method, events = _read_events(text)
    shown = [_describe(event, method) for event in events[:_MOST_EVENTS]]
    if len(events) > _MOST_EVENTS:
        shown.append(f"[{len(events) - _MOST_EVENTS} more events are in the attachment]")
    return "\n\n".join(shown)


def _read_events(text: str) -> tuple[str, list[_Event]]:
    method = ""
    events: list[_Event] = []
    inside: list[str] = []
    for line in _unfold(text):
        prop = _read_property(line)
        if prop.name == "BEGIN":
            inside.append(prop.value.upper())
            if inside[-1] in {"VEVENT", "VTODO"}:
                events.append(_Event())
        elif prop.name == "END":
            if inside:
                inside.pop()
        elif prop.name == "METHOD" and not events:
            method = prop.value.strip().upper()
        elif inside and inside[-1] in {"VEVENT", "VTODO"}:
            events[-1].properties.append(prop)
    return method, events


def _unfold(text: str) -> list[str]:
    """Join lines that begin with a blank to the ones before them (RFC 5545 section 3.1)."""
    lines: list[list[str]] = []
    for line in text.split("\n"):
        if line[:1] in {" ", "\t"} and lines:
            lines[-1].append(line[1:])
        elif line.strip():
            lines.append([line])
    return ["".join(line) for line in lines]


def _read_property(line: str) -> _Property:
    name_end = next((i for i, c in enumerate(line[:100]) if c in ";:"), len(line))
    parameters: dict[str, str] = {}
    position = name_end
    while (parameter := _PARAMETER.match(line, position)) is not None:
        parameters[parameter[1].upper()] = parameter[2].strip('"')
        position = parameter.end()
    return _Property(line[:name_end].strip().upper(), parameters, line[position:].removeprefix(":"))


def _unescape(value: str) -> str:
    return _ESCAPE.sub(lambda m: "\n" if m[1] in "nN" else m[1], value)


def _describe(event: _Event, method: str) -> str:
    lines = [f"[{_METHODS.get(method, 'Event')}] {event.text('SUMMARY') or '(no title)'}"]
    lines += filter(None, (_when(event), _labelled("Where", event.text("LOCATION")), _labelled("Repeats", event.text("RRULE"))))
    organizer = event.first("ORGANIZER")
    if organizer:
        lines.append(f"Organizer: {_person(organizer)}")
    people = [p for p in event.properties if p.name == "ATTENDEE"]
    if people:
        more = f" and {len(people) - _MOST_PEOPLE} more" if len(people) > _MOST_PEOPLE else ""
        lines.append(f"Attendees: {', '.join(map(_person, people[:_MOST_PEOPLE]))}{more}")
    status = event.text("STATUS").upper()
    if status == "CANCELLED" and method != "CANCEL":
        lines.append("Status: cancelled")
    return "\n".join(lines)


def _labelled(label: str, value: str) -> str:
    return f"{label}: {value}" if value else ""


def _person(prop: _Property) -> str:
    address = clean_line(prop.value)
    address = address[7:] if address[:7].lower() == "mailto:" else address
    name = clean_line(prop.parameters.get("CN", ""))
    answer = _ANSWERS.get(prop.parameters.get("PARTSTAT", "").upper())
    shown = f"{name} <{address}>" if name and name != address else address
    return f"{shown} ({answer})"[:_LONGEST_VALUE] if answer else shown[:_LONGEST_VALUE]


def _when(event: _Event) -> str:
    start, end = event.first("DTSTART"), event.first("DTEND") or event.first("DUE")
    if start is None:
        return f"When: until {_moment_in_words(end)}" if end else ""
    first = _read_moment(start)
    last = _read_moment(end) if end else None
    if isinstance(first, datetime) and first.tzinfo is not None:
        words = _span(first, last)
        if first.utcoffset():
            in_utc = last.astimezone(UTC) if isinstance(last, datetime) and last.tzinfo else None
            words += f" = {_span(first.astimezone(UTC), in_utc)}"
        return f"When: {words}"
    return f"When: {_moment_in_words(start)}" + (f" to {_moment_in_words(end)}" if end and end.value != start.value else "")


def _span(first: datetime, last: date | None) -> str:
    words = f"{first:%Y-%m-%d %H:%M}"
    if isinstance(last, datetime) and last.tzinfo is not None:
        last = last.astimezone(first.tzinfo)
        words += f"–{last:%H:%M}" if last.date() == first.date() else f" to {last:%Y-%m-%d %H:%M}"  # noqa: RUF001 a span
    return f"{words} {_zone_in_words(first)}"


def _zone_in_words(moment: datetime) -> str:
    if moment.tzinfo is UTC:
        return "UTC"
    offset = f"{moment:%z}"
    return f"{moment.tzinfo} (UTC{offset[:3]}:{offset[3:5]})"


def _moment_in_words(prop: _Property) -> str:
    moment = _read_moment(prop)
    if moment is None:
        return clean_line(prop.value)[:100]
    if not isinstance(moment, datetime):
        return f"{moment:%Y-%m-%d} (all day)"
    zone = clean_line(prop.parameters.get("TZID", ""))
    return f"{moment:%Y-%m-%d %H:%M}{f' {zone}' if zone else ''}"


def _read_moment(prop: _Property) -> date | None:
    """Return a date, or a moment that is aware where its zone is known."""
    found = _MOMENT.match(prop.value.strip())
    if found is None:
        return None
    try:
        if found[4] is None:
            return date(int(found[1]), int(found[2]), int(found[3]))
        zone = UTC if found[7] else _find_zone(prop.parameters.get("TZID", ""))
        return datetime(int(found[1]), int(found[2]), int(found[3]), int(found[4]), int(found[5]), tzinfo=zone)
    except (ValueError, OverflowError):
        return None


def _find_zone(name: str) -> ZoneInfo | None:
    """Find a zone by its IANA name, by the name Windows gives it, or by the tail of a longer path."""
    from icalendar.timezone import windows_to_olson  # noqa: PLC0415 slow to import, and few mails carry invitations

    known = windows_to_olson.WINDOWS_TO_OLSON.get(name, name)
    for candidate in (known, "/".join(known.split("/")[-2:])):
        if _ZONE_NAME.fullmatch(candidate):
            try:
                return ZoneInfo(candidate)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                continue
    return None
