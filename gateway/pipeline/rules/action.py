"""What an action is, and what actions can lead to: a closed list."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from gateway.pipeline.effects import AddNote, Assign, ChangeTags, MoveToQueue, SetCategory, SetPriority, SetStatus
from gateway.pipeline.reasons import Outcome, Reason
from gateway.pipeline.rules.arguments import NotifyArgument

PLACEHOLDER: Final = re.compile(r"\{(\w{1,32})\}")
_HUMP: Final = re.compile(r"(?<!^)(?=[A-Z])")
_LONGEST_FILLED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The mail becomes nothing but this, and no further rule is asked."""

    outcome: Outcome
    reason: Reason


@dataclass(frozen=True, slots=True)
class OpenAnew:
    """The mail opens a ticket of its own, whatever it could join."""


@dataclass(frozen=True, slots=True)
class AnswerWith:
    """The requester gets a text."""

    template: str


@dataclass(frozen=True, slots=True)
class Tell:
    """Somebody inside is told."""

    whom: NotifyArgument
    why: str
    """Which rule says so."""


@dataclass(frozen=True, slots=True)
class StopRules:
    """No further rule is asked."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """The action could not be done with what the groups held; says why."""

    why: str


TicketEffect = MoveToQueue | Assign | SetPriority | SetCategory | ChangeTags | SetStatus | AddNote
Consequence = TicketEffect | Verdict | OpenAnew | AnswerWith | Tell | StopRules | Unfit


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What an action is told when it is its turn: in whose name, and what the groups of the conditions hold."""

    by: str
    why: str
    captured: Mapping[str, str]

    def fill(self, text: str) -> str:
        """Put what the groups hold into `{1}` and `{name}`; a group that took no part is empty."""
        return PLACEHOLDER.sub(lambda match: " ".join(self.captured.get(match[1], "").split())[:_LONGEST_FILLED], text).strip()


class Action(ABC):
    """Something that a rule or a trigger does."""

    argument: ClassVar[Any] = None
    """The type of what stands in the file; None is an action that stands as a bare word."""
    needs_mail: ClassVar[bool] = False
    """It is about a mail that comes in, so a trigger cannot do it."""
    ends: ClassVar[bool] = False
    """No further rule is asked after it."""

    @classmethod
    def key(cls) -> str:
        """Return the word in the file."""
        return _HUMP.sub("_", cls.__name__).lower()

    @classmethod
    @abstractmethod
    def of(cls, argument: Any) -> Self:  # noqa: ANN401 each takes what its `argument` says
        """Make it from what stands in the file, checked."""

    @abstractmethod
    def gives(self, filling: Filling) -> Consequence:
        """Return what it leads to."""

    @property
    def texts(self) -> tuple[str, ...]:
        """Return its texts that groups may fill."""
        return ()
