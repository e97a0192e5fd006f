"""Texts as `contains` compares them: upper and lower case, kinds of blanks, and ways to write a character make no difference."""

import unicodedata
from typing import Final

_PIECE: Final = 256
"""Normalising sorts runs of combining marks, which costs their square: a text is taken in pieces of so many characters."""
_LONGEST: Final = 100_000
"""Characters of a text are compared."""
_UNSEEN: Final = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
"""Soft hyphens and joiners that nobody sees."""


def comparable(text: str) -> str:
    """Return a text in NFKC, case-folded, with single blanks; of an absurdly long one the beginning."""
    text = text[:_LONGEST]
    if not text.isascii():
        pieces = (line[start : start + _PIECE] for line in text.split("\n") for start in range(0, max(1, len(line)), _PIECE))
        text = "\n".join(unicodedata.normalize("NFKC", piece) for piece in pieces).translate(_UNSEEN)
    return " ".join(text.casefold().split())


class Comparable:
    """The texts of one mail in that form, each made when it is asked for first."""

    def __init__(self) -> None:
        self._made: dict[str, str] = {}

    def of(self, text: str) -> str:
        """Return `comparable(text)`."""
        made = self._made.get(text)
        if made is None:
            made = self._made[text] = comparable(text)
        return made
