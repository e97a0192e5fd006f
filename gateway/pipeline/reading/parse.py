"""Bytes to `Message`: what a mail claims, with nothing lost and nothing believed.

`parse_message` never raises on any bytes and is linear in their number. The tree comes from `structure`, the body from `bodies`,
single fields from `headers` and `addresses`; here they are put together. Whatever cannot be read is an attachment.
"""

import struct
from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway.mail.addresses import Mailbox
from gateway.mail.message import Message
from gateway.pipeline.reading.addresses import parse_address_field
from gateway.pipeline.reading.attachments import make_attachment
from gateway.pipeline.reading.bodies import read_bodies
from gateway.pipeline.reading.dates import parse_date
from gateway.pipeline.reading.enclosures import Unpacked, unpack
from gateway.pipeline.reading.fields import HeaderBlock
from gateway.pipeline.reading.headers import LONGEST_VALUE, parse_ids, parse_message_id, read_headers
from gateway.pipeline.reading.structure import Part, split_parts
from gateway.pipeline.reading.text import clean_text, decode_unstructured

_MOST_ADDRESS_OCTETS: Final = 524_288
"""Of the fields of one name; further ones name nobody."""
_FALLBACK_OCTETS: Final = 100_000
_FAULTS: Final = (ValueError, LookupError, RecursionError, ArithmeticError, TypeError, AttributeError, struct.error)
"""What a fault of ours or of a library looks like. Not OSError: a full disk says nothing about the mail."""


def parse_message(content: bytes, *, spool: Path | None = None) -> Message:
    """Read a mail; never raises on any bytes.

    Attachments above 64 KiB are put into `spool` as read-only files of their own, where one is given; otherwise
    everything stays in memory. `error` says why a mail could not be understood in full.

    Raises:
        OSError: the spool cannot be written.
    """
    if b"\n" not in content and b"\r" in content:
        content = content.replace(b"\r", b"\n")
    try:
        return _parse(content, spool)
    except _FAULTS as fault:
        return _parse_badly(content, spool, f"{type(fault).__name__}: {fault}")


def _parse(content: bytes, spool: Path | None) -> Message:
    structure = split_parts(content)
    root = structure.root
    body = read_bodies(content, root)
    unpacked = unpack(body, root, spool)
    return replace(
        read_fields(root.block, _hint(root)),
        text=_join_texts(body.as_text(), unpacked),
        html=body.html if body.html is not None else unpacked.html,
        attachments=tuple(unpacked.attachments),
        error=structure.problem,
    )


def _join_texts(text: str, unpacked: Unpacked) -> str:
    """Put after the body what was packed inside and is not the same once more, and then the notes."""
    words = " ".join(text.split()) if unpacked.texts else ""
    packed = [t for t in unpacked.texts if " ".join(t.split()) not in words]
    return "\n\n".join(t.strip("\n") for t in (text, *packed, *unpacked.notes) if t.strip())


def read_fields(block: HeaderBlock, hint: str | None) -> Message:
    """Read the header fields of a mail; the body stays empty. `hint` is the charset of raw 8-bit octets."""

    def mailboxes(name: str) -> tuple[Mailbox, ...]:
        room = _MOST_ADDRESS_OCTETS
        found: list[Mailbox] = []
        for raw in block.all(name):
            room -= len(raw)
            if room >= 0:
                found += parse_address_field(raw, hint)
        return tuple(found)

    subject = block.first("subject")
    senders = mailboxes("sender")
    return Message(
        message_id=parse_message_id(block.first("message-id")),
        in_reply_to=parse_ids(block.all("in-reply-to")),
        references=parse_ids(block.all("references")),
        date=parse_date(block.first("date")),
        subject=None if subject is None else decode_unstructured(subject[: LONGEST_VALUE * 4], hint)[:LONGEST_VALUE],
        from_=mailboxes("from"),
        sender=senders[0] if senders else None,
        reply_to=mailboxes("reply-to"),
        to=mailboxes("to"),
        cc=mailboxes("cc"),
        text="",
        html=None,
        attachments=(),
        headers=read_headers(block.fields, hint),
        has_repeated_from=len(block.all("from")) > 1,
    )


def _hint(root: Part) -> str | None:
    """Return the charset of the first text part: raw 8-bit header fields are usually written in it."""
    return next((c for leaf in root.leaves() if (c := leaf.content_type.get("charset")) is not None), None)


def _parse_badly(content: bytes, spool: Path | None, reason: str) -> Message:
    """Return, as the last resort, nothing but the raw mail and as much of it as text as can be shown."""
    raw = make_attachment(content, part="1", content_type="message/rfc822", filename="mail.eml", spool=spool)
    text = clean_text(content[:_FALLBACK_OCTETS].decode("utf-8", "replace"))
    try:
        message = read_fields(split_parts(content).root.block, None)
    except _FAULTS:
        message = read_fields(HeaderBlock(fields=(), end=0, values={}), None)
    return replace(message, text=text, attachments=(raw,), error=reason)
