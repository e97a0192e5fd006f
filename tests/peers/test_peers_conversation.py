"""The whole conversation of a customer and an agent, with no part of ours on the other side."""

import json
from email.message import EmailMessage

from gateway.mail.evidence import Assurance, DkimResult, SpfResult
from gateway.mail.outbound import Purpose
from gateway.states import OutboundState, TicketStatus
from gateway.tickets import Side, Ticket, Visibility
from tests.peers.clients import write_mail
from tests.peers.company import World
from tests.peers.mailboxes import Delivered
from tests.peers.places import CUSTOMER_IP, HOSTNAME

_PDF = b"%PDF-1.4\n" + bytes(range(256)) * 8
_MACHINERY = ("#note", "Antworten Sie auf diese Mail", "niemandem zugewiesen", "via Firma", "anna@firma.test", "Anna Arndt")


def test_customer_and_agent_converse_through_the_company(world: World) -> None:
    mail = write_mail(
        sender="Karla Kürbis <karla@kunde.test>",
        to="support@firma.test",
        subject="Der Drucker für Süßes brennt",
        text="Grüße aus Köln!\n\nEr brennt lichterloh.\n",
        attachments=[("Störung.pdf", "application/pdf", _PDF)],
    )
    ticket = world.ask(mail)
    assert_question_is_whole(world, ticket, mail)
    assert_confirmation_is_quiet(world, ticket)
    notification = world.notification(ticket.id, "anna")
    assert_notification_can_be_answered(notification)

    world.agent("anna").answer(notification.path, "Guten Tag Frau Kürbis,\n\nbitte löschen Sie das Öl.\n")
    answer = world.mailbox("karla@kunde.test").wait("the answer", lambda one: "löschen Sie das Öl" in one.text)
    assert_agent_was_proven(world, ticket)
    assert_answer_is_a_persons(answer, mail)
    assert world.gateway.ticket(ticket.id).status is TicketStatus.PENDING
    assert world.gateway.ticket(ticket.id).assignee == "anna"

    follow_up = write_mail(
        sender="Karla Kürbis <karla@kunde.test>",
        to="support@firma.test",
        subject=f"Re: {answer['Subject']}",
        text="Es ist gelöscht, danke!\n",
        headers=[("In-Reply-To", answer["Message-ID"]), ("References", f"{answer['References']} {answer['Message-ID']}")],
    )
    received = world.hand_in(follow_up)
    assert (received.ticket_id, received.reason) == (ticket.id, "follow_up")
    posts = world.gateway.posts(ticket.id)
    assert [post.side for post in posts] == [Side.CUSTOMER, Side.AGENT, Side.CUSTOMER]
    assert posts[-1].text == "Es ist gelöscht, danke!"
    assert world.gateway.ticket(ticket.id).status is TicketStatus.OPEN
    assert "gelöscht, danke" in world.notification(ticket.id, "anna", Purpose.NEW_REPLY).text
    shown = json.loads(world.gateway.command("tickets", "show", ticket.number, "--json"))
    assert [post["text"] for post in shown["posts"]] == [post.text for post in posts]


def assert_question_is_whole(world: World, ticket: Ticket, mail: EmailMessage) -> None:
    """Expect umlauts and attachment as they were, and the customer proven through the forwarder."""
    assert ticket.subject == "Der Drucker für Süßes brennt"
    assert str(ticket.requester) == "Karla Kürbis <karla@kunde.test>"
    assert str(ticket.answer_from) == "support@firma.test"
    (post,) = world.gateway.posts(ticket.id)
    assert post.text == "Grüße aus Köln!\n\nEr brennt lichterloh."
    (attachment,) = post.attachments
    assert (attachment.filename, attachment.content_type, attachment.size) == ("Störung.pdf", "application/pdf", len(_PDF))
    assert world.gateway.read(lambda tx: tx.contents.get(attachment.sha256)).read() == _PDF
    received = world.gateway.mail(world.gateway.wait_received(mail["Message-ID"]).id)
    assert received.envelope.tls is not None, "Postfix uses STARTTLS where it is offered"
    evidence = received.evidence
    assert evidence.assurance is Assurance.PROVEN
    assert evidence.spf.result is SpfResult.FAIL
    assert evidence.through is not None
    assert (evidence.through.client_ip, evidence.through.spf.result) == (CUSTOMER_IP, SpfResult.PASS)


def assert_confirmation_is_quiet(world: World, ticket: Ticket) -> None:
    """Expect that the customer is told the number by a mail that nobody's machine will answer."""
    sent = world.gateway.wait_outbound(ticket.id, Purpose.CONFIRMATION, OutboundState.SENT)
    (attempt,) = world.gateway.read(lambda tx: tx.outbox.attempts(sent.id))
    assert attempt.tls is not None
    assert attempt.tls.startswith("TLSv1")
    confirmation = world.delivered(sent)
    assert confirmation["Return-Path"] == "<>"
    assert confirmation["Auto-Submitted"] == "auto-replied"
    assert ticket.number in confirmation.whole
    assert "lichterloh" not in confirmation.whole


def assert_notification_can_be_answered(notification: Delivered) -> None:
    """Expect the question with its attachment, and that a reply goes to the own token on the gateway's domain."""
    assert "Er brennt lichterloh." in notification.text
    (attachment,) = notification.message.iter_attachments()
    assert (attachment.get_filename(), attachment.get_payload(decode=True)) == ("Störung.pdf", _PDF)
    assert notification["Auto-Submitted"] == "auto-generated"
    assert f"@{HOSTNAME}>" in notification["Reply-To"]


def assert_agent_was_proven(world: World, ticket: Ticket) -> None:
    """Expect that what opendkim signed proves the agent, and that the signature covers the headers with the token."""
    post = world.gateway.posts(ticket.id)[1]
    assert (post.agent, post.visibility) == ("anna", Visibility.PUBLIC)
    assert post.text == "Guten Tag Frau Kürbis,\n\nbitte löschen Sie das Öl."
    assert post.received_id is not None
    received = world.gateway.mail(post.received_id)
    assert received.evidence.assurance is Assurance.PROVEN
    (signature,) = received.evidence.dkim
    assert (signature.result, signature.domain, signature.aligned) == (DkimResult.PASS, "firma.test", True)
    assert {"to", "in-reply-to", "references"} <= set(signature.signed_headers)
    assert b"In-Reply-To: <" in received.content.read()
    assert b"User-Agent: NeoMutt" in received.content.read()


def assert_answer_is_a_persons(answer: Delivered, question: EmailMessage) -> None:
    """Expect that the customer sees a person of the company and none of the machinery."""
    assert answer["From"] == '"Anna (Firma Support)" <support@firma.test>'
    assert answer["In-Reply-To"].strip() == question["Message-ID"].strip()
    assert "-- \nAnna vom Support\nFirma GmbH" in answer.text
    assert not any(answer[name] for name in ("Auto-Submitted", "X-Auto-Response-Suppress", "Precedence", "Reply-To"))
    assert not [words for words in _MACHINERY if words in answer.text or words in answer.whole]
