"""The words everybody shares about tickets: what they are, what is said in them, and what one stimulus changes.

`Changes` is the only way anything is written after a mail was accepted: the pipeline builds it, storage writes it whole or not
at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.content import Content
from gateway.mail.outbound import Attempt, OutboundMail
from gateway.people import NO_CLOCK, Absence, Block, Clock, Contact, Link, Organisation, Timer
from gateway.states import OutboundState, ReceivedState, TicketStatus


class Priority(StrEnum):
    """How urgent a ticket is; the order is the order of urgency."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Visibility(StrEnum):
    """Who may read a post."""

    PUBLIC = "public"
    INTERNAL = "internal"


class Side(StrEnum):
    """Who wrote a post."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"


class Part(StrEnum):
    """The part a person plays in a ticket."""

    REQUESTER = "requester"
    CC = "cc"
    BCC = "bcc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """A person outside the team who gets the answers of a ticket and may write into it."""

    mailbox: Mailbox
    part: Part
    added_by: str
    """An agent's key, `author` (the first mail), or `operator`."""
    since_post_id: int | None = None
    """The first post they may see; None is all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One matter of one requester."""

    id: int
    number: str
    """What people see, such as `2026-000123`."""
    subject: str
    status: TicketStatus
    priority: Priority
    queue: str
    channel: str
    requester: Mailbox
    answer_from: Address
    """The address the customer wrote to, and so the one that answers."""
    language: str
    created_at: datetime
    updated_at: datetime
    assignee: str | None = None
    """An agent's key."""
    participants: tuple[Participant, ...] = ()
    """The requester first."""
    category: str | None = None
    tags: tuple[str, ...] = ()
    merged_into: int | None = None
    first_answered_at: datetime | None = None
    """When an agent answered the customer for the first time."""
    solved_at: datetime | None = None
    """When it was solved or closed last; None while it is neither."""
    wait_until: datetime | None = None
    """When a pending ticket opens again by itself."""
    clock: Clock = NO_CLOCK
    announced: tuple[str, ...] = ()
    """Keys of timers that have fired and must not fire again: clock marks until the clock starts anew, idle ones until
    something happens."""
    version: int = 1
    """Grows with every change; writing names the version that was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAttachment:
    """An attachment of a post; its bytes are the blob with that digest."""

    filename: str | None
    content_type: str
    """By looking at the bytes, not as claimed."""
    size: int
    sha256: str
    content_id: str | None = None
    inline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One thing somebody said in a ticket."""

    id: int
    ticket_id: int
    visibility: Visibility
    side: Side
    author: Mailbox
    text: str
    created_at: datetime
    agent: str | None = None
    html: str | None = None
    """Sanitised."""
    attachments: tuple[StoredAttachment, ...] = ()
    received_id: int | None = None
    message_id: str | None = None
    """Of the mail it came by."""
    quoted: str = ""
    """What its author quoted below, kept and shown folded."""
    likeness: str | None = None
    """A digest that mails share which say the same; empty where they say nothing, None where its author did not mail it to us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One change of a ticket: who, what and why."""

    ticket_id: int
    at: datetime
    by: str
    """An agent's key, `customer`, `operator`, `rule`, `clock` or `gateway`."""
    what: str
    """Such as `status: open → solved`."""
    why: str
    """The reason's word, or the line of the command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLine:
    """What one step of the decision saw; hits and misses both leave one."""

    step: str
    hit: bool
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedChange:
    """A received mail leaves a state. `old` is what storage compares with."""

    id: int
    old: ReceivedState
    new: ReceivedState
    reason: str
    because: str = ""
    trace: tuple[TraceLine, ...] = ()
    ticket_id: int | None = None
    waiver_by: str | None = None
    """Who released it, on the way back to `received`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketChange:
    """The new value of a ticket whose stored version must still be `old_version`."""

    ticket: Ticket
    old_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundChange:
    """An outbound mail leaves a state. `old` is what storage compares with."""

    id: int
    old: OutboundState
    new: OutboundState
    next_attempt_at: datetime | None = None
    last_reply: str | None = None
    attempt: Attempt | None = None
    """The one that decided."""
    earlier_attempts: tuple[Attempt, ...] = ()
    """At the smarthosts that were asked before it in the same round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTimers:
    """Everything that falls due for a ticket; replaces whatever stood there before."""

    ticket_id: int
    timers: tuple[Timer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMail:
    """A suspended mail on a list that was mailed: `accept 3` means it in answers to that list alone."""

    outbound_id: int
    number: int
    received_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All that one stimulus writes, in one short transaction, or nothing of it."""

    received: tuple[ReceivedChange, ...] = ()
    new_tickets: tuple[Ticket, ...] = ()
    changed_tickets: tuple[TicketChange, ...] = ()
    posts: tuple[Post, ...] = ()
    history: tuple[HistoryLine, ...] = ()
    outbound: tuple[OutboundMail, ...] = ()
    outbound_changes: tuple[OutboundChange, ...] = ()
    links: tuple[Link, ...] = ()
    contacts: tuple[Contact, ...] = ()
    """As they are from now on, new ones included."""
    organisations: tuple[Organisation, ...] = ()
    """Likewise."""
    forgotten_organisations: tuple[int, ...] = ()
    """Ids; whoever belonged to one belongs to none."""
    blocks: tuple[Block, ...] = ()
    """One of the same kind and value is replaced."""
    lifted_blocks: tuple[Block, ...] = ()
    absences: tuple[Absence, ...] = ()
    """One of the same agent is replaced."""
    returned: tuple[str, ...] = ()
    """Agents who are back."""
    ticket_timers: tuple[TicketTimers, ...] = ()
    timers: tuple[Timer, ...] = ()
    """Of no ticket; one with the same key is replaced."""
    fired: tuple[Timer, ...] = ()
    """Must still stand as they were read, else somebody was faster; then they are gone."""
    listed: tuple[ListedMail, ...] = ()
    contents: tuple[Content, ...] = ()
    """Bytes that the posts above name by digest (attachments); they are made durable before the rows."""


def merge_changes(several: Iterable[Changes]) -> Changes:
    """Return one value that writes what several stimuli change: all of it, or nothing."""
    changes = tuple(several)
    if len(changes) == 1:
        return changes[0]
    return Changes(**{f.name: tuple(item for one in changes for item in getattr(one, f.name)) for f in fields(Changes)})
