"""Opening, changing and finding tickets, on both engines."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.errors import ConcurrentChange, InvalidTransition, NotFound
from gateway.mail.addresses import Address, Mailbox
from gateway.mail.content import Content
from gateway.states import TicketStatus
from gateway.storage.database import Database
from gateway.storage.tickets import KnownMessage, TicketFilter
from gateway.tickets import Changes, HistoryLine, Part, Participant, StoredAttachment, Ticket, TicketChange

if TYPE_CHECKING:
    from tests.storage.conftest import Make


async def _open(database: Database, *tickets: Ticket) -> None:
    await database.write(lambda tx: tx.apply(Changes(new_tickets=tickets)))


async def test_ticket_comes_back_as_it_was_opened(database: Database, make: "Make") -> None:
    ticket = make.ticket()
    copied = Participant(mailbox=Mailbox(None, Address("chef", "kunde.example")), part=Part.CC, added_by="anna", since_post_id=9)
    ticket = replace(ticket, participants=(*ticket.participants, copied), tags=("a", "ä"), category="hardware")
    await _open(database, ticket)
    assert await database.read(lambda tx: tx.tickets.get(ticket.id)) == ticket
    assert await database.read(lambda tx: tx.tickets.by_number(ticket.number)) == ticket


async def test_unknown_tickets_and_posts_are_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        await database.read(lambda tx: tx.tickets.get(1))
    with pytest.raises(NotFound):
        await database.read(lambda tx: tx.tickets.post(1))
    assert await database.read(lambda tx: tx.tickets.by_number("2026-000001")) is None


async def test_change_of_a_ticket_replaces_its_participants_and_raises_its_version(database: Database, make: "Make") -> None:
    ticket = make.ticket()
    await _open(database, ticket)
    copied = Participant(mailbox=Mailbox("Chef", Address("chef", "kunde.example")), part=Part.CC, added_by="anna")
    changed = replace(ticket, status=TicketStatus.OPEN, assignee="anna", participants=(copied, *ticket.participants))
    await database.write(lambda tx: tx.apply(Changes(changed_tickets=(TicketChange(ticket=changed, old_version=1),))))
    assert await database.read(lambda tx: tx.tickets.get(ticket.id)) == replace(changed, version=2)


async def test_second_change_of_the_same_version_is_refused_whole(database: Database, make: "Make") -> None:
    ticket = make.ticket()
    await _open(database, ticket)
    first = TicketChange(ticket=replace(ticket, assignee="anna"), old_version=1)
    second = TicketChange(ticket=replace(ticket, assignee="bert"), old_version=1)
    line = HistoryLine(ticket_id=ticket.id, at=make.now, by="bert", what="assignee: bert", why="#take")
    await database.write(lambda tx: tx.apply(Changes(changed_tickets=(first,))))
    with pytest.raises(ConcurrentChange):
        await database.write(lambda tx: tx.apply(Changes(changed_tickets=(second,), history=(line,))))
    assert (await database.read(lambda tx: tx.tickets.get(ticket.id))).assignee == "anna"
    assert await database.read(lambda tx: tx.tickets.history(ticket.id)) == ()


async def test_of_many_changes_of_one_version_exactly_one_wins(database: Database, make: "Make") -> None:
    ticket = make.ticket()
    await _open(database, ticket)

    async def assign(agent: str) -> bool:
        change = TicketChange(ticket=replace(ticket, assignee=agent), old_version=1)
        try:
            await database.write(lambda tx: tx.apply(Changes(changed_tickets=(change,))))
        except ConcurrentChange:
            return False
        return True

    assert sum(await asyncio.gather(*(assign(f"agent{n}") for n in range(12)))) == 1


async def test_status_that_no_table_allows_is_refused(database: Database, make: "Make") -> None:
    ticket = make.ticket(status=TicketStatus.CLOSED)
    await _open(database, ticket)
    change = TicketChange(ticket=replace(ticket, status=TicketStatus.NEW), old_version=1)
    with pytest.raises(InvalidTransition):
        await database.write(lambda tx: tx.apply(Changes(changed_tickets=(change,))))


async def test_number_that_is_taken_is_refused(database: Database, make: "Make") -> None:
    await _open(database, make.ticket(number="2026-000001"))
    with pytest.raises(ConcurrentChange):
        await _open(database, make.ticket(number="2026-000001"))


async def test_post_brings_its_attachments_whose_bytes_must_be_there(database: Database, make: "Make") -> None:
    ticket, content = make.ticket(), Content.of(b"%PDF")
    attachment = StoredAttachment(
        filename="Rechnung\0.pdf", content_type="application/pdf", size=content.size, sha256=content.sha256, inline=True
    )
    post = replace(make.post(ticket, "Anbei\0."), attachments=(attachment,), html="<p>Anbei", quoted="> alt", received_id=5)
    with pytest.raises(NotFound):
        await database.apply(Changes(new_tickets=(ticket,), posts=(post,)))
    await database.apply(Changes(new_tickets=(ticket,), posts=(post,), contents=(content,)))
    clean = replace(attachment, filename="Rechnung\N{REPLACEMENT CHARACTER}.pdf")
    stored = replace(post, text="Anbei\N{REPLACEMENT CHARACTER}.", attachments=(clean,))
    assert await database.read(lambda tx: tx.tickets.posts(ticket.id)) == (stored,)
    assert await database.read(lambda tx: tx.tickets.post(post.id)) == stored


async def test_history_stays_in_order(database: Database, make: "Make") -> None:
    ticket = make.ticket()
    lines = tuple(
        HistoryLine(ticket_id=ticket.id, at=make.now - timedelta(days=n), by="rule", what=f"{n}", why="x") for n in range(5)
    )
    await database.write(lambda tx: tx.apply(Changes(new_tickets=(ticket,), history=lines)))
    assert await database.read(lambda tx: tx.tickets.history(ticket.id)) == lines


async def test_message_ids_lead_to_the_ticket_of_the_post_or_of_our_own_mail(database: Database, make: "Make") -> None:
    ticket = make.ticket()
    post = make.post(ticket, message_id="their@kunde.example")
    long = make.post(ticket, message_id="x" * 9000)
    ours = replace(make.outbound(ticket=ticket), post_id=post.id)
    await database.write(lambda tx: tx.apply(Changes(new_tickets=(ticket,), posts=(post, long), outbound=(ours,))))
    asked = ["their@kunde.example", ours.message_id, "unknown@kunde.example", "nul\0\ud800", "x" * 9000]
    known = await database.read(lambda tx: tx.tickets.by_message_ids(asked))
    assert known == {
        "their@kunde.example": KnownMessage(ticket_id=ticket.id, post_id=post.id),
        ours.message_id: KnownMessage(ticket_id=ticket.id, post_id=post.id),
        "x" * 9000: KnownMessage(ticket_id=ticket.id, post_id=long.id),
    }


async def test_tickets_are_listed_by_what_is_asked_newest_first(database: Database, make: "Make") -> None:
    one = make.ticket(queue="support", assignee="anna")
    two = make.ticket(queue="sales", status=TicketStatus.OPEN)
    three = make.ticket(queue="support", requester="other@kunde.example", channel="sales")
    await _open(database, one, two, three)

    async def ids(wanted: TicketFilter) -> list[int]:
        return [ticket.id for ticket in await database.read(lambda tx: tx.tickets.list(wanted))]

    assert await ids(TicketFilter()) == [three.id, two.id, one.id]
    assert await ids(TicketFilter(limit=2)) == [three.id, two.id]
    assert await ids(TicketFilter(after=two.id)) == [one.id]
    assert await ids(TicketFilter(queue="support", statuses=(TicketStatus.NEW,))) == [three.id, one.id]
    assert await ids(TicketFilter(assignee="anna")) == [one.id]
    assert await ids(TicketFilter(requester="other@kunde.example")) == [three.id]
    assert await ids(TicketFilter(channel="sales")) == [three.id]


async def test_closed_tickets_are_not_among_the_requesters_open_ones(database: Database, make: "Make") -> None:
    one, two = make.ticket(requester="Kunde@KUNDE.example"), make.ticket(status=TicketStatus.CLOSED)
    solved, elsewhere = make.ticket(status=TicketStatus.SOLVED), make.ticket(channel="sales")
    await _open(database, one, two, solved, elsewhere)
    found = await database.read(lambda tx: tx.tickets.open_of_requester("kunde@kunde.example", "support"))
    assert [ticket.id for ticket in found] == [solved.id, one.id]


async def test_reserved_numbers_are_never_given_twice(database: Database) -> None:
    firsts = await asyncio.gather(*(database.write(lambda tx: tx.numbers.reserve("2026", 3)) for _ in range(20)))
    assert sorted(firsts) == list(range(1, 61, 3))
    assert await database.write(lambda tx: tx.numbers.reserve("2027")) == 1


async def test_first_key_is_made_once_and_later_ones_wrap_after_thirty_two(database: Database, make: "Make") -> None:
    made = await asyncio.gather(*(database.write(lambda tx: tx.keys.ensure(make.now, lambda: b"first")) for _ in range(5)))
    assert {(key.id, key.secret) for keys in made for key in keys} == {(0, b"first")}
    secrets = iter(bytes([n]) for n in range(1, 33))
    later = (make.now + timedelta(days=n) for n in range(1, 33))
    for _ in range(32):
        await database.write(lambda tx: tx.keys.rotate(next(later), lambda: next(secrets)))
    keys = await database.read(lambda tx: tx.keys.all())
    assert [key.id for key in keys] == [*range(1, 32), 0]
    assert keys[-1].secret == bytes([32])
