"""What a condition is, and the ways in which most of them compare."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self

from typing_extensions import override

from gateway.mail.addresses import Address
from gateway.pipeline.rules.arguments import Patterns, Texts
from gateway.pipeline.rules.patterns import Pattern
from gateway.pipeline.rules.situation import BEFORE_THE_250, Situation, Stage
from gateway.pipeline.rules.words import comparable

_HUMP: Final = re.compile(r"(?<!^)(?=[A-Z])")
_LONGEST_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Match:
    """The condition holds: why, and what its groups hold, by number and name."""

    because: str
    captured: Mapping[str, str] = field(default_factory=dict)


class Condition(ABC):
    """Something that is so of a mail or a ticket, or not."""

    stage: ClassVar[Stage]
    argument: ClassVar[Any]
    """The type of what stands in the file."""

    @classmethod
    def key(cls) -> str:
        """Return the key in the file."""
        return _HUMP.sub("_", cls.__name__).lower()

    @classmethod
    def is_early(cls) -> bool:
        """Tell whether it is known before the 250 of a mail that may still be refused."""
        return cls.stage in BEFORE_THE_250

    @classmethod
    @abstractmethod
    def of(cls, argument: Any) -> Self:  # noqa: ANN401 each takes what its `argument` says
        """Make it from what stands in the file, checked."""

    @abstractmethod
    def holds(self, situation: Situation) -> Match | None:
        """Tell whether it is so, and why. Never raises."""

    @abstractmethod
    def describe(self) -> str:
        """Say what must be so."""


# ------------------------------------------------------------------------------------------------- three ways to compare


@dataclass(frozen=True, slots=True)
class OneOf(Condition):
    """Some value is one of those that are listed."""

    wanted: tuple[str, ...]

    @classmethod
    @override
    def of(cls, argument: Any) -> Self:
        return cls(tuple(each.key if isinstance(each, Address) else str(each).casefold() for each in argument))

    @abstractmethod
    def values(self, situation: Situation) -> Iterable[str]:
        """Return the values that are looked at, case-folded."""

    @override
    def holds(self, situation: Situation) -> Match | None:
        found = next((value for value in self.values(situation) if value in self.wanted), None)
        return Match(f"{self.subject()} is {found}") if found is not None else None

    @override
    def describe(self) -> str:
        return f"{self.subject()} is {' or '.join(self.wanted)}"

    def subject(self) -> str:
        """Return what is compared, as the trace names it."""
        return self.key().removesuffix("_is").replace("_", " ")


@dataclass(frozen=True, slots=True)
class Contains(Condition):
    """Some text contains one of those that are listed."""

    argument: ClassVar[Any] = Texts
    wanted: tuple[str, ...]
    compared: tuple[str, ...]
    """The same in the form in which they are compared."""

    @classmethod
    @override
    def of(cls, argument: Any) -> Self:
        return cls(tuple(argument), tuple(map(comparable, argument)))

    @abstractmethod
    def texts(self, situation: Situation) -> Iterable[str]:
        """Return the texts that are looked at."""

    @override
    def holds(self, situation: Situation) -> Match | None:
        texts = [situation.comparable.of(text) for text in self.texts(situation)]
        for wanted, compared in zip(self.wanted, self.compared, strict=True):
            if any(compared in text for text in texts):
                return Match(f"{self.subject()} contains `{short(wanted)}`")
        return None

    @override
    def describe(self) -> str:
        return f"{self.subject()} contains {either(self.wanted)}"

    def subject(self) -> str:
        """Return what is compared, as the trace names it."""
        return self.key().removesuffix("_contains")


@dataclass(frozen=True, slots=True)
class Matches(Condition):
    """One of the patterns occurs in a text."""

    argument: ClassVar[Any] = Patterns
    patterns: tuple[Pattern, ...]

    @classmethod
    @override
    def of(cls, argument: Any) -> Self:
        return cls(tuple(map(Pattern.of, argument)))

    @abstractmethod
    def text(self, situation: Situation) -> str:
        """Return the text that is looked at."""

    @override
    def holds(self, situation: Situation) -> Match | None:
        text = self.text(situation)
        for pattern in self.patterns:
            captured = pattern.search(text)
            if captured is not None:
                return Match(f"{self.subject()} matches `{short(pattern.text)}`", captured)
        return None

    @override
    def describe(self) -> str:
        return f"{self.subject()} matches {either([pattern.text for pattern in self.patterns])}"

    def subject(self) -> str:
        """Return what is compared, as the trace names it."""
        return self.key().removesuffix("_matches")


def short(text: str) -> str:
    """Return a text so short that it fits into a line."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def either(texts: Sequence[str]) -> str:
    """Name texts of which one is enough."""
    return " or ".join(f"`{short(text)}`" for text in texts)


@dataclass(frozen=True, slots=True)
class YesOrNo(Condition):
    """Something is so, or, with `false`, is not."""

    argument: ClassVar[Any] = bool
    wanted: bool

    @classmethod
    @override
    def of(cls, argument: Any) -> Self:
        return cls(bool(argument))

    @abstractmethod
    def is_so(self, situation: Situation) -> bool:
        """Tell whether it is."""

    @override
    def holds(self, situation: Situation) -> Match | None:
        return Match(self.describe()) if self.is_so(situation) is self.wanted else None

    @override
    def describe(self) -> str:
        return f"{self.key()} is {str(self.wanted).lower()}"
