"""The whole gateway in one process, spoken to over real SMTP, with a smarthost that keeps what it is given."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from gateway.app import Gateway, open_gateway
from gateway.config.load import load_config
from gateway.daemon import Daemon
from gateway.ids import parse_id
from gateway.relay.sink import KeptMail, Sink
from gateway.smtp_in.listeners import open_listeners
from gateway.states import ReceivedState

CONFIG = """
hostname: gw.firma.example
data: {data}
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

        def send() -> str:
            with smtplib.SMTP("127.0.0.1", self.port, local_hostname="mail.kunde.example") as client:
                client.ehlo()
                assert client.mail(sender)[0] == 250
                assert client.rcpt(recipient)[0] == 250
                code, reply = client.data(mail.as_bytes(policy=policy.SMTP))
                assert code == 250
                return reply.decode()

        return await asyncio.to_thread(send)

    async def wait_for(self, recipient: str, words: str) -> EmailMessage:
        """Wait until a mail with these words has left to somebody."""

        def is_wanted(kept: KeptMail) -> bool:
            return kept.recipient == recipient and words in body_of(read(kept.content))

        return read((await self.sink.wait_for(is_wanted, 20)).content)


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


@pytest.fixture
async def world(tmp_path: Path, unused_udp_port: int) -> AsyncIterator[World]:
    sink = Sink()
    port = await sink.start()
    file = tmp_path / "gateway.yaml"
    file.write_text(CONFIG.format(data=tmp_path / "data", port=port, dns=unused_udp_port))
    (tmp_path / "data").mkdir()
    config = load_config(file)
    async with open_gateway(config) as gateway:
        daemon = Daemon(gateway, open_listeners(config.listen, passed={}))
        await daemon.start()
        try:
            yield World(daemon, gateway, sink)
        finally:
            await daemon.drain(5)
    await sink.stop()


async def test_mail_becomes_a_ticket_and_both_sides_hear_of_it(world: World) -> None:
    mail = write("Käthe Kunde <kaethe@kunde.example>", "support@firma.example", "Grüße", "Der Drucker druckt nicht.\n")
    mail["Message-ID"] = "<one@kunde.example>"
    mail.add_attachment("Prüfbericht".encode(), maintype="application", subtype="octet-stream", filename="prüf.bin")
    reply = await world.hand_over("kaethe@kunde.example", "support@firma.example", mail)

    confirmation = await world.wait_for("kaethe@kunde.example", "2026-000001")
    notification = await world.wait_for("anna@firma.example", "Der Drucker druckt nicht.")

    assert confirmation["Auto-Submitted"] == "auto-replied"
    assert "Drucker" not in str(confirmation), "an acknowledgement carries no text of the sender's"
    assert [part.get_filename() for part in notification.iter_attachments()] == ["prüf.bin"]
    received_id = parse_id(reply.split()[1])
    assert received_id is not None
    stored = await world.gateway.database.read(lambda tx: tx.received.get(received_id))
    assert stored.state is ReceivedState.TICKETED


async def test_agent_that_nothing_proves_is_asked_and_the_customer_hears_nothing_until_then(world: World) -> None:
    opening = write("kaethe@kunde.example", "support@firma.example", "Rechnung", "Stimmt nicht.\n", Message_ID="<one@k.example>")
    await world.hand_over("kaethe@kunde.example", "support@firma.example", opening)
    notification = await world.wait_for("anna@firma.example", "Stimmt nicht.")
    back = str(notification["Reply-To"].addresses[0].addr_spec)

    answer = write("anna@firma.example", back, "Re: Rechnung", "Wir prüfen das.\n", Message_ID="<two@firma.example>")
    await world.hand_over("anna@firma.example", back, answer)
    question = await world.wait_for("anna@firma.example", "confirm")
    assert not [kept for kept in world.sink.mails if kept.recipient.startswith("kaethe") and b"Wir pr" in kept.content]

    back = str(question["Reply-To"].addresses[0].addr_spec)
    yes = write("anna@firma.example", back, "Re: Bitte", "confirm\n", Message_ID="<three@firma.example>")
    await world.hand_over("anna@firma.example", back, yes)
    relayed = await world.wait_for("kaethe@kunde.example", "Wir prüfen das.")
    assert relayed["From"].addresses[0].addr_spec == "support@firma.example"
    assert relayed["From"].addresses[0].display_name == "Anna (Firma Support)"
    assert relayed["Auto-Submitted"] is None


async def test_unknown_recipients_are_refused_and_nothing_is_relayed(world: World) -> None:
    def ask() -> tuple[int, int]:
        with smtplib.SMTP("127.0.0.1", world.port) as client:
            client.ehlo()
            client.mail("a@b.example")
            return client.rcpt("nobody@firma.example")[0], client.rcpt("someone@elsewhere.example")[0]

    assert await asyncio.to_thread(ask) == (550, 550)
