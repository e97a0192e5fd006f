"""The tree of parts that a mail consists of (RFC 2046), found in one pass over its bytes.

Every delimiter line is looked up in a table of the boundaries that are open, so neither depth nor number of parts makes the work
more than linear. Leaves are slices of the mail: nothing is decoded here. Start with `split_parts`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.pipeline.reading.fields import HeaderBlock, read_header_block
from gateway.pipeline.reading.parameters import Parameters, parse_parameters

MOST_PARTS: Final = 1000
MOST_LEVELS: Final = 100
_LONGEST_BOUNDARY: Final = 1000
_GUESSES: Final = 20
_DELIMITER: Final = re.compile(rb"--([^\r\n]{1,1010})\r?(?:\n|\Z)")
_GUESS: Final = re.compile(rb"(?:^|\n)--([^\r\n \t-][^\r\n]{0,200}?)[ \t]*\r?\n(?=Content-|\r?\n)", re.IGNORECASE)
_GUESS_OCTETS: Final = 65_536


@dataclass(slots=True, kw_only=True)
class Part:
    """One entity: its header fields, and either children or a body at `start:end` of the mail."""

    number: str
    """As IMAP counts; empty for the root of a multipart."""
    block: HeaderBlock
    content_type: Parameters
    """`value` is `type/subtype` in lower case, after the defaults of RFC 2045 section 5.2 were applied."""
    head: int
    """Where its header block begins."""
    start: int
    end: int
    children: list["Part"] = field(default_factory=list)
    is_unsplit: bool = False
    """A cap was reached: what stands here was left as it is."""

    @property
    def type(self) -> str:
        """`type/subtype` in lower case."""
        return self.content_type.value

    @property
    def is_multipart(self) -> bool:
        """Tell whether it has parts of its own."""
        return bool(self.children)

    def field(self, name: str) -> bytes | None:
        """Return the octets of its first field of that name (in lower case), or None."""
        return self.block.first(name)

    def leaves(self) -> Iterator["Part"]:
        """Yield the parts that hold content, in order."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            if part.children:
                waiting += reversed(part.children)
            else:
                yield part


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A whole mail, split."""

    root: Part
    problem: str | None
    """Which cap was reached, if any."""


def split_parts(content: bytes) -> Structure:
    """Split a mail into its parts; never raises, linear in its size."""
    return _Splitter(content).split()


class _Splitter:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._open: list[tuple[bytes, Part]] = []
        self._levels: dict[bytes, list[int]] = {}
        self._parts = 1
        self._guesses = _GUESSES
        self._ahead = 4 * len(content)
        self._problem: str | None = None

    def split(self) -> Structure:
        root = self._begin_part(0, "", default_type="text/plain")
        current: Part | None = root
        self._enter(root)
        position = root.start
        while self._open and (delimiter := self._next_delimiter(position)) is not None:
            position = delimiter.end()
            level, is_last = self._find_level(delimiter[1])
            if level < 0:
                continue
            if current is not None:
                current.end = max(current.start, self._before_line(delimiter.start()))
            self._close_above(level)
            if is_last:
                self._close_above(level - 1)
                current = None
                continue
            if self._parts >= MOST_PARTS:
                self._problem = f"more than {MOST_PARTS} parts"
                self._add_rest(self._open[-1][1], delimiter.start())
                break
            parent = self._open[-1][1]
            default_type = "message/rfc822" if parent.type == "multipart/digest" else "text/plain"
            current = self._begin_part(position, self._next_number(parent), default_type=default_type)
            parent.children.append(current)
            self._parts += 1
            position = current.start
            self._enter(current)
        self._finish(root)
        return Structure(root=root, problem=self._problem)

    def _next_delimiter(self, position: int) -> re.Match[bytes] | None:
        """Return the next line that begins with two hyphens: found as octets, which is a hundred times as fast as a pattern."""
        content = self._content
        start = 0 if position == 0 else content.find(b"\n--", position - 1) + 1
        while start > 0 or position == 0:
            delimiter = _DELIMITER.match(content, start)
            if delimiter is not None:
                return delimiter
            position = start + 1
            start = content.find(b"\n--", start) + 1
        return None

    def _begin_part(self, head: int, number: str, *, default_type: str) -> Part:
        block = read_header_block(self._content, head, stop=self._is_open_delimiter, is_top=not number)
        raw = block.first("content-type")
        content_type = parse_parameters(raw) if raw is not None else Parameters(value=default_type)
        if content_type.value.count("/") != 1 or not all(content_type.value.split("/")):
            content_type = Parameters(value=_complete_type(content_type.value, default_type), parameters=content_type.parameters)
        return Part(number=number, block=block, content_type=content_type, head=head, start=block.end, end=len(self._content))

    def _enter(self, part: Part) -> None:
        """Look for the parts of a multipart from here on."""
        if not part.type.startswith("multipart/"):
            return
        if len(self._open) >= MOST_LEVELS:
            self._problem = f"nested more than {MOST_LEVELS} levels deep"
            part.is_unsplit = True
            part.start = part.head
            return
        boundary = self._choose_boundary(part)
        if boundary:
            self._levels.setdefault(boundary, []).append(len(self._open))
            self._open.append((boundary, part))

    def _choose_boundary(self, part: Part) -> bytes:
        """Return the declared boundary, or the one that is evidently used where the declared one is not."""
        declared = (part.content_type.get("boundary") or "").rstrip().encode("utf-8", "surrogateescape")[:_LONGEST_BOUNDARY]
        if declared and self._occurs(b"--" + declared, part.start):
            return declared
        if self._guesses <= 0:
            return declared
        self._guesses -= 1
        guess = _GUESS.search(self._content, max(0, part.start - 1), part.start + _GUESS_OCTETS)
        if guess is not None and guess[1] not in self._levels:
            return guess[1]
        return declared

    def _occurs(self, delimiter: bytes, start: int) -> bool:
        """Look ahead for a boundary, as long as looking ahead has not cost more than the mail's size a few times over."""
        if self._ahead <= 0:
            return True
        found = self._content.find(delimiter, start)
        self._ahead -= (len(self._content) if found < 0 else found) - start
        return found >= 0

    def _find_level(self, line: bytes) -> tuple[int, bool]:
        """Return which open multipart a delimiter line belongs to (-1: none) and whether it is its last one."""
        line = line.rstrip(b" \t")
        levels = self._levels.get(line)
        if levels:
            return levels[-1], False
        if line.endswith(b"--") and (levels := self._levels.get(line[:-2].rstrip(b" \t"))):
            return levels[-1], True
        return -1, False

    def _is_open_delimiter(self, line: bytes) -> bool:
        return self._find_level(line[2:].rstrip(b"\r\n"))[0] >= 0

    def _close_above(self, level: int) -> None:
        while len(self._open) > level + 1:
            boundary, _ = self._open.pop()
            levels = self._levels[boundary]
            levels.pop()
            if not levels:
                del self._levels[boundary]

    def _before_line(self, position: int) -> int:
        """Return where the line before a delimiter ends; its line break belongs to the delimiter (RFC 2046 section 5.1.1)."""
        for line_end in (b"\r\n", b"\n"):
            if self._content.endswith(line_end, 0, position):
                return position - len(line_end)
        return position

    @staticmethod
    def _next_number(parent: Part) -> str:
        return f"{parent.number}.{len(parent.children) + 1}" if parent.number else str(len(parent.children) + 1)

    def _add_rest(self, parent: Part, position: int) -> None:
        """Keep everything from here on as one part that nobody looks into."""
        block = HeaderBlock(fields=(), end=position, values={})
        rest = Part(
            number=self._next_number(parent),
            block=block,
            content_type=Parameters(value="application/octet-stream"),
            head=position,
            start=position,
            end=len(self._content),
            is_unsplit=True,
        )
        parent.children.append(rest)

    @staticmethod
    def _finish(root: Part) -> None:
        """Give a root without children its number: it is part 1 (RFC 9051 section 6.4.5.1)."""
        if not root.children:
            root.number = "1"


def _complete_type(value: str, default_type: str) -> str:
    """Read Content-Type values that are no `type/subtype`, such as `text`; what says nothing is the default."""
    main = value.partition("/")[0].strip()
    return {"text": "text/plain", "html": "text/html", "plain": "text/plain", "multipart": "multipart/mixed"}.get(
        main, default_type if not main or " " in main else "application/octet-stream"
    )
