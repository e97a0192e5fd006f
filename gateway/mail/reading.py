"""What we make of a message without knowing anything else: its kind, what is new in it, whom it forwards, what bounced.

Start with `Reading`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.message import Message


class Kind(StrEnum):
    """What sort of mail it is, before who sent it matters."""

    ORDINARY = "ordinary"
    AUTO_REPLY = "auto_reply"
    OUT_OF_OFFICE = "out_of_office"
    BOUNCE = "bounce"
    FEEDBACK_REPORT = "feedback_report"
    RECEIPT = "receipt"
    MAILING_LIST = "mailing_list"
    AUTO_GENERATED = "auto_generated"
    LOOP = "loop"
    FORWARDING_CONFIRMATION = "forwarding_confirmation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The text of a mail in three parts: every line is in exactly one, in order (joined by line feeds)."""

    visible: str
    quoted: str
    signature: str
    is_certain: bool = False
    """The end of the visible part was found by our own marker or by our own sent text, or there is surely no quote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """Somebody else's mail that a person forwarded inline or attached."""

    author: Mailbox
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    subject: str | None
    date: datetime | None
    text: str
    note: str
    """What the forwarding person wrote above it."""
    confidence: float
    """0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What a delivery status notification says of one recipient (RFC 3464)."""

    recipient: Address
    action: str
    """failed, delayed, delivered, relayed or expanded."""
    status: str | None
    """RFC 3463, such as `5.1.1`."""
    permanent: bool
    diagnostic: str | None
    original_message_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A message and what we make of it without knowing anything else: still nothing proven."""

    message: Message
    reply: Reply
    forwarded: Forwarded | None
    original_recipients: tuple[Address, ...]
    """Whom the author wrote to, seen through forwarding headers, best first."""
    kind: Kind
    kind_because: str
    respond: bool
    """An automatic answer may go out."""
    bounces: tuple[Bounce, ...] = ()
    original_author: Mailbox | None = None
    """Who wrote it, where a declared list had put its own address into From: vouched for by that list, never proven."""
    form_sender: Mailbox | None = None
    """Who filled in a declared web form: where answers go, never an identity."""
