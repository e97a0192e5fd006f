"""Header blocks as octets: which fields stand in them and where the body begins (RFC 5322 section 2.2).

Bare line feeds, a leading mbox `From ` line, 8-bit octets and lines that are no fields at all are taken as they come.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

MOST_FIELDS: Final = 1000
LONGEST_FIELD: Final = 262_144
_NAME: Final = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_FIELD: Final = re.compile(rb"([!-9;-~]{1,200})[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)")
"""Nothing in the repeated group may fail behind a look-ahead or a possessive repeat: Python 3.11.2, which is Debian 12's, then
goes on behind the place that it should have returned to."""
_BLANK_LINE: Final = re.compile(rb"\r*\n|[ \t]+\r?\n")
_BLANK_LINES: Final = re.compile(rb"[\r\n]+")
_NEEDED: Final = frozenset({"content-type", "content-transfer-encoding", "content-disposition", "content-id", "from", "subject"})
_FAMILIAR: Final = frozenset(
    b"received from to cc subject date message-id mime-version content-type content-transfer-encoding return-path reply-to "
    b"dkim-signature in-reply-to references sender content-disposition x-mailer list-id".split()
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name as written, its value's octets with the folding in it."""

    name: str
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderBlock:
    """The fields of one entity, in order, and where its body begins."""

    fields: tuple[Field, ...]
    end: int
    values: Mapping[str, list[bytes]]
    """The values of each name in lower case."""

    def first(self, name: str) -> bytes | None:
        """Return the value of the first field of that name (in lower case), or None."""
        found = self.values.get(name)
        return found[0] if found else None

    def all(self, name: str) -> tuple[bytes, ...]:
        """Return the values of all fields of that name (in lower case)."""
        return tuple(self.values.get(name, ()))


def read_header_block(content: bytes, position: int, *, stop: Callable[[bytes], bool], is_top: bool) -> HeaderBlock:
    """Read fields from `position` on, up to a blank line, a line that is no field, or a delimiter for which `stop` is true.

    A bare carriage return ends no line: whoever checks signatures does not see a field behind it either.
    """
    fields: list[Field] = []
    values: dict[str, list[bytes]] = {}
    if is_top:
        position = _skip_leading(content, position)
    while position < len(content):
        if content.startswith(b"--", position) and stop(content[position : _end_of_line(content, position)]):
            break
        blank = _BLANK_LINE.match(content, position)
        if blank is not None:
            position = blank.end()
            break
        found = _FIELD.match(content, position)
        if found is not None:
            _add(fields, values, found)
            position = found.end()
            continue
        end = _end_of_line(content, position)
        if not fields or not _is_familiar_field(content, end):
            break
        position = end  # a line that is no field stands among fields: passed over
    return HeaderBlock(fields=tuple(fields), end=position, values=values)


def _end_of_line(content: bytes, position: int) -> int:
    end = content.find(b"\n", position)
    return len(content) if end < 0 else end + 1


def _is_familiar_field(content: bytes, position: int) -> bool:
    following = _NAME.match(content, position, position + 300)
    return following is not None and (b"-" in following[1] or following[1].lower() in _FAMILIAR)


def _skip_leading(content: bytes, position: int) -> int:
    """Pass over what stands before the first field: a byte order mark, blank lines, an mbox line."""
    if content.startswith(b"\xef\xbb\xbf"):
        position = 3
    blank = _BLANK_LINES.match(content, position)
    if blank is not None and (content.startswith(b"From ", blank.end()) or _is_familiar_field(content, blank.end())):
        position = blank.end()
    if content.startswith((b"From ", b">From "), position):
        position = _end_of_line(content, position)
    return position


def _add(fields: list[Field], values: dict[str, list[bytes]], found: "re.Match[bytes]") -> None:
    name = found[1].decode("ascii")
    key = name.lower()
    if len(fields) >= MOST_FIELDS and (key not in _NEEDED or len(fields) >= MOST_FIELDS * 2):
        return
    raw = found[2].strip(b" \t\r\n")[:LONGEST_FIELD]
    fields.append(Field(name, raw))
    values.setdefault(key, []).append(raw)
