"""The wiring of one connection: octets in and out, how long a client may take, TLS, and the ways it ends.

Built on aiosmtpd's protocol class. Its constructor (0.5 ms for every connection), its reader, its STARTTLS (which reaches into
the event loop's internals) and its timer (which progress does not reset) are replaced here; `session.py` replaces its commands.
Instead of a timer for each connection the server looks at all of them once a second: see `check_pace`.
"""

import asyncio
from abc import ABC, abstractmethod
from enum import Enum
from typing import Final

import structlog
from aiosmtpd.smtp import SMTP

from gateway.smtp_in import replies
from gateway.smtp_in.front import BadProxyHeader, read_proxied_client
from gateway.smtp_in.limits import Pace, is_within, plain_ip
from gateway.smtp_in.listeners import Listener
from gateway.smtp_in.replies import Refusal
from gateway.smtp_in.service import Service
from gateway.smtp_in.settings import TlsMode
from gateway.smtp_in.wire import READ_OCTETS, Wire

log: Final = structlog.get_logger()

_ROOM: Final = memoryview(bytearray(READ_OCTETS))
"""Where the event loop reads to. It would make room for 256 KiB for each read otherwise, and the kernel new pages for it."""
_ABORT_SECONDS: Final = 10.0
_TLS_SHUTDOWN_SECONDS: Final = 5.0


class Phase(Enum):
    """What a session waits for, which decides how long it may."""

    HANDSHAKE = "handshake"
    COMMAND = "command"
    CONTENT = "content"
    WORK = "work"
    """For ourselves: never the client's fault."""
    CLOSING = "closing"


class Hangup(Exception):
    """The session is over; whatever had to be said has been said."""


class Connection(SMTP, asyncio.BufferedProtocol, ABC):
    """A client's connection to one listener; `serve` is what is done with it."""

    def __init__(self, service: Service, listener: Listener, loop: asyncio.AbstractEventLoop) -> None:
        # Not SMTP.__init__: it inspects this class anew for every connection.
        asyncio.StreamReaderProtocol.__init__(self, None, loop=loop)  # type: ignore[arg-type]  # `Wire` reads.
        self.loop = loop
        self.service = service
        self.listener = listener
        self.is_local = listener.settings.door.is_local
        self.peer_ip: str | None = None
        """Who really connected; None at a unix socket."""
        self.client_ip: str | None = None
        """The client as the evidence sees it; None at a local door."""
        self.tls: str | None = None
        self.wire: Wire
        self.channel: asyncio.Transport
        self.phase = Phase.WORK
        self.since = service.now()
        self._pace: Pace | None = None
        self._out: list[bytes] = []
        self.task: asyncio.Task[None] | None = None
        self._admitted_ip: str | None = None

    # ----------------------------------------------------------------------------------------- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to serve the client, unless there are too many already."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 a stream
        self.channel = transport
        self.wire = Wire(self.loop, transport)
        peer = transport.get_extra_info("peername")
        self.peer_ip = plain_ip(peer[0]) if isinstance(peer, tuple) else None
        service = self.service
        is_refused = service.connections.is_full and not service.make_room()
        service.connections.count(1)
        service.sessions.add(self)
        if is_refused:
            self.hang_up(replies.TOO_MANY_CONNECTIONS)
            return
        if self.listener.settings.tls_mode is TlsMode.IMPLICIT:
            transport.pause_reading()  # What comes first belongs to the handshake.
        self.task = self.loop.create_task(self._handle_client(), name="session")

    def get_buffer(self, sizehint: int) -> memoryview:
        """Offer the room that all connections read into: what is in it is taken out in the same callback."""
        del sizehint
        return _ROOM

    def buffer_updated(self, nbytes: int) -> None:
        """Take octets."""
        self.wire.feed(bytes(_ROOM[:nbytes]))

    def eof_received(self) -> bool:
        """Read on to the end of what is here already: a client may shut its side down before it has read our replies.

        In TLS asyncio keeps no half of a connection open, and a client may be gone before `start_tls` returned.
        """
        self.wire.feed_eof()
        return self.tls is None and self.phase is not Phase.HANDSHAKE

    def connection_lost(self, error: Exception | None) -> None:
        """Stop serving. A mail that is being stored is stored all the same."""
        asyncio.StreamReaderProtocol.connection_lost(self, error)
        self.wire.feed_eof()
        if self.task is not None:
            self.task.cancel()
        self._forget()

    # -------------------------------------------------------------------------------------------------- serving, ending

    @abstractmethod
    async def serve(self) -> None:
        """Talk to the client. Raises EOFError or Hangup at the end."""

    async def _handle_client(self) -> None:
        try:
            await self._open()
            await self.serve()
        except (EOFError, Hangup, OSError) as error:  # OSError: the connection broke, also within TLS.
            log.debug("session.ended", client_ip=self.client_ip, because=type(error).__name__)
        except Exception:
            log.exception("session.failed", client_ip=self.client_ip)
            self.reply(replies.SHUTTING_DOWN)
        finally:
            self._leave()

    async def _open(self) -> None:
        settings = self.listener.settings
        client_ip = self.peer_ip
        if is_within(self.peer_ip, self.listener.proxy_networks):
            self.wait(Phase.HANDSHAKE)
            try:
                client_ip = await read_proxied_client(self.wire) or self.peer_ip
            except BadProxyHeader as error:
                log.warning("proxy.refused", peer_ip=self.peer_ip, because=str(error))
                raise Hangup from error
        if not self.is_local:
            self.client_ip = client_ip
        if settings.tls_mode is TlsMode.IMPLICIT:
            await self.start_tls()
        self.wait(Phase.WORK)
        self._admitted_ip = self.client_ip
        if not self.service.connections.admit(self.client_ip):
            self.hang_up(replies.TOO_MANY_OF_NETWORK)
            raise Hangup

    def hang_up(self, refusal: Refusal) -> None:
        """Say why and close; what a client does not want to read it does not get."""
        if self.phase is Phase.CLOSING:
            return
        self.service.count(refusal.limit, self.client_ip or self.peer_ip)
        self.reply(refusal)
        self._leave()

    def _leave(self) -> None:
        if self.phase is not Phase.CLOSING:
            self.wait(Phase.CLOSING)
            if not self.channel.is_closing():
                self._write()
        self.channel.close()
        self.wire.feed_eof()

    def _forget(self) -> None:
        self.service.forget(self, admitted_ip=self._admitted_ip)

    # ------------------------------------------------------------------------------------------------------------ output

    def reply(self, line: bytes | Refusal) -> None:
        """Say something; it goes out with whatever else is said before the next wait (RFC 2920)."""
        self._out.append(line if isinstance(line, bytes) else line.encode())

    @property
    def waiting_replies(self) -> int:
        """How many replies have not gone out yet."""
        return len(self._out)

    def send(self) -> bool:
        """Send what was said; tell whether the client has yet to read some of it."""
        if self._out:
            self._write()
        return self.channel.get_write_buffer_size() > 0

    async def flush(self) -> None:
        """Send what was said, and wait while the client does not read it."""
        if self.send():
            self.wait(Phase.COMMAND)  # It is the client's turn: to read.
            await self._drain_helper()  # type: ignore[attr-defined]  # asyncio's FlowControlMixin

    def _write(self) -> None:
        self.channel.write(b"".join(self._out) if len(self._out) > 1 else self._out[0] if self._out else b"")
        self._out.clear()

    # -------------------------------------------------------------------------------------------------------------- time

    def wait(self, phase: Phase) -> None:
        """Take note of what is waited for from now on. Raises Hangup when the connection is being closed."""
        if self.phase is Phase.CLOSING:
            raise Hangup
        self.phase = phase
        self.since = now = self.service.now()
        if phase is Phase.CONTENT:
            self._pace = Pace(now=now, octets=self.wire.received)

    def idle_seconds(self, now: float) -> float:
        """Return for how long the client has said nothing although it was its turn."""
        return now - self.since if self.phase is Phase.COMMAND else -1.0

    def check_pace(self, now: float) -> None:
        """Close the connection if its client takes longer than it may."""
        limits, seconds = self.service.limits, now - self.since
        match self.phase:
            case Phase.COMMAND if seconds >= limits.idle:
                self._cut("idle")
            case Phase.HANDSHAKE if seconds >= limits.handshake:
                self._cut("handshake")
            case Phase.CONTENT if self._pace and self._pace.is_too_slow(now=now, octets=self.wire.received, limits=limits):
                self._cut("progress")
            case Phase.CLOSING if seconds >= _ABORT_SECONDS:
                self.channel.abort()
            case _:
                pass

    def _cut(self, limit: str) -> None:
        self.service.count(limit, self.client_ip)
        if self.phase is Phase.HANDSHAKE or self.channel.get_write_buffer_size():
            self.wait(Phase.CLOSING)
            self.channel.abort()
            self.wire.feed_eof()
        else:
            self.hang_up(replies.TOO_IDLE)

    def drain(self) -> None:
        """Close the connection if nothing of it would be lost; otherwise it closes after the mail that is under way."""
        if self.phase in (Phase.COMMAND, Phase.HANDSHAKE):
            self.hang_up(replies.SHUTTING_DOWN)

    # --------------------------------------------------------------------------------------------------------------- TLS

    async def start_tls(self) -> None:
        """Go on in TLS; nothing that was sent before survives. Raises OSError when the handshake fails."""
        certificates = self.listener.certificates
        assert certificates is not None  # noqa: S101 the settings say so
        self.wait(Phase.HANDSHAKE)
        self.wire = Wire(self.loop, self.channel)
        try:
            channel = await self.loop.start_tls(
                self.channel,
                self,
                certificates.context,
                server_side=True,
                ssl_handshake_timeout=self.service.limits.handshake,
                ssl_shutdown_timeout=_TLS_SHUTDOWN_SECONDS,
            )
        except BaseException as error:
            log.info("tls.failed", client_ip=self.client_ip, because=getattr(error, "reason", None) or type(error).__name__)
            self._forget()  # The event loop does not tell us any more that the connection is lost.
            raise
        if self.phase is not Phase.HANDSHAKE or channel is None:
            self._forget()
            raise Hangup
        self.channel = channel
        self.wire.attach(channel)
        tls = channel.get_extra_info("ssl_object")
        self.tls = f"{tls.version()} {tls.cipher()[0]}"
        self.wait(Phase.WORK)
