"""One mail, taken the way a received one goes, up to the decision; nothing is written.

Same pieces, same order as the intake and `pipeline/journey.py`: route, observe, understand, gather facts, decide. Only what
nobody said (the reverse-path, the recipient) is guessed from the mail itself.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gateway.app import Gateway
from gateway.cli.exits import Exit
from gateway.cli.explain_jobs import Job
from gateway.errors import GatewayError
from gateway.evidence.observe import Observer
from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.envelope import Envelope, Recipient, RouteKind
from gateway.mail.evidence import Evidence
from gateway.mail.message import Message
from gateway.mail.reading import Reading
from gateway.mail.received import ReceivedMail
from gateway.pipeline.decide import decide
from gateway.pipeline.effects import Decision
from gateway.pipeline.gather import gather_facts
from gateway.pipeline.journey import ReadMail, make_case
from gateway.pipeline.reading.circumstances import Circumstances
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.recipients import find_original_recipients
from gateway.pipeline.reasons import Reason
from gateway.pipeline.refusals import refuse_by_rule
from gateway.pipeline.understand import circumstances_of, give_up_reading, understand
from gateway.pipeline.worker import WorkerFailed

_BARE_LF: Final = re.compile(rb"(?<!\r)\n")
_HEAD_END: Final = b"\r\n\r\n"
_LARGEST_HEAD: Final = 250_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The mail would not be taken at all."""

    reason: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What was found out about one mail; None is what could not be."""

    job: Job
    error: str | None = None
    exit_code: Exit = Exit.OK
    mail: ReceivedMail | None = None
    reading: Reading | None = None
    evidence: Evidence | None = None
    decision: Decision | None = None
    refusal: Refusal | None = None


class Explainer:
    """Explains mails; holds what all of them share."""

    def __init__(self, gateway: Gateway, *, observer_of: Callable[[Job], Observer], clock: Callable[[], datetime]) -> None:
        """Take the gateway (its database is only read), a maker of observers with empty caches, and the time."""
        self._gateway = gateway
        self._observer_of = observer_of
        self._clock = clock

    async def explain(self, job: Job) -> Explained:
        """Explain one mail; a fault that it meets is in `error`.

        Raises:
            OSError: its file cannot be read.
        """
        if job.channel is not None and job.channel not in self._gateway.policy.channels:
            job = replace(job, channel=None, error=f"channel: there is no channel {job.channel}")
        content = await asyncio.to_thread(_read_content, job)
        head = parse_message(content.read()[: _end_of_head(content.read())])
        routed = [await self._gateway.route(address) for address in job.rcpt_to]
        known = [recipient for recipient in routed if recipient is not None]
        recipients = known or [await self._guess_recipient(head)]
        channel = job.channel or recipients[0].channel
        mail = _with_likely_sender(job, head, await self._observe(job, content, head, channel, recipients))
        reading = await self._understand(mail)
        explained = Explained(job=job, error=job.error, mail=mail, reading=reading, evidence=mail.evidence)
        if job.rcpt_to and not known and job.channel is None:
            because = f"{', '.join(map(str, job.rcpt_to))}: no such address here"
            return replace(explained, refusal=Refusal(reason="unknown_recipient", because=because))
        by_rule = refuse_by_rule(mail.envelope, {channel: mail.evidence}, content, self._gateway.policy)
        if by_rule is not None:
            return replace(explained, refusal=Refusal(reason=Reason.RULE_REFUSED, because=by_rule[1]))
        refused = self._gateway.judge(mail.envelope, {channel: mail.evidence}, content)
        if refused is not None:
            return replace(explained, refusal=Refusal(reason="contradicted_sender", because=mail.evidence.because))
        return await self._decide(explained, mail, reading)

    async def _guess_recipient(self, head: Message) -> Recipient:
        """Choose the address of ours that the mail names; one that names none came through the first channel."""
        for address in find_original_recipients(head, Circumstances()):
            recipient = await self._gateway.route(address)
            if recipient is not None and recipient.kind is not RouteKind.OPERATOR:
                return recipient
        key, channel = next(iter(self._gateway.policy.channels.items()))
        return Recipient(address=channel.address, channel=key, kind=RouteKind.CHANNEL)

    async def _observe(
        self, job: Job, content: Content, head: Message, channel: str, recipients: Sequence[Recipient]
    ) -> ReceivedMail:
        now = job.at or self._clock()
        envelope = Envelope(
            reverse_path=job.mail_from if job.is_mail_from_known else _return_path(head),
            recipients=tuple(replace(recipient, channel=channel) for recipient in recipients),
            received_at=now,
            client_ip=job.client_ip,
            helo=job.helo,
        )
        forwarders = {channel: self._gateway.forwarders[channel]}
        observer = self._observer_of(job)
        try:
            found = await observer.observe(envelope, content, forwarders, now=now)
        finally:
            await observer.aclose()
        return ReceivedMail(id=0, channel=channel, envelope=envelope, content=content, evidence=found[channel])

    async def _understand(self, mail: ReceivedMail) -> Reading:
        circumstances = circumstances_of(mail, self._gateway.policy)
        try:
            return await self._gateway.workers.run(understand, mail.content, circumstances, self._gateway.keys, None)
        except WorkerFailed as failure:
            return give_up_reading(mail, failure.detail.strip().splitlines()[-1])

    async def _decide(self, explained: Explained, mail: ReceivedMail, reading: Reading) -> Explained:
        policy, keys, now = self._gateway.policy, self._gateway.keys, mail.envelope.received_at
        try:
            facts = await self._gateway.database.read(
                lambda tx: gather_facts(tx, mail, reading, policy=policy, keys=keys, now=now)
            )
        except GatewayError as error:
            return replace(explained, error=f"the database does not answer: {error}")
        case = await make_case(ReadMail(mail=mail, reading=reading), facts, self._gateway.road())
        return replace(explained, reading=case.reading, decision=decide(case))


def _read_content(job: Job) -> Content:
    """Read a mail; bare line feeds count as line ends. Raises OSError."""
    return Content.of(_BARE_LF.sub(b"\r\n", job.read()))


def _end_of_head(content: bytes) -> int:
    end = content.find(_HEAD_END, 0, _LARGEST_HEAD)
    return end + len(_HEAD_END) if end >= 0 else _LARGEST_HEAD


def _with_likely_sender(job: Job, head: Message, mail: ReceivedMail) -> ReceivedMail:
    """Take the author for the reverse-path where nobody said one: a mail in a file is no bounce for want of an envelope.

    Only after the evidence was observed, which must not rest on a guess.
    """
    is_unknown = not job.is_mail_from_known and head.header("return-path") is None
    if not is_unknown or head.author is None:
        return mail
    return replace(mail, envelope=replace(mail.envelope, reverse_path=head.author.address))


def _return_path(head: Message) -> Address | None:
    """Return the reverse-path that a final delivery wrote into the mail (RFC 5321 section 4.4), where nobody said another."""
    text = (head.header("return-path") or "").strip().removeprefix("<").removesuffix(">")
    return Address.of(text) if text else None
