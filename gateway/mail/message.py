"""What a mail claims, parsed: nothing in here is proven."""

from dataclasses import dataclass
from datetime import datetime

from gateway.mail.addresses import Mailbox
from gateway.mail.content import Content


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
