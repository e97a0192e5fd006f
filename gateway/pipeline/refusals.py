"""Whether a mail is not even taken: the only judgement that falls before the 250, on the evidence, or by a rule on the header.

Behind a forwarder a refusal would make the forwarder bounce to whoever the sender pretends to be. So a mail is refused only when
every channel of it asks for that, no forwarder is involved, and it did not come to an address that exists to be forwarded to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.mail.content import Content
from gateway.mail.envelope import Envelope, RouteKind
from gateway.mail.evidence import Assurance, DkimResult, DmarcResult, Evidence, SpfResult
from gateway.pipeline.policy import Policy
from gateway.pipeline.rules.refusing import may_be_refused, read_head, refusing_rule


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


RULED_OUT: Final = SenderRefusal(code=550, enhanced="5.7.1", text="This mail is not wanted here")


def refuse_by_rule(
    envelope: Envelope, evidence: Mapping[str, Evidence], content: Content, policy: Policy
) -> tuple[SenderRefusal, str] | None:
    """Return the refusal that the rules of every channel of a mail ask for, with the rule's label, or None to take it."""
    if not policy.rules.refuse or not may_be_refused(envelope):
        return None
    head = read_head(content)
    labels = [refusing_rule(envelope, found, channel, head, policy) for channel, found in evidence.items()]
    return (RULED_OUT, labels[0]) if labels and labels[0] is not None and None not in labels else None


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
