"""Recognising our own sent text in what comes back, whatever a client did to it.

A fingerprint holds the digests of every run of five words. White space, quoting signs, line ends, punctuation, case and links
do not count.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.pipeline.reading.lines import plain_line

_WORD: Final = re.compile(r"[^\W_]{1,64}")
_LINK: Final = re.compile(r"\b(?:https?://|mailto:|www\.)[^\s<>]{1,4000}", re.IGNORECASE)
_RUN: Final = 5
_SURE_WORDS: Final = 12
_WHOLE: Final = 0.5
_DENSE: Final = 0.6
_MAX_WORDS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """Digests of every run of five words of a text. A text of fewer words has none: it could be anybody's."""

    digests: frozenset[int]


def fingerprint(text: str) -> Fingerprint:
    """Take the fingerprint of a text of ours; of a very long one, of its first 20,000 words."""
    words = [word for line in text.split("\n") for word in _words(line)][:_MAX_WORDS]
    return Fingerprint(digests=frozenset(_digests(words)))


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnText:
    """Where our text stands in a mail: line `start` up to, not including, `end`."""

    start: int
    end: int
    is_whole: bool
    """At least half of one of our mails is there, closely packed: it is a quotation of it, not a sentence out of it."""


NOWHERE: Final = OwnText(start=-1, end=-1, is_whole=False)


def find_own_text(lines: Sequence[str], fingerprints: Sequence[Fingerprint]) -> tuple[OwnText, bool]:
    """Find our text in a mail; the second value tells whether any words of ours were met at all.

    `NOWHERE` when no run of at least twelve words is ours.
    """
    known = [each.digests for each in fingerprints if each.digests]
    if not known:
        return NOWHERE, False
    words, places = _locate(lines)
    digests = _digests(words)
    ours = frozenset[int]().union(*known)
    hits = [digest in ours for digest in digests]
    if not any(hits):
        return NOWHERE, False
    needed = min(_SURE_WORDS, *(len(each) + _RUN - 1 for each in known))
    runs = [(start, end) for start, end in _runs(hits) if end - start >= needed]
    if not runs:
        return NOWHERE, True
    start, end = runs[0][0], runs[-1][1]
    met = {digest for digest, hit in zip(digests[start : end - _RUN + 1], hits[start : end - _RUN + 1], strict=True) if hit}
    share = max(len(met & each) / len(each) for each in known)
    density = sum(last - first for first, last in runs) / (end - start)
    return (
        OwnText(start=places[start], end=places[end - 1] + 1, is_whole=share >= _WHOLE and density >= _DENSE),
        True,
    )


def _locate(lines: Sequence[str]) -> tuple[list[str], list[int]]:
    """Return all words and the line each stands in."""
    words: list[str] = []
    places: list[int] = []
    for index, line in enumerate(lines):
        found = _words(line)
        words += found
        places += [index] * len(found)
    return words, places


def _runs(hits: list[bool]) -> list[tuple[int, int]]:
    """Return stretches of words (first, behind the last) that are covered by runs of ours without a gap."""
    runs: list[tuple[int, int]] = []
    for at, hit in enumerate(hits):
        if hit and runs and at <= runs[-1][1]:
            runs[-1] = (runs[-1][0], at + _RUN)
        elif hit:
            runs.append((at, at + _RUN))
    return runs


def _words(line: str) -> list[str]:
    """Return the words of a line as they are compared."""
    plain = plain_line(line)
    return _WORD.findall(_LINK.sub(" ", plain) if ":" in plain or "www." in plain else plain)


def _digests(words: Sequence[str]) -> list[int]:
    encoded = [word.encode("utf-8", "surrogatepass") for word in words]
    return [zlib.crc32(b" ".join(encoded[at : at + _RUN])) for at in range(len(words) - _RUN + 1)]
