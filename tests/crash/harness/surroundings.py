"""What stands around a gateway in the crash tests: a smarthost that takes everything, and a DNS in which nothing exists.

A program of its own (`python -m tests.crash.harness.surroundings`): prints the two ports, and ends when its standard input does.
"""

import asyncio
import sys
from asyncio import DatagramTransport
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from gateway.relay.sink import Sink

_HEADER_OCTETS = 12
_TYPE_AND_CLASS = 4


class Smarthost(Sink):
    """Takes every mail and forgets it."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 aiosmtpd's name
        """Take a mail (aiosmtpd's hook)."""
        reply = await super().handle_DATA(server, session, envelope)
        self.mails.clear()
        return reply


class EmptyDns(asyncio.DatagramProtocol):
    """Answers NXDOMAIN to every question (RFC 1035 section 4.1.1)."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self._transport = cast("DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        """Give the question back, with no answer."""
        end = data.find(b"\0", _HEADER_OCTETS) + 1 + _TYPE_AND_CLASS
        if len(data) > _HEADER_OCTETS:
            flags = bytes((0x84 | (data[2] & 1), 0x83))
            self._transport.sendto(data[:2] + flags + data[4:6] + bytes(6) + data[_HEADER_OCTETS:end], addr)


async def _main() -> None:
    loop = asyncio.get_running_loop()
    smarthost = Smarthost()
    port = await smarthost.start()
    dns, _ = await loop.create_datagram_endpoint(EmptyDns, local_addr=("127.0.0.1", 0))
    sys.stdout.write(f"{port} {dns.get_extra_info('sockname')[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main())
