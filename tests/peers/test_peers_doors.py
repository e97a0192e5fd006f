"""The other doors, and many mails at once."""

from gateway.mail import Assurance, Door, Purpose
from gateway.states import OutboundState
from tests.peers.clients import smtp_source, write_mail
from tests.peers.company import CUSTOMER_IP, World
from tests.peers.programs import wait_for

_MANY = 100


def test_postfix_delivers_by_lmtp(world: World) -> None:
    mail = write_mail(sender="kevin@kunde.test", to="lokal@firma.test", subject="Über LMTP", text="Klopf, klopf.\n")
    ticket = world.ask(mail, to="lokal@firma.test")
    assert (ticket.channel, ticket.subject) == ("lokal", "Über LMTP")
    found = world.gateway.mail(world.gateway.wait_received(mail["Message-ID"]).id)
    assert found.envelope.door is Door.LMTP
    assert found.evidence.through is not None
    assert found.evidence.through.client_ip == CUSTOMER_IP
    assert found.evidence.assurance is Assurance.PROVEN
    assert "Klopf, klopf." in world.notification(ticket.id, "carl").text


def test_hundred_mails_at_once_become_hundred_tickets(world: World) -> None:
    seconds = smtp_source(world.ports.company, count=_MANY, sessions=10, sender="menge@anderswo.test", to="massen@firma.test")

    def tickets() -> int:
        return sum(ticket.channel == "massen" for ticket in world.gateway.tickets())

    wait_for(f"{_MANY} tickets", lambda: tickets() == _MANY, seconds=90, story=world.logs)
    assert seconds < 60
    massen = [ticket for ticket in world.gateway.tickets() if ticket.channel == "massen"]
    assert len({ticket.number for ticket in massen}) == _MANY
    wait_for("every notification", lambda: _sent(world, massen[0].queue) >= _MANY, seconds=90, story=world.logs)


def _sent(world: World, queue: str) -> int:
    assert queue == "einer"
    mails = world.gateway.read(lambda tx: tx.outbox.list((OutboundState.SENT,), limit=1000))
    return sum(mail.channel == "massen" and mail.purpose is Purpose.NEW_TICKET for mail in mails)
