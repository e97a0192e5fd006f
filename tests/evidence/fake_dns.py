"""A DNS server on loopback, fed by a dict: UDP with truncation, TCP, and every way to misbehave."""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Self, cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset


class Behaviour(Enum):
    """What a name does instead of answering."""

    SERVFAIL = "servfail"
    REFUSED = "refused"
    SILENCE = "silence"
    GARBAGE = "garbage"
    TRUNCATED = "truncated"
    """Over UDP always truncated; TCP does not answer."""


Records = Mapping[str, Sequence[str | bytes] | Behaviour]
"""Record type → values in the master file's form; TXT as plain text or bytes of any length. `*`: every other type."""

MAX_UDP = 1232


@dataclass(slots=True)
class FakeDns:
    """The server; `questions` are all that were asked, in order."""

    zone: dict[str, Records | Behaviour]
    ttl: int = 300
    questions: list[tuple[str, str]] = field(default_factory=list)
    tcp_questions: int = 0
    port: int = 0
    _udp: asyncio.DatagramTransport | None = None
    _tcp: asyncio.Server | None = None
    _more: list[asyncio.DatagramTransport | asyncio.Server] = field(default_factory=list)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _sessions: set["asyncio.Task[None] | None"] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._tcp = await asyncio.start_server(self._serve_tcp, "127.0.0.1", 0)
        self.port = self._tcp.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(self), local_addr=("127.0.0.1", self.port))
        return self

    async def serve_also(self, udp: socket.socket, tcp: socket.socket) -> None:
        """Answer on these sockets too, wherever they were opened."""
        udp.setblocking(False)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Udp(self), sock=udp)
        self._more += [transport, await asyncio.start_server(self._serve_tcp, sock=tcp)]

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._udp is not None
        assert self._tcp is not None
        for listener in (self._udp, self._tcp, *self._more):
            listener.close()
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*(session for session in self._sessions if session is not None))
        await self._tcp.wait_closed()

    def answer(self, query: bytes, *, over_tcp: bool) -> bytes | None:
        """Return the response to a query; None is silence."""
        question = dns.message.from_wire(query)
        wanted = question.question[0]
        name = _plain(wanted.name)
        self.questions.append((name, dns.rdatatype.to_text(wanted.rdtype)))
        response = dns.message.make_response(question)
        response.flags |= dns.flags.RA
        entry = self.zone.get(name)
        match entry:
            case Behaviour.SILENCE:
                return None
            case Behaviour.GARBAGE:
                return query[:2] + b"\xff" * 40
            case Behaviour.SERVFAIL:
                response.set_rcode(dns.rcode.SERVFAIL)
            case Behaviour.REFUSED:
                response.set_rcode(dns.rcode.REFUSED)
            case Behaviour.TRUNCATED:
                if over_tcp:
                    return None
                response.flags |= dns.flags.TC
            case _:
                self._fill(response, wanted.name, dns.rdatatype.to_text(wanted.rdtype))
        wire = response.to_wire(max_size=65_535)
        if len(wire) > MAX_UDP and not over_tcp:
            short = dns.message.make_response(question)
            short.flags |= dns.flags.TC
            return short.to_wire()
        return wire

    def _fill(self, response: dns.message.Message, name: dns.name.Name, kind: str) -> None:
        """Put the records in, following aliases as a recursive server does."""
        for _ in range(20):
            text = _plain(name)
            entry = self.zone.get(text)
            if entry is None or isinstance(entry, Behaviour):
                if isinstance(entry, Behaviour) or not any(other.endswith("." + text) for other in self.zone):
                    response.set_rcode(dns.rcode.SERVFAIL if isinstance(entry, Behaviour) else dns.rcode.NXDOMAIN)
                return
            found = entry.get(kind, entry.get("CNAME", entry.get("*")))
            if found is None:
                return
            if isinstance(found, Behaviour):
                response.set_rcode(dns.rcode.SERVFAIL)
                return
            if kind in entry:
                response.answer.append(self._rrset(name, kind, found))
                return
            alias = self._rrset(name, "CNAME", found)
            response.answer.append(alias)
            name = alias[0].target

    def _rrset(self, name: dns.name.Name, kind: str, values: Sequence[str | bytes]) -> dns.rrset.RRset:
        rdatas = [_rdata(kind, value) for value in values]
        return dns.rrset.from_rdata_list(name, self.ttl, rdatas)

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        session = asyncio.current_task()
        self._sessions.add(session)
        try:
            while length := await reader.readexactly(2):
                query = await reader.readexactly(int.from_bytes(length))
                self.tcp_questions += 1
                wire = self.answer(query, over_tcp=True)
                if wire is not None:
                    writer.write(len(wire).to_bytes(2) + wire)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            self._sessions.discard(session)
            writer.close()


def _plain(name: dns.name.Name) -> str:
    """Return a name without escapes, so that odd ones can stand in a zone as they are."""
    return b".".join(label for label in name.labels if label).decode("ascii", "replace").lower()


def _rdata(kind: str, value: str | bytes) -> dns.rdata.Rdata:
    if kind == "TXT":
        octets = value.encode() if isinstance(value, str) else value
        pieces = [octets[i : i + 255] for i in range(0, len(octets), 255)] or [b""]
        wire = b"".join(bytes([len(piece)]) + piece for piece in pieces)
        return dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.TXT, wire, 0, len(wire))
    text = value.decode() if isinstance(value, bytes) else value
    return dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(kind), text, origin=dns.name.root, relativize=False)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: FakeDns) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        assert self._transport is not None
        wire = self._server.answer(data, over_tcp=False)
        if wire is not None:
            self._transport.sendto(wire, addr)
