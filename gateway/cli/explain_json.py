"""What `explain --json` says of one mail: a stable contract that only ever grows.

Pure: values in, a dict for JSON out. The keys are listed in `docs/explain.md`.
"""

import re
from typing import Any, Final

from gateway.cli.plain import plain_fields, plain_mailbox
from gateway.mail.evidence import DkimEvidence, DmarcEvidence, Evidence, SpfEvidence, Through
from gateway.mail.message import Attachment, Message
from gateway.mail.reading import Bounce, Forwarded, Reading
from gateway.pipeline.effects import Decision

Json = dict[str, Any]
_WORD_START: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def describe_mail(
    file: str,
    *,
    reading: Reading | None = None,
    evidence: Evidence | None = None,
    decision: Json | None = None,
    error: str | None = None,
) -> Json:
    """Return the whole object of one mail; what could not be found out is null."""
    return {
        "file": file,
        "error": error or (reading.message.error if reading else None),
        "message": describe_message(reading.message) if reading else None,
        "reply": _reply(reading) if reading else None,
        "forwarded": _forwarded(reading.forwarded) if reading and reading.forwarded else None,
        "original_recipients": [str(address) for address in reading.original_recipients] if reading else [],
        "kind": reading.kind.value if reading else None,
        "kind_because": reading.kind_because if reading else None,
        "respond": reading.respond if reading else False,
        "bounce": [_bounce(bounce) for bounce in reading.bounces] if reading else [],
        "evidence": describe_evidence(evidence) if evidence else None,
        "decision": decision,
    }


def describe_message(message: Message) -> Json:
    """Return what a mail claims."""
    return {
        "message_id": message.message_id,
        "in_reply_to": list(message.in_reply_to),
        "references": list(message.references),
        "date": message.date.isoformat() if message.date else None,
        "subject": message.subject,
        "from": [plain_mailbox(mailbox) for mailbox in message.from_],
        "sender": plain_mailbox(message.sender) if message.sender else None,
        "reply_to": [plain_mailbox(mailbox) for mailbox in message.reply_to],
        "to": [plain_mailbox(mailbox) for mailbox in message.to],
        "cc": [plain_mailbox(mailbox) for mailbox in message.cc],
        "text": message.text,
        "html": message.html,
        "attachments": [_attachment(attachment) for attachment in message.attachments],
    }


def _attachment(attachment: Attachment) -> Json:
    return {
        "filename": attachment.filename,
        "original_filename": attachment.original_filename,
        "content_type": attachment.content_type,
        "detected_type": attachment.detected_type,
        "size": attachment.content.size,
        "sha256": attachment.content.sha256,
        "content_id": attachment.content_id,
        "inline": attachment.inline,
        "part": attachment.part,
    }


def _reply(reading: Reading) -> Json:
    return {"visible": reading.reply.visible, "quoted": reading.reply.quoted, "signature": reading.reply.signature}


def _forwarded(forwarded: Forwarded) -> Json:
    return {
        "from": plain_mailbox(forwarded.author),
        "to": [plain_mailbox(mailbox) for mailbox in forwarded.to],
        "cc": [plain_mailbox(mailbox) for mailbox in forwarded.cc],
        "subject": forwarded.subject,
        "date": forwarded.date.isoformat() if forwarded.date else None,
        "text": forwarded.text,
        "note": forwarded.note,
        "confidence": forwarded.confidence,
    }


def _bounce(bounce: Bounce) -> Json:
    return {
        "recipient": str(bounce.recipient),
        "action": bounce.action,
        "status": bounce.status,
        "permanent": bounce.permanent,
        "diagnostic": bounce.diagnostic,
        "original_message_id": bounce.original_message_id,
    }


def describe_evidence(evidence: Evidence) -> Json:
    """Return what can be proven about the sender."""
    return {
        "spf": _spf(evidence.spf),
        "dkim": [_dkim(signature) for signature in evidence.dkim],
        "arc": {"result": evidence.arc.result.value, "sealer": evidence.arc.sealer},
        "dmarc": _dmarc(evidence.dmarc),
        "through": _through(evidence.through) if evidence.through else None,
        "assurance": evidence.assurance.value,
        "because": evidence.because,
    }


def _spf(spf: SpfEvidence) -> Json:
    return {"result": spf.result.value, "domain": spf.domain, "scope": spf.scope.value}


def _dkim(signature: DkimEvidence) -> Json:
    return {
        "result": signature.result.value,
        "domain": signature.domain,
        "selector": signature.selector,
        "aligned": signature.aligned,
        "because": signature.because,
    }


def _dmarc(dmarc: DmarcEvidence) -> Json:
    return {"result": dmarc.result.value, "policy": dmarc.policy.value, "domain": dmarc.domain}


def _through(through: Through) -> Json:
    return {
        "forwarder": through.forwarder,
        "client_ip": through.client_ip,
        "helo": through.helo,
        "mail_from": through.mail_from,
        "spf": _spf(through.spf),
        "dmarc": _dmarc(through.dmarc),
    }


def describe_decision(decision: Decision) -> Json:
    """Return what becomes of a mail, and why."""
    return {
        "outcome": decision.outcome.value,
        "reason": decision.reason.value,
        "because": decision.because,
        "ticket": decision.ticket,
        "queue": decision.queue,
        "effects": [{"effect": _word(type(effect).__name__), **plain_fields(effect)} for effect in decision.effects],
        "trace": [{"step": line.step, "hit": line.hit, "because": line.because} for line in decision.trace],
    }


def describe_refusal(*, reason: str, because: str) -> Json:
    """Return the decision about a mail that never comes in: it is refused in the SMTP session."""
    line = {"step": "route_recipients", "hit": True, "because": because}
    return {
        "outcome": "refuse",
        "reason": reason,
        "because": because,
        "ticket": None,
        "queue": None,
        "effects": [],
        "trace": [line],
    }


def _word(name: str) -> str:
    """Turn `OpenTicket` into `open_ticket`."""
    return _WORD_START.sub("_", name).lower()
