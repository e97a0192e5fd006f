"""What a decision is made of: the outcome, the reason, and the effects, a closed list.

A decision says what is to be done and why; `apply.py` does it. Adding an effect means adding it to `Effect`: the type checker
then finds every place that has to know about it.

One file, though a long one: it is a list of words without logic, and whoever decides or carries out needs words of several kinds.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.figures import Report
from gateway.mail.addresses import Address, Mailbox
from gateway.mail.outbound import Attempt, OutboundMail, Purpose
from gateway.mail.reading import Bounce
from gateway.people import Absence, Block, Contact, LinkKind, Organisation, Timer
from gateway.pipeline.reasons import Outcome, Reason
from gateway.pipeline.received_line import ReceivedLine
from gateway.states import OutboundState, ReceivedState, TicketStatus
from gateway.tickets import Part, Post, Priority, Side, Ticket, TraceLine, Visibility

# ------------------------------------------------------------------------------------------------------------------------ tickets


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
    by: str = "customer"
    """Who began it: the customer, or an agent's key."""


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
    likeness: str | None = None
    """See `Post`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStatus:
    """Move the ticket to a status."""

    status: TicketStatus
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntil:
    """Let the ticket wait for the customer, but no longer than until then."""

    at: datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """Give the ticket to an agent, or to nobody."""

    agent: str | None
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveToQueue:
    """Give the ticket to another team; whom it was assigned to keeps it only if they work there, too."""

    queue: str
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPriority:
    """Say how urgent the ticket is."""

    priority: Priority
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCategory:
    """Say what the ticket is about; None takes the word away."""

    category: str | None
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTags:
    """Put words on the ticket and take others off."""

    add: tuple[str, ...]
    remove: tuple[str, ...]
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNote:
    """Leave a note of the gateway's own on the ticket, for agents only."""

    text: str
    by: str
    """`rule`, `clock` or `gateway`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTickets:
    """Note that the ticket and another one belong together."""

    other: Ticket
    kind: LinkKind
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeTicket:
    """Let the ticket go on in another one: it closes, its people take part there from now on, later mail follows."""

    into: Ticket
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitTicket:
    """Make a ticket of its own of one post; the post stays where it is, too. Needs a reserved number."""

    post: Post
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Remember that a timer of the ticket has fired."""

    mark: str
    """The timer's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddParticipant:
    """Let a person take part from now on: answers go to them, and they may write."""

    mailbox: Mailbox
    part: Part
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveParticipant:
    """Let a person take part no more: no answers go to them, and their mail is a stranger's."""

    address: Address
    by: str


# -------------------------------------------------------------------------------------------------------------- mails that go out


@dataclass(frozen=True, slots=True, kw_only=True)
class SendConfirmation:
    """Tell the requester that the mail has arrived."""

    template: str | None = None
    """The text that a rule or trigger chose; None is the channel's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendVerification:
    """Ask an unknown author to answer, so that the mail that waits is taken up."""

    to: Mailbox
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWelcome:
    """Thank a person who has verified the address."""

    to: Mailbox
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyAgents:
    """Tell agents what was posted, or what has fallen due."""

    purpose: Purpose
    agents: tuple[str, ...]
    by: str = ""
    """The agent who handed the ticket over, where that is the occasion."""
    promise: str = ""
    """What the clock is about, where that is the occasion: `reaction` or `resolution`."""
    is_team: bool = False
    """They are a whole team: where its queue says so, only whoever has the ticket is told (`staffing.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayAnswer:
    """Send the agent's post to the requester and the participants."""

    agent: str
    also_to: tuple[Mailbox, ...] = ()
    """Whom the agent put into To or Cc; they take part from this post on."""
    is_checked: bool = False
    """A person has seen that something internal stands in it, and wants it so."""


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
    internal: str = ""
    """The words that should stay inside, where that is the question."""
    says: str = ""
    """What the mail says, where the question is whose it is or whether it is welcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TellAgent:
    """Tell an agent what a mail of theirs did, or why it did nothing."""

    agent: str
    reason: Reason
    hint: str
    """Sentences in the agent's language, one a line."""
    is_done: bool = False
    """False: nothing was changed and nothing was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowThread:
    """Mail an agent everything that was said in the ticket, notes included."""

    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendHelp:
    """Mail an agent the list of all commands."""

    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDigest:
    """Mail an agent what is suspended, to be worked by answering."""

    agent: str
    mails: tuple[ReceivedLine, ...]
    """In the order of their numbers, which begin at 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReport:
    """Mail somebody the figures of a week."""

    to: Mailbox
    name: str
    report: Report


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceExpiry:
    """Tell the admins what nobody decided in time."""

    mails: tuple[ReceivedLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TellOperators:
    """Tell the admins."""

    topic: str
    text: str


# --------------------------------------------------------------------------------------------------- mails that are there already


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


# ------------------------------------------------------------------------------------------------------------------------- people


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeContact:
    """Know a person from now on."""

    mailbox: Mailbox
    organisation_id: int | None = None
    is_verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyContact:
    """A known person proved to read the mail of their address."""

    contact: Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveContact:
    """Write down what is known of a person from now on; one without an address is forgotten."""

    contact: Contact
    """With `NEW_ID` it is a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveOrganisation:
    """Write down what is known of a company from now on."""

    organisation: Organisation
    """With `NEW_ID` it is a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetOrganisation:
    """Know a company no more; its people stay, and belong to none."""

    organisation: Organisation


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSender:
    """Suspend the mail of an address, a domain or a network from now on."""

    block: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftBlock:
    """Take mail of a blocked sender again."""

    block: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAbsence:
    """An agent is away from now on."""

    absence: Absence


@dataclass(frozen=True, slots=True, kw_only=True)
class EndAbsence:
    """An agent is back."""

    agent: str


# --------------------------------------------------------------------------------------------------------------------------- time


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimer:
    """Let something fall due that belongs to no ticket; a ticket's own timers follow from the ticket."""

    timer: Timer


Effect = (
    OpenTicket
    | AddPost
    | SetStatus
    | WaitUntil
    | Assign
    | MoveToQueue
    | SetPriority
    | SetCategory
    | ChangeTags
    | AddNote
    | LinkTickets
    | MergeTicket
    | SplitTicket
    | Announce
    | AddParticipant
    | RemoveParticipant
    | SendConfirmation
    | SendVerification
    | SendWelcome
    | NotifyAgents
    | RelayAnswer
    | AskToConfirm
    | TellAgent
    | ShowThread
    | SendHelp
    | SendDigest
    | SendReport
    | AnnounceExpiry
    | TellOperators
    | ReleaseMail
    | RejectMail
    | MoveOutbound
    | FailDelivery
    | NoteDelay
    | MakeContact
    | VerifyContact
    | SaveContact
    | SaveOrganisation
    | ForgetOrganisation
    | BlockSender
    | LiftBlock
    | SetAbsence
    | EndAbsence
    | SetTimer
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


AUTOMATIC: Final = (SendConfirmation, SendVerification, SendWelcome)
"""Effects that write to people outside without anybody having written it: `loops.hush` counts them."""
