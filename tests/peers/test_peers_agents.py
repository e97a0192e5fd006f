"""Agents at their own mail program, and people who pretend to be one."""

from email.message import EmailMessage

from gateway.mail.evidence import Assurance, SpfResult
from gateway.mail.outbound import Purpose
from gateway.states import ReceivedState
from gateway.storage.received import ReceivedSummary
from gateway.tickets import Side, Visibility
from tests.peers.clients import swaks, write_mail
from tests.peers.company import World
from tests.peers.mailboxes import Delivered
from tests.peers.places import STRANGER_INTERFACE
from tests.peers.programs import wait_for

_FROM_ELSEWHERE = ("--local-interface", STRANGER_INTERFACE)


def test_forged_agent_is_suspended_and_the_agent_is_asked(world: World) -> None:
    question = write_mail(sender="knut@kunde.test", to="support@firma.test", subject="Wo bleibt das Paket", text="Wo?\n")
    ticket = world.ask(question)
    notification = world.notification(ticket.id, "anna")
    token = str(notification.message["Reply-To"].addresses[0].addr_spec)
    forged = _reply(notification, sender="Anna Arndt <anna@firma.test>", to=token, text="Überweisen Sie 500 Euro.\n")
    swaks(world.ports.gateway, forged, sender="anna@firma.test", to=token, options=_FROM_ELSEWHERE)

    received = world.gateway.wait_received(forged["Message-ID"])
    assert (received.state, received.reason) == (ReceivedState.SUSPENDED, "agent_unconfirmed")
    assert world.gateway.mail(received.id).evidence.assurance is Assurance.UNPROVEN
    asked = world.notification(ticket.id, "anna", Purpose.CONFIRM_ACTION)
    assert "Ob sie wirklich von Ihnen ist, ließ sich nicht beweisen" in asked.text

    world.agent("anna").answer(notification.path, "Das Paket ist unterwegs.\n")
    answer = world.mailbox("knut@kunde.test").wait("the answer", lambda one: "unterwegs" in one.text)
    assert [post.agent for post in world.gateway.posts(ticket.id) if post.side is Side.AGENT] == ["anna"]
    assert "500 Euro" not in answer.whole
    assert not [mail for mail in world.mailbox("knut@kunde.test").mails() if "500 Euro" in mail.whole]


def test_agent_confirms_a_mail_that_could_not_be_proven(world: World) -> None:
    question = write_mail(sender="kolja@kunde.test", to="support@firma.test", subject="Rechnung fehlt", text="Wo ist sie?\n")
    ticket = world.ask(question)
    notification = world.notification(ticket.id, "ben")
    token = str(notification.message["Reply-To"].addresses[0].addr_spec)
    on_the_road = _reply(notification, sender="Ben Berger <ben@firma.test>", to=token, text="Kommt morgen früh.\n")
    swaks(world.ports.gateway, on_the_road, sender="ben@firma.test", to=token, options=_FROM_ELSEWHERE)
    assert world.gateway.wait_received(on_the_road["Message-ID"]).state is ReceivedState.SUSPENDED

    asked = world.notification(ticket.id, "ben", Purpose.CONFIRM_ACTION)
    world.agent("ben").answer(asked.path, "confirm\n")
    answer = world.mailbox("kolja@kunde.test").wait("the answer", lambda one: "Kommt morgen früh." in one.text)
    assert answer["From"] == '"Ben (Firma Support)" <support@firma.test>'
    assert world.gateway.wait_received(on_the_road["Message-ID"]).state is ReceivedState.TICKETED


def test_agent_of_a_company_that_signs_nothing_is_proven_by_spf(world: World) -> None:
    question = write_mail(sender="kuno@kunde.test", to="support@firma.test", subject="Ohne DKIM", text="Geht das?\n")
    ticket = world.ask(question)
    world.agent("anna", is_signed=False).answer(world.notification(ticket.id, "anna").path, "Ja, das geht.\n")
    answer = wait_for("the agent's mail", lambda: world.gateway.latest_from("anna@firma.test", ticket.id), story=world.logs)
    found = world.gateway.mail(answer.id)
    assert (found.evidence.dkim, found.evidence.spf.result) == ((), SpfResult.PASS)
    assert found.evidence.assurance is Assurance.PROVEN
    assert (answer.state, answer.reason) == (ReceivedState.TICKETED, "agent_answer")
    world.mailbox("kuno@kunde.test").wait("the answer", lambda one: "Ja, das geht." in one.text)


def test_notes_and_replies_to_them_stay_in_the_team(world: World) -> None:
    question = write_mail(sender="kirsten@kunde.test", to="support@firma.test", subject="Kündigung", text="Ich kündige.\n")
    ticket = world.ask(question)
    world.agent("anna").answer(world.notification(ticket.id, "anna").path, "#note\nSie ist Stammkundin, ruf sie bitte an.\n")
    note = world.notification(ticket.id, "ben", Purpose.NEW_NOTE)
    assert "Stammkundin" in note.text
    world.agent("ben").answer(note.path, "Mache ich nach dem Essen.\n")
    assert "nach dem Essen" in world.notification(ticket.id, "anna", Purpose.NEW_NOTE).text
    notes = [(post.visibility, post.agent) for post in world.gateway.posts(ticket.id)[1:]]
    assert notes == [(Visibility.INTERNAL, "anna"), (Visibility.INTERNAL, "ben")]

    world.agent("ben").answer(world.notification(ticket.id, "ben").path, "Wir haben Sie eben angerufen.\n")
    world.mailbox("kirsten@kunde.test").wait("the answer", lambda one: "eben angerufen" in one.text)
    mails = world.mailbox("kirsten@kunde.test").mails()
    assert len(mails) == 2, "a confirmation and one answer"
    assert not [mail for mail in mails if "Stammkundin" in mail.whole or "Essen" in mail.whole]


def test_agents_attachment_reaches_the_customer(world: World) -> None:
    question = write_mail(sender="karsten@kunde.test", to="support@firma.test", subject="Anleitung", text="Bitte schicken.\n")
    ticket = world.ask(question)
    manual = world.folder / "Anleitung.pdf"
    manual.write_bytes(b"%PDF-1.4\n" + bytes(range(256)))
    world.agent("anna").answer(world.notification(ticket.id, "anna").path, "Anbei.\n", attachment=manual)
    answer = world.mailbox("karsten@kunde.test").wait("the answer", lambda one: "Anbei." in one.text)
    (attachment,) = answer.message.iter_attachments()
    assert (attachment.get_filename(), attachment.get_payload(decode=True)) == ("Anleitung.pdf", manual.read_bytes())
    replay_and_expect_nothing(world, ticket.id)


def replay_and_expect_nothing(world: World, ticket_id: int) -> None:
    """Send the agent's signed mail again, as it came, from elsewhere: nothing may happen a second time."""
    posts = world.gateway.posts(ticket_id)
    received = world.gateway.mail(posts[-1].received_id or 0)
    token = str(received.envelope.recipients[0].address)
    copy = b"Received: from somewhere\r\n" + received.content.read()
    swaks(world.ports.gateway, copy, sender="anna@firma.test", to=token, options=_FROM_ELSEWHERE)

    def repeated() -> list[ReceivedSummary]:
        mails = [one for one in world.gateway.received_from("anna@firma.test") if one.id > received.id]
        return [one for one in mails if one.ticket_id == ticket_id and one.state is not ReceivedState.RECEIVED]

    (again,) = wait_for("a decision about the replay", repeated, story=world.gateway.story)
    assert (again.state, again.reason) == (ReceivedState.SUSPENDED, "agent_unconfirmed")
    assert world.gateway.posts(ticket_id) == posts


def test_agent_who_writes_below_the_quote_is_asked_and_a_yes_sends_just_that(world: World) -> None:
    question = write_mail(sender="kunz@kunde.test", to="support@firma.test", subject="Unten", text="Oben oder unten?\n")
    ticket = world.ask(question)
    world.agent("anna").answer(world.notification(ticket.id, "anna").path, "Ich schreibe immer unten.\n", is_below=True)
    asked = world.notification(ticket.id, "anna", Purpose.CONFIRM_ACTION)
    assert asked.text.rstrip().endswith("Das ginge an den Kunden:\n> Ich schreibe immer unten.")
    assert not [mail for mail in world.gateway.outbox(ticket.id) if mail.purpose is Purpose.ANSWER]

    world.agent("anna").answer(asked.path, "confirm\n")
    answer = world.mailbox("kunz@kunde.test").wait("the answer", lambda one: "immer unten" in one.text)
    assert answer.text.startswith("Ich schreibe immer unten.\n\n-- \nAnna vom Support\n")
    assert "niemandem zugewiesen" not in answer.whole


def _reply(notification: Delivered, *, sender: str, to: str, text: str) -> EmailMessage:
    """Write what a person sends who knows the notification's address and ids."""
    ids = notification["Message-ID"]
    headers = [("In-Reply-To", ids), ("References", f"{notification['References']} {ids}")]
    return write_mail(sender=sender, to=to, subject=f"Re: {notification['Subject']}", text=text, headers=headers)
