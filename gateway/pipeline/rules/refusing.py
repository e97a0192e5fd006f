"""Which rule refuses a mail before the 250: on envelope, evidence and header alone, because nothing else is known by then. Pure.

Rules are asked in their order. A rule that looks at more and would end the list (`stop`, `ignore` …) ends it here: whether it
hits is not known yet, so the mail is taken and decided with everything at hand.
"""

from typing import Final

from gateway.mail.content import Content
from gateway.mail.envelope import Envelope, RouteKind
from gateway.mail.evidence import Evidence
from gateway.mail.message import Message
from gateway.pipeline.business_hours import is_open
from gateway.pipeline.policy import Policy
from gateway.pipeline.reading.circumstances import Circumstances
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.recipients import find_original_recipients
from gateway.pipeline.reasons import Reason
from gateway.pipeline.rules.action import StopRules, Verdict
from gateway.pipeline.rules.situation import Event, Situation

_MOST_HEAD: Final = 256 * 1024


def may_be_refused(envelope: Envelope) -> bool:
    """Tell whether rules may refuse it at all: bounces, answers to tickets, and what was forwarded to us never are."""
    is_new_mail = all(recipient.kind is RouteKind.CHANNEL for recipient in envelope.recipients)
    return not envelope.door.is_local and envelope.reverse_path is not None and is_new_mail


def read_head(content: Content) -> Message:
    """Parse the header block of a mail."""
    if content.body is not None or content.path is None:
        octets = content.read()[:_MOST_HEAD]
    else:
        with content.path.open("rb") as file:
            octets = file.read(_MOST_HEAD)
    end = octets.find(b"\r\n\r\n")
    return parse_message(octets[: end + 4] if end >= 0 else octets)


def refusing_rule(envelope: Envelope, evidence: Evidence, channel: str, head: Message, policy: Policy) -> str | None:
    """Return the label of the rule that refuses a mail for one channel, or None."""
    author = head.author
    if evidence.through is not None or (author is not None and author.address.key in policy.agent_of_address):
        return None
    settings = policy.channels[channel]
    own = frozenset(address.key for address in (settings.address, *settings.also))
    situation = Situation(
        channel=channel,
        now=envelope.received_at,
        language=settings.language,
        is_open=is_open(envelope.received_at, policy.hours(settings.queue)),
        envelope=envelope,
        assurance=evidence.assurance,
        message=head,
        authors=head.from_,
        original_recipients=find_original_recipients(head, Circumstances(own_addresses=own, hostname=policy.hostname)),
        event=Event.CREATED,
    )
    for rule in policy.rules.rules:
        if not rule.is_early:
            if rule.ends:
                return None
            continue
        _, given = rule.look(situation)
        if any(isinstance(each, Verdict) and each.reason is Reason.RULE_REFUSED for each in given):
            return rule.label
        if any(isinstance(each, Verdict | StopRules) for each in given):
            return None
    return None
