"""Builds the whole gateway from its configuration: the only place that knows every part.

`open_gateway` gives commands and the desk what they need (database, policy, road), `attach_gateway` the processes that take mail.
`Gateway` also has the callables that tie the siblings together, which do not know each other: intake and evidence, pipeline and
relay. The life of the processes is in `daemon.py` (the front, with the sockets), `porter.py` (more of those that take mail) and
`desk.py` (database, pipeline and relay).
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from gateway.config.model import Config
from gateway.errors import NotFound, StorageUnavailable
from gateway.evidence.observe import Observer
from gateway.evidence.signing import DkimSigner, UnusableSigningKey
from gateway.ids import Ids
from gateway.line import Subject
from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.envelope import Envelope, Recipient, RouteKind
from gateway.mail.evidence import Evidence
from gateway.mail.outbound import OutboundMail, Outcome
from gateway.pipeline.composer import Composer, prepare_here
from gateway.pipeline.errands import process_refusal
from gateway.pipeline.journey import Road
from gateway.pipeline.notices import Notice
from gateway.pipeline.numbers import Numbers
from gateway.pipeline.policy import Policy, route
from gateway.pipeline.refusals import refuse_by_rule, refuse_sender
from gateway.pipeline.templates import Templates
from gateway.pipeline.tokens import KeyRing, SigningKey, TokenUse, read_token
from gateway.pipeline.worker import Workers
from gateway.relay.sender import Verdict
from gateway.smtp_in.replies import Refusal
from gateway.states import OutboundState, advance
from gateway.storage.database import Database
from gateway.storage.gathered import GatheredChanges
from gateway.storage.settings import SQLITE
from gateway.storage.work import lease_due
from gateway.tickets import Changes, OutboundChange

log: Final = structlog.get_logger()

Ask = Callable[[Subject, bytes], Awaitable[bytes]]
"""Asks another process of ours."""

SPOOL: Final = "spool"
_KEY_OCTETS: Final = 32
_NODE_BITS: Final = 10


def utc_now() -> datetime:
    """Return the time now, aware."""
    return datetime.now(UTC)


class Gateway:
    """Everything that the configuration describes, built and ready; nothing of it runs yet."""

    def __init__(
        self,
        *,
        config: Config,
        database: Database,
        keys: KeyRing,
        workers: Workers,
        node: str | None = None,
        ids_node: int | None = None,
    ) -> None:
        """Use `open_gateway` or, where mail is taken, `attach_gateway`."""
        self.config = config
        self.database = database
        self.keys = keys
        self.workers = workers
        self.ids = Ids(
            clock_ms=lambda: time.time_ns() // 1_000_000, node=secrets.randbits(_NODE_BITS) if ids_node is None else ids_node
        )
        self.node = node or ("local" if config.database == SQLITE else f"node-{secrets.token_hex(4)}")
        """Under which mails are leased: the same for both processes, and for one that takes the place of a dead one."""
        self.signers: dict[str, DkimSigner] = {}
        """By domain; `read_signers` in the desk process. Commands send nothing, and may not be allowed to read the keys."""
        self.composer: Composer | None = None
        """In the desk process."""
        self.numbers = Numbers()
        self._results = GatheredChanges(database.apply)
        self._take(config)

    async def reconfigure(self, config: Config) -> None:
        """Use another configuration from the next mail on."""
        before = self.observer
        self._take(config)
        await before.aclose()

    async def aclose(self) -> None:
        """End what is still being asked or read; the database stays open."""
        await self.observer.aclose()
        await self.workers.stop()
        if self.composer is not None:
            await self.composer.stop()

    def _take(self, config: Config) -> None:
        self.config = config
        self.policy: Policy = config.policy()
        self.templates = Templates(config.texts.templates, zone=ZoneInfo(config.texts.timezone))
        self.observer = Observer(config.resolver)
        self.forwarders = {
            key: tuple(forwarder.for_tenant(channel.address.domain) for forwarder in channel.forwarders)
            for key, channel in config.channels.items()
        }
        self._domains = frozenset({config.hostname, *(a.domain for c in config.channels.values() for a in (c.address, *c.also))})

    def road(self) -> Road:
        """Return what a journey needs, as of now."""
        return Road(
            database=self.database,
            workers=self.workers,
            policy=self.policy,
            keys=self.keys,
            ids=self.ids,
            templates=self.templates,
            signers=self.signers,
            clock=utc_now,
            spool=self.spool,
            numbers=self.numbers,
            pause=partial(asyncio.sleep, 0),
            prepare_all=self.composer.prepare_all if self.composer is not None else prepare_here,
        )

    @property
    def spool(self) -> Path:
        """Where large bodies lie while they arrive."""
        return self.config.data / SPOOL

    # ------------------------------------------------------------------------------------------------- for the intake

    async def route(self, address: Address) -> Recipient | None:
        """Say what an envelope recipient leads to; a token leads to the channel of the mail that it answers."""
        recipient = route(address, self.policy)
        if recipient is None or recipient.channel:
            return recipient
        channel = await self._channel_of_token(recipient)
        return replace(recipient, channel=channel) if channel is not None else None

    async def _channel_of_token(self, recipient: Recipient) -> str | None:
        use = TokenUse.RETURN if recipient.kind is RouteKind.RETURN else TokenUse.ANSWER
        outbound_id = read_token(recipient.token or "", self.keys, use)
        if outbound_id is None:
            return None
        try:
            outbound = await self.database.read(lambda tx: tx.outbox.get(outbound_id))
        except NotFound:
            return None
        return outbound.channel if outbound.channel in self.policy.channels else None

    def serves(self, domain: str) -> bool:
        """Tell whether any address of a domain leads here."""
        return domain in self._domains

    async def observe(self, envelope: Envelope, content: Content) -> Mapping[str, Evidence]:
        """Find out what can be proven about a mail, for each of its channels."""
        forwarders = {recipient.channel: self.forwarders[recipient.channel] for recipient in envelope.recipients}
        return await self.observer.observe(envelope, content, forwarders, now=utc_now())

    def judge(self, envelope: Envelope, evidence: Mapping[str, Evidence], content: Content) -> Refusal | None:
        """Say whether a mail is not even taken."""
        refusal = refuse_sender(envelope, evidence, self.policy)
        ruled = refuse_by_rule(envelope, evidence, content, self.policy) if refusal is None else None
        if ruled is not None:
            refusal, label = ruled
            log.info("mail.ruled_out", rule=label)
        return Refusal(refusal.code, refusal.enhanced, refusal.text) if refusal else None

    async def tell_operators(self, notice: Notice) -> None:
        """Queue a notice to the admins. Raises GatewayError where it cannot be stored."""
        told = notice.to(self.policy.operators_language())
        mails = self.road().desk().write_to_operators(next(iter(self.policy.channels)), told.topic, told.text.split("\n"))
        if mails:
            await self.database.apply(Changes(outbound=mails))

    # -------------------------------------------------------------------------------------------------- for the relay

    async def claim_due(self, most: int) -> Sequence[OutboundMail]:
        """Lease mails that are due."""
        ids = await self.database.write(partial(lease_due, most, utc_now(), self.config.relay.lease, self.node))
        mails = await self.database.read(lambda tx: tx.outbox.get_all(ids)) if ids else ()
        return tuple(mail for mail in mails if mail.state is OutboundState.SENDING)

    async def finish_sending(self, mail: OutboundMail, verdict: Verdict) -> None:
        """Write down what a round of tries came to; a refusal for good also goes to the ticket and its agents."""
        if verdict.outcome is Outcome.BOUNCED:
            await process_refusal(mail, verdict.deciding, self.road(), earlier_attempts=verdict.attempts[:-1])
            return
        new = OutboundState.SENT if verdict.outcome is Outcome.SENT else OutboundState.QUEUED
        change = OutboundChange(
            id=mail.id,
            old=mail.state,
            new=advance(mail.state, new),
            next_attempt_at=verdict.next_attempt_at,
            last_reply=verdict.deciding.reply,
            attempt=verdict.deciding,
            earlier_attempts=verdict.attempts[:-1],
        )
        await self._results.apply(Changes(outbound_changes=(change,)))


def read_signers(config: Config) -> dict[str, DkimSigner]:
    """Read the keys that sign what goes out; by domain.

    Raises:
        StorageUnavailable: a key cannot be read, or cannot sign.
    """
    try:
        return {s.domain: DkimSigner(s.domain, s.selector, s.key.read_bytes()) for s in config.signing}
    except (OSError, UnusableSigningKey) as error:
        message = f"a signing key cannot be used: {error}"
        raise StorageUnavailable(message) from error


@asynccontextmanager
async def open_gateway(config: Config, *, read_only: bool = False, node: str | None = None) -> AsyncIterator[Gateway]:
    """Open the database of a configuration and build the gateway around it; the desk leases in the name of the front's `node`.

    Raises:
        StorageUnavailable: the database cannot be opened.
    """
    database = await Database.open(
        data=config.data, database=config.database, migrate=not read_only, read_only=read_only, clock=utc_now
    )
    try:
        keys = await _read_keys(database, read_only=read_only)
        gateway = Gateway(config=config, database=database, keys=keys, workers=Workers(config.parse), node=node)
        try:
            yield gateway
        finally:
            await gateway.aclose()
    finally:
        await database.close()


async def prepare_database(config: Config) -> None:
    """Bring the database of a configuration up to date, before the processes of a gateway use it.

    Raises:
        StorageUnavailable: it cannot be opened.
    """
    async with open_gateway(config):
        pass


@asynccontextmanager
async def attach_gateway(
    config: Config, *, ask: Ask, on_accepted: Callable[[], None], ids_node: int | None = None
) -> AsyncIterator[Gateway]:
    """Build the gateway of a process that takes mail, around a database that is there (`prepare_database`).

    SQLite is written by the desk: `ask` it for that, and tell it `on_accepted` of mail. `ids_node` keeps the ids of several
    processes apart.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    if config.database == SQLITE:
        database = Database.attach(data=config.data, ask=ask, on_accepted=on_accepted)
    else:
        database = await Database.open(data=config.data, database=config.database, migrate=False, clock=utc_now)
    try:
        keys = await _read_keys(database, read_only=True)
        workers = Workers(config.parse)
        gateway = Gateway(config=config, database=database, keys=keys, workers=workers, ids_node=ids_node)
        try:
            yield gateway
        finally:
            await gateway.aclose()
    finally:
        await database.close()


async def _read_keys(database: Database, *, read_only: bool) -> KeyRing:
    if read_only:
        stored = await database.read(lambda tx: tx.keys.all())
    else:
        stored = await database.write(lambda tx: tx.keys.ensure(utc_now(), lambda: secrets.token_bytes(_KEY_OCTETS)))
    keys = tuple(SigningKey(id=key.id, secret=key.secret) for key in stored)
    return KeyRing.of(*keys) if keys else KeyRing.of(SigningKey(id=0, secret=secrets.token_bytes(_KEY_OCTETS)))
