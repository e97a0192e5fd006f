"""Links, load, lists of tickets and of suspended mail, and how much automatic mail went out, on both engines."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.outbound import Purpose
from gateway.people import Clock, Link, LinkKind
from gateway.states import ReceivedState, TicketStatus
from gateway.storage.automatic import Addressed, AutomaticCounts
from gateway.storage.database import Database
from gateway.storage.ticket_list import TicketFilter, TicketOrder
from gateway.tickets import Changes, ListedMail, Part, Participant, Priority, ReceivedChange, Ticket

if TYPE_CHECKING:
    from tests.storage.conftest import Make

DAY = timedelta(days=1)


async def _open(database: Database, *tickets: Ticket) -> None:
    await database.write(lambda tx: tx.apply(Changes(new_tickets=tickets)))


async def test_links_are_seen_from_both_sides_and_made_once(database: Database, make: "Make") -> None:
    one, two, three = make.ticket(), make.ticket(), make.ticket()
    links = (
        Link(ticket_id=two.id, other_id=one.id, kind=LinkKind.FOLLOWS),
        Link(ticket_id=two.id, other_id=three.id, kind=LinkKind.RELATED),
    )
    await database.write(lambda tx: tx.apply(Changes(new_tickets=(one, two, three), links=links)))
    await database.write(lambda tx: tx.apply(Changes(links=links)))
    assert await database.read(lambda tx: tx.tickets.links(one.id)) == links[:1]
    assert await database.read(lambda tx: tx.tickets.links(two.id)) == links
    assert await database.read(lambda tx: tx.tickets.links(three.id)) == links[1:]


async def test_load_counts_what_is_neither_solved_nor_closed(database: Database, make: "Make") -> None:
    await _open(database, *(make.ticket(assignee="anna", status=status) for status in TicketStatus))
    await _open(database, make.ticket(assignee="bert"), make.ticket())
    counts = await database.read(lambda tx: tx.tickets.open_counts(["anna", "bert", "carl"]))
    assert counts == {"anna": 4, "bert": 1, "carl": 0}
    assert await database.read(lambda tx: tx.tickets.open_counts([])) == {}


async def test_last_assigned_is_that_of_the_queues_newest_ticket_that_has_an_agent(database: Database, make: "Make") -> None:
    await _open(database, make.ticket(assignee="anna"), make.ticket(assignee="bert"), make.ticket())
    await _open(database, make.ticket(assignee="carl", queue="accounting"))
    assert await database.read(lambda tx: tx.tickets.last_assigned("support")) == "bert"
    assert await database.read(lambda tx: tx.tickets.last_assigned("nobody")) is None


async def test_tickets_are_found_by_who_takes_part(database: Database, make: "Make") -> None:
    boss = Participant(mailbox=Mailbox(None, Address("Chef", "kunde.example")), part=Part.CC, added_by="anna")
    mine, other = make.ticket(requester="chef@kunde.example"), make.ticket()
    shared = make.ticket()
    shared = replace(shared, participants=(*shared.participants, boss))
    await _open(database, mine, other, shared)
    assert await database.read(lambda tx: tx.tickets.participating("chef@kunde.example")) == (shared, mine)
    assert await database.read(lambda tx: tx.tickets.participating("chef@kunde.example", 1)) == (shared,)


async def _named(database: Database, make: "Make") -> dict[str, Ticket]:
    """Open tickets that each differ in one thing."""
    plain = make.ticket("Ganz normal")
    tickets = {
        "plain": plain,
        "tagged": replace(make.ticket("Ganz normal"), tags=("feuer", 'a"b', "Öl\n")),
        "sorted": replace(make.ticket("Ganz normal"), category="hardware"),
        "urgent": replace(make.ticket("Ganz normal"), priority=Priority.URGENT),
        "texted": make.ticket("Die STRASSE in KÖLN: 100%_"),
        "young": replace(make.ticket("Ganz normal"), created_at=make.now + DAY, updated_at=make.now + DAY),
        "taken": make.ticket("Ganz normal", assignee="anna"),
        "late": replace(make.ticket("Ganz normal"), clock=Clock(reaction_due_at=make.now, resolution_due_at=make.now + DAY)),
        "soon": replace(make.ticket("Ganz normal"), clock=Clock(resolution_due_at=make.now + DAY)),
    }
    await _open(database, *tickets.values())
    return tickets


async def test_filters_find_what_they_say(database: Database, make: "Make") -> None:
    tickets = await _named(database, make)
    names = {ticket.id: name for name, ticket in tickets.items()}
    wanted = {
        TicketFilter(tags=("feuer", "Öl\n")): ["tagged"],
        TicketFilter(tags=('a"b',)): ["tagged"],
        TicketFilter(tags=("FEUER",)): [],
        TicketFilter(tags=("feue",)): [],
        TicketFilter(category="hardware"): ["sorted"],
        TicketFilter(priorities=(Priority.URGENT, Priority.HIGH)): ["urgent"],
        TicketFilter(text="straße in köln"): ["texted"],
        TicketFilter(text="100%_"): ["texted"],
        TicketFilter(text="%"): ["texted"],
        TicketFilter(text="Straße nach Köln"): [],
        TicketFilter(created_since=make.now + DAY): ["young"],
        TicketFilter(updated_since=make.now + DAY): ["young"],
        TicketFilter(created_before=make.now): [],
        TicketFilter(late_at=make.now): ["late"],
        TicketFilter(late_at=make.now + DAY): ["soon", "late"],
        TicketFilter(is_unassigned=True, created_before=make.now + DAY, text="NORMAL", limit=2): ["soon", "late"],
        TicketFilter(assignee="anna"): ["taken"],
    }
    for each, expected in wanted.items():
        found = await database.read(lambda tx, each=each: tx.tickets.list(each))  # type: ignore[misc]
        assert [names[ticket.id] for ticket in found] == expected, each
        assert all(ticket == tickets[names[ticket.id]] for ticket in found)


@pytest.mark.parametrize(
    ("order", "first_three"),
    [
        (TicketOrder.NEWEST, ["soon", "late", "taken"]),
        (TicketOrder.OLDEST, ["plain", "tagged", "sorted"]),
        (TicketOrder.UPDATED, ["young", "soon", "late"]),
        (TicketOrder.WAITING, ["plain", "tagged", "sorted"]),
        (TicketOrder.URGENT, ["urgent", "plain", "tagged"]),
        (TicketOrder.DUE, ["late", "soon", "plain"]),
    ],
)
async def test_lists_come_in_the_order_that_was_asked_for(
    database: Database, make: "Make", order: TicketOrder, first_three: list[str]
) -> None:
    names = {ticket.id: name for name, ticket in (await _named(database, make)).items()}
    found = await database.read(lambda tx: tx.tickets.list(TicketFilter(order=order, limit=3)))
    assert [names[ticket.id] for ticket in found] == first_three


async def test_oldest_first_goes_on_where_the_page_ended(database: Database, make: "Make") -> None:
    tickets = [make.ticket() for _ in range(4)]
    await _open(database, *tickets)
    page = TicketFilter(order=TicketOrder.OLDEST, after=tickets[1].id)
    assert await database.read(lambda tx: tx.tickets.list(page)) == tuple(tickets[2:])


async def test_text_is_found_behind_many_that_only_look_alike(database: Database, make: "Make") -> None:
    wanted = make.ticket("Äpfel")
    await _open(database, wanted, *(make.ticket("Öpfel") for _ in range(500)))
    assert await database.read(lambda tx: tx.tickets.list(TicketFilter(text="äPFEL", limit=5))) == (wanted,)


async def test_numbers_on_a_list_lead_to_its_mails_alone(database: Database, make: "Make") -> None:
    first, second = make.acceptance(), make.acceptance(b"x")
    digest, other = make.outbound(purpose=Purpose.DIGEST), make.outbound(purpose=Purpose.DIGEST)
    await database.accept([first, second])
    listed = (
        ListedMail(outbound_id=digest.id, number=1, received_id=second.mail.id),
        ListedMail(outbound_id=digest.id, number=2, received_id=first.mail.id),
        ListedMail(outbound_id=other.id, number=1, received_id=first.mail.id),
    )
    await database.write(lambda tx: tx.apply(Changes(outbound=(digest, other), listed=listed)))
    assert await database.read(lambda tx: tx.suspended.listed(digest.id)) == ((1, second.mail), (2, first.mail))
    assert await database.read(lambda tx: tx.suspended.listed(99)) == ()


async def test_suspended_mail_is_listed_oldest_first_within_its_time(database: Database, make: "Make") -> None:
    acceptances = [make.acceptance(channel=channel) for channel in ("support", "sales", "support", "support")]
    mails = [acceptance.mail for acceptance in acceptances]
    await database.accept(acceptances)
    suspended = tuple(
        ReceivedChange(id=mail.id, old=ReceivedState.RECEIVED, new=ReceivedState.SUSPENDED, reason="stranger")
        for mail in mails[:3]
    )
    digest = make.outbound(purpose=Purpose.DIGEST)
    listed = (ListedMail(outbound_id=digest.id, number=1, received_id=mails[0].id),)
    assert await database.read(lambda tx: tx.suspended.oldest()) is None
    await database.write(lambda tx: tx.apply(Changes(received=suspended, outbound=(digest,), listed=listed)))

    times = [mail.envelope.received_at for mail in mails]
    everything = await database.read(lambda tx: tx.suspended.list())
    assert [(each.id, each.reason) for each in everything] == [(mail.id, "stranger") for mail in mails[:3]]
    since = await database.read(lambda tx: tx.suspended.list(since=times[1]))
    assert [each.id for each in since] == [mails[1].id, mails[2].id]
    old = await database.read(lambda tx: tx.suspended.list(before=times[1]))
    assert [each.id for each in old] == [mails[0].id]
    of_author = await database.read(lambda tx: tx.suspended.list(author="kunde@kunde.example", since=times[2]))
    assert [each.id for each in of_author] == [mails[2].id]
    assert await database.read(lambda tx: tx.suspended.list(author="x@y.example")) == ()
    unlisted = await database.read(lambda tx: tx.suspended.list(channels=["support"], unlisted_only=True))
    assert [each.id for each in unlisted] == [mails[2].id]
    assert await database.read(lambda tx: tx.suspended.oldest()) == times[0]


async def test_automatic_mail_is_counted_by_recipient_domain_channel_and_ticket(database: Database, make: "Make") -> None:
    ticket, other = make.ticket(), make.ticket()
    automatic = Purpose.CONFIRMATION
    mails = (
        make.outbound(recipient="A@x.example", purpose=automatic, ticket=ticket),
        make.outbound(recipient="a@x.example", purpose=automatic, ticket=other),
        make.outbound(recipient="b@X.example", purpose=automatic),
        make.outbound(recipient="c@y.example", purpose=Purpose.VERIFICATION),
        make.outbound(recipient="a@x.example", purpose=Purpose.ANSWER, ticket=ticket),
        replace(make.outbound(recipient="a@x.example", purpose=automatic, ticket=ticket), created_at=make.now - DAY),
        replace(make.outbound(recipient="a@x.example", purpose=automatic), channel="sales"),
    )
    await database.write(lambda tx: tx.apply(Changes(new_tickets=(ticket, other), outbound=mails)))
    asked = [
        Addressed(recipient=Address("a", "X.example"), channel="support", ticket_id=ticket.id),
        Addressed(recipient=Address("c", "y.example"), channel="sales"),
        Addressed(recipient=Address("n", "z.example"), channel="none", ticket_id=ticket.id),
    ]
    purposes = [automatic, Purpose.VERIFICATION]
    counts = await database.read(lambda tx: tx.outbox.automatic_counts(asked, since=make.now, purposes=purposes))
    assert counts == (
        AutomaticCounts(recipient=3, domain=4, channel=4, ticket=1),
        AutomaticCounts(recipient=1, domain=1, channel=1, ticket=0),
        AutomaticCounts(recipient=0, domain=0, channel=0, ticket=0),
    )
    assert await database.read(lambda tx: tx.outbox.automatic_counts([], since=make.now, purposes=purposes)) == ()
