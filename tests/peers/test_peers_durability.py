"""250 means durable, seen from Postfix: what it handed over is there once, and what was not taken it keeps or sends back."""

import hashlib
import random

from gateway.mail.outbound import Purpose
from gateway.states import OutboundState, ReceivedState
from tests.peers.clients import from_address, smtp_source, swaks, write_mail
from tests.peers.company import World
from tests.peers.places import CUSTOMER_IP, LARGEST_MAIL
from tests.peers.programs import wait_for

_MANY = 100


def test_hundred_mails_at_once_become_hundred_tickets(world: World) -> None:
    smtp_source(world.ports.company, count=_MANY, sessions=10, sender="menge@anderswo.test", to="massen@firma.test")
    _wait_for_tickets(world, "menge@anderswo.test")

    def sent() -> bool:
        mails = world.gateway.read(lambda tx: tx.outbox.list((OutboundState.SENT,), limit=1000))
        return sum(mail.channel == "massen" and mail.purpose is Purpose.NEW_TICKET for mail in mails) >= _MANY

    wait_for("every notification", sent, seconds=120, story=world.logs)


def test_gateway_that_dies_among_many_mails_loses_none_and_takes_none_twice(world: World) -> None:
    smtp_source(world.ports.company, count=2 * _MANY, sessions=10, sender="absturz@anderswo.test", to="massen@firma.test")
    wait_for("the first mails", lambda: _states(world, "absturz@anderswo.test"), story=world.logs)
    world.gateway.kill()
    try:
        waiting = world.company.queue()
    finally:
        world.start_gateway()
    assert "absturz@anderswo.test" in waiting, "it died too late to prove anything"
    _wait_for_tickets(world, "absturz@anderswo.test", 2 * _MANY)


def test_mail_for_a_gateway_that_is_away_waits_at_the_company(world: World) -> None:
    mail = write_mail(sender="kora@kunde.test", to="support@firma.test", subject="Ist da wer", text="Hallo?\n")
    assert world.gateway.stop() == 0
    try:
        swaks(world.ports.company, mail, sender="kora@kunde.test", to="support@firma.test", options=from_address(CUSTOMER_IP))
        wait_for("Postfix to defer it", lambda: _is_deferred(world.company.queue(), "kora@kunde.test"), story=world.logs)
    finally:
        world.start_gateway()
    assert world.gateway.wait_received(mail["Message-ID"]).state is ReceivedState.TICKETED


def test_large_mail_arrives_to_the_octet(world: World) -> None:
    body = random.Random(7).randbytes(LARGEST_MAIL // 2)  # noqa: S311 no secret
    picture = [("Foto.jpg", "image/jpeg", b"\xff\xd8\xff\xe0" + body)]
    mail = write_mail(sender="klaus@kunde.test", to="massen@firma.test", subject="Foto", text="Bitte.\n", attachments=picture)
    ticket = world.ask(mail, to="massen@firma.test")
    (post,) = world.gateway.posts(ticket.id)
    assert [one.sha256 for one in post.attachments] == [hashlib.sha256(picture[0][2]).hexdigest()]


def test_mail_that_is_too_large_is_sent_back_by_the_company(world: World) -> None:
    picture = [("Film.bin", "application/octet-stream", bytes(LARGEST_MAIL))]
    mail = write_mail(sender="klemens@kunde.test", to="massen@firma.test", subject="Film", text="Groß.\n", attachments=picture)
    swaks(world.ports.company, mail, sender="klemens@kunde.test", to="massen@firma.test", options=from_address(CUSTOMER_IP))
    bounce = world.mailbox("klemens@kunde.test").wait_subject("Undelivered Mail")
    assert "Status: 5.3.4" in bounce.whole
    assert not _states(world, "klemens@kunde.test")


def _is_deferred(queue: str, sender: str) -> bool:
    entry = next((one for one in queue.split("\n\n") if sender in one), "")
    return "refused" in entry


def _states(world: World, author: str) -> list[ReceivedState]:
    return [one.state for one in world.gateway.received_from(author)]


def _wait_for_tickets(world: World, author: str, count: int = _MANY) -> None:
    """Return when so many mails of an author are as many tickets; fail when they are more."""
    wait_for(f"{count} mails", lambda: len(_states(world, author)) >= count, seconds=120, story=world.logs)
    wait_for("decisions", lambda: ReceivedState.RECEIVED not in _states(world, author), seconds=120, story=world.gateway.story)
    mails = world.gateway.received_from(author)
    assert [one.state for one in mails] == [ReceivedState.TICKETED] * count
    assert len({one.ticket_id for one in mails}) == count
