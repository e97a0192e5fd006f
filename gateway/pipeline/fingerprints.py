"""Recognising our own sent text in what comes back, whatever a client did to it.

A fingerprint holds the digests of every run of a few words. White space, quoting signs, line ends, punctuation, case and
links do not count.
"""

import re
import zlib
from dataclasses import dataclass
from typing import Final

_WORD: Final = re.compile(r"[^\W_]{1,64}")
_LINK: Final = re.compile(r"\b(?:https?://|mailto:|www\.)[^\s<>]{1,4000}", re.IGNORECASE)
_RUN: Final = 5
_SURE_WORDS: Final = 12
_MAX_WORDS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """Digests of every run of five words of a text, and how many words it has."""

    digests: frozenset[int]
    words: int


def fingerprint(text: str) -> Fingerprint:
    """Take the fingerprint of a text of ours; of a very long one, of its first 20,000 words."""
    words = [word for line in text.split("\n") for word in _words(line)][:_MAX_WORDS]
    return Fingerprint(digests=frozenset(_digest(words, at) for at in range(len(words) - _RUN + 1)), words=len(words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Which lines hold our text."""

    sure: frozenset[int]
    """Lines of a run that is too long to be chance."""
    possible: frozenset[int]
    """Lines of any run, the sure ones included."""


def match_lines(lines: list[str], fingerprints: tuple[Fingerprint, ...]) -> Matches:
    """Find the lines that hold words of ours."""
    digests = frozenset[int]().union(*(known.digests for known in fingerprints))
    if not digests:
        return Matches(sure=frozenset(), possible=frozenset())
    words: list[str] = []
    places: list[int] = []
    for index, line in enumerate(lines):
        found = _words(line)
        words += found
        places += [index] * len(found)
    needed = min(_SURE_WORDS, max(_RUN, min(known.words for known in fingerprints if known.digests)))
    sure: set[int] = set()
    possible: set[int] = set()
    for start, end in _runs(words, digests):
        possible.update(places[start:end])
        if end - start >= needed:
            sure.update(places[start:end])
    return Matches(sure=frozenset(sure), possible=frozenset(possible))


def _runs(words: list[str], digests: frozenset[int]) -> list[tuple[int, int]]:
    """Return stretches of words (first, behind the last) in which every run of five is ours."""
    runs: list[tuple[int, int]] = []
    for at in range(len(words) - _RUN + 1):
        if _digest(words, at) in digests:
            if runs and at < runs[-1][1]:
                runs[-1] = (runs[-1][0], at + _RUN)
            else:
                runs.append((at, at + _RUN))
    return runs


def _words(line: str) -> list[str]:
    """Return the words of a line as they are compared."""
    return _WORD.findall(_LINK.sub(" ", line).casefold())


def _digest(words: list[str], at: int) -> int:
    return zlib.crc32(" ".join(words[at : at + _RUN]).encode("utf-8", "surrogatepass"))
