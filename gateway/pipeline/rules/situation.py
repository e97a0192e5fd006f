"""What conditions look at: a mail, a ticket as it will be, or both. A value; making it decides nothing."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.envelope import Envelope
from gateway.mail.evidence import Assurance
from gateway.mail.message import Attachment, Message
from gateway.mail.reading import Kind
from gateway.people import Contact, Organisation
from gateway.pipeline.rules.words import Comparable
from gateway.tickets import Ticket


class Stage(IntEnum):
    """When what a condition looks at is known at the earliest."""

    ENVELOPE = 1
    EVIDENCE = 2
    HEADER = 3
    CONTENT = 4
    DATABASE = 5


BEFORE_THE_250 = frozenset({Stage.ENVELOPE, Stage.EVIDENCE, Stage.HEADER})


class Event(StrEnum):
    """What happened to a ticket."""

    CREATED = "created"
    """It was opened."""
    ANSWERED = "answered"
    """An agent answered the customer."""
    CUSTOMER_REPLIED = "customer_replied"
    """The customer, or somebody else who takes part, wrote again."""
    STATUS_CHANGED = "status_changed"
    """It has another status than before."""
    IDLE = "idle"
    """Nothing happened for the time that `after` says."""
    CLOCK_WARNING = "clock_warning"
    """Its reaction or resolution time is about to run out."""
    CLOCK_BREACH = "clock_breach"
    """Its reaction or resolution time has run out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that a condition may look at; what does not exist is None or empty."""

    channel: str
    now: datetime
    language: str
    """The channel's, or the ticket's where there is one."""
    is_open: bool
    """Within business hours."""
    envelope: Envelope | None = None
    assurance: Assurance | None = None
    message: Message | None = None
    is_from_forwarder: bool = False
    """A declared forwarder, or our own front MTA, handed it over."""
    authors: tuple[Mailbox, ...] = ()
    """Who stands in From, whom a declared list hid, and who filled in a declared form."""
    original_recipients: tuple[Address, ...] = ()
    """Whom the author wrote to, best guess first."""
    body: str = ""
    """What the author wrote, without what is quoted below it."""
    kind: Kind | None = None
    attachments: tuple[Attachment, ...] = ()
    contact: Contact | None = None
    organisation: Organisation | None = None
    ticket: Ticket | None = None
    """As it will be, what the rules before this one said included."""
    event: Event | None = None
    comparable: Comparable = field(default_factory=Comparable, compare=False)

    @property
    def subject(self) -> str:
        """The mail's, else the ticket's."""
        if self.message is not None:
            return self.message.subject or ""
        return self.ticket.subject if self.ticket is not None else ""
