"""What becomes visible when a mail of ours does not arrive."""

from gateway.mail.outbound import Purpose
from gateway.states import OutboundState
from gateway.tickets import Side
from tests.peers.clients import write_mail
from tests.peers.company import World
from tests.peers.places import REFUSED
from tests.peers.programs import wait_for


def test_refusal_of_the_smarthost_shows_on_the_ticket_and_to_the_agents(world: World) -> None:
    ticket = world.ask(write_mail(sender=REFUSED, to="support@firma.test", subject="Gesperrt", text="Hilfe.\n"))
    confirmation = world.gateway.wait_outbound(ticket.id, Purpose.CONFIRMATION, OutboundState.BOUNCED)
    assert "We do not send there" in (confirmation.last_reply or "")
    assert _is_remembered(world, ticket.id, REFUSED)

    world.agent("anna").answer(world.notification(ticket.id, "anna").path, "Hier ist Ihre Hilfe.\n")
    lost = world.gateway.wait_outbound(ticket.id, Purpose.ANSWER, OutboundState.BOUNCED)
    (attempt,) = world.gateway.read(lambda tx: tx.outbox.attempts(lost.id))
    assert (attempt.code, attempt.outcome) == (550, "bounced")
    told = world.notification(ticket.id, "anna", Purpose.DELIVERY_FAILED)
    assert REFUSED in told.text
    assert "We do not send there" in told.text


def test_bounce_that_comes_later_shows_on_the_ticket_and_to_the_agents(world: World) -> None:
    ticket = world.ask(write_mail(sender="weg@kunde.test", to="support@firma.test", subject="Umgezogen", text="Bin weg.\n"))
    world.agent("anna").answer(world.notification(ticket.id, "anna").path, "Wohin denn?\n")
    lost = world.gateway.wait_outbound(ticket.id, Purpose.ANSWER, OutboundState.BOUNCED)
    states = [one.outcome for one in world.gateway.read(lambda tx: tx.outbox.attempts(lost.id))]
    assert states == ["sent"], "the smarthost took it; the report came from kunde.test"
    assert _is_remembered(world, ticket.id, "weg@kunde.test")
    told = world.notification(ticket.id, "anna", Purpose.DELIVERY_FAILED)
    assert "weg@kunde.test" in told.text
    assert "5.1.1" in told.text
    report = next(one for one in world.gateway.received() if one.ticket_id == ticket.id and one.reason == "bounce")
    assert world.gateway.mail(report.id).envelope.reverse_path is None
    assert [post.side for post in world.gateway.posts(ticket.id)].count(Side.CUSTOMER) == 1


def test_next_smarthost_takes_what_the_first_one_is_too_busy_for(world: World) -> None:
    mail = write_mail(sender="katrin@kunde.test", to="ausweich@firma.test", subject="Umleitung", text="Wo lang?\n")
    ticket = world.ask(mail, to="ausweich@firma.test")
    confirmation = world.gateway.wait_outbound(ticket.id, Purpose.CONFIRMATION, OutboundState.SENT)
    attempts = world.gateway.read(lambda tx: tx.outbox.attempts(confirmation.id))
    assert [(one.smarthost, one.outcome) for one in attempts] == [("kaputt", "deferred"), ("main", "sent")]
    assert attempts[0].code == 450
    world.delivered(confirmation)


def _is_remembered(world: World, ticket_id: int, address: str) -> bool:
    return wait_for(
        "the loss in the ticket's history",
        lambda: any(f"not delivered to {address}" in line for line in world.gateway.history(ticket_id)),
        story=lambda: "\n".join(world.gateway.history(ticket_id)),
    )
