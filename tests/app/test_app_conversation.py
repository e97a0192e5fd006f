"""A conversation with the whole gateway over real SMTP."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.ids import parse_id
from gateway.states import ReceivedState
from tests.app.running import World, run_gateway, write


@pytest.fixture(params=["sqlite", "postgresql"])
async def world(request: pytest.FixtureRequest, tmp_path: Path, unused_udp_port: int) -> AsyncIterator[World]:
    database = "sqlite" if request.param == "sqlite" else request.getfixturevalue("server").create()
    async with run_gateway(tmp_path, dns=unused_udp_port, database=database) as running:
        yield running


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
