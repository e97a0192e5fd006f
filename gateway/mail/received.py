"""What came in: one accepted mail as one channel sees it, and what is known of its fate.

Start with `ReceivedMail`.
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.mail.content import Content
from gateway.mail.envelope import Envelope
from gateway.mail.evidence import Assurance, Evidence
from gateway.states import ReceivedState


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
class ReceivedMail:
    """One accepted mail as one channel sees it: the bytes are stored once, a row like this once per channel."""

    id: int
    channel: str
    envelope: Envelope
    """Its `recipients` are those of this channel only."""
    content: Content
    evidence: Evidence
    state: ReceivedState = ReceivedState.RECEIVED
    deliveries: int = 0
    """How often processing it was begun: a mail that kills its worker twice is not parsed a third time."""
    waiver: Waiver | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierMail:
    """A mail that came before another one with the same author and Message-ID."""

    channel: str
    state: ReceivedState
    assurance: Assurance
    sha256: str
    """Of its bytes."""
