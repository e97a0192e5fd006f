"""The section `tests` of the configuration: mails, and what must become of them."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import AwareDatetime, BeforeValidator, Field, create_model, model_validator

from gateway.evidence.settings import one_or_many
from gateway.mail.evidence import Assurance
from gateway.pipeline.reasons import Outcome, Reason
from gateway.section import ConfiguredAddress, Section
from gateway.states import TicketStatus
from gateway.tickets import Priority

_Texts = Annotated[list[str], BeforeValidator(one_or_many)]


class MailTestCircumstances(Section):
    """How the mail comes in."""

    assurance: Assurance = Assurance.PROVEN
    """How sure we are of the author's domain."""
    client_ip: str = "192.0.2.1"
    """Who hands it over."""
    mail_from: str | None = None
    """The reverse-path; without it the author's address; the empty text is the null reverse-path of a bounce."""
    forwarded: bool = False
    """A declared forwarder brings it."""
    at: datetime | None = None
    """When it comes, such as 2026-11-02T09:00:00+01:00; without it a Monday at ten in the time zone of `texts`."""


class MailTestTicket(Section):
    """An open ticket of the author, which the mail answers."""

    queue: str | None = None
    """Its queue; without it the channel's."""
    status: TicketStatus = TicketStatus.OPEN
    """Its status."""
    priority: Priority = Priority.NORMAL
    """Its priority."""
    category: str | None = None
    """Its category."""
    tags: list[str] = Field(default_factory=list)
    """Its tags."""
    assignee: str | None = None
    """Who has it."""


class MailTestContact(Section):
    """The author is known."""

    type: str | None = None
    """The contact's type."""
    vip: bool = False
    """The contact is a VIP."""
    organisation: str | None = None
    """The name of the organisation that the contact belongs to."""


class MailTestGiven(Section):
    """What is so before the mail comes; without it the gateway has no tickets and knows nobody."""

    ticket: MailTestTicket | None = None
    """The ticket that it answers."""
    contact: MailTestContact | None = None
    """Who the author is."""


class MailTestExpect(Section):
    """What must become of it; what is not said may be anything."""

    outcome: Outcome | None = None
    """In one word: open, post, suspend, refuse, record, discard or duplicate."""
    reason: Reason | None = None
    """Why, in one word."""
    queue: str | None = None
    """Whose queue the ticket is in."""
    priority: Priority | None = None
    """The ticket's priority."""
    category: str | None = None
    """The ticket's category."""
    tags: _Texts | None = None
    """Tags that the ticket has, others perhaps too."""
    status: TicketStatus | None = None
    """The ticket's status."""
    assignee: str | None = None
    """Who has the ticket; `nobody` where nobody must have it."""
    notify: _Texts | None = None
    """The agents who are told, all of them."""
    answer: str | None = None
    """Which text the author gets: `confirmation`, the variant that a rule chose, or `nothing`."""
    requester: str | None = None
    """Whose matter it is, by address: of a form's or a list's mail somebody else than stands in From."""
    answer_by: AwareDatetime | None = None
    """When the first answer is due, such as 2026-11-02T15:00:00+01:00."""
    solve_by: AwareDatetime | None = None
    """When the solution is due."""

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if not self.model_fields_set:
            message = "must expect something, such as `queue: accounting`"
            raise ValueError(message)
        return self


class _MailTestBase(Section):
    """A mail, and what must become of it."""

    name: Annotated[str, Field(min_length=1)] | None = None
    """What it shows; otherwise its number."""
    mail: str | None = None
    """The whole mail: header, an empty line, the text."""
    file: Path | None = None
    """Or the file that it is in."""
    to: ConfiguredAddress | None = None
    """The address that it comes to; without it the first channel's."""
    subject: str = "Test"
    """Its subject, where neither `mail` nor `file` is given; likewise `from`, `body` and `headers`."""
    body: str = "Test"
    """Its text."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Further header fields."""
    circumstances: MailTestCircumstances = MailTestCircumstances()
    """How it comes in."""
    given: MailTestGiven = MailTestGiven()
    """What is so before."""
    expect: MailTestExpect
    """What must become of it."""

    @model_validator(mode="after")
    def _is_one_mail(self) -> Self:
        said = self.model_fields_set
        ways = (self.mail is not None) + (self.file is not None) + bool(said & {"from", "subject", "body", "headers"})
        if ways > 1:
            message = "say the mail in one way: mail, or file, or from, subject, body and headers"
            raise ValueError(message)
        return self


_FROM: Final = "Kim Kunde <kim@kunde.example>"
_FIELDS: Final[dict[str, Any]] = {"from": (str, Field(default=_FROM, description="Who wrote it."))}
"""A keyword of Python, so no class body can say it."""

MailTestSettings: Final = create_model(
    "MailTestSettings", __base__=_MailTestBase, __module__=__name__, __doc__=_MailTestBase.__doc__, **_FIELDS
)
