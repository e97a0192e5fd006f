"""Reading for a batch: whoever asks gets what a question by itself would have got."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import text

from gateway.mail.addresses import Address
from gateway.mail.outbound import Purpose
from gateway.people import Absence, Block, BlockKind, Contact, Organisation, Timer, TimerKind
from gateway.storage.automatic import Addressed
from gateway.storage.batch import BatchReader, Expected
from gateway.storage.blocks import Sender
from gateway.storage.database import Database
from gateway.storage.ticket_list import TicketFilter
from gateway.storage.transaction import Reader
from gateway.tickets import Changes

if TYPE_CHECKING:
    from tests.storage.conftest import Make

_LONG = f"{'k' * 600}@kunde.example"
_KEYS = ("kunde@kunde.example", "chef@kunde.example", "x@fremd.example", "böse@spam.example", _LONG)
_DOMAINS = ("kunde.example", "köln.example", "fremd.example")
_SENDERS: tuple[Sender, ...] = (*((key, ("192.0.2.1",)) for key in _KEYS), (None, ()), (None, ("198.51.100.7", "no address")))
_WAYS = tuple(Addressed(recipient=Address.of(key), channel=channel) for key in _KEYS for channel in ("support", "sales"))
_TIMERS = ("breaker channel support", f"breaker correspondent {_LONG}", "breaker channel sales")
_AUTOMATIC = (Purpose.CONFIRMATION, Purpose.WELCOME)


def _questions(make: "Make", last_id: int) -> list[Callable[[Reader], object]]:
    since = make.now - timedelta(hours=1)
    return [
        *(lambda tx, key=key: tx.people.contact_of(key) for key in _KEYS),
        lambda tx: tx.people.contacts_of(_KEYS[:2]),
        *(lambda tx, name=name: tx.people.organisation_of_domain(name) for name in _DOMAINS),
        *(lambda tx, sender=sender: tx.people.block_matching(*sender) for sender in _SENDERS),
        lambda tx: tx.people.absences(),
        *(lambda tx, key=key: tx.timers.get(key) for key in _TIMERS),
        *(lambda tx, key=key: tx.tickets.list(TicketFilter(requester=key)) for key in _KEYS),
        *(lambda tx, key=key: tx.tickets.open_of_requester(key, "sales") for key in _KEYS),
        lambda tx: tx.tickets.open_counts(["anna", "ben"]),
        lambda tx: tx.tickets.last_assigned("support"),
        *(lambda tx, way=way: tx.outbox.automatic_counts([way], since=since, purposes=_AUTOMATIC) for way in _WAYS),
        lambda tx: tx.outbox.automatic_counts([replace(_WAYS[0], ticket_id=3)], since=since, purposes=_AUTOMATIC),
        *(
            lambda tx, key=key, name=name, before=before: tx.received.earlier(key, name, before_id=before)
            for key in _KEYS
            for name in ("a@kunde.example", _LONG, "other@kunde.example")
            for before in (1, last_id, last_id + 1)
        ),
    ]


async def _fill(database: Database, make: "Make") -> int:
    """Store something of everything; return the id of the last mail."""
    firm = Organisation(id=70, name="Kunde", domains=("kunde.example", "köln.example"))
    known = Contact(
        id=71, name="Klara", addresses=tuple(map(Address.of, (_KEYS[0], _LONG))), created_at=make.now, organisation_id=70
    )
    blocks = [
        Block(kind=kind, value=value, at=make.now, by="anna", why="")
        for kind, value in (
            (BlockKind.DOMAIN, "spam.example"),
            (BlockKind.ADDRESS, "x@fremd.example"),
            (BlockKind.DOMAIN, "fremd.example"),
            (BlockKind.NETWORK, "198.51.100.0/24"),
        )
    ]
    timers = [Timer(key=key, kind=TimerKind.BREAKER, due_at=make.now) for key in _TIMERS[:2]]
    mails = [make.acceptance(author_key=key, message_id=name) for name in ("a@kunde.example", _LONG) for key in _KEYS]
    await database.accept(mails)
    last = make.acceptance(author_key=_KEYS[0], message_id="a@kunde.example")
    await database.accept([last])
    tickets = [make.ticket(requester=_KEYS[0], assignee="anna"), make.ticket(requester=_LONG, channel="sales")]
    outbound = [make.outbound(recipient=key, purpose=Purpose.CONFIRMATION, ticket=tickets[0]) for key in (_KEYS[0], _LONG)]
    changes = Changes(
        organisations=(firm,),
        contacts=(known,),
        blocks=tuple(blocks),
        absences=(Absence(agent="ben", since=make.now, by="ben"),),
        timers=tuple(timers),
        new_tickets=tuple(tickets),
        outbound=tuple(outbound),
    )
    await database.apply(changes)
    last_id: int = last.mail.id
    return last_id


async def test_whoever_asks_for_a_batch_gets_the_answers_of_one_mail(database: Database, make: "Make") -> None:
    last_id = await _fill(database, make)
    expected = Expected(
        authors=frozenset(_KEYS),
        domains=frozenset(_DOMAINS),
        senders=frozenset(_SENDERS),
        received=await database.read(_all_received),
        ways=frozenset(_WAYS),
        timers=frozenset(_TIMERS),
    )
    questions = _questions(make, last_id)
    for told in (expected, Expected(authors=frozenset(_KEYS[:1])), Expected()):
        together = await database.read(partial(_ask_all, questions, told))
        assert together == await database.read(partial(_ask_all, questions, None))


async def test_nobody_is_blocked_where_nothing_is(database: Database) -> None:
    assert await database.read(lambda tx: tx.people.blocks_matching(_SENDERS)) == (None,) * len(_SENDERS)


def _all_received(tx: Reader) -> frozenset[int]:
    return frozenset(tx.connection.scalars(text("SELECT id FROM received")))


def _ask_all(questions: Sequence[Callable[[Reader], object]], told: Expected | None, tx: Reader) -> list[object]:
    reader = tx if told is None else BatchReader(tx, told)
    return [ask(reader) for ask in questions]
