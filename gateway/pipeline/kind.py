"""What sort of mail it is: written by a person to us, or by a machine, a list, a mail system.

`CHECKS` is read from top to bottom; the first one that knows wins. Headers come before subjects and texts.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from gateway.mail import Bounce, Kind, Message
from gateway.pipeline.circumstances import Circumstances

LOOP_HEADER: Final = "X-Ticket-Gateway"
"""Our own mails carry it with their token; only a token whose MAC holds counts."""


class Subject(NamedTuple):
    """What a check looks at."""

    message: Message
    circumstances: Circumstances
    bounces: tuple[Bounce, ...]


Found = tuple[Kind, str]
Check = Callable[[Subject], Found | None]


def detect_kind(message: Message, circumstances: Circumstances, bounces: tuple[Bounce, ...]) -> tuple[Kind, str, bool]:
    """Return the kind, why, and whether an automatic answer may go out."""
    subject = Subject(message, circumstances, bounces)
    found = next((found for check in CHECKS if (found := check(subject))), None)
    kind, because = found or (Kind.ORDINARY, "nothing says it is automatic")
    respond = kind is Kind.ORDINARY and not circumstances.reverse_path_is_null
    return kind, because, respond


def find_loop(subject: Subject) -> Found | None:
    """Find our own mail, proven by a token of ours that stands where only we put it."""
    ours = subject.circumstances.own_marker_ids
    places = [subject.message.message_id or "", *subject.message.all_headers(LOOP_HEADER)]
    if any(token in place.lower() for place in places for token in ours):
        return Kind.LOOP, "it is our own mail coming back"
    return None


def find_bounce(subject: Subject) -> Found | None:
    """Find a delivery status notification."""
    return (Kind.BOUNCE, "it reports on the delivery of a mail") if subject.bounces else None


def find_auto_submitted(subject: Subject) -> Found | None:
    """Read what the mail says of itself (RFC 3834 section 5)."""
    value = (subject.message.header("Auto-Submitted") or "").split(";")[0].split("(")[0].strip().lower()
    if value in {"", "no"}:
        return None
    if value == "auto-replied":
        return Kind.AUTO_REPLY, "Auto-Submitted: auto-replied"
    if subject.circumstances.from_declared_forwarder and value == "auto-generated":
        return None
    return Kind.AUTO_GENERATED, f"Auto-Submitted: {value}"


CHECKS: Final[tuple[Check, ...]] = (find_loop, find_bounce, find_auto_submitted)
