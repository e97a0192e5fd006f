"""What somebody may have meant who mistyped a word. Pure; short words only, so that it costs nothing."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_LONGEST: Final = 40
_LIKE: Final = 0.6


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like another one, or None where none is like it."""
    if len(word) > _LONGEST:
        return None
    return next(iter(get_close_matches(word.casefold(), list(known), n=1, cutoff=_LIKE)), None)
