"""Header blocks as octets: which fields stand in them and where the body begins (RFC 5322 section 2.2).

Bare line feeds, a leading mbox `From ` line, 8-bit octets and lines that are no fields at all are taken as they come.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MOST_FIELDS: Final = 1000
LONGEST_FIELD: Final = 262_144
_NAME: Final = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_BLANK_LINES: Final = re.compile(rb"[\r\n]+")
_NEEDED: Final = frozenset({"content-type", "content-transfer-encoding", "content-disposition", "content-id", "from", "subject"})


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

    def first(self, name: str) -> bytes | None:
        """Return the value of the first field of that name (in lower case), or None."""
        return next((f.raw for f in self.fields if f.name.lower() == name), None)

    def all(self, name: str) -> tuple[bytes, ...]:
        """Return the values of all fields of that name (in lower case)."""
        return tuple(f.raw for f in self.fields if f.name.lower() == name)


def read_header_block(content: bytes, position: int, *, stop: Callable[[bytes], bool], is_top: bool) -> HeaderBlock:
    """Read fields from `position` on, up to a blank line, a line that is no field, or a delimiter for which `stop` is true."""
    fields: list[Field] = []
    name: bytes | None = None
    begin = position
    start = position
    if is_top:
        position = begin = start = _skip_leading(content, position)
    while position < len(content):
        line = _LINE.match(content, position)
        assert line is not None  # noqa: S101 the pattern matches everywhere
        end = line.end()
        first = content[position : position + 1]
        if first in b"\r\n":
            position = end
            break
        if first not in b" \t" or name is None:
            found = _NAME.match(content, position, min(end, position + 300))
            if found is None:
                if first in b" \t" and not content[position:end].strip():
                    position = end
                    break
                if first != b"-" or not stop(content[position:end]):
                    position = _pass_over_stray_line(content, position, end, is_first=name is None)
                    if position == end:
                        continue
                break
            _add(fields, name, content, start, begin)
            name, start = found[1], found.end()
        position = begin = end
    _add(fields, name, content, start, begin)
    return HeaderBlock(fields=tuple(fields), end=position)


def _skip_leading(content: bytes, position: int) -> int:
    """Pass over what stands before the first field: a byte order mark, blank lines, an mbox line."""
    if content.startswith(b"\xef\xbb\xbf"):
        position = 3
    blank = _BLANK_LINES.match(content, position)
    if blank is not None:
        following = _NAME.match(content, blank.end(), blank.end() + 300)
        if content.startswith(b"From ", blank.end()) or (following is not None and following[1].lower() in _FAMILIAR):
            position = blank.end()
    if content.startswith((b"From ", b">From "), position):
        end = content.find(b"\n", position)
        position = len(content) if end < 0 else end + 1
    return position


def _pass_over_stray_line(content: bytes, position: int, end: int, *, is_first: bool) -> int:
    """A line that is no field ends the header, unless it stands among fields: then it is passed over."""
    if is_first:
        return position
    following = _NAME.match(content, end, end + 300)
    return end if following is not None and following[1].lower() in _FAMILIAR else position


_FAMILIAR: Final = frozenset(
    b"received from to cc subject date message-id mime-version content-type content-transfer-encoding return-path reply-to "
    b"dkim-signature in-reply-to references sender content-disposition x-mailer list-id".split()
)


def _add(fields: list[Field], name: bytes | None, content: bytes, start: int, end: int) -> None:
    if name is None:
        return
    text = name.decode("latin-1")
    if len(fields) >= MOST_FIELDS and text.lower() not in _NEEDED:
        return
    if len(fields) >= MOST_FIELDS * 2:
        return
    fields.append(Field(text, content[start : min(end, start + LONGEST_FIELD)].strip(b" \t\r\n")))
