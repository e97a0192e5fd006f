"""What goes out: a mail of ours, why it goes, and what each try to hand it over came to.

Start with `OutboundMail`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.states import OutboundState


class Purpose(StrEnum):
    """Why a mail of ours goes out."""

    CONFIRMATION = "confirmation"
    """To the requester: we have it, this is the number."""
    NEW_TICKET = "new_ticket"
    """To agents: somebody wrote, and it became a new ticket."""
    NEW_REPLY = "new_reply"
    """To agents: the customer wrote again."""
    NEW_ANSWER = "new_answer"
    """To the other agents: a colleague answered."""
    NEW_NOTE = "new_note"
    """To the other agents: a colleague left a note."""
    ANSWER = "answer"
    """To the requester and the participants: what an agent wrote."""
    HANDOVER = "handover"
    """To agents: somebody gave them a ticket."""
    CONFIRM_ACTION = "confirm_action"
    """To an agent's configured address: was that you?"""
    COMMAND_RESULT = "command_result"
    """To an agent: what a command did, or why it did nothing."""
    THREAD = "thread"
    """To an agent who asked for it: everything that was said in a ticket."""
    HELP = "help"
    """To an agent who asked for it: what can be said in the first lines of a mail."""
    DELIVERY_FAILED = "delivery_failed"
    """To agents: an answer did not reach the customer."""
    OPERATOR_NOTICE = "operator_notice"
    """To the admins: something needs them."""
    DIGEST = "digest"
    """To those who work the suspended mail: the list of what waits."""
    VERIFICATION = "verification"
    """To an unknown author under the verified intake policy."""
    WELCOME = "welcome"
    """To that author once the address is verified."""
    WAIT_OVER = "wait_over"
    """To agents: a ticket that waited until a time is open again."""
    CLOCK_WARNING = "clock_warning"
    """To agents: a ticket's time runs out soon."""
    CLOCK_BREACH = "clock_breach"
    """To agents: a ticket's time has run out."""
    REPORT = "report"
    """To whoever wants it: the figures of a week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMail:
    """One mail of ours to one recipient, complete when it is queued: nothing in it changes between attempts."""

    id: int
    purpose: Purpose
    channel: str
    recipient: Address
    reverse_path: Address | None
    message_id: str
    """Without angle brackets."""
    content: Content
    smarthosts: tuple[str, ...]
    """Names, in the order to try."""
    created_at: datetime
    state: OutboundState = OutboundState.QUEUED
    ticket_id: int | None = None
    post_id: int | None = None
    """The post it carries or announces."""
    last_seen_post_id: int | None = None
    """The newest post of the ticket that its reader has seen: how a stale answer is noticed."""
    token_expires_at: datetime | None = None
    about_received_id: int | None = None
    """The suspended or failed mail that it asks about; a reply that says `confirm` releases that one."""
    attempts: int = 0
    next_attempt_at: datetime | None = None
    last_reply: str | None = None
    """The smarthost's last words, cleaned."""


class Outcome(StrEnum):
    """What one delivery attempt came to."""

    SENT = "sent"
    DEFERRED = "deferred"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to hand a mail to one smarthost."""

    outbound_id: int
    at: datetime
    smarthost: str
    outcome: Outcome
    code: int | None
    """The SMTP reply code; None where there was no reply."""
    reply: str
    """The server's words, or what went wrong on the way there."""
    tls: str | None = None
    seconds: float = field(default=0.0, compare=False)
