"""The doors on the company's own machine: LMTP, a pipe, and SMTP behind a front server."""

from gateway.mail.envelope import Door
from gateway.mail.evidence import Assurance, SpfResult
from tests.peers.clients import swaks, write_mail
from tests.peers.company import World
from tests.peers.places import CUSTOMER_IP


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


def test_postfix_delivers_into_a_pipe(world: World) -> None:
    mail = write_mail(sender="kerstin@kunde.test", to="rohr@firma.test", subject="Durch das Rohr", text="Gluck.\n.\nGluck.\n")
    ticket = world.ask(mail, to="rohr@firma.test")
    assert (ticket.channel, ticket.subject) == ("rohr", "Durch das Rohr")
    assert [post.text for post in world.gateway.posts(ticket.id)] == ["Gluck.\n.\nGluck."]
    found = world.gateway.mail(world.gateway.wait_received(mail["Message-ID"]).id)
    assert found.envelope.door is Door.INJECT
    assert str(found.envelope.reverse_path) == "kerstin@kunde.test"
    assert found.evidence.assurance is Assurance.PROVEN


def test_unknown_recipient_at_the_end_of_a_pipe_bounces(world: World) -> None:
    mail = write_mail(sender="kilian@kunde.test", to="rohrende@firma.test", subject="Verstopft", text="Hallo?\n")
    swaks(world.ports.provider_submission, mail, sender="kilian@kunde.test", to="rohrende@firma.test")
    bounce = world.mailbox("kilian@kunde.test").wait_subject("Undelivered Mail")
    assert "Status: 5.1.1" in bounce.whole


def test_postfix_says_by_xforward_who_its_client_was(world: World) -> None:
    mail = write_mail(sender="kaspar@kunde.test", to="vorn@firma.test", subject="Von vorn", text="Noch einmal.\n")
    ticket = world.ask(mail, to="vorn@firma.test")
    assert ticket.channel == "vorn"
    found = world.gateway.mail(world.gateway.wait_received(mail["Message-ID"]).id)
    assert (found.envelope.client_ip, found.envelope.helo) == (CUSTOMER_IP, "mail.kunde.test")
    assert found.evidence.through is None
    assert (found.evidence.spf.result, found.evidence.assurance) == (SpfResult.PASS, Assurance.PROVEN)
