"""Every action of rules and triggers: one class each, and nothing about it stands anywhere else.

The word in the file is the class's name in lower case with underscores, or what `key` says; its docstring is the documentation,
`argument` the type of what follows the word. Write a class, and add it to `ACTIONS`.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from typing_extensions import override

from gateway.evidence.settings import one_or_many
from gateway.pipeline.effects import AddNote, Assign, ChangeTags, MoveToQueue, SetCategory, SetPriority, SetStatus
from gateway.pipeline.reasons import Outcome, Reason
from gateway.pipeline.rules.action import (
    PLACEHOLDER,
    Action,
    AnswerWith,
    Consequence,
    Filling,
    OpenAnew,
    StopRules,
    Tell,
    Unfit,
    Verdict,
)
from gateway.pipeline.rules.arguments import Notify, NotifyArgument, Word
from gateway.states import TicketStatus
from gateway.tickets import Priority

_LONGEST_TAG: Final = 64


def _check_tag(text: str) -> str:
    bare = PLACEHOLDER.sub("x", text).removeprefix("-")
    if not bare or not all(c.isalnum() or c in "-_./" for c in bare):
        message = "a tag holds letters, digits and - _ . / only; a - before it takes the tag away"
        raise ValueError(message)
    return text


def as_tag(text: str) -> str:
    """Make a tag of what a group held: what no tag may hold becomes a hyphen."""
    return "".join(c if c.isalnum() or c in "-_./" else "-" for c in text.strip())[:_LONGEST_TAG].strip("-")


Tag = Annotated[str, StringConstraints(strip_whitespace=True, max_length=_LONGEST_TAG), AfterValidator(_check_tag)]
Tags = Annotated[list[Tag], BeforeValidator(one_or_many), Field(min_length=1)]
Filled = Annotated[str, StringConstraints(pattern=PLACEHOLDER.pattern)]
NoteText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


@dataclass(frozen=True, slots=True)
class _Bare(Action):
    @classmethod
    def of(cls, argument: Any) -> Self:  # noqa: ANN401, ARG003 it takes none
        return cls()


@dataclass(frozen=True, slots=True)
class _Worded(Action):
    """Takes a text that groups may fill."""

    argument: ClassVar[Any] = Word
    text: str

    @classmethod
    def of(cls, argument: Any) -> Self:  # noqa: ANN401
        return cls(str(argument))

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.text,)


class Ignore(_Bare):
    """Keep the mail, but make no ticket of it, and tell nobody."""

    needs_mail = True
    ends = True

    @override
    def gives(self, filling: Filling) -> Consequence:
        return Verdict(outcome=Outcome.RECORD, reason=Reason.RULE_IGNORED)


class Suspend(_Bare):
    """Hold the mail until a person accepts or rejects it."""

    needs_mail = True
    ends = True

    @override
    def gives(self, filling: Filling) -> Consequence:
        return Verdict(outcome=Outcome.SUSPEND, reason=Reason.RULE_SUSPENDED)


class Refuse(_Bare):
    """Do not even take the mail (550 5.7.1).

    Only with conditions that envelope, evidence and header decide. A mail that cannot be refused, because a forwarder brought it
    or not every channel of it says so, is suspended.
    """

    needs_mail = True
    ends = True

    @override
    def gives(self, filling: Filling) -> Consequence:
        return Verdict(outcome=Outcome.SUSPEND, reason=Reason.RULE_REFUSED)


class Queue(_Worded):
    """Give the ticket to the team of this queue, which is then the one that is notified."""

    @override
    def gives(self, filling: Filling) -> Consequence:
        return MoveToQueue(queue=filling.fill(self.text).casefold(), by=filling.by, why=filling.why)


class AssignTo(_Worded):
    """Give the ticket to this agent."""

    @classmethod
    @override
    def key(cls) -> str:
        return "assign"

    @override
    def gives(self, filling: Filling) -> Consequence:
        return Assign(agent=filling.fill(self.text).casefold(), by=filling.by, why=filling.why)


class PriorityIs(_Worded):
    """Say how urgent the ticket is: `low`, `normal`, `high` or `urgent`."""

    argument = Priority | Filled

    @classmethod
    @override
    def key(cls) -> str:
        return "priority"

    @override
    def gives(self, filling: Filling) -> Consequence:
        word = filling.fill(self.text).casefold()
        if word not in set(Priority):
            return Unfit(f"there is no priority `{word}`")
        return SetPriority(priority=Priority(word), by=filling.by, why=filling.why)


class Category(_Worded):
    """Say what the ticket is about, in a word."""

    @override
    def gives(self, filling: Filling) -> Consequence:
        word = filling.fill(self.text)
        return SetCategory(category=word, by=filling.by, why=filling.why) if word else Unfit("the category would be empty")


@dataclass(frozen=True, slots=True)
class TagWith(Action):
    """Put these tags on the ticket; one with a `-` before it is taken off."""

    argument: ClassVar[Any] = Tags
    tags: tuple[str, ...]

    @classmethod
    @override
    def key(cls) -> str:
        return "tag"

    @classmethod
    @override
    def of(cls, argument: Any) -> Self:
        return cls(tuple(argument))

    @override
    def gives(self, filling: Filling) -> Consequence:
        add = tuple(tag for each in self.tags if not each.startswith("-") and (tag := as_tag(filling.fill(each))))
        remove = tuple(tag for each in self.tags if each.startswith("-") and (tag := as_tag(filling.fill(each[1:]))))
        return ChangeTags(add=add, remove=remove, by=filling.by, why=filling.why) if add or remove else Unfit("no tag is left")

    @property
    @override
    def texts(self) -> tuple[str, ...]:
        return self.tags


@dataclass(frozen=True, slots=True)
class Status(Action):
    """Move the ticket to this status."""

    argument: ClassVar[Any] = Literal["open", "pending", "on_hold", "solved", "closed"]
    status: TicketStatus

    @classmethod
    @override
    def of(cls, argument: Any) -> Self:
        return cls(TicketStatus(argument))

    @override
    def gives(self, filling: Filling) -> Consequence:
        return SetStatus(status=self.status, by=filling.by, why=filling.why)


class NewTicket(_Bare):
    """Open a ticket of its own for the mail, even where it belongs to an open one."""

    needs_mail = True

    @override
    def gives(self, filling: Filling) -> Consequence:
        return OpenAnew()


class Note(_Worded):
    """Leave a note on the ticket, for agents only."""

    argument = NoteText

    @override
    def gives(self, filling: Filling) -> Consequence:
        text = filling.fill(self.text)
        return AddNote(text=text, by=filling.by) if text else Unfit("the note would be empty")


class Answer(_Worded):
    """Send the requester the text of this template, in place of the confirmation; the limits of automatic mail hold for it."""

    argument = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]

    @override
    def gives(self, filling: Filling) -> Consequence:
        return AnswerWith(self.text)

    @property
    @override
    def texts(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class NotifyWhom(Action):
    """Tell somebody inside, besides those who are told anyway.

    Agents: `anna` or `[anna, ben]`. Others: `{queue: …, assignee: true, team: true, leads: true, operators: true}`.
    """

    argument: ClassVar[Any] = Notify
    whom: NotifyArgument

    @classmethod
    @override
    def key(cls) -> str:
        return "notify"

    @classmethod
    @override
    def of(cls, argument: Any) -> Self:
        return cls(argument)

    @override
    def gives(self, filling: Filling) -> Consequence:
        return Tell(self.whom, filling.why)


class Stop(_Bare):
    """Ask no further rule."""

    ends = True

    @override
    def gives(self, filling: Filling) -> Consequence:
        return StopRules()


ACTIONS: Final[tuple[type[Action], ...]] = (
    Queue,
    AssignTo,
    PriorityIs,
    Category,
    TagWith,
    Status,
    NewTicket,
    Note,
    Answer,
    NotifyWhom,
    Ignore,
    Suspend,
    Refuse,
    Stop,
)
"""In the order in which one item of `then` that holds several is done."""
