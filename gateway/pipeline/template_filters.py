"""What templates can do with a value: write it as HTML, as a date, as a size, as the subject of an answer. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Any, Final

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

_REPLY_PREFIX: Final = re.compile(r"(?:(?:re|aw|antw|sv)(?:\[\d{1,3}\])?:\s*)+", re.IGNORECASE)
_MARKER: Final = re.compile(r"\[ref:[a-z2-7]{1,40}\]")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_QUIET: Final = "font-size:11px;line-height:16px;opacity:.45"
_QUOTE: Final = "margin:8px 0;padding:0 0 0 12px;border-left:3px solid #999"


def as_html(text: str) -> Markup:
    """Return text as HTML that shows the same lines: escaped, line breaks kept, quotations indented, our marker quiet."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    return Markup("\n").join(_blocks(lines))


def isolated(text: str) -> Markup:
    """Return text as HTML that keeps its own direction: an Arabic name does not turn round what stands beside it."""
    return Markup('<span dir="auto">{}</span>').format(text)


def quoted(text: str) -> str:
    """Return text as a quotation: each line behind a `>`."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip("\n").split("\n"))


def reply_subject(subject: str) -> str:
    """Return a subject with exactly one `Re:` before it."""
    return f"Re: {_REPLY_PREFIX.sub('', subject.strip(), count=1) if _REPLY_PREFIX.match(subject.strip()) else subject.strip()}"


def filters_for(zone: tzinfo) -> Mapping[str, Callable[..., Any]]:
    """Return every filter by the name that templates call it; dates are written in `zone`."""

    @pass_context
    def when(context: Context, moment: datetime) -> str:
        """Write a moment: `21.11.2026, 21:30` or `21 Nov 2026, 21:30`."""
        local = moment.astimezone(zone)
        if context.get("language") == "de":
            return f"{local:%d.%m.%Y, %H:%M}"
        return f"{local.day} {_MONTHS[local.month - 1]} {local:%Y, %H:%M}"

    @pass_context
    def day(context: Context, moment: datetime) -> str:
        """Write a day: `21.11.2026` or `21 Nov 2026`."""
        return when(context, moment).rpartition(", ")[0] if context.get("language") == "de" else when(context, moment)[:-7]

    return {
        "as_html": as_html,
        "isolated": isolated,
        "quoted": quoted,
        "reply_subject": reply_subject,
        "octets": octets,
        "when": when,
        "duration": duration,
        "day": day,
    }


@pass_context
def octets(context: Context, size: int) -> str:
    """Write a size: `812 B`, `12 KB`, `1.4 MB`."""
    if size < 1000:  # noqa: PLR2004 powers of 1000, as everywhere here
        return f"{size} B"
    if size < 1_000_000:  # noqa: PLR2004
        return f"{max(1, round(size / 1000))} KB"
    text = f"{size / 1_000_000:.1f} MB"
    return text.replace(".", ",") if context.get("language") == "de" else text


@pass_context
def duration(context: Context, seconds: float | None) -> str:
    """Write how long something took: `<1 min`, `12 min`, `3 h 05 min`, `2.5 days`; a dash where it never happened."""
    is_german = context.get("language") == "de"
    if seconds is None:
        return "\N{EN DASH}"
    if seconds < 60:  # noqa: PLR2004 a minute
        return "<1 min"
    minutes = round(seconds / 60)
    if minutes < 60:  # noqa: PLR2004 an hour
        return f"{minutes} min"
    if minutes < 2 * 1440:
        return f"{minutes // 60} h {minutes % 60:02} min"
    text = f"{seconds / 86_400:.1f} {'Tage' if is_german else 'days'}"
    return text.replace(".", ",") if is_german else text


def _blocks(lines: list[str]) -> Iterator[Markup]:
    """Yield runs of lines: a quotation as a blockquote, everything else as a block."""
    for is_quote, run in groupby(lines, key=lambda line: line.startswith(">")):
        inner = list(run)
        if is_quote:
            inner = [line[1:].removeprefix(" ") for line in inner]
            yield Markup(f'<blockquote dir="auto" style="{_QUOTE}">{_lines(inner)}</blockquote>')  # noqa: S704 escaped in _lines
        elif any(line.strip() for line in inner):
            yield Markup(f'<div dir="auto">{_lines(inner)}</div>')  # noqa: S704 likewise


def _lines(lines: list[str]) -> str:
    """Write lines as HTML, all at once. Two spaces in a row and indentation survive as no-break spaces."""
    escaped = str(escape("\n".join(lines).expandtabs(4))).replace("  ", "\u00a0 ")
    if "[ref:" in escaped:  # nothing in a marker is changed by escaping it
        return "<br>\n".join(map(_quieten, escaped.split("\n")))
    return escaped.replace("\n", "<br>\n")


def _quieten(escaped: str) -> str:
    marker = escaped.strip()
    return f'<span style="{_QUIET}">{marker}</span>' if _MARKER.fullmatch(marker) else escaped
