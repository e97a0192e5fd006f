"""What `suspended`, `failed` and `outbox` print."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gateway.cli.explain_json import describe_evidence, describe_message
from gateway.cli.looking import look, look_at_mail, read_id
from gateway.cli.output import (
    counted,
    print_fields,
    print_heading,
    print_json,
    print_rich,
    print_rows,
    print_text_block,
    say_step,
)
from gateway.cli.plain import plain, plain_fields
from gateway.cli.show_tickets import describe_outbound, when
from gateway.config import load_config
from gateway.evidence.results import drop_results_of
from gateway.evidence.words import authentication_results
from gateway.ids import format_id
from gateway.mail.received import ReceivedMail
from gateway.pipeline.reading.parse import parse_message
from gateway.states import OutboundState, ReceivedState
from gateway.storage.received import ReceivedTrace

_UNDELIVERED = (OutboundState.QUEUED, OutboundState.SENDING, OutboundState.HELD, OutboundState.BOUNCED)


def show_received_list(path: Path, state: ReceivedState, *, limit: int, as_json: bool) -> None:
    """Print received mail in one state."""
    found = look(path, lambda tx: tx.received.list((state,), limit=limit))
    if as_json:
        for summary in found:
            print_json(plain_fields(summary))
        return
    rows = (
        (format_id(s.id), when(s.received_at), s.channel, s.author or "", f"{s.reason or ''}: {s.because or ''}", s.subject or "")
        for s in found
    )
    columns = ("id", "received", "channel", "author", "why", "subject")
    print_rows(counted(len(found), f"{state} mail"), columns, rows, empty=f"No {state} mail.", spare=("channel", "received"))


def show_received_mail(path: Path, text: str, *, as_json: bool) -> None:
    """Print one received mail."""
    received_id = read_id(text)
    mail, trace = look_at_mail(path, received_id, lambda tx: (tx.received.get(received_id), tx.received.trace(received_id)))
    message = parse_message(mail.content.read())
    if as_json:
        proof = describe_evidence(mail.evidence)
        print_json(_describe_envelope(mail, trace) | {"message": describe_message(message), "evidence": proof})
        return
    print_fields(
        {
            "id": format_id(mail.id),
            "state": f"{mail.state}" + (f" ({trace.reason}): {trace.because}" if trace.reason else ""),
            "received": f"{when(mail.envelope.received_at)} for {', '.join(str(r.address) for r in mail.envelope.recipients)}",
            "from": f"{mail.envelope.client_ip or mail.envelope.door} ({mail.envelope.helo or 'no name'})",
            "reverse-path": str(mail.envelope.reverse_path or "<>"),
            "author": ", ".join(map(str, message.from_)) or "nobody",
            "subject": message.subject or "none",
            "sender": f"{mail.evidence.assurance}: {mail.evidence.because}",
        }
    )
    print_heading("What it says")
    print_text_block(message.text)
    rows = (("▶" if line.hit else "", say_step(line.step), line.because) for line in trace.lines)
    print_rich("")
    print_rows("How it was decided", ("", "step", "because"), rows, empty="Nobody has decided yet.")


def show_raw_mail(path: Path, text: str) -> None:
    """Print a mail as it came, below a Return-Path and our Authentication-Results (RFC 5321 section 4.4, RFC 8601).

    Only forged Authentication-Results in our name are left out.
    """
    received_id = read_id(text)
    authserv_id = load_config(path, needs_secrets=False).hostname
    mail = look_at_mail(path, received_id, lambda tx: tx.received.get(received_id))
    reverse_path = str(mail.envelope.reverse_path or "")
    results = authentication_results(mail.evidence, authserv_id)
    head = f"Return-Path: <{reverse_path}>\r\nAuthentication-Results: {results}\r\n".encode()
    sys.stdout.buffer.write(head + drop_results_of(authserv_id, mail.content.read()))


def _describe_envelope(mail: ReceivedMail, trace: ReceivedTrace) -> dict[str, Any]:
    return {
        "id": format_id(mail.id),
        "channel": mail.channel,
        "state": mail.state.value,
        "envelope": plain_fields(mail.envelope),
        "content": plain(mail.content),
        "reason": trace.reason,
        "because": trace.because,
        "trace": plain(trace.lines),
    }


def show_outbox(path: Path, states: Sequence[OutboundState], *, limit: int, as_json: bool) -> None:
    """Print outbound mail; without states all that did not arrive."""
    found = look(path, lambda tx: tx.outbox.list(tuple(states) or _UNDELIVERED, limit=limit))
    if as_json:
        for mail in found:
            print_json(describe_outbound(mail))
        return
    rows = (
        (
            format_id(m.id),
            m.state.value,
            m.purpose.value,
            str(m.recipient),
            str(m.attempts),
            when(m.next_attempt_at) if m.next_attempt_at else "",
            m.last_reply or "",
        )
        for m in found
    )
    columns = ("id", "state", "purpose", "recipient", "tries", "next try", "last words")
    print_rows(counted(len(found), "mail"), columns, rows, empty="Nothing waits.", spare=("purpose", "tries", "next try"))


def show_outbound_mail(path: Path, text: str, *, as_json: bool) -> None:
    """Print one outbound mail and its attempts."""
    outbound_id = read_id(text)
    mail, attempts = look(path, lambda tx: (tx.outbox.get(outbound_id), tx.outbox.attempts(outbound_id)))
    if as_json:
        print_json(describe_outbound(mail) | {"attempt_list": plain(attempts)})
        return
    message = parse_message(mail.content.read())
    print_fields(
        {
            "id": format_id(mail.id),
            "state": mail.state.value,
            "purpose": f"{mail.purpose} of channel {mail.channel}",
            "recipient": str(mail.recipient),
            "subject": message.subject or "",
            "next try": when(mail.next_attempt_at) if mail.next_attempt_at else "none",
        }
    )
    rows = ((when(a.at), a.smarthost, a.outcome.value, str(a.code or ""), a.reply) for a in attempts)
    print_rows("Attempts", ("when", "smarthost", "outcome", "code", "reply"), rows, empty="None yet.", spare=("code",))
