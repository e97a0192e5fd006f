"""The desk process: database, pipeline, relay and housekeeping, behind the process that takes mail and at a lower priority.

On SQLite it is the only one that writes: it brings what was accepted from the intake journal into the tables.
It is started by `desk_keeper.py`; how such a child begins and ends is in `child.py`.
"""

import asyncio
import contextlib
import os
import random
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from gateway.app import Gateway, open_gateway, read_signers, utc_now
from gateway.child import serve_child
from gateway.config.model import Config
from gateway.errors import GatewayError, TransientError
from gateway.line import Line, Subject
from gateway.pickling import loads
from gateway.pipeline.composer import Composer
from gateway.pipeline.runner import Runner
from gateway.pipeline.timekeeper import Timekeeper
from gateway.relay.sender import Relay
from gateway.storage.journal_importer import JournalImporter
from gateway.storage.sqlite import SqliteEngine
from gateway.storage.sqlite_remote import serve_writes
from gateway.storage.transaction import Topic
from gateway.storage.work import reclaim_lost, release_leases

log: Final = structlog.get_logger()

_NICENESS: Final = 10
"""Accepting goes first, on the processor as in the database; the workers inherit it."""
_TIDYING_SECONDS: Final = 3600.0
_RECLAIMING_SECONDS: Final = 60.0
_ENDLESS: Final = frozenset({"housekeeping"})
"""Parts that never come to an end with what they do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What the front tells a new desk."""

    config: Config
    """Checked, with its secrets."""
    node: str
    """Under which mails are leased; the dead one before had the same."""
    does_process: bool = True
    """False only in measures that end where mail is accepted."""
    does_send: bool = True
    """False only in measures that end where mail is queued."""


class DeskProcess:
    """The running parts of this process."""

    def __init__(self, line: Line) -> None:
        """Take the line; nothing is answered until it is connected."""
        self._line = line
        self._gateway: Gateway | None = None
        self._relay: Relay | None = None
        self._runner: Runner | None = None
        self._timekeeper: Timekeeper | None = None
        self._journal: JournalImporter | None = None
        self._parts: set[asyncio.Task[None]] = set()
        self._has_begun = asyncio.Event()
        self._is_draining = False
        self._is_drained = asyncio.Event()
        self._stack = contextlib.AsyncExitStack()
        line.on_ask(Subject.BEGIN, self._begin)
        line.on_ask(Subject.RECONFIGURE, self._reconfigure)
        line.on_ask(Subject.DRAIN, self._drain)
        line.on_ask(Subject.PING, self._say_hello)

    async def run(self) -> None:
        """Work until the front says that it is enough; a part that ends before raises its error here."""
        ending = asyncio.create_task(self._is_drained.wait())
        try:
            await self._has_begun.wait()
            done, _ = await asyncio.wait({*self._parts, ending}, return_when=asyncio.FIRST_COMPLETED)
            for task in () if self._is_draining else done:
                task.result()
            await ending
        finally:
            ending.cancel()
            await self._stack.aclose()

    async def _begin(self, octets: bytes) -> bytes:
        """Take up work, and first of all what a dead desk held."""
        orders: Orders = loads(octets)
        signers = read_signers(orders.config)
        gateway = await self._stack.enter_async_context(open_gateway(orders.config, node=orders.node))
        gateway.signers = signers
        await self._open_journal(gateway)
        gateway.composer = Composer(orders.config.parse, spool=gateway.spool)
        await asyncio.to_thread(partial(gateway.spool.mkdir, mode=0o700, parents=True, exist_ok=True))
        await gateway.workers.start()
        await gateway.composer.start()
        await gateway.database.write(partial(release_leases, gateway.node, utc_now()))
        self._gateway = gateway
        self._runner = Runner(road=gateway.road, node=gateway.node)
        self._timekeeper = Timekeeper(road=gateway.road)
        self._relay = Relay(
            hostname=orders.config.hostname,
            smarthosts=orders.config.smarthosts,
            settings=orders.config.relay,
            claim=gateway.claim_due,
            finish=gateway.finish_sending,
            wait=partial(gateway.database.wait_for, Topic.OUTBOX),
            clock=utc_now,
            random=random.random,
        )
        works = {"housekeeping": self._keep_house(gateway)}
        if self._journal is not None:
            works["journal"] = self._journal.run()
        if orders.does_process:
            works |= {"pipeline": self._runner.run(), "timekeeper": self._timekeeper.run()}
        if orders.does_send:
            works["relay"] = self._relay.run()
        self._parts = {asyncio.create_task(work, name=name) for name, work in works.items()}
        self._has_begun.set()
        return b""

    async def _open_journal(self, gateway: Gateway) -> None:
        """Bring into the tables what was accepted while no desk was there, before anything else is done about it."""
        engine = gateway.database.engine
        if isinstance(engine, SqliteEngine):
            serve_writes(engine, self._line)
            self._journal = JournalImporter(gateway.config.data, engine, new_id=gateway.ids.next)
            await self._journal.store_all()
            self._line.on_news(Subject.MAIL, lambda _nothing: self._ring())

    def _ring(self) -> None:
        if self._journal is not None:
            self._journal.ring()

    async def _reconfigure(self, octets: bytes) -> bytes:
        """Use another configuration from the next mail on; when it cannot be used, nothing changes.

        Raises:
            StorageUnavailable: a signing key cannot be used.
        """
        config: Config = loads(octets)
        assert self._gateway is not None  # noqa: S101 the front begins with `BEGIN`
        assert self._relay is not None  # noqa: S101 likewise
        signers = await asyncio.to_thread(read_signers, config)
        await self._gateway.reconfigure(config)
        self._gateway.signers = signers
        await self._relay.reconfigure(smarthosts=config.smarthosts, settings=config.relay)
        return b""

    async def _drain(self, octets: bytes) -> bytes:
        """Begin nothing more, and finish what is under way within so many seconds."""
        self._is_draining = True
        if self._journal is not None:
            self._journal.stop()
        if self._runner is not None and self._relay is not None and self._timekeeper is not None:
            self._timekeeper.stop()
            self._runner.stop()
            self._relay.stop()
            for part in self._parts:
                if part.get_name() in _ENDLESS:
                    part.cancel()
            _, late = await asyncio.wait(self._parts, timeout=float(octets))
            for part in late:
                part.cancel()
            await asyncio.gather(*self._parts, return_exceptions=True)
        if self._journal is not None:
            with contextlib.suppress(TransientError):  # what cannot be stored now waits for the next desk
                await self._journal.store_all()
        if self._gateway is not None:
            with contextlib.suppress(GatewayError):
                await self._gateway.numbers.give_back(self._gateway.database)
        self._is_drained.set()
        self._has_begun.set()
        return b""

    async def _say_hello(self, octets: bytes) -> bytes:
        return octets

    async def _keep_house(self, gateway: Gateway) -> None:
        """Tidy up after processes that died: bytes that no row names, mails that nobody sends any more."""
        loop, removed = asyncio.get_running_loop(), 0
        tidied_at = -_TIDYING_SECONDS
        while True:
            try:
                if is_time := loop.time() - tidied_at >= _TIDYING_SECONDS:
                    removed = await gateway.database.remove_orphans()
                    tidied_at = loop.time()
                lost = await gateway.database.write(partial(reclaim_lost, utc_now()))
            except TransientError as error:
                log.warning("house.deferred", error=str(error))
            else:
                if (is_time and removed) or lost:
                    log.info("house.kept", orphans=removed if is_time else 0, reclaimed=lost)
            await asyncio.sleep(_RECLAIMING_SECONDS)


def serve() -> None:
    """Be the desk process."""
    with contextlib.suppress(OSError):  # a sandbox may forbid it
        os.nice(_NICENESS)
    serve_child(DeskProcess, event="desk.failed")
