"""Messages built by hand, as parsing would build them."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.content import Content
from gateway.mail.message import Attachment, Header, Message

Build = Callable[..., Message]


def make_message(**given: Any) -> Message:
    """Build a message of Carla's to support; headers as a mapping, attachments as (type, bytes)."""
    headers = {str(name): str(value) for name, value in (given.pop("headers", None) or {}).items()}
    parts: Sequence[tuple[str, bytes]] = given.pop("parts", ())
    fields: dict[str, Any] = {
        "message_id": "fresh-1@kunde.example",
        "in_reply_to": (),
        "references": (),
        "date": datetime(2026, 5, 13, 9, 0, tzinfo=timezone(timedelta(hours=2))),
        "subject": "Frage",
        "from_": (mailbox(given.pop("author", "carla@kunde.example")),),
        "sender": None,
        "reply_to": (),
        "to": (Mailbox("Firma Support", Address("support", "firma.example")),),
        "cc": (),
        "text": "",
        "html": None,
        "attachments": tuple(attachment(kind, body, at) for at, (kind, body) in enumerate(parts, 2)),
        "headers": tuple(Header(name, value) for name, value in headers.items()),
    }
    return Message(**(fields | given))


def mailbox(text: str) -> Mailbox:
    """Read `Name <address>` or an address."""
    name, _, rest = text.rpartition("<")
    return Mailbox(name.strip() or None, Address.of(rest.rstrip(">")))


def attachment(content_type: str, body: bytes, number: int) -> Attachment:
    """Make a part that is not text."""
    return Attachment(
        filename=None,
        original_filename=None,
        content_type=content_type,
        detected_type=content_type,
        content=Content.of(body),
        content_id=None,
        inline=False,
        part=str(number),
    )


@pytest.fixture
def build() -> Build:
    """Return the builder."""
    return make_message


@pytest.fixture(scope="session")
def build_message() -> Build:
    """Return the builder where it must outlive one example of a property."""
    return make_message
