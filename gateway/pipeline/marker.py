"""The quiet line in our mails by which we find our own text again inside an answer.

The line has no spaces, so no client wraps it, and only signs that survive quoting, HTML and every charset. Finding one says
nothing yet: whoever reads a token here checks its MAC before believing it.
"""

import re
from typing import Final

from gateway.pipeline.reading.lines import unquote_line

_MARKER: Final = re.compile(r"\[ref:([a-z2-7]{20,40})\]", re.IGNORECASE)
_BEGUN: Final = re.compile(r"\[ref:[a-z2-7]{0,40}\Z", re.IGNORECASE)
_DROPPED: Final = {ord(c): None for c in " \t\\\xa0\xad\u200b\u200c\u200d\u200e\u200f\u2060\u202a\u202b\u202c\u202f\ufeff"}
_LONGEST_LINE: Final = 4000


def make_marker(token: str) -> str:
    """Return the line that carries a token: at most 46 characters, without spaces."""
    return f"[ref:{token.lower()}]"


def find_markers(text: str) -> tuple[tuple[int, str], ...]:
    """Return every marker as (index of its line, token in lower case), top to bottom.

    A marker counts wherever it stands in a line, behind any quoting, with white space or invisible signs inside, with
    escaped brackets, and when it was broken over two lines.
    """
    if "ref" not in text and "REF" not in text and "Ref" not in text:
        return ()
    lines = text.split("\n")
    found = []
    for index, line in enumerate(lines):
        if "[" not in line:
            continue
        packed = _pack(line)
        if "[ref:" not in packed.lower():
            continue
        found += [(index, match[1].lower()) for match in _MARKER.finditer(packed)]
        if index + 1 < len(lines) and packed[-1] != "]" and (begun := _BEGUN.search(packed[-46:])):
            joined = _MARKER.match(begun[0] + _pack(lines[index + 1])[:46])
            if joined:
                found.append((index, joined[1].lower()))
    return tuple(found)


def _pack(line: str) -> str:
    """Drop quoting, white space and signs that cannot be seen."""
    bare = unquote_line(line[:_LONGEST_LINE])
    return bare.replace(" ", "").replace("\t", "").replace("\\", "") if bare.isascii() else bare.translate(_DROPPED)
