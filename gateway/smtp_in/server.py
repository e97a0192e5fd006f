"""The listeners of a process: begin to take mail, take other settings, and stop without losing any.

Signals, privileges and systemd belong to the app. Start with `Server.start`.
"""

import asyncio
import contextlib
import resource
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
from gateway.smtp_in.shared_counts import SharedCounts
from gateway.smtp_in.spool import PREFIX, Spool, prefix_of_process

log: Final = structlog.get_logger()

_BACKLOG: Final = 1024
_OTHER_DESCRIPTORS: Final = 512
"""For the database, the spool, the relay and the listeners themselves."""
_SWEEP_SECONDS: Final = 1.0
_SWEEPS_PER_REFRESH: Final = 10
"""Certificates are looked at in every tenth sweep."""


def allow_descriptors(count: int) -> None:
    """Raise this process's limit of open files to `count`, or as near to it as the hard limit lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < count:
        log.warning("descriptors.limited", wanted=count, allowed=wanted)


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
        shared: SharedCounts | None = None,
    ) -> None:
        """Take bound listeners and what to do with mail; `now` is a clock in seconds that never steps back.

        `shared` is given where other processes take connections from the same listeners: what is limited is counted with them.
        """
        self._listeners = tuple(listeners)
        self._spool = Spool(spool_folder, prefix=PREFIX if shared is None else prefix_of_process(shared.own))
        self._made_sockets = shared is None or shared.own == 0
        self._at_a_time = _BACKLOG if shared is None else 1
        self.service = Service(hostname=hostname, intake=intake, limits=limits, spool=self._spool, now=now, shared=shared)
        self._servers: list[asyncio.Server] = []
        self._timer: asyncio.TimerHandle | None = None
        self._sweeps = 0
        self._refreshing: asyncio.Task[None] | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it listens, as `host:port` or `unix:/path`, in the order of the listeners."""
        return tuple(listener.address for listener in self._listeners)

    async def start(self) -> None:
        """Begin to take connections. Raises OSError when there can be no spool folder."""
        loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._spool.folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        allow_descriptors(self.service.limits.connections + _OTHER_DESCRIPTORS)
        for listener in self._listeners:

            def session(listener: Listener = listener) -> Session:
                return Session(self.service, listener, loop)

            if listener.settings.address.startswith("unix:"):
                server = await loop.create_unix_server(session, sock=listener.socket, backlog=self._at_a_time)
            else:
                server = await loop.create_server(session, sock=listener.socket, backlog=self._at_a_time)
            # To asyncio this number is also how many it accepts in one turn, and one process would take what came for all.
            listener.socket.listen(_BACKLOG)
            self._servers.append(server)
            log.info("listener.opened", address=listener.address, door=listener.settings.door, tls=listener.settings.tls_mode)
        self._sweep()

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
        if self._timer is not None:
            self._timer.cancel()
        if self._refreshing is not None:
            await self._refreshing
        await asyncio.to_thread(self._clean_up)

    def _clean_up(self) -> None:
        self._spool.close()
        for listener in self._listeners:
            listener.socket.close()  # also where it never began
            if self._made_sockets and listener.settings.address.startswith("unix:") and listener.settings.systemd is None:
                Path(listener.settings.address.removeprefix("unix:")).unlink(missing_ok=True)

    async def refresh_certificates(self) -> None:
        """Look at every certificate's files now."""
        for certificates in {listener.certificates for listener in self._listeners if listener.certificates is not None}:
            await certificates.refresh()

    def _sweep(self) -> None:
        # The next one first: whatever goes wrong in this one, clients that wait too long are still seen.
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_SWEEP_SECONDS, self._sweep)
        self._sweeps += 1
        self.service.sweep()
        if self._sweeps % _SWEEPS_PER_REFRESH == 0:
            self._refreshing = loop.create_task(self.refresh_certificates(), name="certificates")
