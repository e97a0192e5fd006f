"""From the end of DATA to the 250: look at the mail, gather the evidence, let it be judged, store it. Three hops.

Knows nothing of SMTP but its reply words, so that every door uses the same path. What it asks of others are callables that
`app.py` passes in. Start with `Intake.take`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header
from functools import partial
from typing import Final

import structlog

from gateway.ids import Ids
from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.envelope import Envelope, Recipient
from gateway.mail.evidence import Evidence
from gateway.mail.received import ReceivedMail
from gateway.smtp_in.committer import Committer
from gateway.smtp_in.fingerprint import Fingerprint, HeaderFacts, fingerprint
from gateway.smtp_in.replies import (
    HEADER_TOO_BIG,
    NO_RELAYING,
    TOO_MANY_FIELDS,
    TOO_MANY_HOPS,
    UNKNOWN_RECIPIENT,
    Refusal,
)
from gateway.smtp_in.settings import LimitSettings
from gateway.smtp_in.spool import Spool
from gateway.storage.accepting import Acceptance

log: Final = structlog.get_logger()

Route = Callable[[Address], Awaitable[Recipient | None]]
Observe = Callable[[Envelope, Content], Awaitable[Mapping[str, Evidence]]]
Judge = Callable[[Envelope, Mapping[str, Evidence], Content], Refusal | None]

_SUBJECT_OCTETS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A mail that is stored."""

    ids: Mapping[str, int]
    """Of each channel, the id of its received mail."""


class Intake:
    """Takes mails for every door of a process."""

    def __init__(
        self,
        *,
        route: Route,
        serves: Callable[[str], bool],
        observe: Observe,
        judge: Judge,
        committer: Committer,
        ids: Ids,
        clock: Callable[[], datetime],
    ) -> None:
        """Take the callables that the path consists of.

        Args:
            route: what an address leads to, None where it leads nowhere; may raise TransientError.
            serves: whether we take mail for a domain (lower case) at all.
            observe: the evidence per channel, within a time budget of its own.
            judge: a refusal, where a mail must not even be stored.
            committer: the durable yes.
            ids: makes ids of received mails.
            clock: now, aware, UTC.
        """
        self._route = route
        self._serves = serves
        self._observe = observe
        self._judge = judge
        self._committer = committer
        self._ids = ids
        self.clock = clock

    async def find_recipient(self, address: Address) -> Recipient | Refusal:
        """Return what an address leads to, or why we do not take mail for it. Raises TransientError."""
        recipient = await self._route(address)
        if recipient is not None:
            return recipient
        return UNKNOWN_RECIPIENT if self._serves(address.domain) else NO_RELAYING

    async def take(self, envelope: Envelope, content: Content, *, limits: LimitSettings, spool: Spool) -> Taken | Refusal:
        """Store a mail for each of its channels, or say why not. A spooled file belongs to this method in any case.

        Raises:
            TransientError, OSError: not stored, come back later. Whatever else is raised is our fault and means the same.
        """
        is_handed_over = False
        try:
            seen = await self._look_at(content, spool)
            refusal = check_header(seen.facts, limits)
            if refusal is not None:
                return refusal
            evidence = await self._observe(envelope, content)
            refusal = self._judge(envelope, evidence, content)
            if refusal is not None:
                return refusal
            mails = self._acceptances(envelope, content, evidence, seen)
            is_handed_over = True
            stored = await self._committer.store(mails, give_up=partial(_remove, content, spool))
        finally:
            if not is_handed_over:
                _remove(content, spool)
        _remove(content, spool)  # Storage has moved it; of a second copy it needed nothing.
        return Taken(ids={acceptance.mail.channel: id_ for acceptance, id_ in zip(mails, stored, strict=True)})

    async def _look_at(self, content: Content, spool: Spool) -> Fingerprint:
        if content.path is None:
            return fingerprint(content)
        return await asyncio.wrap_future(spool.threads.submit(fingerprint, content))

    def _acceptances(
        self, envelope: Envelope, content: Content, evidence: Mapping[str, Evidence], seen: Fingerprint
    ) -> tuple[Acceptance, ...]:
        channels: dict[str, list[Recipient]] = {}
        for recipient in envelope.recipients:
            channels.setdefault(recipient.channel, []).append(recipient)
        facts = seen.facts
        author = facts.author if facts.has_one_author else None
        return tuple(
            Acceptance(
                mail=ReceivedMail(
                    id=self._ids.next(),
                    channel=channel,
                    envelope=replace(envelope, recipients=tuple(recipients)) if len(channels) > 1 else envelope,
                    content=content,
                    evidence=evidence[channel],
                ),
                delivery_key=seen.delivery_key(channel),
                author_key=author.key if author is not None else None,
                message_id=facts.message_id,
                subject=readable(facts.subject) if facts.subject is not None else None,
            )
            for channel, recipients in channels.items()
        )


def check_header(facts: HeaderFacts, limits: LimitSettings) -> Refusal | None:
    """Return why a header block is not taken, or None (RFC 5321 section 6.3 for the hops)."""
    if facts.hops > limits.hops:
        return TOO_MANY_HOPS
    if facts.size > limits.header_size:
        return HEADER_TOO_BIG
    return TOO_MANY_FIELDS if facts.fields > limits.header_fields else None


def readable(value: bytes) -> str:
    """Return the beginning of a header value as text for a list: encoded words decoded (RFC 2047), control characters gone."""
    text = value[:_SUBJECT_OCTETS].decode("utf-8", "replace")
    if "=?" in text:
        try:
            parts = decode_header(text)
            text = "".join(p if isinstance(p, str) else p.decode(charset or "latin-1", "replace") for p, charset in parts)
        except (HeaderParseError, LookupError, ValueError):
            pass  # It is shown as it stands.
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def _remove(content: Content, spool: Spool) -> None:
    if content.path is not None:
        spool.remove(content.path)
