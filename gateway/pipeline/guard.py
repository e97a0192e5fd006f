"""Holds what is about to leave against what must stay inside: the ticket's notes, and the frame of mails to agents. Pure.

Eight words in a row that stand in a note, and in nothing public, leak it. A note of five to seven words leaks when all of it
stands there; a shorter one could be anybody's words. Marker lines and the header block of our notifications stand in no answer
that a person wrote. Words are compared by how they look (`skeleton.py`). Time and memory are linear in the texts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final

from gateway.pipeline.marker import find_markers
from gateway.pipeline.skeleton import words_of
from gateway.tickets import Post, Visibility

RUN: Final = 8
"""So many words in a row are nobody's by chance."""
SHORTEST_NOTE: Final = 5
"""A note with fewer words is not looked for."""
_HEADER_SIGNS: Final = 3
_LONGEST_HEADER: Final = 400


class LeakKind(StrEnum):
    """What must not leave."""

    NOTE = "note"
    """Words of a note."""
    MARKER = "marker"
    """The line by which a mail of ours is found again."""
    HEADER = "header"
    """The line about a ticket in mails to agents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Something internal in a text that is about to leave."""

    kind: LeakKind
    words: str
    """The first that was found, for a person to look at."""


def split_secrets(posts: Iterable[Post], *, subject: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what must stay inside of a ticket, and what everybody may have."""
    kept = tuple(posts)
    notes = tuple(post.text for post in kept if post.visibility is Visibility.INTERNAL)
    public = tuple(text for post in kept if post.visibility is Visibility.PUBLIC for text in (post.text, post.quoted))
    return notes, (*public, subject)


def find_leak(text: str, *, notes: Sequence[str], public: Sequence[str], number: str | None = None) -> Leak | None:
    """Return the first thing in a text that must stay inside, or None.

    `notes` are the texts of the ticket's notes, `public` everything that the reader may have: public posts, what stood quoted in
    them, signatures, the words of the template. `number` is the ticket's.
    """
    return find_frame(text, number) or find_note(text, notes, public)


def find_frame(text: str, number: str | None) -> Leak | None:
    """Return what stands in a text of the frame around mails to agents."""
    marked = find_markers(text)
    if marked:
        return Leak(kind=LeakKind.MARKER, words=f"[ref:{marked[0][1]}]")
    for line in text.split("\n") if number is not None and number in text else ():
        if number is not None and number in line[:_LONGEST_HEADER] and line.count("\u00b7") >= _HEADER_SIGNS:
            return Leak(kind=LeakKind.HEADER, words=line.strip()[:_LONGEST_HEADER])
    return None


def find_note(text: str, notes: Sequence[str], public: Sequence[str]) -> Leak | None:
    """Return words of a note that stand in a text and in nothing public, however they are written."""
    secret: dict[int, set[tuple[str, ...]]] = {}
    for note in notes:
        words = words_of(note)[1]
        length = min(len(words), RUN)
        if length >= SHORTEST_NOTE:
            secret.setdefault(length, set()).update(_runs(words, length))
    if not secret:
        return None
    shown, said = words_of(text)
    for length, runs in sorted(secret.items(), reverse=True):
        found = [(at, run) for at, run in enumerate(_runs(said, length)) if run in runs]
        if found:
            known = {run for each in public for run in _runs(words_of(each)[1], length)}
            leaked = next((at for at, run in found if run not in known), None)
            if leaked is not None:
                return Leak(kind=LeakKind.NOTE, words=" ".join(shown[leaked : leaked + length]))
    return None


def _runs(words: Sequence[str], length: int) -> Iterator[tuple[str, ...]]:
    return zip(*(islice(words, start, None) for start in range(length)), strict=False)
