"""Lines of text as readers of mail look at them: quoting signs, blankness, the plain form that phrases are compared with."""

import re
import unicodedata
from functools import cached_property
from typing import Final

INVISIBLE: Final = {
    ord(c): None for c in "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
}
"""What cannot be seen, for `str.translate`."""
_ZEROS: Final = (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0x0ED0, 0x17E0, 0x1040)
_PLAIN: Final = INVISIBLE | {zero + digit: str(digit) for zero in _ZEROS for digit in range(10)}
_CHANGES: Final = re.compile("[" + "".join(map(chr, _PLAIN)) + "]")
"""Whether `_PLAIN` has anything to do: `str.translate` is slow wherever it finds nothing."""
_SEEN: Final = re.compile(r"[^\s" + "".join(map(chr, INVISIBLE)) + "]")
_QUOTE_SIGNS: Final = "> \t\xa0"
_MOST_SPACES: Final = 3
_LONGEST: Final = 1000


def is_blank(line: str) -> bool:
    """Tell whether nothing can be seen in a line."""
    return not line or _SEEN.search(line) is None


def quote_depth(line: str) -> int:
    """Count the `>` before the text of a line; up to three spaces may stand before each."""
    depth = spaces = 0
    for sign in line:
        if sign == ">":
            depth, spaces = depth + 1, 0
        elif sign in " \t\xa0" and spaces < _MOST_SPACES:
            spaces += 1
        else:
            break
    return depth


def unquote_line(line: str) -> str:
    """Return a line without its quoting signs and the white space around it."""
    return line.lstrip(_QUOTE_SIGNS).rstrip()


def plain_line(line: str) -> str:
    """Return a line as it is compared with phrases: NFKC, no invisible signs, ASCII digits, single spaces, case-folded.

    The dot that case-folding leaves of a Turkish capital I is dropped, too.
    """
    if line.isascii():
        return " ".join(line.lower().split())
    line = line.translate(_PLAIN) if _CHANGES.search(line) else line
    return " ".join(unicodedata.normalize("NFKC", line).casefold().replace("\u0307", "").split())


_ADDRESS: Final = re.compile(r"[\w.!#$%&'*+/=?^{|}~-]{1,64}@(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}")


def find_address(line: str) -> str | None:
    """Return the first thing in a line that looks like a mail address."""
    at = line.find("@")
    for _ in range(8):
        if at < 0:
            return None
        match = _ADDRESS.search(line[max(0, at - 64) : at + 256])
        if match:
            return match[0]
        at = line.find("@", at + 1)
    return None


class Lines:
    """The lines of a text; each is brought into its plain form once, when somebody asks."""

    def __init__(self, text: str) -> None:
        self.raw = text.split("\n")
        self._plain: list[str | None] = [None] * len(self.raw)
        self.known: dict[int, object] = {}
        """What a reader found out about a line and wants to remember."""
        self.candidates: list[int] | None = None
        """The lines worth a closer look, once somebody has found them."""

    def __len__(self) -> int:
        return len(self.raw)

    def plain(self, index: int) -> str:
        """Return a line in its plain form without quoting signs; empty when it is too long for a heading or not there."""
        if not 0 <= index < len(self.raw):
            return ""
        known = self._plain[index]
        if known is None:
            raw = self.raw[index]
            known = plain_line(unquote_line(raw)) if len(raw) <= _LONGEST else ""
            self._plain[index] = known
        return known

    def is_blank(self, index: int) -> bool:
        """Tell whether a line is blank or outside of the text."""
        return not 0 <= index < len(self.raw) or is_blank(self.raw[index])

    def is_empty(self, index: int) -> bool:
        """Tell whether a line has no text: it is blank, or nothing but quoting signs."""
        return self.is_blank(index) or (bool(self.depths[index]) and not self.raw[index].strip("> \t\xa0"))

    def next_text(self, index: int, *, blanks: int = 2) -> int:
        """Return the first line from `index` on that has text, over some blank ones at most; -1 where there is none."""
        found = (at for at in range(max(index, 0), min(len(self.raw), index + blanks + 1)) if not self.is_empty(at))
        return next(found, -1)

    def previous_text(self, index: int, *, blanks: int = 2) -> int:
        """Return the last line up to `index` that has text, over some blank ones at most; -1 where there is none."""
        found = (at for at in range(index, max(-1, index - blanks - 1), -1) if not self.is_empty(at))
        return next(found, -1)

    @cached_property
    def depths(self) -> tuple[int, ...]:
        """How many `>` each line begins with."""
        return tuple(quote_depth(line) if ">" in line[:12] else 0 for line in self.raw)
