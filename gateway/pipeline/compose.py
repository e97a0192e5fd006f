"""A mail of ours as bytes: RFC 5322 with MIME, made from values only.

`compose` is pure: the same draft gives the same bytes, boundaries included, so a mail can be made again while explaining one.
No header line is ever built from uncleaned text: CR, LF and NUL cannot get in (CVE-2024-6923 is the standard library's version
of that hole). The result is 7-bit clean unless an address has a local part outside ASCII (RFC 6532).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from typing import Final, Literal

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.message import Header
from gateway.pipeline.compose_headers import block, id_field, is_id, mailbox_field, text_field
from gateway.pipeline.compose_parts import Part, attachment_part, multipart, text_part

_OWN_FIELDS: Final = frozenset(
    {
        "from",
        "to",
        "cc",
        "bcc",
        "reply-to",
        "sender",
        "subject",
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "mime-version",
        "auto-submitted",
        "x-auto-response-suppress",
        "content-language",
        "content-type",
        "content-transfer-encoding",
        "content-disposition",
        "content-id",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftAttachment:
    """A file that goes out with a mail."""

    filename: str | None
    content_type: str
    content: bytes
    content_id: str | None = None
    """Without angle brackets; the HTML names it as `cid:…`."""
    inline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything that stands in a mail, before it is bytes."""

    from_: Mailbox
    to: Mailbox
    cc: tuple[Mailbox, ...] = ()
    """Only shown; who gets a copy is the envelope's matter. What is no address is left out."""
    reply_to: Mailbox | None = None
    subject: str
    message_id: str
    """Without angle brackets; must be unique, the boundaries are made from it."""
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    """Oldest first; of a long row the first and the last ten are kept, ids that are none are left out."""
    date: datetime
    """Aware."""
    text: str
    html: str | None = None
    attachments: tuple[DraftAttachment, ...] = ()
    auto_submitted: Literal["auto-replied", "auto-generated"] | None = None
    """RFC 3834 section 5; None for what a person wrote."""
    suppress_auto_response: bool = False
    """Ask Exchange not to answer by itself (`X-Auto-Response-Suppress: All`)."""
    headers: tuple[Header, ...] = ()
    """Further fields; none of those that `compose` writes itself."""
    language: str | None = None


def compose(draft: Draft) -> bytes:
    """Return the mail with CRLF line ends and no line over 998 octets.

    Raises:
        InvalidAddress: From, To or Reply-To is nothing that mail could be sent to.
        ValueError: the message id or the name of a further header cannot stand in a header.
    """
    body = _body(draft)
    return block((*_fields(draft), b"MIME-Version: 1.0", *body.fields)) + b"\r\n" + body.body


def _fields(draft: Draft) -> list[bytes]:
    if not is_id(draft.message_id):
        message = f"{draft.message_id!r} is no message id"
        raise ValueError(message)
    fields = [
        b"Date: " + format_datetime(draft.date).encode("ascii"),
        mailbox_field("From", (_sendable(draft.from_),)),
        mailbox_field("To", (_sendable(draft.to),)),
    ]
    if shown := tuple(m for m in draft.cc if m.address.is_sendable):
        fields.append(mailbox_field("Cc", shown))
    if draft.reply_to is not None:
        fields.append(mailbox_field("Reply-To", (_sendable(draft.reply_to),)))
    fields += (text_field("Subject", draft.subject), f"Message-ID: <{draft.message_id}>".encode("ascii"))
    in_reply_to = (draft.in_reply_to,) if draft.in_reply_to is not None else ()
    fields += (f for f in (id_field("In-Reply-To", in_reply_to), id_field("References", draft.references)) if f is not None)
    if draft.auto_submitted is not None:
        fields.append(f"Auto-Submitted: {draft.auto_submitted}".encode("ascii"))
    if draft.suppress_auto_response:
        fields.append(b"X-Auto-Response-Suppress: All")
    if draft.language is not None:
        fields.append(text_field("Content-Language", draft.language))
    for header in draft.headers:
        if header.name.lower() in _OWN_FIELDS:
            message = f"{header.name} is written by compose itself"
            raise ValueError(message)
        fields.append(text_field(header.name, header.value))
    return fields


def _body(draft: Draft) -> Part:
    """Return the tree: mixed [ alternative [ text, related [ html, pictures ] ], files ], without the levels of one part."""
    pictures = tuple(a for a in draft.attachments if draft.html is not None and a.inline and a.content_id is not None)
    files = tuple(a for a in draft.attachments if a not in pictures)
    body = text_part("plain", draft.text)
    if draft.html is not None:
        html = text_part("html", draft.html)
        if pictures:
            html = multipart("related", (html, *map(_attachment, pictures)), seed=draft.message_id)
        body = multipart("alternative", (body, html), seed=draft.message_id)
    return multipart("mixed", (body, *map(_attachment, files)), seed=draft.message_id) if files else body


def _attachment(attachment: DraftAttachment) -> Part:
    return attachment_part(
        filename=attachment.filename,
        content_type=attachment.content_type,
        content=attachment.content,
        content_id=attachment.content_id,
        inline=attachment.inline,
    )


def _sendable(mailbox: Mailbox) -> Mailbox:
    address = Address.parse(str(mailbox.address))
    return mailbox if address == mailbox.address else replace(mailbox, address=address)
