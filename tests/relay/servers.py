"""Smarthosts that do what a script says, and what else the relay's tests are played with."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from gateway.relay.smarthost import Smarthost

SILENCE: Final = "silence"
Serve = Callable[[Callable[[], asyncio.BaseProtocol], ssl.SSLContext | None], Awaitable[int]]


class Connect(Protocol):
    """Make a smarthost on a port of 127.0.0.1, without TLS unless the changes say so."""

    def __call__(self, port: int, **changes: object) -> Smarthost: ...


class Listener:
    """A server whose every connection is closed for good when it stops, as warnings are errors."""

    def __init__(self, factory: Callable[[], asyncio.BaseProtocol]) -> None:
        self._factory = factory
        self._server: asyncio.Server | None = None
        self._transports: list[asyncio.BaseTransport] = []
        self._sockets: list[socket.socket] = []

    async def start(self, tls: ssl.SSLContext | None) -> int:
        self._server = await asyncio.get_running_loop().create_server(self._accept, "127.0.0.1", 0, ssl=tls)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for transport in self._transports:
            transport.close()
        while any(one.fileno() != -1 for one in self._sockets):  # noqa: ASYNC110 asyncio has no event for a closed socket
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)  # our own side of these connections learns of it

    def _accept(self) -> asyncio.BaseProtocol:
        protocol = self._factory()
        connection_made = protocol.connection_made

        def remember(transport: asyncio.BaseTransport) -> None:
            self._transports.append(transport)
            self._sockets.append(transport.get_extra_info("socket"))
            connection_made(transport)

        protocol.connection_made = remember  # type: ignore[method-assign]
        return protocol


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """An authority of our own, and a server certificate by it for localhost and 127.0.0.1."""

    ca_file: Path
    server: ssl.SSLContext


@dataclass
class Script:
    """What a scripted smarthost says, and what it heard. `replies` are looked up by the verb; `DOT` answers the content.

    A reply of None closes the connection, SILENCE says nothing; a list is used up from the front, its last entry stays.
    """

    replies: dict[str, str | list[str | None] | None] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    connections: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """A whole mail was read."""

    def reply(self, verb: str) -> str | None:
        defaults = {"GREETING": "220 ready", "DATA": "354 go on", "QUIT": "221 bye", "EHLO": "250-me\r\n250 SIZE 1000000"}
        chosen = self.replies.get(verb, defaults.get(verb, "250 ok"))
        if isinstance(chosen, list):
            chosen = chosen.pop(0) if len(chosen) > 1 else chosen[0]
        return chosen


class ScriptedSession(asyncio.Protocol):
    """A smarthost that does what its script says."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._buffer = b""
        self._in_content = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._script.connections += 1
        self._say("GREETING")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._transport is not None and not self._transport.is_closing():
            end = b"\r\n.\r\n" if self._in_content else b"\r\n"
            head, found, rest = self._buffer.partition(end)
            if not found:
                return
            self._buffer = rest
            if self._in_content:
                self._in_content = False
                self._script.contents.append(head + b"\r\n")
                self._script.arrived.set()
                self._say("DOT")
                continue
            line = head.decode()
            self._script.heard.append(line)
            self._say(line.split(" ", maxsplit=1)[0].upper())

    def _say(self, verb: str) -> None:
        assert self._transport is not None
        reply = self._script.reply(verb)
        if reply is None:
            self._transport.close()
            return
        if reply == SILENCE:
            return
        self._in_content = verb == "DATA" and reply.startswith("354")
        self._transport.write(reply.encode() + b"\r\n")
        if reply.startswith("421") or verb == "QUIT":
            self._transport.close()


def check_login(_server: SMTP, _session: object, _envelope: object, mechanism: str, login: object) -> AuthResult:
    """Let one user in, by one password."""
    _ = mechanism
    good = isinstance(login, LoginPassword) and (login.login, login.password) == (b"gateway", b"geheim")
    return AuthResult(success=good, handled=False)


def closed_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def addresses(heard: Sequence[str]) -> list[str]:
    """Return the MAIL and RCPT lines of what was heard."""
    return [line for line in heard if line.startswith(("MAIL", "RCPT"))]
