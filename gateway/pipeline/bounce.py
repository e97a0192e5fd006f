"""Delivery status notifications: for whom, permanent or not, and about which mail of ours.

RFC 3464 first; what is none of that is read by `bounce_dialects`.
"""

import re
from collections.abc import Iterator
from typing import Final

from gateway.mail import Address, Attachment, Bounce, Message

_STATUS: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]{2})")
_MAX_STATUS_OCTETS: Final = 200_000
_MAX_RECIPIENTS: Final = 500
_ACTIONS: Final = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})

Fields = tuple[tuple[str, str], ...]
"""Header fields of one block: names in lower case, values unfolded."""


def read_bounces(message: Message) -> tuple[Bounce, ...]:
    """Return what a delivery status notification says, one value per recipient; empty for any other mail."""
    original = find_original_message_id(message)
    found: dict[str, Bounce] = {}
    for attachment in message.attachments:
        if attachment.content_type.lower() in {"message/delivery-status", "message/global-delivery-status"}:
            for bounce in _read_status(read_some(attachment, _MAX_STATUS_OCTETS), original):
                found.setdefault(bounce.recipient.key, bounce)
    return tuple(found.values())[:_MAX_RECIPIENTS]


def read_some(attachment: Attachment, octets: int) -> str:
    """Return the beginning of an attachment as text; a file that is gone reads as empty."""
    content = attachment.content
    try:
        if content.body is not None:
            body = content.body[:octets]
        elif content.path is not None:
            with content.path.open("rb") as file:
                body = file.read(octets)
        else:
            body = b""
    except OSError:
        body = b""
    return body.decode("utf-8", "replace")


def split_blocks(text: str) -> Iterator[Fields]:
    """Split text into blocks of header fields that are separated by empty lines; lines that are no fields are skipped."""
    fields: list[tuple[str, str]] = []
    for line in text.splitlines():
        if not line.strip():
            if fields:
                yield tuple(fields)
            fields = []
        elif line[0] in " \t" and fields:
            name, value = fields[-1]
            if len(value) < 4000:  # noqa: PLR2004 longer says no more
                fields[-1] = (name, f"{value} {line.strip()}")
        else:
            name, colon, value = line.partition(":")
            if colon and name.strip():
                fields.append((name.strip().lower(), value.strip()))
    if fields:
        yield tuple(fields)


def field_of(fields: Fields, name: str) -> str | None:
    """Return the first field of that name."""
    return next((value for key, value in fields if key == name), None)


def _read_status(text: str, original: str | None) -> Iterator[Bounce]:
    for fields in split_blocks(text):
        bounce = _read_recipient(fields, original)
        if bounce:
            yield bounce


def _read_recipient(fields: Fields, original: str | None) -> Bounce | None:
    """Read the fields about one recipient (RFC 3464 section 2.3)."""
    recipient = _typed_address(field_of(fields, "original-recipient")) or _typed_address(field_of(fields, "final-recipient"))
    if recipient is None:
        return None
    action = (field_of(fields, "action") or "failed").split()[0].lower() if field_of(fields, "action") else "failed"
    status_match = _STATUS.search(field_of(fields, "status") or "")
    status = status_match[0] if status_match else None
    diagnostic = field_of(fields, "diagnostic-code")
    action = action if action in _ACTIONS else "failed"
    return Bounce(
        recipient=recipient,
        action=action,
        status=status,
        permanent=action == "failed",
        diagnostic=diagnostic,
        original_message_id=original,
    )


def _typed_address(value: str | None) -> Address | None:
    """Read `rfc822; somebody@example.org` (RFC 3464 section 2.1.2), with or without the type."""
    if not value:
        return None
    _, semicolon, rest = value.partition(";")
    text = (rest if semicolon else value).strip().strip("<>").strip()
    return Address.of(text) if text else None


def find_original_message_id(message: Message) -> str | None:
    """Return the Message-ID of the mail that came back, from its returned headers or the whole of it."""
    for attachment in message.attachments:
        if attachment.content_type.lower() in {
            "message/rfc822",
            "text/rfc822-headers",
            "message/rfc822-headers",
            "message/global",
            "message/global-headers",
        }:
            head = next(split_blocks(read_some(attachment, _MAX_STATUS_OCTETS)), ())
            value = field_of(head, "message-id")
            if value:
                return value.strip().strip("<>").strip() or None
    return None
