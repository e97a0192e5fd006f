"""Evidence in words: a short story for people, and the `Authentication-Results` field for machines (RFC 8601)."""

import re
from typing import Final

from gateway.evidence.through import LOCAL_DELIVERY
from gateway.mail.evidence import (
    ArcEvidence,
    ArcResult,
    DkimEvidence,
    DkimResult,
    DmarcEvidence,
    DmarcPolicy,
    DmarcResult,
    Evidence,
    SpfEvidence,
    SpfResult,
    SpfScope,
    Through,
)

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9@._:+=~*!#$%&'/?^`{|}-]")
MAX_VALUE: Final = 200


def tell_story(evidence: Evidence) -> tuple[str, ...]:
    """Return one sentence for each step of the reasoning, the word last."""
    through = evidence.through
    sentences = [_tell_way(through, evidence.spf), *map(_tell_signature, evidence.dkim)]
    if evidence.arc.result is not ArcResult.NONE:
        sentences.append(_tell_arc(evidence.arc))
    dmarc = through.dmarc if through else evidence.dmarc
    if dmarc.domain:
        sentences.append(_tell_dmarc(dmarc, dmarc.domain))
    if not evidence.is_complete:
        sentences.append("Not everything was answered in time.")
    sentences.append(f"So: {evidence.assurance}, because {evidence.because}.")
    return tuple(sentence for one in sentences for sentence in one.split("\n"))


def _tell_way(through: Through | None, spf: SpfEvidence) -> str:
    if through is None:
        return f"No declared forwarder handed it over.\nThe client {_tell_spf(spf)}."
    if through.forwarder == LOCAL_DELIVERY:
        forwarder = "Handed over by the mail server of this machine."
    else:
        forwarder = f"Forwarded by {through.forwarder} (declared)."
    if through.client_ip is None:
        because = through.spf.because
        return f"{forwarder}\n{because[:1].upper()}{because[1:]}."
    return f"{forwarder}\nThe hop before it, {through.client_ip}, {_tell_spf(through.spf)}."


def _tell_signature(signature: DkimEvidence) -> str:
    name = signature.domain or "somebody"
    match signature.result:
        case DkimResult.PASS:
            return f"DKIM of {name} holds." if signature.aligned else f"DKIM of {name} holds, which is not the author's domain."
        case DkimResult.TEMPERROR:
            return f"DKIM of {name} could not be checked: {signature.because}."
        case _:
            return f"DKIM of {name} proves nothing ({signature.result}): {signature.because}."


def _tell_arc(arc: ArcEvidence) -> str:
    match arc.result:
        case ArcResult.PASS if arc.trusted_sealer is None:
            return f"The ARC chain holds, but the admin listed none of its sealers; the last is {arc.sealer}."
        case ArcResult.PASS:
            return f"The ARC chain holds, and {arc.trusted_sealer} is a sealer that the admin listed."
        case ArcResult.TEMPERROR:
            return f"The ARC chain could not be checked: {arc.because}."
        case _:
            return f"The ARC chain proves nothing: {arc.because}."


def _tell_dmarc(dmarc: DmarcEvidence, domain: str) -> str:
    match dmarc.result:
        case DmarcResult.PASS:
            return f"DMARC of {domain} passes."
        case DmarcResult.NONE:
            return f"{domain} has no DMARC record."
        case DmarcResult.FAIL:
            asks = "asks for nothing" if dmarc.policy is DmarcPolicy.NONE else f"asks to {dmarc.policy} such mail"
            return f"DMARC of {domain} fails; its owner {asks}."
        case DmarcResult.TEMPERROR | DmarcResult.PERMERROR:
            return f"DMARC of {domain} could not be checked: {dmarc.because}."


def _tell_spf(spf: SpfEvidence) -> str:
    domain = spf.domain or "anybody"
    match spf.result:
        case SpfResult.PASS:
            return f"may send for {domain} (SPF)"
        case SpfResult.FAIL:
            return f"must not send for {domain} (SPF)"
        case SpfResult.SOFTFAIL:
            return f"should not send for {domain} (SPF softfail)"
        case SpfResult.NEUTRAL | SpfResult.NONE:
            return f"is not spoken of by SPF ({spf.because})" if spf.because else "is not spoken of by SPF"
        case SpfResult.TEMPERROR | SpfResult.PERMERROR:
            return f"could not be checked by SPF ({spf.because})"


def authentication_results(evidence: Evidence, authserv_id: str) -> str:
    """Return the value of our own Authentication-Results field, folded with CRLF; only safe characters get in."""
    parts = [_spf_part(evidence.spf)]
    if evidence.dkim:
        for signature in evidence.dkim:
            part = f"dkim={signature.result}"
            if signature.domain:
                part += f" header.d={_safe(signature.domain)}"
            if signature.selector:
                part += f" header.s={_safe(signature.selector)}"
            parts.append(part)
    else:
        parts.append("dkim=none")
    domain = f" header.from={_safe(evidence.dmarc.domain)}" if evidence.dmarc.domain else ""
    parts.append(f"dmarc={evidence.dmarc.result}{domain} policy.dmarc={evidence.dmarc.policy}")
    if evidence.arc.result is not ArcResult.NONE:
        parts.append(f"arc={evidence.arc.result}")
    return ";\r\n\t".join([_safe(authserv_id), *parts])


def _spf_part(spf: SpfEvidence) -> str:
    name = "smtp.mailfrom" if spf.scope is SpfScope.MFROM else "smtp.helo"
    return f"spf={spf.result} {name}={_safe(spf.domain)}" if spf.domain else f"spf={spf.result}"


def _safe(text: str) -> str:
    """Return a value that needs no quotes; everything else becomes a question mark."""
    return _UNSAFE.sub("?", text[:MAX_VALUE])
