"""Small words about single lines of text that several readers of mail share."""

import re
import unicodedata
from typing import Final

_INVISIBLE: Final = {
    ord(c): None for c in "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
}
_QUOTE_SIGNS: Final = "> \t\xa0"


def is_blank(line: str) -> bool:
    """Tell whether nothing can be seen in a line."""
    return not line.strip() or not line.translate(_INVISIBLE).strip()


def quote_depth(line: str) -> int:
    """Count the `>` before the text of a line; up to three spaces may stand before each."""
    depth = spaces = 0
    for sign in line:
        if sign == ">":
            depth, spaces = depth + 1, 0
        elif sign in " \t\xa0" and spaces < 3:  # noqa: PLR2004 more is an indented text
            spaces += 1
        else:
            break
    return depth


def unquote_line(line: str) -> str:
    """Return a line without its quoting signs and the white space around it."""
    return line.lstrip(_QUOTE_SIGNS).rstrip()


def plain_line(line: str) -> str:
    """Return a line as it is compared with phrases: no invisible signs, single spaces, case-folded, NFKC."""
    return " ".join(unicodedata.normalize("NFKC", line.translate(_INVISIBLE)).casefold().split())


_ADDRESS: Final = re.compile(r"[\w.!#$%&'*+/=?^{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")


def has_address(line: str) -> bool:
    """Tell whether a line holds something that looks like a mail address."""
    return "@" in line and any(_ADDRESS.search(line[max(0, at - 64) : at + 128]) for at in _positions(line, "@"))


def _positions(line: str, sign: str) -> list[int]:
    """Return where a sign stands, the first sixteen times."""
    found: list[int] = []
    at = line.find(sign)
    while at >= 0 and len(found) < 16:  # noqa: PLR2004 enough for any header
        found.append(at)
        at = line.find(sign, at + 1)
    return found
