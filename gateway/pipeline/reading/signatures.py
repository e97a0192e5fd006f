"""Where a signature begins at the end of a stretch of text: delimiters, mobile programs, virus scanners, disclaimers."""

# ruff: noqa: RUF001 dashes of every kind are meant
import re
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.pipeline.reading import phrases, phrases_signing
from gateway.pipeline.reading.lines import is_blank, plain_line

_DASHES: Final = frozenset({"--", "—", "––", "――", "_ _"})
_DASH: Final = "-—–―_"
"""What the lines of `_DASHES` begin with."""
_LONGEST_EXACT: Final = 40
_LONGEST_LOOSE: Final = 12
_LONGEST_LOOSE_LINE: Final = 90
_MOST_PROGRAM_WORDS: Final = 10
_LONGEST_MOBILE: Final = 110
_LONGEST_PARAGRAPH: Final = 4000
_NEEDED_HITS: Final = 2
_SHORTEST_DISCLAIMER: Final = 60
_MENTIONS_DEVICE: Final = re.compile("|".join(re.escape(word) for word in sorted(phrases_signing.DEVICES, key=len, reverse=True)))


def find_signature(lines: Sequence[str], start: int, end: int, *, may_be_all: bool = False) -> int:
    """Return the line at which the signature of the stretch `start` to `end` begins; `end` where there is none.

    Blank lines directly above the signature belong to it. The stretch never becomes signature as a whole unless it begins with a
    delimiter, or `may_be_all` says that the answer stands elsewhere: disclaimers are put below the quotation, too.
    """
    begin = _find_delimiter(lines, start, end)
    last = begin
    while True:
        while last > start and is_blank(lines[last - 1]):
            last -= 1
        if last <= start:
            break
        found = _find_trailer(lines, start, last, may_be_all=may_be_all)
        if found == last:
            break
        begin = last = found
    return begin if begin == end else _take_blanks(lines, start, begin)


def _take_blanks(lines: Sequence[str], start: int, begin: int) -> int:
    while begin > start and is_blank(lines[begin - 1]):
        begin -= 1
    return begin


def _find_delimiter(lines: Sequence[str], start: int, end: int) -> int:
    """Find `-- ` (RFC 3676 section 4.3), or a single bare `--` above what looks like a signature."""
    below: list[str] = []
    loose: list[int] = []
    for at in range(end - 1, start - 1, -1):
        line = lines[at]
        if not line:
            continue
        if line in {"-- ", "--\xa0"} and below:
            return at
        if line[0] in _DASH and line.rstrip() in _DASHES:
            loose.append(at)
            if len(loose) == 1 and not _looks_signed(below):
                loose.append(at)
        elif not is_blank(line):
            below.append(line)
        if len(below) > _LONGEST_EXACT:
            break
    return loose[0] if len(loose) == 1 else end


def _looks_signed(below: Sequence[str]) -> bool:
    """Tell whether lines below a bare `--` are few, short and ask nothing; two such separators make a list, not a signature."""
    return 0 < len(below) <= _LONGEST_LOOSE and all(
        len(line) <= _LONGEST_LOOSE_LINE and not line.rstrip().endswith("?") for line in below
    )


def _find_trailer(lines: Sequence[str], start: int, end: int, *, may_be_all: bool) -> int:
    """Find a last line that a program added, or a last paragraph that is a disclaimer; `end` where there is neither."""
    if is_program_line(lines[end - 1]) and (may_be_all or _has_text(lines, start, end - 1)):
        return end - 1
    first, length = end, 0
    while first > start and not is_blank(lines[first - 1]) and length < _LONGEST_PARAGRAPH:
        first -= 1
        length += len(lines[first])
    if not may_be_all and not _has_text(lines, start, first):
        return end
    paragraph = plain_line(" ".join(lines[first:end])[:_LONGEST_PARAGRAPH])
    return first if is_disclaimer(paragraph) or is_legal_footer(paragraph) else end


def _has_text(lines: Sequence[str], start: int, end: int) -> bool:
    """Tell whether something is left to read: a mail that is nothing but a signature is shown."""
    return any(not is_blank(lines[at]) for at in range(end - 1, max(start, end - 200) - 1, -1))


def is_program_line(line: str) -> bool:
    """Tell whether a line is what a mobile program, a provider or a virus scanner puts below a mail."""
    if len(line) > _LONGEST_MOBILE * 2:
        return False
    plain = plain_line(line).partition("](")[0].partition("http")[0].replace("[", "").strip("*_<>[]().!。 \t-–—|")
    if not plain or len(plain) > _LONGEST_MOBILE or plain.count(" ") >= _MOST_PROGRAM_WORDS:
        return False
    if plain.startswith(phrases_signing.SCANNERS):
        return True
    if not _MENTIONS_DEVICE.search(plain):
        return False
    return plain.startswith(phrases.MOBILE_STARTS) or plain.endswith(phrases.MOBILE_ENDS)


def is_disclaimer(plain: str) -> bool:
    """Tell whether a paragraph in plain form warns those who were not meant to get the mail."""
    return (
        len(plain) > _SHORTEST_DISCLAIMER
        and (_holds(plain, phrases_signing.CONFIDENTIAL) or _holds(plain, phrases_signing.ADDRESSEE))
        and _holds(plain, phrases_signing.THIS_MAIL)
    )


def _holds(plain: str, wanted: Iterable[str]) -> bool:
    """Look for each phrase by itself: in a long paragraph a pattern of all of them takes ten times as long."""
    return any(phrase in plain for phrase in wanted)


def is_legal_footer(plain: str) -> bool:
    """Tell whether a paragraph in plain form says where a company is registered and who heads it."""
    is_table = (":" in plain or "|" in plain) and "?" not in plain
    return is_table and sum(word in plain for word in phrases_signing.LEGAL) >= _NEEDED_HITS
