"""Delivery status notifications: for whom, permanent or not, and about which mail of ours.

RFC 3464 first; what mail systems send instead is read by `bounce_dialects`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.mail.addresses import Address
from gateway.mail.message import Attachment, Message
from gateway.mail.reading import Bounce
from gateway.pipeline.reading.bounce_dialects import Report, is_from_mail_system, read_dialects
from gateway.pipeline.reading.lines import plain_line
from gateway.pipeline.reading.phrases_automatic import BOUNCE_SUBJECTS
from gateway.pipeline.reading.subjects import read_prefix

_STATUS_TYPES: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED_TYPES: Final = frozenset(
    {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers"}
)
_STATUS: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\d|\.\d)")
_CODE: Final = re.compile(r"(?<![\d.])([245])\d\d(?![\d.])")
_MESSAGE_ID: Final = re.compile(
    r"^[>|\s]{0,8}(?:X-Original-)?Message-ID\s{0,8}:\s{0,80}<?([^\s<>]{3,500})>?", re.IGNORECASE | re.MULTILINE
)
_MAX_STATUS_OCTETS: Final = 200_000
_MAX_HEAD_OCTETS: Final = 64_000
_MAX_RECIPIENTS: Final = 500
_MAX_DIAGNOSTIC: Final = 1000
_ACTIONS: Final = {"4": "delayed", "5": "failed", "2": "delivered"}
_KNOWN_ACTIONS: Final = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})


@dataclass(frozen=True, slots=True)
class _Field:
    """A header field of a status part: its name in lower case, its value unfolded."""

    name: str
    value: str


def read_bounces(message: Message, *, has_null_reverse_path: bool = False) -> tuple[Bounce, ...]:
    """Return what a delivery status notification says, one value per recipient; empty for any other mail.

    A person who forwards or answers a notification does not send one. `has_null_reverse_path` is what the envelope says.
    """
    content_type = (message.header("Content-Type") or "").lower()
    is_report = content_type.startswith("multipart/report") and "delivery-status" in content_type[:2000]
    if read_prefix(message.subject) is not None and not is_report and not _is_tagged(message):
        return ()
    parts = [a for a in message.attachments if a.content_type.lower() in _STATUS_TYPES]
    parts = parts or (_find_unnamed_status(message) if is_report else [])
    reports = [r for part in parts for r in _read_status(read_beginning(part, _MAX_STATUS_OCTETS))]
    if not reports and (is_report or is_from_mail_system(message, has_null_reverse_path=has_null_reverse_path)):
        reports = [r for r in _read_status(message.text[:_MAX_STATUS_OCTETS]) if r.action] or list(read_dialects(message))
    original = find_original_message_id(message, parts) if reports else None
    unique = {report.recipient.key: report for report in reversed(reports) if report.recipient.local}
    return tuple(_make_bounce(report, original) for report in list(reversed(unique.values()))[:_MAX_RECIPIENTS])


def _is_tagged(message: Message) -> bool:
    """Tell whether a tag before the subject of the mail that came back says what this is (Naver)."""
    tag, bracket, _ = plain_line((message.subject or "")[:200]).partition("]")
    return bool(bracket) and tag.startswith("[") and any(phrase in tag for phrase in BOUNCE_SUBJECTS)


def _find_unnamed_status(message: Message) -> list[Attachment]:
    """Return the part of a report that is a status by what stands in it, whatever type some gateway on the way gave it."""
    others = [a for a in message.attachments if a.content_type.lower() not in _RETURNED_TYPES][:4]
    return [a for a in others if "final-recipient:" in read_beginning(a, _MAX_HEAD_OCTETS).lower()]


def read_beginning(attachment: Attachment, octets: int) -> str:
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
    return body.decode("utf-8", "replace").replace("\r\n", "\n").replace("\0", "")


def find_original_message_id(message: Message, parts: Iterable[Attachment] = ()) -> str | None:
    """Return the Message-ID of the mail that came back, without angle brackets.

    From its returned headers, the status part, what was copied into the text, or what the notification refers to.
    """
    returned = [a for a in message.attachments if a.content_type.lower() in _RETURNED_TYPES]
    others = [a for a in message.attachments if a.content_type.lower().startswith("text/") and a not in returned]
    for attachment in (*returned, *parts, *others[:4]):
        match = _MESSAGE_ID.search(read_beginning(attachment, _MAX_HEAD_OCTETS))
        if match:
            return match[1]
    match = _MESSAGE_ID.search(message.text[:_MAX_STATUS_OCTETS])
    if match:
        return match[1]
    named = (message.header("X-Original-Message-ID") or "").strip().strip("<>").strip()
    return named or next(iter((*message.in_reply_to, *reversed(message.references))), None)


def _make_bounce(report: Report, original: str | None) -> Bounce:
    """Say what a report means: permanent is a failure that nobody will try again (RFC 3463 section 2)."""
    status = report.status
    action = report.action or _ACTIONS.get((status or "5")[0], "failed")
    is_final = action not in {"delayed", "delivered", "relayed", "expanded"}
    return Bounce(
        recipient=report.recipient,
        action=action,
        status=status,
        permanent=is_final,
        diagnostic=report.diagnostic[:_MAX_DIAGNOSTIC] if report.diagnostic else None,
        original_message_id=original,
    )


# --------------------------------------------------------------------------------------------------------------- RFC 3464


def _read_status(text: str) -> Iterator[Report]:
    """Read the fields about each recipient; those about the whole mail name none and are passed over."""
    for block in _split_recipients(_read_fields(text)):
        report = _read_recipient(block)
        if report is not None:
            yield report


def _read_fields(text: str) -> Iterator[_Field | None]:
    """Yield header fields; None between blocks."""
    name, value = "", ""
    for line in text.split("\n"):
        if line[:1] in {" ", "\t"} and name and line.strip():
            value = f"{value} {line.strip()}" if len(value) < _MAX_DIAGNOSTIC * 4 else value
            continue
        if name:
            yield _Field(name, value)
        before, colon, after = line.partition(":")
        name, value = (before.strip().lower(), after.strip()) if colon and " " not in before.strip() else ("", "")
        if not line.strip():
            yield None
    if name:
        yield _Field(name, value)


def _split_recipients(fields: Iterable[_Field | None]) -> Iterator[tuple[_Field, ...]]:
    """Gather the fields of one recipient: up to an empty line, or to the next field that names one again."""
    block: list[_Field] = []
    for field in fields:
        starts_again = field is not None and field.name == "final-recipient" and any(f.name == field.name for f in block)
        if (field is None or starts_again) and block:
            yield tuple(block)
            block = []
        if field is not None:
            block.append(field)
    if block:
        yield tuple(block)


def _read_recipient(fields: tuple[_Field, ...]) -> Report | None:
    """Read the fields about one recipient (RFC 3464 section 2.3); the address we had sent to comes before the final one."""
    values = {field.name: field.value for field in reversed(fields)}
    original = _typed_address(values.get("original-recipient"))
    final = _typed_address(values.get("final-recipient"))
    recipient = original if original is not None and "@" in str(original) else final or original
    if recipient is None:
        return None
    diagnostic = values.get("diagnostic-code")
    status = _STATUS.search(values.get("status", "")) or _STATUS.search(diagnostic or "")
    action = values.get("action", "").split("(")[0].split(";")[0].strip().lower()
    if action not in _KNOWN_ACTIONS:
        action = ""
    if not action and status is None and diagnostic:
        code = _CODE.search(diagnostic)
        action = _ACTIONS.get(code[1], "") if code else ""
    return Report(recipient=recipient, action=action, status=status[0] if status else None, diagnostic=diagnostic)


def _typed_address(value: str | None) -> Address | None:
    """Read `rfc822; somebody@example.org` (RFC 3464 section 2.1.2), with or without the type and brackets."""
    if not value:
        return None
    kind, semicolon, rest = value.partition(";")
    if not semicolon:
        kind, rest = "rfc822", value
    text = rest.split(" (")[0].strip().strip("<>").strip()
    text = text.removeprefix("SMTP:").removeprefix("smtp:")
    if kind.strip().lower() in {"x400", "x-local"} or text.upper().startswith("IMCEA") or not text:
        return None
    return Address.of(text.replace("+2B", "+").replace("+3D", "="))
