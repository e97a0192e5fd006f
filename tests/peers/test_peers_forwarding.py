"""What can be proven about customers whose mail the company's Postfix forwards, plainly and through postsrsd."""

from gateway.mail import Assurance, DkimResult, SpfResult
from gateway.states import ReceivedState
from tests.peers.clients import from_address, swaks, write_mail
from tests.peers.company import CUSTOMER_IP, HOSTNAME, STRANGER_IP, World


def test_customers_signature_survives_the_alias(world: World) -> None:
    mail = write_mail(sender="konrad@kunde.test", to="support@firma.test", subject="Unterschrieben", text="Mit Süßholz.\n")
    received = world.hand_in(mail)
    assert received.state is ReceivedState.TICKETED
    found = world.gateway.mail(received.id)
    assert found.envelope.reverse_path is not None
    assert str(found.envelope.reverse_path) == "konrad@kunde.test"
    (signature,) = found.evidence.dkim
    assert (signature.result, signature.domain, signature.aligned) == (DkimResult.PASS, "kunde.test", True)
    assert found.evidence.assurance is Assurance.PROVEN


def test_customer_is_proven_through_postsrsd(world: World) -> None:
    mail = write_mail(sender="Kim <kim@kunde.test>", to="verkauf@firma.test", subject="Angebot", text="Was kostet das?\n")
    ticket = world.ask(mail, to="verkauf@firma.test", rewriting=True)
    assert (ticket.channel, str(ticket.answer_from)) == ("verkauf", "verkauf@firma.test")
    found = world.gateway.mail(world.gateway.wait_received(mail["Message-ID"]).id)
    reverse_path = found.envelope.reverse_path
    assert reverse_path is not None
    assert reverse_path.domain == "firma.test"
    assert reverse_path.local.startswith("SRS0=")
    evidence = found.evidence
    assert (evidence.spf.result, evidence.spf.domain) == (SpfResult.PASS, "firma.test")
    assert evidence.through is not None
    assert evidence.through.mail_from == "kim@kunde.test"
    assert (evidence.through.client_ip, evidence.through.spf.result) == (CUSTOMER_IP, SpfResult.PASS)
    assert evidence.assurance is Assurance.PROVEN


def test_sender_that_its_domain_disowns_is_suspended_and_gets_no_confirmation(world: World) -> None:
    mail = write_mail(sender="kurt@kunde.test", to="support@firma.test", subject="Ich bin es wirklich", text="Geld bitte.\n")
    options = from_address(STRANGER_IP, "bot.fremd.test")
    swaks(world.ports.company, mail, sender="kurt@kunde.test", to="support@firma.test", options=options)
    received = world.gateway.wait_received(mail["Message-ID"])
    assert (received.state, received.reason, received.ticket_id) == (ReceivedState.SUSPENDED, "contradicted_sender", None)
    evidence = world.gateway.mail(received.id).evidence
    assert evidence.assurance is Assurance.CONTRADICTED
    assert evidence.through is not None
    assert (evidence.through.client_ip, evidence.through.spf.result) == (STRANGER_IP, SpfResult.FAIL)
    assert not world.gateway.outbox_to("kurt@kunde.test")


def test_unknown_recipient_bounces_at_the_company(world: World) -> None:
    mail = write_mail(sender="klara@kunde.test", to="veraltet@firma.test", subject="An die alte Adresse", text="Hallo?\n")
    swaks(world.ports.provider_submission, mail, sender="klara@kunde.test", to="veraltet@firma.test")
    bounce = world.mailbox("klara@kunde.test").wait_subject("Undelivered Mail")
    assert f"abgeschafft@{HOSTNAME}" in bounce.whole
    assert "Status: 5.1.1" in bounce.whole
    assert "said: 550 5.1.1" in " ".join(bounce.whole.split())
    assert not [one for one in world.gateway.received() if one.author == "klara@kunde.test"]


def test_bounce_of_a_rewritten_mail_finds_back_to_the_customer(world: World) -> None:
    mail = write_mail(sender="katja@kunde.test", to="veraltet@firma.test", subject="Mit SRS", text="Hallo?\n")
    options = from_address(CUSTOMER_IP)
    swaks(world.ports.company_rewriting, mail, sender="katja@kunde.test", to="veraltet@firma.test", options=options)
    bounce = world.mailbox("katja@kunde.test").wait_subject("Undelivered Mail")
    assert "Status: 5.1.1" in bounce.whole
    assert "SRS0=" in bounce.whole
