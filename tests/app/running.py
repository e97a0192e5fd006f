"""The whole gateway in this process, spoken to over real SMTP, with a smarthost that keeps what it is given."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from gateway.app import Gateway
from gateway.config.load import load_config
from gateway.daemon import Daemon, open_front
from gateway.desk_keeper import DeskKeeper
from gateway.porter_keeper import Porters
from gateway.relay.sink import KeptMail, Sink
from gateway.smtp_in.listeners import open_listeners
from gateway.storage.database import Database

CONFIG = """
hostname: gw.firma.example
data: {data}
database: "{database}"
operators: {{addresses: [admin@ops.example]}}
listen: [{{smtp: "127.0.0.1:0"}}]
resolver: {{servers: ["127.0.0.1:{dns}"], timeout: 1s}}
smarthosts: {{main: {{host: 127.0.0.1, port: {port}, security: none}}}}
agents: {{anna: {{name: Anna Arndt, addresses: [anna@firma.example], alias: Anna}}}}
queues: {{support: {{agents: [anna]}}}}
channels:
  support: {{address: support@firma.example, display_name: Firma Support, queue: support, smarthosts: [main], language: de}}
"""


class World:
    """A running gateway and its smarthost."""

    def __init__(self, daemon: Daemon, gateway: Gateway, sink: Sink) -> None:
        self.daemon = daemon
        self.gateway = gateway
        self.sink = sink
        self.port = int(daemon.server.addresses[0].rpartition(":")[2])

    async def hand_over(self, sender: str, recipient: str, mail: EmailMessage) -> str:
        """Send a mail as another server would; return the reply to the final dot."""
        code, reply = await self.try_to_hand_over(sender, recipient, mail)
        assert code == 250, reply
        return reply

    async def try_to_hand_over(self, sender: str, recipient: str, mail: EmailMessage) -> tuple[int, str]:
        """Send a mail as another server would; return the first reply that is no 2xx, or the one to the final dot."""

        def send() -> tuple[int, str]:
            with smtplib.SMTP("127.0.0.1", self.port, local_hostname="mail.kunde.example") as client:
                client.ehlo()
                code, reply = client.mail(sender)
                if code == 250:
                    code, reply = client.rcpt(recipient)
                if code == 250:
                    code, reply = client.data(mail.as_bytes(policy=policy.SMTP))
                return code, reply.decode()

        return await asyncio.to_thread(send)

    async def wait_for(self, recipient: str, words: str) -> EmailMessage:
        """Wait until a mail with these words has left to somebody."""

        def is_wanted(kept: KeptMail) -> bool:
            return kept.recipient == recipient and words in body_of(read(kept.content))

        return read((await self.sink.wait_for(is_wanted, 60)).content)


def read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def body_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def write(sender: str, recipient: str, subject: str, text: str, **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, subject
    mail["Date"] = "Sat, 21 Nov 2026 10:00:00 +0000"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


@asynccontextmanager
async def reading(data: Path) -> AsyncIterator[Database]:
    """Open what a gateway left behind."""
    database = await Database.open(data=data, read_only=True)
    yield database
    await database.close()


@asynccontextmanager
async def run_gateway(
    folder: Path, *, dns: int, database: str = "sqlite", data: Path | None = None, more: str = "", processes: int = 1
) -> AsyncIterator[World]:
    """Run a gateway whose configuration lies in `folder`; `more` is further sections of it, `processes` so many take mail."""
    sink = Sink()
    port = await sink.start()
    data = data or folder / "data"
    data.mkdir(exist_ok=True)
    file = folder / "gateway.yaml"
    file.write_text(CONFIG.format(data=data, port=port, dns=dns, database=database) + more, encoding="utf-8")
    config = load_config(file)
    desk = DeskKeeper()
    async with open_front(config, desk) as gateway:
        listeners = open_listeners(config.listen, passed={})
        porters = Porters.of(listeners, processes=processes, on_accepted=desk.tell_of_mail)
        daemon = Daemon(gateway, listeners, desk=desk, porters=porters)
        await daemon.start()
        try:
            yield World(daemon, gateway, sink)
        finally:
            await daemon.drain(5)
    await sink.stop()
