"""The gate for mail that acts as an agent: proven, with the own unexpired token, an unseen Message-ID and a fresh Date. Pure.

When a DKIM signature is the proof, it must sign all that counts: the header with the token, Date and Message-ID, and To and Cc
where they name people outside. Whatever the gate doubts is suspended, and the agent is asked at the configured address.
"""

from datetime import timedelta
from typing import Final

from gateway.mail.addresses import Address
from gateway.mail.evidence import Assurance, DkimResult, SpfResult, SpfScope
from gateway.pipeline.case import Case
from gateway.pipeline.facts import TO_CUSTOMERS, TokenFact
from gateway.pipeline.policy import Policy
from gateway.pipeline.reasons import Reason

_ON_LIST: Final = ": accept"


def find_doubt(case: Case, agent: str, *, with_token: bool = True) -> str | None:
    """Say why a mail must not act as this agent; None when nothing is missing. Starting a conversation needs no token."""
    evidence = case.mail.evidence
    if case.assurance is not Assurance.PROVEN:
        return f"only a proven sender acts as an agent, and this one is {case.assurance}: {evidence.because}"
    return (_doubt_token(case, agent) if with_token else None) or _doubt_freshness(case) or _doubt_addressees(case)


def _doubt_token(case: Case, agent: str) -> str | None:
    token = case.facts.token
    if token is None:
        return "it answers no mail of ours"
    if case.policy.agent_of_address.get(token.outbound.recipient.key) != agent or token.outbound.purpose in TO_CUSTOMERS:
        return "it answers a mail of ours to somebody else, or one that is no notification"
    if token.is_expired:
        return "it answers a notification that is too old to act with"
    if not _token_is_covered(case, token):
        return "the DKIM signature that proves the sender does not cover the field that says which notification it answers"
    return None


def _doubt_freshness(case: Case) -> str | None:
    """Doubt what could be a replay of a genuine mail."""
    date = case.message.date
    if case.message.message_id is None or case.facts.earlier:
        return "its Message-ID is missing or was seen before"
    if date is None or abs(case.mail.envelope.received_at - date) > timedelta(seconds=case.policy.tickets.fresh_date):
        return "its Date is missing or too far from now"
    if not _proof_covers(case, "date", "message-id"):
        return "the DKIM signature that proves the sender does not cover Date and Message-ID"
    return None


def _doubt_addressees(case: Case) -> str | None:
    """Doubt people outside whom somebody may have put into the fields of a genuine mail: an agent's addressees take part."""
    for name, mailboxes in (("to", case.message.to), ("cc", case.message.cc)):
        if any(_is_outside(mailbox.address, case.policy) for mailbox in mailboxes) and not _proof_covers(case, name):
            return f"the DKIM signature that proves the sender does not cover {name.capitalize()}, which names people outside"
    return None


def _is_outside(address: Address, policy: Policy) -> bool:
    return address.is_sendable and not policy.is_own_address(address) and address.key not in policy.agent_of_address


def _token_is_covered(case: Case, token: TokenFact) -> bool:
    """Tell whether the proof reaches a header that holds the token; the envelope and the body are no headers."""
    return any(case.message.all_headers(name) and _proof_covers(case, name) for name in token.carriers) or _spf_proves(case)


def _proof_covers(case: Case, *names: str) -> bool:
    """Tell whether the proof reaches every header field of these names: aligned SPF, or one aligned signature over them.

    A signature covers as many fields of a name as it lists, from the bottom up (RFC 6376 section 5.4.2): where there are more,
    somebody may have put one on top.
    """
    counts = {name: len(case.message.all_headers(name)) for name in names}
    return _spf_proves(case) or any(
        signature.result is DkimResult.PASS
        and signature.aligned
        and all(count <= signature.signed_headers.count(name) for name, count in counts.items())
        for signature in case.mail.evidence.dkim
    )


def _spf_proves(case: Case) -> bool:
    evidence = case.mail.evidence
    spf = evidence.through.spf if evidence.through else evidence.spf
    return spf.result is SpfResult.PASS and spf.aligned and spf.scope is SpfScope.MFROM


def accepted_on_list(agent: str) -> str:
    """Return who releases a mail that an agent accepts on a list: nobody's confirmation, for it shows nothing of the mail."""
    return f"{agent}{_ON_LIST}"


def is_accepted_on_list(case: Case) -> bool:
    """Tell whether the mail was released last by somebody who saw no more of it than its line on a list."""
    return case.mail.waiver is not None and case.mail.waiver.by.endswith(_ON_LIST)


def is_confirmed_by(case: Case, agent: str) -> bool:
    """Tell whether this agent confirmed the mail: the question showed all of it, so it counts for whatever had held it."""
    return case.mail.waiver is not None and case.mail.waiver.is_by(agent)


def is_released(case: Case, agent: str, reason: Reason) -> bool:
    """Tell whether the agent confirmed the mail, or an operator released it from exactly this."""
    return is_confirmed_by(case, agent) or case.is_waived(reason)
