"""A real server on loopback, with a database that is a list and a directory that is a dict: what the app would pass in."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gateway.errors import StorageUnavailable
from gateway.ids import Ids
from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.envelope import Envelope, Recipient, RouteKind
from gateway.mail.evidence import (
    Evidence,
)
from gateway.smtp_in.committer import Committer
from gateway.smtp_in.intake import Intake
from gateway.smtp_in.listeners import open_listeners
from gateway.smtp_in.replies import Refusal
from gateway.smtp_in.server import Server
from gateway.smtp_in.settings import LimitSettings, ListenSettings
from gateway.smtp_in.shared_counts import SharedCounts
from gateway.storage.accepting import Acceptance

HOSTNAME = "gw.firma.example"
CHANNELS = {"support@firma.example": "support", "sales@firma.example": "sales", "postmaster@gw.firma.example": "support"}
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

NO_EVIDENCE = Evidence.unobserved(because="nobody asked")


class Clock:
    """A clock that only a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class World:
    """What the server is connected to, and what became of it."""

    folder: Path
    stored: dict[str, Acceptance] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    commits: list[int] = field(default_factory=list)
    """How many acceptances each commit held."""
    wakes: int = 0
    failure: Exception | None = None
    """What the database raises."""
    route_failure: Exception | None = None
    refusal: Refusal | None = None
    """What the judge says."""
    gate: asyncio.Event | None = None
    """A commit waits for it."""
    clock: Clock = field(default_factory=Clock)
    clients: "list[Client]" = field(default_factory=list)

    async def connect(self, server: Server, listener: int = 0) -> "Client":
        client = await Client.connect(server.addresses[listener])
        self.clients.append(client)
        return client

    async def route(self, address: Address) -> Recipient | None:
        if self.route_failure is not None:
            raise self.route_failure
        channel = CHANNELS.get(address.key)
        return Recipient(address=address, channel=channel, kind=RouteKind.CHANNEL) if channel is not None else None

    async def observe(self, envelope: Envelope, content: Content) -> Mapping[str, Evidence]:
        assert content.size >= 0
        return {recipient.channel: NO_EVIDENCE for recipient in envelope.recipients}

    def judge(self, envelope: Envelope, evidence: Mapping[str, Evidence], content: Content) -> Refusal | None:
        assert content.size >= 0
        assert set(evidence) == {recipient.channel for recipient in envelope.recipients}
        return self.refusal

    async def accept(self, mails: Sequence[Acceptance]) -> tuple[int, ...]:
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.commits.append(len(mails))
        for mail in mails:
            if mail.delivery_key not in self.stored:
                self.stored[mail.delivery_key] = mail
                self.bodies.append(mail.mail.content.read())
        return tuple(self.stored[mail.delivery_key].mail.id for mail in mails)

    def wake(self) -> None:
        self.wakes += 1

    @property
    def mails(self) -> list[Acceptance]:
        return list(self.stored.values())

    def intake(self) -> Intake:
        return Intake(
            route=self.route,
            serves=lambda domain: domain in {"firma.example", HOSTNAME},
            observe=self.observe,
            judge=self.judge,
            committer=Committer(accept=self.accept, on_received=self.wake),
            ids=Ids(clock_ms=lambda: 1_700_000_000_000, node=1),
            clock=lambda: NOW,
        )

    @contextlib.asynccontextmanager
    async def serve(
        self,
        *listen: ListenSettings,
        limits: LimitSettings | None = None,
        now: Callable[[], float] | None = None,
        shared: SharedCounts | None = None,
    ) -> AsyncIterator[Server]:
        server = Server(
            listeners=open_listeners(listen or (ListenSettings(smtp="127.0.0.1:0"),), passed={}),
            intake=self.intake(),
            limits=limits or LimitSettings(),
            hostname=HOSTNAME,
            spool_folder=self.folder / "spool",
            now=now or self.clock,
            shared=shared,
        )
        await server.start()
        try:
            yield server
        finally:
            await server.drain(5)
            for client in self.clients:
                await client.close()


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that the server does by itself."""
    while not condition():  # noqa: ASYNC110 there is no event for it, and none is made for tests
        await asyncio.sleep(0.001)


class Client:
    """A client that says exactly what it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, address: str) -> "Client":
        if address.startswith("unix:"):
            reader, writer = await asyncio.open_unix_connection(address.removeprefix("unix:"))
        else:
            host, _, port = address.rpartition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
        return cls(reader, writer)

    async def reply(self) -> str:
        """Return the next reply, its lines joined by LF; the empty string when the server has closed the connection."""
        lines: list[str] = []
        while True:
            try:
                line = await asyncio.wait_for(self.reader.readline(), 20)
            except ConnectionResetError:
                return ""
            if not line:
                return "\n".join(lines)
            assert line.endswith(b"\r\n"), line
            lines.append(line[:-2].decode())
            if line[3:4] != b"-":
                return "\n".join(lines)

    async def send(self, octets: bytes) -> None:
        self.writer.write(octets)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def ask(self, line: str) -> str:
        await self.send(line.encode() + b"\r\n")
        return await self.reply()

    async def greet(self, *, verb: str = "EHLO") -> None:
        assert (await self.reply()).startswith("220 ")
        assert (await self.ask(f"{verb} client.example")).startswith("250")

    async def begin_mail(self) -> None:
        assert (await self.ask("MAIL FROM:<kunde@kunde.example>")).startswith("250 ")
        assert (await self.ask("RCPT TO:<support@firma.example>")).startswith("250 ")

    async def send_mail(self, content: bytes) -> str:
        await self.begin_mail()
        assert (await self.ask("DATA")).startswith("354 ")
        await self.send(content + b"\r\n.\r\n")
        return await self.reply()

    async def start_tls(self) -> None:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        await self.writer.start_tls(context)

    def vanish(self) -> None:
        """Break the connection as a crashed machine does: with a reset."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


MAIL = (
    b"From: Karla Kunde <kunde@kunde.example>\r\nTo: support@firma.example\r\nSubject: Hello\r\nMessage-ID: <1@kunde.example>\r\n"
    b"\r\nIt does not work."
)

DATABASE_AWAY = StorageUnavailable("the database is away")
