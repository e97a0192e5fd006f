"""Admins' regular expressions, on RE2: whatever the pattern and the mail, the time grows with the length of the mail only.

google-re2 has no types: `compiled` is one of its patterns.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import re2

_LONGEST: Final = 100_000
"""So many octets of a text are searched."""
_LONGEST_PATTERN: Final = 2000


class WrongPattern(ValueError):
    """RE2 does not take the pattern; says why in RE2's words."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern; upper and lower case are the same unless it says `(?-i)`."""

    text: str
    compiled: Any

    @classmethod
    def of(cls, text: str) -> Self:
        """Compile a pattern.

        Raises:
            WrongPattern: RE2 cannot.
        """
        if len(text) > _LONGEST_PATTERN:
            message = f"is longer than {_LONGEST_PATTERN} characters"
            raise WrongPattern(message)
        options = re2.Options()
        options.log_errors = False
        options.case_sensitive = False
        try:
            return cls(text, re2.compile(text, options))
        except re2.error as error:
            raise WrongPattern(_words_of(error)) from None
        except UnicodeEncodeError:
            message = "holds characters that no mail can hold"
            raise WrongPattern(message) from None

    def __reduce__(self) -> tuple[Callable[[str], "Pattern"], tuple[str]]:
        """Travel to another process as text."""
        return Pattern.of, (self.text,)

    @property
    def groups(self) -> frozenset[str]:
        """What its groups can be called: by number and by name."""
        return frozenset({*map(str, range(self.compiled.groups + 1)), *self.compiled.groupindex})

    def search(self, text: str) -> Mapping[str, str] | None:
        """Return what each group holds, by number and by name, where the pattern occurs; None where it does not."""
        match = self.compiled.search(text.encode("utf-8", "replace")[:_LONGEST])
        if match is None:
            return None
        values = {"0": match.group(0), **{str(number): value for number, value in enumerate(match.groups(), start=1)}}
        values |= {_decode(name): match.group(number) for name, number in self.compiled.groupindex.items()}
        return {name: _decode(value) for name, value in values.items() if value is not None}


def _words_of(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return _decode(said) or "is no pattern"


def _decode(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
