"""The words everybody shares about mail: who, what came in, what can be proven, what it says, what goes out.

Values only: frozen, no I/O. Start with `ReceivedMail` (what came in), `Evidence` (what can be proven about it),
`Reading` (what it says) and `OutboundMail` (what goes out).
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from gateway.errors import InvalidAddress
from gateway.states import OutboundState, ReceivedState

# ---------------------------------------------------------------------------------------------------------------- addresses

_PLAIN_ADDRESS: Final = re.compile(r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64})@([a-z0-9-]+(?:\.[a-z0-9-]+)*)")
"""Nothing that `Address.parse` would refuse, as long as the domain is not too long; almost every address is like this."""
_LONGEST_DOMAIN: Final = 255


@dataclass(frozen=True, slots=True)
class Address:
    """One mail address: local part as written, domain in lower case (RFC 5321 section 2.4).

    `domain` is empty for something in an address field that is no address at all; such a value only ever comes from `of`.
    """

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}" if self.domain else self.local

    @property
    def key(self) -> str:
        """The form to compare by: everything case-folded, the domain as A-labels (RFC 5890 section 2.3.2.1)."""
        return f"{self.local.casefold()}@{ascii_domain(self.domain)}" if self.domain else self.local.casefold()

    @property
    def is_sendable(self) -> bool:
        """Tell whether mail can be sent there at all: `parse` would take it."""
        try:
            self.parse(str(self))
        except InvalidAddress:
            return False
        return True

    @classmethod
    def of(cls, text: str) -> Self:
        """Read whatever a header holds; never raises."""
        local, at, domain = text.strip().rpartition("@")
        return cls(local, domain.lower().rstrip(".")) if at else cls(text.strip(), "")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address that mail is to be sent to or taken for.

        Raises:
            InvalidAddress: no local part, no domain, white space, control characters, or longer than RFC 5321
                section 4.5.3.1 allows (64 octets before the @, 255 after it).
        """
        plain = _PLAIN_ADDRESS.fullmatch(text)
        if plain is not None and len(plain[2]) <= _LONGEST_DOMAIN:
            return cls(plain[1], plain[2])
        address = cls.of(text)
        octets = len(address.local.encode(errors="replace")), len(address.domain.encode(errors="replace"))
        if not (0 < octets[0] <= 64 and 0 < octets[1] <= _LONGEST_DOMAIN):  # noqa: PLR2004 the RFC's own number
            raise InvalidAddress(text)
        quoted = address.local.startswith('"') and address.local.endswith('"') and octets[0] > 2  # noqa: PLR2004
        if any(c in address.domain for c in '@<>()[],;:\\"') and not is_address_literal(address.domain):
            raise InvalidAddress(text)
        if any(ord(c) < 33 or ord(c) == 127 for c in address.domain) or ".." in address.domain:  # noqa: PLR2004
            raise InvalidAddress(text)
        if any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in address.local):  # noqa: PLR2004
            raise InvalidAddress(text)
        if not quoted and any(c in address.local for c in ' "<>()[],;:\\@'):
            raise InvalidAddress(text)
        return address


def is_address_literal(domain: str) -> bool:
    """Tell whether a domain part is an address literal like `[192.0.2.1]` (RFC 5321 section 4.1.3)."""
    return domain.startswith("[") and domain.endswith("]")


def ascii_domain(domain: str) -> str:
    """Return a domain as lower-case A-labels; what IDNA cannot take comes back as it was, in lower case."""
    lowered = domain.lower().rstrip(".")
    if lowered.isascii():
        return lowered
    import idna  # noqa: PLC0415 slow to import, and almost every domain is ASCII

    try:
        return idna.encode(lowered, uts46=True).decode("ascii")
    except idna.IDNAError:
        return lowered


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name, perhaps, and an address (RFC 5322 section 3.4)."""

    name: str | None
    address: Address

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else str(self.address)


# ------------------------------------------------------------------------------------------------------------- what came in


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Bytes that may be large: small ones in `body`, big ones in the file at `path` (exactly one of the two is set).

    `sha256` is the digest in lower-case hex, `size` in octets. The file is read-only and stays until storage removes it.
    """

    sha256: str
    size: int
    body: bytes | None = None
    path: Path | None = None

    @classmethod
    def of(cls, body: bytes) -> Self:
        """Hold bytes in memory."""
        return cls(sha256=hashlib.sha256(body).hexdigest(), size=len(body), body=body)

    def read(self) -> bytes:
        """Return all the bytes. Raises OSError when a file is gone."""
        if self.body is not None:
            return self.body
        assert self.path is not None  # noqa: S101 exactly one of the two is set
        return self.path.read_bytes()


class Door(StrEnum):
    """Through which door a mail came in."""

    SMTP = "smtp"
    LMTP = "lmtp"
    INJECT = "inject"
    FETCH = "fetch"

    @property
    def is_local(self) -> bool:
        """Tell whether our own front MTA stands before this door, so that it counts as a declared forwarder."""
        return self is not Door.SMTP


class RouteKind(StrEnum):
    """Why we take mail for an address."""

    CHANNEL = "channel"
    """An address that customers write to."""
    INTAKE = "intake"
    """A channel's generated address on our own hostname: the target of a forwarding rule."""
    TOKEN = "token"  # noqa: S105 no password
    """A ticket's address: `<token>@hostname`, or the plus form of a channel's address."""
    RETURN = "return"
    """A reverse-path of ours: bounces come here."""
    OPERATOR = "operator"
    """postmaster and abuse at our hostname (RFC 5321 section 4.5.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """An envelope recipient that we take mail for, and what it leads to."""

    address: Address
    channel: str
    kind: RouteKind
    token: str | None = None
    """The token in the address, in lower case, its MAC not yet believed."""
    note: bool = False
    """`…+note`: whatever is said here stays internal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the SMTP session said, before and beside the content (RFC 5321 section 2.3.1)."""

    reverse_path: Address | None
    """None is the null reverse-path `<>`."""
    recipients: tuple[Recipient, ...]
    received_at: datetime
    """Aware, UTC."""
    door: Door = Door.SMTP
    client_ip: str | None = None
    """The peer, or what a trusted proxy said it was. None at the local doors."""
    helo: str | None = None
    is_esmtp: bool = True
    is_smtputf8: bool = False
    tls: str | None = None
    """Protocol and cipher, such as `TLSv1.3 TLS_AES_256_GCM_SHA384`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMail:
    """One accepted mail as one channel sees it: the bytes are stored once, a row like this once per channel."""

    id: int
    channel: str
    envelope: Envelope
    """Its `recipients` are those of this channel only."""
    content: Content
    evidence: "Evidence"
    state: ReceivedState = ReceivedState.RECEIVED
    deliveries: int = 0
    """How often processing it was begun: a mail that kills its worker twice is not parsed a third time."""
    waiver: "Waiver | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A person released a suspended mail: exactly the step that had held it is skipped, nothing else changes."""

    by: str
    at: datetime
    reason: str
    """The `Reason` that was waived last."""
    reasons: tuple[str, ...] = ()
    """All that were waived one after the other, where two steps had held it."""
    releasers: tuple[str, ...] = ()
    """All who released it, where that was more than once."""

    def waives(self, reason: str) -> bool:
        """Tell whether a person has released the mail from this one."""
        return reason == self.reason or reason in self.reasons

    def is_by(self, person: str) -> bool:
        """Tell whether this person has released the mail, perhaps not as the last one."""
        return person == self.by or person in self.releasers


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierMail:
    """A mail that came before another one with the same author and Message-ID."""

    channel: str
    state: ReceivedState
    assurance: "Assurance"
    sha256: str
    """Of its bytes."""


# ------------------------------------------------------------------------------------------------------ what can be proven


class SpfResult(StrEnum):
    """RFC 7208 section 2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class SpfScope(StrEnum):
    """Which identity was asked about (RFC 7208 sections 2.3 and 2.4)."""

    MFROM = "mfrom"
    HELO = "helo"


class DkimResult(StrEnum):
    """RFC 8601 section 2.7.1."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 no password
    FAIL = "fail"
    POLICY = "policy"
    NEUTRAL = "neutral"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class ArcResult(StrEnum):
    """RFC 8617 section 4.4."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 no password
    FAIL = "fail"
    TEMPERROR = "temperror"


class DmarcResult(StrEnum):
    """RFC 9989, and RFC 8601 section 2.7.2 for the words."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 no password
    FAIL = "fail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class DmarcPolicy(StrEnum):
    """What a domain owner asks for, after `sp`, `np` and `t` were applied (RFC 9989)."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


class Assurance(StrEnum):
    """How sure we are that the author's domain sent the mail. Ordered in `docs/evidence.md`."""

    PROVEN = "proven"
    VOUCHED = "vouched"
    UNPROVEN = "unproven"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfEvidence:
    """One SPF answer."""

    result: SpfResult
    domain: str | None
    scope: SpfScope
    because: str = ""
    aligned: bool = False
    """Its domain is aligned with the author's (RFC 9989), whatever the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimEvidence:
    """One DKIM-Signature, evaluated."""

    result: DkimResult
    domain: str | None
    selector: str | None
    aligned: bool
    """Its domain is aligned with the author's (RFC 9989), whether or not it holds."""
    because: str
    signed_headers: tuple[str, ...] = ()
    """Lower-case names as in `h=`, repeated as there: what the signature covers."""
    is_testing: bool = False
    """The key says `t=y`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcEvidence:
    """The ARC chain (RFC 8617), whether we trust its sealers or not."""

    result: ArcResult
    sealer: str | None
    """`d=` of the newest seal."""
    trusted_sealer: str | None = None
    """`d=` of the newest seal by a sealer that the admin listed, where the chain holds."""
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DmarcEvidence:
    """DMARC of one hop (RFC 9989)."""

    result: DmarcResult
    policy: DmarcPolicy
    domain: str | None
    """The author's domain; None where From is missing, repeated or has several mailboxes."""
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Through:
    """The hop before a declared forwarder, seen through it."""

    forwarder: str
    """How the admin would name it: a hostname, a network, a domain or a preset."""
    client_ip: str | None
    helo: str | None
    mail_from: str | None
    """The un-rewritten reverse-path; the empty string is the null reverse-path, None is not known."""
    spf: SpfEvidence
    dmarc: DmarcEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that can be proven about who sent a mail, for one channel."""

    spf: SpfEvidence
    dkim: tuple[DkimEvidence, ...]
    arc: ArcEvidence
    dmarc: DmarcEvidence
    through: Through | None
    assurance: Assurance
    because: str
    """The deciding fact, in words an admin understands."""
    is_complete: bool = True
    """False when the time budget ran out before every question was answered."""


# -------------------------------------------------------------------------------------------------------- what a mail says


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


@dataclass(frozen=True, slots=True)
class Header:
    """One header field as a person would read it: unfolded, decoded, cleaned, capped."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A part of the mail that is not its text."""

    filename: str | None
    """Harmless to write to any disk."""
    original_filename: str | None
    content_type: str
    """As claimed."""
    detected_type: str
    """By looking at the bytes."""
    content: Content
    """The decoded bytes; of a message/rfc822 part the bytes as they stand in the mail."""
    content_id: str | None
    """Without the angle brackets."""
    inline: bool
    part: str
    """Where in the tree, as IMAP counts: `1.2`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a mail claims, parsed: nothing in here is proven. Text is clean Unicode, ids stand without angle brackets."""

    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    date: datetime | None
    """Aware, with its own offset."""
    subject: str | None
    from_: tuple[Mailbox, ...]
    sender: Mailbox | None
    reply_to: tuple[Mailbox, ...]
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    text: str
    html: str | None
    """Sanitised."""
    attachments: tuple[Attachment, ...]
    headers: tuple[Header, ...]
    """Every field of the top header block, in order, capped in number and length."""
    has_repeated_from: bool = False
    """More than one From field: it may be shown, never believed."""
    error: str | None = None
    """Why it could not be understood in full; whatever could be read still stands here."""

    @property
    def author(self) -> Mailbox | None:
        """The one mailbox of the one From field; None where there is no single author."""
        return self.from_[0] if len(self.from_) == 1 and not self.has_repeated_from else None

    def header(self, name: str) -> str | None:
        """Return the topmost field of that name, or None."""
        wanted = name.lower()
        return next((h.value for h in self.headers if h.name.lower() == wanted), None)

    def all_headers(self, name: str) -> tuple[str, ...]:
        """Return every field of that name, topmost first."""
        wanted = name.lower()
        return tuple(h.value for h in self.headers if h.name.lower() == wanted)


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


# ----------------------------------------------------------------------------------------------------------- what goes out


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
