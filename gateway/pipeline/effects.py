"""What a decision is made of: the outcome, the reason, and the effects, each a closed list.

A decision says what is to be done and why; `apply.py` does it. Adding an effect means adding it to `Effect`: the type checker
then finds every place that has to know about it.
"""

from dataclasses import dataclass
from enum import StrEnum

from gateway.mail import Address, Attempt, Bounce, Mailbox, OutboundMail, Purpose
from gateway.states import OutboundState, ReceivedState, TicketStatus
from gateway.tickets import Part, Post, Priority, Side, TraceLine, Visibility


class Outcome(StrEnum):
    """What becomes of a mail, in one word (the `explain` contract)."""

    OPEN = "open"
    POST = "post"
    SUSPEND = "suspend"
    REFUSE = "refuse"
    DISCARD = "discard"
    RECORD = "record"
    DUPLICATE = "duplicate"


class Reason(StrEnum):
    """Why: every decision has exactly one of these."""

    NEW_MATTER = "new_matter"
    """Nothing ties it to a ticket: it opens one."""
    FOLLOW_UP = "follow_up"
    """A participant wrote again."""
    FOLLOW_UP_OF_CLOSED = "follow_up_of_closed"
    """A participant wrote to a closed ticket: a linked new one."""
    AGENT_ANSWER = "agent_answer"
    """An agent answered the customer."""
    AGENT_NOTE = "agent_note"
    """An agent left a note for colleagues."""
    AGENT_FORWARD = "agent_forward"
    """An agent forwarded a customer's mail: the customer's matter."""
    UNSURE_FORWARD = "unsure_forward"
    """An agent forwarded something, and whose mail it is is not certain."""
    AGENT_CONFIRMED = "agent_confirmed"
    """An agent said `confirm`: a suspended mail was theirs."""
    AGENT_UNCONFIRMED = "agent_unconfirmed"
    """It wants to act as an agent and does not prove it."""
    UNSURE_QUOTE = "unsure_quote"
    """An agent's answer whose end could not be told from the quote below it."""
    STALE_ANSWER = "stale_answer"
    """An agent answered without having seen a newer answer of a colleague."""
    NOBODY_TO_ANSWER = "nobody_to_answer"
    """An agent's answer on a ticket where nobody has an address that takes mail."""
    EMPTY_ANSWER = "empty_answer"
    """An agent's mail in which nothing stands above the quote."""
    UNKNOWN_COMMAND = "unknown_command"
    """An agent's mail began with a command that does not exist."""
    AUTOMATIC_REPLY = "automatic_reply"
    """A machine answered; kept small on the ticket."""
    AUTOMATIC_MAIL = "automatic_mail"
    """A machine wrote of its own accord, and nothing asks for a ticket."""
    BOUNCE = "bounce"
    """Something we sent did not arrive."""
    UNRELATED_BOUNCE = "unrelated_bounce"
    """A bounce of something we never sent."""
    RECEIPT = "receipt"
    """A read receipt or a feedback report."""
    REPEATED = "repeated"
    """The same author sent the same Message-ID before."""
    LOOP = "loop"
    """Our own mail came back."""
    FORWARDING_CONFIRMATION = "forwarding_confirmation"
    """A provider asks whether it may forward here: for the admins."""
    REPEATED_FROM = "repeated_from"
    """More than one From field."""
    CONTRADICTED_SENDER = "contradicted_sender"
    """The author's domain says that this is not its mail."""
    STRANGER_ON_TICKET = "stranger_on_ticket"
    """It belongs to a ticket, but its author does not."""
    OPERATOR_REQUEST = "operator_request"
    """An operator said so on the command line."""
    DEAD_TOKEN = "dead_token"  # noqa: S105 no password
    """Sent to a ticket's address that we never made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTicket:
    """Make a ticket; the posts that follow in the same decision go into it."""

    subject: str
    requester: Mailbox
    queue: str
    priority: Priority
    language: str
    answer_from: Address
    follows: int | None = None
    """The closed ticket it goes on from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPost:
    """Put what the mail says into the ticket, with its attachments."""

    visibility: Visibility
    side: Side
    author: Mailbox
    text: str
    agent: str | None = None
    quoted: str = ""
    with_attachments: bool = True
    """What the mail has attached belongs to this post."""
    with_raw_mail: bool = False
    """Attach the whole mail as it came: it could not be understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStatus:
    """Move the ticket to a status."""

    status: TicketStatus
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """Give the ticket to an agent."""

    agent: str
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddParticipant:
    """Let a person take part from now on: answers go to them, and they may write."""

    mailbox: Mailbox
    part: Part
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendConfirmation:
    """Tell the requester that the mail has arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyAgents:
    """Tell agents what was posted."""

    purpose: Purpose
    agents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayAnswer:
    """Send the agent's post to the requester and the participants."""

    agent: str
    also_to: tuple[Mailbox, ...] = ()
    """Whom the agent put into To or Cc; they take part from this post on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskToConfirm:
    """Ask an agent at the configured address whether the mail, now suspended, is theirs, is meant so, or is welcome."""

    agent: str
    question: Reason
    would_send: str = ""
    """The text that would go to the customer, where the question is whether it is meant so."""
    also_to: tuple[Mailbox, ...] = ()
    """Who would get it and take part from then on besides those who do already."""
    newer: Post | None = None
    """A colleague's answer that the agent had not seen."""
    says: str = ""
    """What the mail says, where the question is whose it is or whether it is welcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TellAgent:
    """Tell an agent what a mail of theirs did, or why it did nothing."""

    agent: str
    reason: Reason
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseMail:
    """Take a suspended or failed mail up again; a suspended one gets a waiver for the step that had held it."""

    received_id: int
    by: str
    old: ReceivedState = ReceivedState.SUSPENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectMail:
    """Discard a suspended or failed mail: nothing comes of it, and nobody is told."""

    received_id: int
    by: str
    old: ReceivedState


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOutbound:
    """Put a mail of ours into another state by hand."""

    outbound: OutboundMail
    state: OutboundState
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailDelivery:
    """A mail of ours did not arrive: say so on its ticket and to the agents."""

    outbound: OutboundMail
    bounce: Bounce
    attempt: Attempt | None = None
    """The attempt in which a smarthost refused it; None where a delivery report came later."""
    earlier_attempts: tuple[Attempt, ...] = ()
    """At the smarthosts that were asked before that one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDelay:
    """A mail of ours is late; it stays sent, the ticket's history says so."""

    outbound: OutboundMail
    bounce: Bounce


@dataclass(frozen=True, slots=True, kw_only=True)
class TellOperators:
    """Tell the admins."""

    topic: str
    text: str


Effect = (
    OpenTicket
    | AddPost
    | SetStatus
    | Assign
    | AddParticipant
    | SendConfirmation
    | NotifyAgents
    | RelayAnswer
    | AskToConfirm
    | TellAgent
    | ReleaseMail
    | RejectMail
    | MoveOutbound
    | FailDelivery
    | NoteDelay
    | TellOperators
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of a stimulus, why, and what has to be done for it."""

    outcome: Outcome
    reason: Reason
    because: str
    effects: tuple[Effect, ...] = ()
    ticket: str | None = None
    """The number of the ticket it joins; None where there is none yet."""
    queue: str | None = None
    trace: tuple[TraceLine, ...] = ()
