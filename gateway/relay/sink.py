"""A smarthost that keeps what it is given, for the demo and for tests: it delivers nothing.

Listens on its own event loop's server, not on aiosmtpd's threads. Never use it for real mail: it has no bounds.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from aiosmtpd.smtp import SMTP, Envelope, Session


class KeptMail(NamedTuple):
    """One mail for one recipient."""

    reverse_path: str
    """The empty string is the null reverse-path."""
    recipient: str
    content: bytes


class Sink:
    """Takes every mail and keeps it in `mails`, one for each recipient."""

    def __init__(self) -> None:
        self.mails: list[KeptMail] = []
        self._arrival = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._transports: set[asyncio.BaseTransport] = set()

    async def start(self, *, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen, and return the port."""
        self._server = await asyncio.get_running_loop().create_server(self._make_session, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for transport in tuple(self._transports):
            transport.close()
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    async def wait_for(self, predicate: Callable[[KeptMail], bool], seconds: float) -> KeptMail:
        """Return the first mail that fits, now or when it comes.

        Raises:
            TimeoutError: none came in that time.
        """
        async with asyncio.timeout(seconds):
            while True:
                self._arrival.clear()
                for mail in self.mails:
                    if predicate(mail):
                        return mail
                await self._arrival.wait()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 aiosmtpd's name
        """Keep a mail (aiosmtpd's hook)."""
        _ = server, session
        content = envelope.content
        assert isinstance(content, bytes)  # noqa: S101 aiosmtpd gives bytes unless decode_data is set
        reverse_path = (envelope.mail_from or "").removeprefix("<").removesuffix(">")
        self.mails += (KeptMail(reverse_path, recipient, content) for recipient in envelope.rcpt_tos)
        self._arrival.set()
        return "250 2.0.0 kept"

    def _make_session(self) -> SMTP:
        return _SinkSession(self, self._transports)


class _SinkSession(SMTP):
    """aiosmtpd's session, which tells the sink of its connection so that `stop` can end it."""

    def __init__(self, sink: Sink, transports: set[asyncio.BaseTransport]) -> None:
        super().__init__(sink, hostname="sink.invalid", enable_SMTPUTF8=True, data_size_limit=None, timeout=60)
        self._transports = transports

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transports.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.transport is not None:
            self._transports.discard(self.transport)
        super().connection_lost(error)
