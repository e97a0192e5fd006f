"""The gate for mail that acts as an agent: proven, with the own unexpired token, an unseen Message-ID and a fresh Date. Pure.

When a DKIM signature is the proof, the token stands in a header that it signs. Whatever the gate doubts is suspended, and the
agent is asked at the configured address.
"""

from datetime import timedelta

from gateway.mail import Assurance, DkimResult, SpfResult, SpfScope
from gateway.pipeline.case import Case
from gateway.pipeline.facts import TO_CUSTOMERS, TokenFact
from gateway.pipeline.reasons import Reason


def find_doubt(case: Case, agent: str, *, with_token: bool = True) -> str | None:
    """Say why a mail must not act as this agent; None when nothing is missing. Starting a conversation needs no token."""
    evidence = case.mail.evidence
    if case.assurance is not Assurance.PROVEN:
        return f"the sender is {case.assurance}, not proven: {evidence.because}"
    return (_doubt_token(case, agent) if with_token else None) or _doubt_freshness(case)


def _doubt_token(case: Case, agent: str) -> str | None:
    token = case.facts.token
    if token is None:
        return "it carries no token of ours"
    if case.policy.agent_of_address.get(token.outbound.recipient.key) != agent or token.outbound.purpose in TO_CUSTOMERS:
        return "the token was given to somebody else, or not to act with"
    if token.is_expired:
        return "the token has expired"
    if not _token_is_covered(case, token):
        return "the DKIM signature that proves the sender does not cover the header with the token"
    return None


def _doubt_freshness(case: Case) -> str | None:
    """Doubt what could be a replay of a genuine mail."""
    date = case.message.date
    if case.message.message_id is None or case.facts.earlier:
        return "its Message-ID is missing or was seen before"
    if date is None or abs(case.mail.envelope.received_at - date) > timedelta(seconds=case.policy.tickets.fresh_date):
        return "its Date is missing or too far from now"
    return None


def _token_is_covered(case: Case, token: TokenFact) -> bool:
    """Tell whether the proof reaches the token: aligned SPF, or an aligned signature over a header that holds it.

    A signature covers as many fields of a name as it lists, from the bottom up (RFC 6376 section 5.4.2): where there are more,
    somebody may have put one on top.
    """
    evidence = case.mail.evidence
    spf = evidence.through.spf if evidence.through else evidence.spf
    if spf.result is SpfResult.PASS and spf.aligned and spf.scope is SpfScope.MFROM:
        return True
    return any(
        signature.result is DkimResult.PASS
        and signature.aligned
        and any(0 < len(case.message.all_headers(name)) <= signature.signed_headers.count(name) for name in token.carriers)
        for signature in evidence.dkim
    )


def is_confirmed_by(case: Case, agent: str) -> bool:
    """Tell whether this agent confirmed the mail: the question showed all of it, so it counts for whatever had held it."""
    return case.mail.waiver is not None and case.mail.waiver.is_by(agent)


def is_released(case: Case, agent: str, reason: Reason) -> bool:
    """Tell whether the agent confirmed the mail, or an operator released it from exactly this."""
    return is_confirmed_by(case, agent) or case.is_waived(reason)
