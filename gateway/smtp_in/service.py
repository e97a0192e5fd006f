"""What all sessions of a process share: the intake, the limits in force, and the counters behind them."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.smtp_in.intake import Intake
from gateway.smtp_in.limits import Connections, InFlight, Refusals
from gateway.smtp_in.replies import MAKING_ROOM
from gateway.smtp_in.settings import LimitSettings
from gateway.smtp_in.shared_counts import SharedCounts
from gateway.smtp_in.spool import Spool

if TYPE_CHECKING:
    from gateway.smtp_in.connection import Connection


class Service:
    """Shared by all listeners; one per process."""

    def __init__(
        self,
        *,
        hostname: str,
        intake: Intake,
        limits: LimitSettings,
        spool: Spool,
        now: Callable[[], float],
        shared: SharedCounts | None = None,
    ) -> None:
        """Take what sessions need; `now` is a clock in seconds that never steps back, `shared` counts with other processes."""
        self.hostname = hostname
        self.intake = intake
        self.limits = limits
        self.spool = spool
        self.now = now
        self.connections = Connections(limits, shared)
        self.in_flight = InFlight(limits, shared)
        self.refusals = Refusals()
        self.sessions: set[Connection] = set()
        self._is_empty = asyncio.Event()
        self.is_draining = False
        self.mails = 0
        """Mails accepted since the start."""

    def reconfigure(self, *, hostname: str, limits: LimitSettings) -> None:
        """Take other settings: sessions use them from their next command on."""
        self.hostname = hostname
        self.limits = limits
        self.connections.reconfigure(limits)
        self.in_flight.reconfigure(limits)

    def forget(self, session: "Connection", *, admitted_ip: str | None) -> None:
        """Count a connection no longer; harmless when called twice."""
        if session in self.sessions:
            self.sessions.remove(session)
            self.connections.count(-1)
            self.connections.release(admitted_ip)
            if not self.sessions:
                self._is_empty.set()

    async def wait_until_empty(self) -> None:
        """Wait for the last connection to go."""
        while self.sessions:
            self._is_empty.clear()
            await self._is_empty.wait()

    def count(self, limit: str, client_ip: str | None) -> None:
        """Count that a limit was reached, if one was, and log it once per burst."""
        if limit:
            self.refusals.note(limit, now=self.now(), client_ip=client_ip)

    def make_room(self) -> bool:
        """Close the connection that has been idle for longest; False when none has been idle for long enough."""
        now = self.now()
        idlest = max(self.sessions, key=lambda session: session.idle_seconds(now), default=None)
        if idlest is None or idlest.idle_seconds(now) < self.limits.idle_under_pressure:
            return False
        idlest.hang_up(MAKING_ROOM)
        return True

    def sweep(self) -> None:
        """Close what waits for too long; called every second."""
        now = self.now()
        for session in list(self.sessions):
            session.check_pace(now)
        self.refusals.sweep(now=now)
