"""A received mail in one line, for lists that people work."""

from dataclasses import dataclass
from datetime import datetime

from gateway.states import ReceivedState


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedLine:
    """A received mail as it stands on a list."""

    id: int
    channel: str
    author: str | None
    """`Address.key`."""
    subject: str | None
    received_at: datetime
    state: ReceivedState
    reason: str | None
