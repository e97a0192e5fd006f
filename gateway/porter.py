"""A porter process: takes mail beside the front and others of its kind, from the same listeners.

It speaks SMTP, observes the evidence with a resolver of its own, spools large mails, and reads the database with connections of
its own. On SQLite it puts what it accepts into segments of its own of the intake journal, on PostgreSQL it commits itself. When
it dies, its clients see their connections break, and nothing that was acknowledged is lost. How such a child begins and ends is
in `child.py`.
"""

import asyncio
import contextlib
from dataclasses import dataclass

import structlog

from gateway.app import Gateway, attach_gateway
from gateway.child import end_with_parent, serve_child
from gateway.config.model import Config
from gateway.line import Line, LineClosed, Subject
from gateway.pickling import loads
from gateway.reception import Reception
from gateway.smtp_in.listeners import Listener, adopt_listener
from gateway.smtp_in.settings import ListenSettings
from gateway.smtp_in.shared_counts import SharedCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class PorterOrders:
    """What the front tells a new porter."""

    config: Config
    """Checked, with its secrets."""
    ids_node: int
    """Another one than the front's and the other porters'."""
    listeners: tuple[tuple[ListenSettings, int], ...]
    """Each with the descriptor of its socket, which the porter has inherited."""
    counts: int
    """The descriptor of the page of shared counts."""
    counts_key: bytes
    processes: int
    own: int
    """Its number among the porters, from 1 on."""


class PorterProcess:
    """The running parts of this process."""

    def __init__(self, line: Line) -> None:
        """Take the line; nothing is answered until it is connected."""
        self._line = line
        self._gateway: Gateway | None = None
        self._reception: Reception | None = None
        self._is_drained = asyncio.Event()
        self._stack = contextlib.AsyncExitStack()
        line.on_ask(Subject.BEGIN, self._begin)
        line.on_ask(Subject.RECONFIGURE, self._reconfigure)
        line.on_ask(Subject.DRAIN, self._drain)
        line.on_ask(Subject.PING, self._say_hello)

    async def run(self) -> None:
        """Take mail until the front says that it is enough."""
        try:
            await self._is_drained.wait()
        finally:
            await self._stack.aclose()

    def make_reception(self, gateway: Gateway, listeners: tuple[Listener, ...], shared: SharedCounts) -> Reception:
        """Return what takes mail here; measures leave parts of it out."""
        return Reception(gateway, listeners, shared=shared)

    async def _begin(self, octets: bytes) -> bytes:
        """Begin to take mail."""
        orders: PorterOrders = loads(octets)
        structlog.contextvars.bind_contextvars(porter=orders.own)
        shared = SharedCounts(orders.counts, processes=orders.processes, own=orders.own, key=orders.counts_key)
        listeners = tuple(adopt_listener(settings, descriptor) for settings, descriptor in orders.listeners)
        gateway = await self._stack.enter_async_context(
            attach_gateway(orders.config, ask=self._line.ask, on_accepted=self._tell_of_mail, ids_node=orders.ids_node)
        )
        self._gateway = gateway
        self._reception = self.make_reception(gateway, listeners, shared)
        await self._reception.start()
        return b""

    async def _reconfigure(self, octets: bytes) -> bytes:
        """Use another configuration from the next mail on."""
        config: Config = loads(octets)
        assert self._gateway is not None  # noqa: S101 the front begins with `BEGIN`
        assert self._reception is not None  # noqa: S101 likewise
        await self._gateway.reconfigure(config)
        await self._reception.reconfigure(config)
        return b""

    async def _drain(self, octets: bytes) -> bytes:
        """Take no more mail, and finish what is under way within so many seconds."""
        if self._reception is not None:
            await self._reception.drain(float(octets))
        self._is_drained.set()
        return b""

    def _tell_of_mail(self) -> None:
        with contextlib.suppress(LineClosed):
            self._line.tell(Subject.MAIL)

    async def _say_hello(self, octets: bytes) -> bytes:
        return octets


def serve() -> None:
    """Be a porter process."""
    end_with_parent()  # the listeners must not stay open when the front is gone: another one wants to bind them
    serve_child(PorterProcess, event="porter.failed")
