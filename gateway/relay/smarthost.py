"""One smarthost as the relay sees it: hand it a mail, get a `Try`. Connections are bounded and reused.

`hand_over` never raises for anything a server or a network does.
"""

import asyncio
import math
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiosmtplib import SMTPException, SMTPResponseException

from gateway.errors import InvalidAddress
from gateway.relay.connection import Connection, Handover, make_tls_context
from gateway.relay.settings import SmarthostSettings
from gateway.relay.tries import Stage, Try

_IDLE_SECONDS: Final = 15.0
_REST_SECONDS: Final = 30.0
_LONGEST_REPLY: Final = 1000
_OK: Final = 250
_GOES_AWAY: Final = 421


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    """How one conversation ended."""

    stage: Stage
    code: int | None
    reply: str
    tls: str | None = None
    was_reused: bool = False


class Smarthost:
    """Hands mails to one configured server."""

    def __init__(self, name: str, settings: SmarthostSettings, *, hostname: str, clock: Callable[[], datetime]) -> None:
        """Take its name in the configuration, its settings, our own name, and a clock that gives aware UTC."""
        self.name = name
        self.settings = settings
        self._hostname = hostname
        self._clock = clock
        self._slots = asyncio.Semaphore(settings.max_connections)
        self._idle: dict[Connection, asyncio.TimerHandle] = {}
        self._farewells: set[asyncio.Task[None]] = set()
        self._tls_context: ssl.SSLContext | None = None
        self._rest_ends = 0.0
        self._rests_because = ""
        self._is_closed = False

    async def hand_over(self, handover: Handover, *, deadline: float = math.inf) -> Try:
        """Try to hand over one mail and say what came of it; nothing is begun after `deadline` (of the loop's clock)."""
        loop = asyncio.get_running_loop()
        async with self._slots:
            at, started = self._clock(), loop.time()
            if started > deadline:
                ending = _Ending(stage=Stage.CONNECT, code=None, reply="waited too long for a free connection")
            else:
                ending = await self._converse(handover)
            if ending.was_reused and ending.stage is Stage.MAIL and ending.code in {None, _GOES_AWAY}:
                # The server had closed a connection that we kept. Nothing was handed over: ask once more on a new one.
                ending = await self._converse(handover, reuse=False)
            return Try(
                smarthost=self.name,
                at=at,
                stage=ending.stage,
                code=ending.code,
                reply=_one_line(ending.reply),
                tls=ending.tls,
                seconds=loop.time() - started,
            )

    def refresh(self) -> None:
        """Read the trusted authorities again, and ask a server that was dead at once: an admin may have mended something."""
        self._tls_context = None
        self._rest_ends = 0.0

    async def close(self) -> None:
        """Say goodbye on every idle connection; those in use are closed when their mail is done."""
        self._is_closed = True
        for connection in tuple(self._idle):
            self._dismiss(connection)
        while self._farewells:
            await asyncio.gather(*self._farewells)

    async def _converse(self, handover: Handover, *, reuse: bool = True) -> _Ending:
        connection = self._take_idle() if reuse else None
        was_reused = connection is not None
        if connection is None:
            if self._is_resting:
                return _Ending(stage=Stage.CONNECT, code=None, reply=f"not asked again so soon: {self._rests_because}")
            try:
                connection = await self._make_connection()
            except OSError as error:
                return _Ending(stage=Stage.HELLO, code=None, reply=f"cannot read the trusted authorities: {error}")
        code: int | None
        try:
            if not was_reused:
                await connection.open()
            code, reply = _OK, await connection.send(handover)
        except SMTPResponseException as error:
            code, reply = _valid_code(error.code), error.message
        except (SMTPException, OSError, InvalidAddress) as error:
            code, reply = None, f"{type(error).__name__}: {error}"
        except BaseException:
            connection.close()
            raise
        ending = _Ending(stage=connection.stage, code=code, reply=reply, tls=connection.tls, was_reused=was_reused)
        await self._put_back(connection, ending)
        self._rest_after(ending)
        return ending

    async def _make_connection(self) -> Connection:
        if self._tls_context is None and self.settings.security != "none":
            self._tls_context = await asyncio.to_thread(make_tls_context, self.settings)
        return Connection(self.settings, hostname=self._hostname, tls_context=self._tls_context)

    @property
    def _is_resting(self) -> bool:
        return asyncio.get_running_loop().time() < self._rest_ends

    def _rest_after(self, ending: _Ending) -> None:
        """Leave a dead server alone for a moment, so that a full outbox does not wait for one time-out after the other."""
        is_dead = ending.stage is Stage.CONNECT and ending.code is None
        if is_dead or ending.stage is Stage.AUTH:
            self._rest_ends = asyncio.get_running_loop().time() + _REST_SECONDS
            self._rests_because = _one_line(ending.reply)

    def _take_idle(self) -> Connection | None:
        while self._idle:
            connection, timer = self._idle.popitem()
            timer.cancel()
            if connection.is_open:
                return connection
            connection.close()
        return None

    async def _put_back(self, connection: Connection, ending: _Ending) -> None:
        """Keep a connection that can take another mail, close every other one."""
        spoke = ending.code is not None and ending.code != _GOES_AWAY
        reached_mail = ending.stage in {Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT, Stage.OFFER}
        if not (spoke and reached_mail and connection.is_open):
            connection.close()
            return
        if self._is_closed or connection.mails >= self.settings.mails_per_connection:
            self._say_goodbye(connection)
            return
        if ending.stage is not Stage.DOT:
            try:
                await connection.reset()
            except (SMTPException, OSError):
                connection.close()
                return
        loop = asyncio.get_running_loop()
        self._idle[connection] = loop.call_later(_IDLE_SECONDS, self._dismiss, connection)

    def _dismiss(self, connection: Connection) -> None:
        timer = self._idle.pop(connection, None)
        if timer is not None:
            timer.cancel()
        self._say_goodbye(connection)

    def _say_goodbye(self, connection: Connection) -> None:
        task = asyncio.get_running_loop().create_task(connection.quit())
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)


def _valid_code(code: int) -> int | None:
    """Return a reply code, or None for what aiosmtplib reports in place of one."""
    return code if 200 <= code <= 599 else None  # noqa: PLR2004 RFC 5321 section 4.2.1


def _one_line(text: str) -> str:
    """Return a server's words so that they can be logged, stored and shown: one line without controls or lone surrogates."""
    cleaned = text[: _LONGEST_REPLY * 4].encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(c if c.isprintable() else " " for c in cleaned).split())[:_LONGEST_REPLY]
