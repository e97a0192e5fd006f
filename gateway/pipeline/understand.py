"""From stored bytes to a reading, in a worker process: all the heavy work on hostile input is behind this one call."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway.mail.addresses import Mailbox
from gateway.mail.content import Content
from gateway.mail.envelope import Door, RouteKind
from gateway.mail.evidence import Assurance
from gateway.mail.message import Message
from gateway.mail.reading import Kind, Reading, Reply
from gateway.mail.received import ReceivedMail
from gateway.pickling import learn
from gateway.pipeline import tokens
from gateway.pipeline.marker import find_markers
from gateway.pipeline.policy import Policy
from gateway.pipeline.reading import circumstances as words
from gateway.pipeline.reading.circumstances import Circumstances
from gateway.pipeline.reading.fingerprints import fingerprint
from gateway.pipeline.reading.kind import LOOP_HEADER
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.read import read_message
from gateway.pipeline.tokens import KeyRing, find_tokens, read_token, token_of_message_id

learn(words, tokens)

_MOST_HEAD: Final = 64 * 1024
_END_OF_HEAD: Final = re.compile(rb"(?:\r?\n){2}")


def understand(content: Content, circumstances: Circumstances, keys: KeyRing, spool: Path | None = None) -> Reading:
    """Parse a mail and read what it says. Runs in a worker; never raises on any bytes.

    `spool` is a folder for attachments that are too big to be handed over in memory.
    """
    message = parse_message(content.read(), spool=spool)
    return read_message(message, replace(circumstances, own_marker_ids=own_tokens(message, circumstances.hostname, keys)))


def understand_all(
    mails: tuple[tuple[Content, Circumstances], ...], keys: KeyRing, spool: Path | None = None
) -> tuple[Reading, ...]:
    """Understand several mails, one after the other."""
    return tuple(understand(content, circumstances, keys, spool) for content, circumstances in mails)


def read_again(message: Message, circumstances: Circumstances, keys: KeyRing, own_texts: tuple[str, ...]) -> Reading:
    """Read a message with the texts at hand that it may quote: what was said in its ticket. Runs in a worker."""
    known = replace(circumstances, own_marker_ids=own_tokens(message, circumstances.hostname, keys))
    return read_message(message, known, fingerprints=tuple(map(fingerprint, own_texts)))


def circumstances_of(mail: ReceivedMail, policy: Policy) -> Circumstances:
    """Return what is known about a received mail from outside of it."""
    envelope, evidence, channel = mail.envelope, mail.evidence, policy.channels.get(mail.channel)
    return Circumstances(
        reverse_path_is_null=envelope.reverse_path is None,
        reverse_path=envelope.reverse_path,
        envelope_recipients=tuple(recipient.address for recipient in envelope.recipients),
        own_addresses=frozenset(a.key for c in policy.channels.values() for a in (c.address, *c.also)),
        intake_addresses=frozenset(address.key for address in policy.intake_of_channel.values()),
        hostname=policy.hostname,
        declared_lists=frozenset(name.strip("<>") for name in (channel.lists if channel else ())),
        declared_forms=frozenset(address.key for address in (channel.forms if channel else ())),
        is_sender_sure=evidence.assurance in {Assurance.PROVEN, Assurance.VOUCHED},
        from_declared_forwarder=evidence.through is not None or envelope.door in {Door.LMTP, Door.INJECT},
    )


def own_tokens(message: Message, hostname: str, keys: KeyRing) -> frozenset[str]:
    """Return the tokens in a mail that we made: in its ids, in our own header field, and in marker lines."""
    ids = (message.message_id or "", *message.in_reply_to, *message.references)
    found = {token_of_message_id(message_id, hostname) for message_id in ids}
    found.update(token for _, token in find_markers(message.text))
    found.update(token for value in message.all_headers(LOOP_HEADER) for token in find_tokens(value))
    return frozenset(token for token in found if token is not None and read_token(token, keys) is not None)


def give_up_reading(mail: ReceivedMail, why: str) -> Reading:
    """Return what can be said of a mail whose body no worker survives: what its head names, and that it is attached."""
    head = parse_message(_head_of(mail.content))
    author = head.from_ or ((Mailbox(None, mail.envelope.reverse_path),) if mail.envelope.reverse_path else ())
    text = f"This mail could not be read ({why}). It is attached as it came."
    return Reading(
        message=replace(head, from_=author, text=text, error=why),
        reply=Reply(visible=text, quoted="", signature=""),
        forwarded=None,
        original_recipients=tuple(r.address for r in mail.envelope.recipients if r.kind is RouteKind.CHANNEL),
        kind=Kind.ORDINARY,
        kind_because="it could not be read",
        respond=False,
    )


def _head_of(content: Content) -> bytes:
    """Return the header block, or as much of it as is certainly harmless to read."""
    head = content.read()[:_MOST_HEAD]
    return head[: end.start()] if (end := _END_OF_HEAD.search(head)) else head[: head.rfind(b"\n") + 1]
