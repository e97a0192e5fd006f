"""Texts as `contains` compares them: upper and lower case, kinds of blanks, and ways to write a character make no difference."""

import unicodedata
from typing import Final

_PIECE: Final = 256
"""Normalising sorts runs of combining marks, which costs their square: a text is taken in pieces of so many characters."""
_LONGEST: Final = 100_000
"""Characters of a text are compared."""
_SIGNS: Final = (0x00AD, 0x034F, 0x061C, 0x180E, 0xFEFF)
_STRETCHES: Final = ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xE0000, 0xE007F))
_UNSEEN: Final = dict.fromkeys((*_SIGNS, *(sign for first, last in _STRETCHES for sign in range(first, last + 1))))
"""Soft hyphens, joiners, and signs for direction and variants, which nobody sees."""


def comparable(text: str) -> str:
    """Return a text in NFKC, case-folded, with single blanks; of an absurdly long one the beginning."""
    return " ".join(plain(text[:_LONGEST]).casefold().split())


def plain(text: str) -> str:
    """Return a text in NFKC without what nobody sees; an absurdly long line is broken."""
    if text.isascii():
        return text
    pieces = (line[start : start + _PIECE] for line in text.split("\n") for start in range(0, max(1, len(line)), _PIECE))
    return "\n".join(unicodedata.normalize("NFKC", piece) for piece in pieces).translate(_UNSEEN)


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
