"""Evidence in words: a short story for people, and the `Authentication-Results` field for machines (RFC 8601)."""

import re
from typing import Final

from gateway.mail import ArcResult, DkimResult, Evidence, SpfEvidence, SpfResult, SpfScope

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9@._:+=~*!#$%&'/?^`{|}-]")
MAX_VALUE: Final = 200


def tell_story(evidence: Evidence) -> tuple[str, ...]:
    """Return one sentence for each step of the reasoning, the word last."""
    sentences: list[str] = []
    through = evidence.through
    if through is not None:
        sentences.append(f"Forwarded by {through.forwarder} (declared).")
        if through.client_ip:
            sentences.append(f"The hop before it, {through.client_ip}, {_tell_spf(through.spf)}.")
        else:
            sentences.append("The hop before it is not known.")
    else:
        sentences.append(f"Not forwarded. The client {_tell_spf(evidence.spf)}.")
    for signature in evidence.dkim:
        name = signature.domain or "somebody"
        if signature.result is DkimResult.PASS:
            aligned = "" if signature.aligned else ", which is not the author's domain"
            sentences.append(f"DKIM of {name} holds{aligned}.")
        else:
            sentences.append(f"DKIM of {name} proves nothing ({signature.result}): {signature.because}.")
    if evidence.arc.result is not ArcResult.NONE:
        trusted = f", and {evidence.arc.trusted_sealer} is trusted" if evidence.arc.trusted_sealer else ", nobody trusted"
        sentences.append(f"ARC: {evidence.arc.because}{trusted}.")
    dmarc = through.dmarc if through else evidence.dmarc
    if dmarc.domain:
        sentences.append(f"DMARC of {dmarc.domain}: {dmarc.result}, its owner asks for {dmarc.policy}.")
    if not evidence.is_complete:
        sentences.append("Not everything was answered in time.")
    sentences.append(f"So: {evidence.assurance}, because {evidence.because}.")
    return tuple(sentences)


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
