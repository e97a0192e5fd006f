"""Whether a mail is not even taken: the only judgement that falls before the 250, on the evidence alone.

Behind a forwarder a refusal would make the forwarder bounce to whoever the sender pretends to be. So a mail is refused only when
every channel of it asks for that, no forwarder is involved, and it did not come to an address that exists to be forwarded to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.mail import Assurance, DkimResult, DmarcResult, Envelope, Evidence, RouteKind, SpfResult
from gateway.pipeline.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderRefusal:
    """What the client is told; fixed words, because they go to a stranger."""

    code: int
    enhanced: str
    """RFC 3463; the numbers are those of RFC 7372."""
    text: str


DISOWNED: Final = SenderRefusal(code=550, enhanced="5.7.26", text="The author's domain says that this mail is not its own")
NOT_PERMITTED: Final = SenderRefusal(
    code=550, enhanced="5.7.23", text="The author's domain says that this client must not send for it"
)
UNKNOWN_NOW: Final = SenderRefusal(code=451, enhanced="4.7.0", text="The sender cannot be checked now, come back later")


def refuse_sender(envelope: Envelope, evidence: Mapping[str, Evidence], policy: Policy) -> SenderRefusal | None:
    """Return the refusal of a mail, or None to take it."""
    if envelope.door.is_local or any(recipient.kind is RouteKind.INTAKE for recipient in envelope.recipients):
        return None
    refusals = {_refuse_for(found, channel, policy) for channel, found in evidence.items()}
    return refusals.pop() if len(refusals) == 1 else None


def _refuse_for(found: Evidence, channel: str, policy: Policy) -> SenderRefusal | None:
    settings = policy.channels[channel]
    if found.through is not None:
        return None
    if settings.contradicted == "refuse" and found.assurance is Assurance.CONTRADICTED:
        return DISOWNED if found.dmarc.result is DmarcResult.FAIL else NOT_PERMITTED
    if settings.temperror == "defer" and found.assurance is Assurance.UNPROVEN and _is_unanswered(found):
        return UNKNOWN_NOW
    return None


def _is_unanswered(found: Evidence) -> bool:
    """Tell whether an answer that did not come could have proven the sender."""
    return (
        found.dmarc.result is DmarcResult.TEMPERROR
        or found.spf.result is SpfResult.TEMPERROR
        or any(signature.result is DkimResult.TEMPERROR for signature in found.dkim)
    )
