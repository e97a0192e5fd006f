"""What conditions and actions take in the file: types that refuse what could never be meant."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from gateway.evidence.settings import Domain, one_or_many
from gateway.mail.evidence import Assurance
from gateway.mail.reading import Kind
from gateway.pipeline.rules.patterns import Pattern, WrongPattern
from gateway.pipeline.rules.words import comparable
from gateway.section import ConfiguredAddress, Octets, Section
from gateway.states import TicketStatus
from gateway.tickets import Priority


def _check_text(text: str) -> str:
    if not comparable(text):
        message = "must not be empty: every text would contain it"
        raise ValueError(message)
    return text


def _check_pattern(text: str) -> str:
    try:
        pattern = Pattern.of(text)
    except WrongPattern as error:
        message = f"this pattern is none that RE2 takes: {error}"
        raise ValueError(message) from None
    if not text or pattern.search("") is not None:
        message = "this pattern matches everything, even an empty text"
        raise ValueError(message)
    return text


Text = Annotated[str, AfterValidator(_check_text)]
PatternText = Annotated[str, AfterValidator(_check_pattern)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
_MANY = BeforeValidator(one_or_many)
_SOME = Field(min_length=1)

Texts = Annotated[list[Text], _MANY, _SOME]
Patterns = Annotated[list[PatternText], _MANY, _SOME]
Words = Annotated[list[Word], _MANY, _SOME]
Addresses = Annotated[list[ConfiguredAddress], _MANY, _SOME]
DomainNames = Annotated[list[Domain], _MANY, _SOME]
Assurances = Annotated[list[Assurance], _MANY, _SOME]
Kinds = Annotated[list[Kind], _MANY, _SOME]
Statuses = Annotated[list[TicketStatus], _MANY, _SOME]
Priorities = Annotated[list[Priority], _MANY, _SOME]


class AttachmentArgument(Section):
    """What an attachment must be like; all that is said must be so of one of them."""

    type: Words | None = None
    """Its type by looking at the bytes, such as `application/pdf` or `image/*`."""
    name: Words | None = None
    """What its file name ends with, such as `.pdf`."""
    larger_than: Octets | None = None
    """More octets than that."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            message = "say type, name or larger_than; for any attachment write `has_attachment: true`"
            raise ValueError(message)
        return self


class HeaderArgument(Section):
    """A header field, and what it must say; without that it must only be there."""

    name: Annotated[str, StringConstraints(pattern=r"^[!-9;-~]{1,100}$")]
    """The field's name, such as `X-Priority`."""
    value: Text | None = None
    """Its whole value; upper and lower case are the same."""
    contains: Text | None = None
    """A part of its value."""
    matches: PatternText | None = None
    """A pattern that occurs in its value."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if sum(each is not None for each in (self.value, self.contains, self.matches)) > 1:
            message = "say only one of value, contains and matches"
            raise ValueError(message)
        return self


class TicketArgument(Section):
    """What the ticket must be like; all that is said must be so, and of a list one of it."""

    queue: Words | None = None
    """Its queue."""
    status: Statuses | None = None
    """Its status; a mail that opens a ticket finds it `new`."""
    priority: Priorities | None = None
    """Its priority."""
    tag: Words | None = None
    """A tag that it has."""
    category: Words | None = None
    """Its category."""
    assignee: Words | None = None
    """The agent who has it."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            message = "say queue, status, priority, tag, category or assignee"
            raise ValueError(message)
        return self


class NotifyArgument(Section):
    """Whom to tell."""

    agents: Words = Field(default_factory=list)
    """These agents."""
    queue: Word | None = None
    """Everybody who works in this queue."""
    assignee: bool = False
    """Who has the ticket; where nobody has it, its queue."""
    team: bool = False
    """Everybody who works in the ticket's queue."""
    leads: bool = False
    """The leads of the ticket's queue."""
    operators: bool = False
    """The admins, at the addresses of `operators`."""

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if not (self.agents or self.queue or self.assignee or self.team or self.leads or self.operators):
            message = "name somebody: agents, queue, assignee, team, leads or operators"
            raise ValueError(message)
        return self


def whom(value: object) -> object:
    """Let `notify: anna` and `notify: [anna, ben]` mean these agents."""
    return value if isinstance(value, Mapping | Section) else {"agents": one_or_many(value)}


Notify = Annotated[NotifyArgument, BeforeValidator(whom)]
