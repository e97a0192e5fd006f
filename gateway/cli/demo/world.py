"""What the demo needs, all on loopback: the gateway itself, the company's smarthost, the DNS, and everybody's mail programs."""

import asyncio
import smtplib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from gateway.app import Gateway
from gateway.cli.demo.names import Domain, serve_names
from gateway.config import load_config
from gateway.daemon import Daemon, open_front
from gateway.desk_keeper import DeskKeeper
from gateway.relay.sink import KeptMail, Sink
from gateway.smtp_in.listeners import open_listeners
from gateway.states import OutboundState, ReceivedState
from gateway.storage.transaction import Reader

CUSTOMER_ADDRESS: Final = "192.0.2.10"
"""Where the customer's mail server stands (RFC 5737: an address for examples)."""
PATIENCE_SECONDS: Final = 30
_CONFIG: Final = """\
# The demo's configuration; it lives as long as the demo does.
hostname: gw.firma.example
data: {data}
listen:
  - {{smtp: "127.0.0.1:{port}"}}
resolver: {{servers: ["127.0.0.1:{names}"]}}
smarthosts:
  main: {{host: 127.0.0.1, port: {smarthost}, security: none}}
agents:
  anna: {{name: Anna Arndt, addresses: [anna@firma.example], alias: Anna, signature: "Anna vom Support"}}
queues:
  support: {{agents: [anna]}}
channels:
  support:
    address: support@firma.example
    display_name: Firma Support
    queue: support
    smarthosts: [main]
    language: de
    forwarders:
      - {{name: the company's mail server, networks: [127.0.0.0/8], srs_domains: [firma.example]}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that runs."""

    gateway: Gateway
    smarthost: Sink
    company: Domain
    customer: Domain
    config: Path
    port: int

    async def hand_over(self, mail: EmailMessage, *, signer: Domain, sender: str, recipient: str, above: str = "") -> str:
        """Sign a mail and hand it to the gateway over SMTP; `above` are fields that a server on the way added.

        Returns the reply to the final dot. Raises smtplib.SMTPException when the gateway refuses.
        """
        content = above.replace("\n", "\r\n").encode() + signer.sign(mail.as_bytes(policy=policy.SMTP))

        def send() -> str:
            with smtplib.SMTP("127.0.0.1", self.port, local_hostname="mx.firma.example", timeout=PATIENCE_SECONDS) as client:
                client.ehlo()
                for code, reply in (client.mail(sender), client.rcpt(recipient), client.data(content)):
                    if code not in {250, 251}:
                        raise smtplib.SMTPResponseException(code, reply)
                return reply.decode()

        return await asyncio.to_thread(send)

    async def mail_to(self, address: str, fits: Callable[[EmailMessage], bool]) -> EmailMessage:
        """Return the first mail that left to somebody and fits. Raises TimeoutError."""

        def is_it(kept: KeptMail) -> bool:
            return kept.recipient == address and fits(read(kept.content))

        return read((await self.smarthost.wait_for(is_it, PATIENCE_SECONDS)).content)

    async def settle(self) -> None:
        """Wait until no mail waits for its decision and none for its smarthost. Raises TimeoutError."""

        def is_busy(tx: Reader) -> bool:
            received = tx.received.list((ReceivedState.RECEIVED,), limit=1)
            return bool(received or tx.outbox.list((OutboundState.QUEUED, OutboundState.SENDING), limit=1))

        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.gateway.database.read(is_busy):  # noqa: ASYNC110 nothing tells when the last one has left
                await asyncio.sleep(0.05)


def read(content: bytes) -> EmailMessage:
    """Parse a mail of ours, as a mail program does."""
    return message_from_bytes(content, policy=policy.default)


def text_of(mail: EmailMessage) -> str:
    """Return the text that a mail program shows."""
    part = mail.get_body(("plain", "html"))
    return str(part.get_content()) if part is not None else ""


@asynccontextmanager
async def build_world(folder: Path, *, port: int) -> AsyncIterator[World]:
    """Start everything; `port` 0 takes a free one."""
    company, customer = Domain.make("firma.example", "127.0.0.1"), Domain.make("kunde.example", CUSTOMER_ADDRESS)
    names, names_port = await serve_names(company, customer)
    smarthost = Sink()
    data, file = folder / "data", folder / "gateway.yaml"
    data.mkdir()
    file.write_text(_CONFIG.format(data=data, port=port, names=names_port, smarthost=await smarthost.start()), encoding="utf-8")
    config = load_config(file)
    try:
        desk = DeskKeeper()
        async with open_front(config, desk) as gateway:
            daemon = Daemon(gateway, open_listeners(config.listen, passed={}), desk=desk)
            await daemon.start()
            try:
                yield World(
                    gateway=gateway,
                    smarthost=smarthost,
                    company=company,
                    customer=customer,
                    config=file,
                    port=int(daemon.server.addresses[0].rpartition(":")[2]),
                )
            finally:
                await daemon.drain(5)
    finally:
        await smarthost.stop()
        names.close()
