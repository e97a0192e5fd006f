"""What can be proven about customers whose mail the company's Postfix forwards, plainly and through postsrsd."""

from email.policy import SMTPUTF8

from gateway.ids import format_id
from gateway.mail.evidence import Assurance, DkimResult, SpfResult
from gateway.mail.outbound import Purpose
from gateway.states import OutboundState, ReceivedState
from gateway.storage.received import ReceivedSummary
from tests.peers.clients import from_address, swaks, write_mail
from tests.peers.company import World
from tests.peers.places import CUSTOMER_IP, HOSTNAME, LOOPING, STRANGER_IP
from tests.peers.programs import wait_for


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


def test_sender_that_its_domain_disowns_is_suspended_until_an_operator_accepts_the_mail(world: World) -> None:
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

    world.gateway.command("suspended", "accept", format_id(received.id))
    released = wait_for(
        "the decision after the release",
        lambda: next((one for one in world.gateway.received_from("kurt@kunde.test") if one.ticket_id is not None), None),
        story=world.gateway.story,
    )
    assert (released.id, released.state) == (received.id, ReceivedState.TICKETED)


def test_unknown_recipient_bounces_at_the_company(world: World) -> None:
    mail = write_mail(sender="klara@kunde.test", to="veraltet@firma.test", subject="An die alte Adresse", text="Hallo?\n")
    swaks(world.ports.provider_submission, mail, sender="klara@kunde.test", to="veraltet@firma.test")
    bounce = world.mailbox("klara@kunde.test").wait_subject("Undelivered Mail")
    assert f"abgeschafft@{HOSTNAME}" in bounce.whole
    assert "Status: 5.1.1" in bounce.whole
    assert "said: 550 5.1.1" in " ".join(bounce.whole.split())
    assert not world.gateway.received_from("klara@kunde.test")


def test_bounce_of_a_rewritten_mail_finds_back_to_the_customer(world: World) -> None:
    mail = write_mail(sender="katja@kunde.test", to="veraltet@firma.test", subject="Mit SRS", text="Hallo?\n")
    options = from_address(CUSTOMER_IP)
    swaks(world.ports.company_rewriting, mail, sender="katja@kunde.test", to="veraltet@firma.test", options=options)
    bounce = world.mailbox("katja@kunde.test").wait_subject("Undelivered Mail")
    assert "Status: 5.1.1" in bounce.whole
    assert "SRS0=" in bounce.whole


def test_mail_to_two_channels_is_stored_once_and_judged_by_the_forwarders_of_each(world: World) -> None:
    mail = write_mail(
        sender="konstanze@kunde.test", to="support@firma.test, verkauf@firma.test", subject="An alle", text="Hallo!\n"
    )
    both = "support@firma.test,verkauf@firma.test"
    swaks(world.ports.company, mail, sender="konstanze@kunde.test", to=both, options=from_address(CUSTOMER_IP))

    def decided() -> tuple[ReceivedSummary, ...]:
        found = world.gateway.received_from("konstanze@kunde.test")
        return found if len(found) == 2 and all(one.state is not ReceivedState.RECEIVED for one in found) else ()

    mails = {one.channel: one for one in wait_for("both decisions", decided, story=world.gateway.story)}
    assert mails["support"].state is ReceivedState.TICKETED, "it declares the company's network"
    assert mails["verkauf"].state is ReceivedState.SUSPENDED, "it declares SRS only, and this mail came without"
    assert len({world.gateway.mail(one.id).content.sha256 for one in mails.values()}) == 1


def test_confirmation_that_comes_back_by_a_forwarding_rule_ends_there(world: World) -> None:
    mail = write_mail(sender=LOOPING, to="support@firma.test", subject="Im Kreis", text="Dreh dich.\n")
    ticket = world.ask(mail)
    (confirmation,) = world.gateway.outbox_to(LOOPING)
    returned = world.gateway.wait_received(confirmation.message_id)
    assert (returned.state, returned.reason) == (ReceivedState.SUSPENDED, "loop")
    assert len(world.gateway.outbox_to(LOOPING)) == 1
    assert len(world.gateway.posts(ticket.id)) == 1


def test_customer_with_an_address_in_utf8_is_answered(world: World) -> None:
    mail = write_mail(sender="kunde@kunde.test", to="support@firma.test", subject="EAI", text="Grüße!\n")
    del mail["From"]
    mail["From"] = "käthe@kunde.test"
    content = mail.as_bytes(policy=SMTPUTF8)
    swaks(world.ports.company, content, sender="käthe@kunde.test", to="support@firma.test", options=from_address(CUSTOMER_IP))
    received = world.gateway.wait_received(mail["Message-ID"])
    assert world.gateway.mail(received.id).envelope.is_smtputf8
    assert world.gateway.mail(received.id).evidence.assurance is Assurance.PROVEN
    sent = world.gateway.wait_outbound(received.ticket_id or 0, Purpose.CONFIRMATION, OutboundState.SENT)
    assert "käthe@kunde.test" in world.delivered(sent).whole
