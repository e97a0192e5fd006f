"""Words as they look: what a reader takes for the same word gives the same skeleton. Pure, and linear in the text.

For the guard, which must find a note's words however they are written: with signs that nobody sees, in wide or styled letters,
with strokes and accents, in other case, or with Cyrillic and Greek letters in place of Latin ones. Every step looks at one
character at a time, so that nothing depends on where a text is cut.

The letters that look alike are chosen by hand after Unicode's list of confusables (UTS 39, `confusables.txt`). Skeletons are
coarser than that list, because upper and lower case share one: Greek nu looks like N, and like v when it is small, so h, n and
v are one letter here. Eight such words in a row are still nobody's by chance. Latin letters with a stroke or hook are known by
their names in `unicodedata`.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_ALIKE: Final = {
    "a": "CYRILLIC A, GREEK ALPHA, LATIN ALPHA",
    "b": "CYRILLIC VE, CYRILLIC SOFT SIGN, GREEK BETA",
    "c": "CYRILLIC ES",
    "d": "CYRILLIC KOMI DE",
    "e": "CYRILLIC IE, GREEK EPSILON, LATIN OPEN E",
    "g": "LATIN SCRIPT G",
    "hnv": "CYRILLIC EN, CYRILLIC PE, CYRILLIC SHHA, CYRILLIC IZHITSA, GREEK ETA, GREEK NU",
    "il1": "CYRILLIC BYELORUSSIAN-UKRAINIAN I, CYRILLIC PALOCHKA, GREEK IOTA, LATIN DOTLESS I, LATIN IOTA",
    "j": "CYRILLIC JE, LATIN DOTLESS J",
    "k": "CYRILLIC KA, GREEK KAPPA",
    "m": "CYRILLIC EM, GREEK MU",
    "o0": "CYRILLIC O, GREEK OMICRON, GREEK SIGMA",
    "p": "CYRILLIC ER, GREEK RHO",
    "q": "CYRILLIC QA",
    "r": "CYRILLIC GHE",
    "s": "CYRILLIC DZE",
    "t": "CYRILLIC TE, GREEK TAU",
    "uy": "CYRILLIC U, CYRILLIC STRAIGHT U, GREEK GAMMA, GREEK UPSILON",
    "w": "CYRILLIC WE, CYRILLIC OMEGA, GREEK OMEGA",
    "x": "CYRILLIC HA, GREEK CHI",
    "z": "GREEK ZETA",
}
"""Plain letters, the first of which stands for all, and the small letters that look like one of them in either case."""
_LATIN: Final = re.compile(r"LATIN (?:SMALL LETTER|LETTER SMALL CAPITAL) ([A-Z])(?: WITH [A-Z -]+)?")
_FILLERS: Final = frozenset({0x115F, 0x1160, 0x3164, 0xFFA0})
"""Letters that are blank: fillers of Hangul."""
_STRETCHES: Final = ((0x2060, 0x206F), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF))
"""Default_Ignorable_Code_Point, where the category does not say so."""
_LONGEST_OF_ONE: Final = 6
"""Some ligatures stand for whole sentences: of one character no more becomes of it."""
_MOST_KNOWN: Final = 50_000


def words_of(text: str) -> tuple[list[str], list[str]]:
    """Return the words of a text as a person may read them, and the skeleton of each."""
    shown = _WORD.findall(text.translate(_SEEN))
    return shown, "\n".join(shown).translate(_BONES).split("\n") if shown else []


class _Letters(dict[int, str]):
    """What becomes of each character, worked out when it is met first; no more is kept than scripts have letters."""

    def __init__(self, change: Callable[[str], str]) -> None:
        super().__init__()
        self._change = change

    def __missing__(self, code: int) -> str:
        changed = self._change(chr(code))[:_LONGEST_OF_ONE]
        if len(self) < _MOST_KNOWN:
            self[code] = changed
        return changed


def _small_letters() -> dict[str, str]:
    """Return the plain letter that stands for each letter that looks like it."""
    looks = {plain: letters[0] for letters in _ALIKE for plain in letters}
    for letters, names in _ALIKE.items():
        for script, _, name in (each.partition(" ") for each in names.split(", ")):
            looks[unicodedata.lookup(f"{script} SMALL LETTER {name}")] = letters[0]
    return looks


def _see(letter: str) -> str:
    """Return what can be seen of a character, without style and width."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", letter) if not _is_unseen(sign))


def _strip(letter: str) -> str:
    """Return the plain letters that a character looks like."""
    folded = unicodedata.normalize("NFKD", letter.casefold()).casefold()
    return "".join(_look(sign) for sign in folded if not _is_unseen(sign))


def _look(sign: str) -> str:
    if sign in _LOOKS:
        return _LOOKS[sign]
    named = None if sign.isascii() else _LATIN.fullmatch(unicodedata.name(sign, ""))
    return sign if named is None else _LOOKS.get(named[1].lower(), named[1].lower())


def _is_unseen(sign: str) -> bool:
    """Tell whether a character is a mark on another one, or nothing at all to the eye."""
    kind = unicodedata.category(sign)
    if kind == "Cc":
        return not sign.isspace()
    code = ord(sign)
    return kind[0] == "M" or kind == "Cf" or code in _FILLERS or any(first <= code <= last for first, last in _STRETCHES)


_LOOKS: Final = _small_letters()
_SEEN: Final = _Letters(_see)
_BONES: Final = _Letters(_strip)
