"""How much an author wrote lately, counted on both engines without reading what."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest_asyncio

from gateway.storage.database import Database
from gateway.storage.said import NOTHING_SAID, SaidLately
from gateway.tickets import Changes, Ticket

if TYPE_CHECKING:
    from tests.storage.conftest import Make

_AUTHOR = "monitor@kunde.example"
_LONG = f"{'k' * 600}@kunde.example"
_SAID = (("a", timedelta(minutes=1)), ("a", timedelta(minutes=59)), ("b", timedelta(minutes=2)), ("", timedelta(minutes=3)))
_BEFORE = (("a", timedelta(hours=2)), ("a", timedelta(days=2)), ("a", timedelta(days=8)))


@pytest_asyncio.fixture
async def ticket(database: Database, make: "Make") -> Ticket:
    """Return a ticket on which its author said `a` a minute and two hours ago; all else stands on tickets of its own."""
    tickets = [make.ticket(requester=_AUTHOR) for _ in (*_SAID, *_BEFORE)]
    posts = [
        replace(make.post(ticket), likeness=likeness, created_at=make.now - age)
        for ticket, (likeness, age) in zip(tickets, (*_SAID, *_BEFORE), strict=True)
    ]
    posts[4] = replace(posts[4], ticket_id=tickets[0].id)
    someone = make.ticket(requester=_LONG)
    posts += [replace(make.post(someone), likeness="a"), replace(make.post(tickets[0], "by hand"), likeness=None)]
    await database.apply(Changes(new_tickets=(*tickets, someone), posts=tuple(posts)))
    return tickets[0]


async def _ask(database: Database, make: "Make", likeness: str, ticket_id: int | None, **how: object) -> SaidLately:
    author, most = str(how.get("author", _AUTHOR)), int(str(how.get("most", 100)))
    ask = (author, likeness)
    return await database.read(lambda tx: tx.tickets.said_lately(*ask, ticket_id=ticket_id, now=make.now, most=most))


async def test_mails_are_counted_by_hour_week_and_ticket(database: Database, make: "Make", ticket: Ticket) -> None:
    asked = await _ask(database, make, "a", ticket.id)
    assert asked == SaidLately(in_hour=4, alike_in_hour=2, alike_in_week=4, alike_on_ticket_in_day=2)
    assert await _ask(database, make, "b", None) == SaidLately(in_hour=4, alike_in_hour=1, alike_in_week=1)


async def test_mail_without_words_counts_and_is_like_none(database: Database, make: "Make", ticket: Ticket) -> None:
    assert await _ask(database, make, "", ticket.id) == SaidLately(in_hour=4)


async def test_only_the_newest_are_counted(database: Database, make: "Make", ticket: Ticket) -> None:
    assert await _ask(database, make, "a", ticket.id, most=2) == SaidLately(
        in_hour=2, alike_in_hour=1, alike_in_week=1, alike_on_ticket_in_day=1
    )


async def test_everybody_is_counted_for_themselves(database: Database, make: "Make", ticket: Ticket) -> None:
    assert await _ask(database, make, "a", ticket.id, author="other@kunde.example") == NOTHING_SAID
    assert await _ask(database, make, "a", None, author=_LONG) == SaidLately(in_hour=1, alike_in_hour=1, alike_in_week=1)
