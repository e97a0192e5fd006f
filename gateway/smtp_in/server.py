"""The listeners of a process: begin to take mail, take other settings, and stop without losing any.

Signals, privileges and systemd belong to the app. Start with `Server.start`.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import structlog

from gateway.smtp_in.intake import Intake
from gateway.smtp_in.listeners import Listener
from gateway.smtp_in.service import Service
from gateway.smtp_in.session import Session
from gateway.smtp_in.settings import LimitSettings
from gateway.smtp_in.spool import Spool

log: Final = structlog.get_logger()

_SWEEP_SECONDS: Final = 1.0
_CERTIFICATE_SWEEPS: Final = 10
"""Certificates are looked at in every tenth sweep."""


class Server:
    """Takes mail on all listeners of this process."""

    def __init__(
        self,
        *,
        listeners: Sequence[Listener],
        intake: Intake,
        limits: LimitSettings,
        hostname: str,
        spool_folder: Path,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take bound listeners and what to do with mail; `now` is a clock in seconds that never steps back."""
        self._listeners = tuple(listeners)
        self._spool = Spool(spool_folder)
        self.service = Service(hostname=hostname, intake=intake, limits=limits, spool=self._spool, now=now)
        self._servers: list[asyncio.Server] = []
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it listens, as `host:port` or `unix:/path`, in the order of the listeners."""
        return tuple(listener.address for listener in self._listeners)

    async def start(self) -> None:
        """Begin to take connections."""
        loop = asyncio.get_running_loop()
        for listener in self._listeners:

            def session(listener: Listener = listener) -> Session:
                return Session(self.service, listener, loop)

            if listener.settings.address.startswith("unix:"):
                server = await loop.create_unix_server(session, sock=listener.socket, backlog=_BACKLOG)
            else:
                server = await loop.create_server(session, sock=listener.socket, backlog=_BACKLOG)
            self._servers.append(server)
            log.info("listener.opened", address=listener.address, door=listener.settings.door, tls=listener.settings.tls_mode)
        self._sweeper = loop.create_task(self._sweep(), name="smtp sweeper")

    def reconfigure(self, *, limits: LimitSettings, hostname: str) -> None:
        """Take other limits and another name; listeners themselves change with a restart only."""
        self.service.reconfigure(hostname=hostname, limits=limits)

    async def drain(self, seconds: float) -> None:
        """Take no more connections, let mails that are arriving be finished, and leave after `seconds` in any case.

        Idle clients are told 421 4.3.2 and come back. A mail that was not answered is sent again by its client.
        """
        self.service.is_draining = True
        for server in self._servers:
            server.close()
        for session in list(self.service.sessions):
            session.drain()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.service.wait_until_empty(), seconds)
        for session in list(self.service.sessions):
            session.channel.abort()
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
        await asyncio.to_thread(self._clean_up)

    def _clean_up(self) -> None:
        self._spool.close()
        for listener in self._listeners:
            if listener.settings.address.startswith("unix:") and listener.settings.systemd is None:
                Path(listener.settings.address.removeprefix("unix:")).unlink(missing_ok=True)

    async def refresh_certificates(self) -> None:
        """Look at every certificate's files now."""
        for certificates in {listener.certificates for listener in self._listeners if listener.certificates is not None}:
            await certificates.refresh()

    async def _sweep(self) -> None:
        count = 0
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            count += 1
            self.service.sweep()
            if count % _CERTIFICATE_SWEEPS == 0:
                await self.refresh_certificates()


_BACKLOG: Final = 1024
