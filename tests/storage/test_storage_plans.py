"""Nothing that happens for each mail walks through a table: the cost must not grow with the number of tickets."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlalchemy import Engine, event

from gateway.mail.addresses import Address
from gateway.mail.outbound import Purpose
from gateway.people import Block, BlockKind, Contact, Link, LinkKind, Timer, TimerKind
from gateway.states import OutboundState, ReceivedState, TicketStatus
from gateway.storage.automatic import Addressed
from gateway.storage.batch import BatchReader, Expected
from gateway.storage.database import Database
from gateway.storage.sqlite import SqliteEngine
from gateway.storage.tickets import TicketFilter
from gateway.storage.transaction import Reader, Writer
from gateway.tickets import Changes, HistoryLine, ListedMail, OutboundChange, ReceivedChange, TicketChange, TicketTimers

if TYPE_CHECKING:
    from tests.storage.conftest import Make

NOW: Final = datetime(2026, 3, 4, tzinfo=UTC)
ADDRESSED: Final = Addressed(recipient=Address("a", "b.example"), channel="support", ticket_id=1)
FULL_BATCH: Final = 64
READS: tuple[Callable[[Reader], object], ...] = (
    lambda tx: tx.received.list([ReceivedState.SUSPENDED], limit=10),
    lambda tx: tx.received.list(limit=10, before=5),
    lambda tx: tx.received.earlier("a@b.example", "id@b.example", before_id=1),
    lambda tx: tx.tickets.by_number("2026-000001"),
    lambda tx: tx.tickets.get_all([1, 2]),
    lambda tx: tx.tickets.posts(1),
    lambda tx: tx.tickets.newest_posts(1, 5),
    lambda tx: tx.tickets.said_lately("a@b.example", "f0", ticket_id=1, now=NOW, most=5),
    lambda tx: tx.tickets.history(1),
    lambda tx: tx.tickets.by_message_ids(["a@b.example", "b@b.example"]),
    lambda tx: tx.tickets.open_of_requester("a@b.example", "support"),
    lambda tx: tx.tickets.list(TicketFilter(queue="support", statuses=(TicketStatus.NEW,))),
    lambda tx: tx.tickets.list(TicketFilter(assignee="anna", after=9)),
    lambda tx: tx.outbox.by_message_id("id@gw.firma.example"),
    lambda tx: tx.outbox.of_ticket(1),
    lambda tx: tx.outbox.attempts(1),
    lambda tx: tx.outbox.next_due(),
    lambda tx: tx.outbox.list([OutboundState.HELD]),
    lambda tx: tx.search.find("drucker"),
    lambda tx: tx.tickets.list(TicketFilter(late_at=NOW)),
    lambda tx: tx.tickets.links(1),
    lambda tx: tx.tickets.open_counts(["anna", "bert"]),
    lambda tx: tx.tickets.last_assigned("support"),
    lambda tx: tx.tickets.participating("a@b.example"),
    lambda tx: tx.outbox.automatic_counts([ADDRESSED], since=NOW, purposes=[Purpose.CONFIRMATION, Purpose.VERIFICATION]),
    lambda tx: tx.people.contacts_of(["a@b.example", "b@b.example"]),
    lambda tx: tx.people.organisation_of_domain("b.example"),
    lambda tx: tx.people.block_matching("a@b.example", ["192.0.2.1", "2001:db8::1"]),
    lambda tx: tx.timers.due(NOW),
    lambda tx: tx.timers.next_due(),
    lambda tx: tx.timers.of_ticket(1),
    lambda tx: tx.timers.get("digest"),
    lambda tx: tx.suspended.listed(1),
    lambda tx: tx.suspended.list(since=NOW, unlisted_only=True),
    lambda tx: tx.suspended.oldest(),
)


def _plans(engine: Engine) -> Callable[[], list[str]]:
    """Ask SQLite, for each statement from now on, how it goes about it."""
    plans: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, executemany: Any) -> None:
        if statement.split(maxsplit=1)[0] in {"SELECT", "UPDATE", "DELETE", "INSERT"}:
            values = parameters[0] if executemany else parameters
            raw = connection.connection.driver_connection
            steps = raw.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
            plans.extend(f"{step[3]} FOR {statement}" for step in steps)

    return lambda: plans


@pytest.mark.parametrize("url", ["sqlite"])
async def test_every_read_of_a_mails_way_uses_an_index(database: Database, make: "Make") -> None:
    engine = database._engine
    assert isinstance(engine, SqliteEngine)
    acceptance = make.acceptance()
    await database.accept([acceptance])
    plans = _plans(engine._read_engine)
    for read in READS:
        await database.read(read)
    since = make.now
    await database.read(lambda tx: tx.outbox.automatic_count("a@b.example", since=since, purposes=[Purpose.CONFIRMATION]))
    await database.read(lambda tx: (tx.received.get(acceptance.mail.id), tx.received.trace(acceptance.mail.id)))
    assert plans()
    assert [plan for plan in plans() if _walks(plan)] == []


@pytest.mark.parametrize("url", ["sqlite"])
async def test_every_read_of_a_full_batch_uses_an_index_beside_a_million_tickets(database: Database, make: "Make") -> None:
    engine = database._engine
    assert isinstance(engine, SqliteEngine)
    mails = [make.acceptance(author_key=f"a{n}@b.example", message_id=f"{n}@b.example") for n in range(FULL_BATCH)]
    await database.accept(mails)
    await database.write(_pretend_a_million)
    plans = _plans(engine._read_engine)
    keys = [f"a{n}@b.example" for n in range(FULL_BATCH)]
    ways = [Addressed(recipient=Address.of(key), channel="support", ticket_id=None) for key in keys]
    expected = Expected(
        authors=frozenset(keys),
        domains=frozenset(f"b{n}.example" for n in range(FULL_BATCH)),
        senders=frozenset((key, ("192.0.2.1",)) for key in keys),
        received=frozenset(acceptance.mail.id for acceptance in mails),
        ways=frozenset(ways),
        timers=frozenset(f"breaker:{key}" for key in keys),
    )
    last = mails[-1].mail.id

    def read(tx: Reader) -> None:
        batch = BatchReader(tx, expected)
        assert batch.received.earlier(keys[-1], f"{FULL_BATCH - 1}@b.example", before_id=last) == ()
        for ask in READS:
            ask(batch)
        batch.tickets.list(TicketFilter(requester=keys[0]))
        batch.people.organisations_of_domains(expected.domains)
        batch.people.blocks_matching(list(expected.senders))
        batch.timers.get_all(sorted(expected.timers))
        batch.outbox.automatic_counts(ways, since=NOW, purposes=[Purpose.CONFIRMATION])

    await database.read(read)
    assert any("AS first" in plan for plan in plans())
    assert [plan for plan in plans() if _walks(plan)] == []


@pytest.mark.parametrize("url", ["sqlite"])
async def test_every_write_of_a_mails_way_uses_an_index(database: Database, make: "Make", tmp_path: Path) -> None:
    engine = database._engine
    assert isinstance(engine, SqliteEngine)
    plans = _plans(engine._write_engine)
    acceptance, ticket = make.acceptance(), make.ticket()
    post, mail = make.post(ticket), make.outbound(ticket=ticket)
    received = ReceivedChange(
        id=acceptance.mail.id, old=ReceivedState.RECEIVED, new=ReceivedState.TICKETED, reason="new", ticket_id=ticket.id
    )
    line = HistoryLine(ticket_id=ticket.id, at=make.now, by="gateway", what="opened", why="new")
    sent = OutboundChange(id=mail.id, old=OutboundState.SENDING, new=OutboundState.SENT)

    def whole_way(tx: Writer) -> None:
        tx.received.claim(limit=4, now=make.now, lease_seconds=60, node="a")
        tx.received.release_leases("a")
        tx.numbers.reserve("2026")
        tx.apply(Changes(received=(received,), new_tickets=(ticket,), posts=(post,), history=(line,), outbound=(mail,)))
        tx.apply(Changes(changed_tickets=(TicketChange(ticket=ticket, old_version=1),)))
        tx.outbox.reclaim_lost(make.now)
        tx.outbox.claim_due(now=make.now, limit=4, lease_seconds=60, node="a")
        tx.apply(Changes(outbound_changes=(sent,)))

    await database.accept([acceptance])
    await database.write(whole_way)
    assert plans()
    assert [plan for plan in plans() if _walks(plan)] == []
    assert (tmp_path / "gateway.sqlite").exists()


@pytest.mark.parametrize("url", ["sqlite"])
async def test_every_write_of_people_and_time_uses_an_index(database: Database, make: "Make") -> None:
    engine = database._engine
    assert isinstance(engine, SqliteEngine)
    ticket, other, acceptance, mail = make.ticket(), make.ticket(), make.acceptance(), make.outbound()
    timer = Timer(key="clock", kind=TimerKind.CLOCK, due_at=make.now, ticket_id=ticket.id)
    block = Block(kind=BlockKind.NETWORK, value="192.0.2.0/24", at=make.now, by="anna")
    contact = Contact(id=1, name=None, addresses=(Address("a", "b.example"),), created_at=make.now)
    await database.accept([acceptance])
    plans = _plans(engine._write_engine)
    first = Changes(
        new_tickets=(ticket, other),
        outbound=(mail,),
        contacts=(contact,),
        blocks=(block,),
        links=(Link(ticket_id=ticket.id, other_id=other.id, kind=LinkKind.FOLLOWS),),
        ticket_timers=(TicketTimers(ticket_id=ticket.id, timers=(timer,)),),
        listed=(ListedMail(outbound_id=mail.id, number=1, received_id=acceptance.mail.id),),
    )
    await database.write(lambda tx: tx.apply(first))
    await database.write(lambda tx: tx.apply(Changes(fired=(timer,), lifted_blocks=(block,), returned=("anna",))))
    assert plans()
    assert [plan for plan in plans() if _walks(plan)] == []


@pytest.mark.parametrize("url", ["sqlite"])
async def test_what_has_nothing_to_do_with_people_and_time_runs_no_statement_for_them(database: Database, make: "Make") -> None:
    engine = database._engine
    assert isinstance(engine, SqliteEngine)
    plans = _plans(engine._write_engine)
    await database.write(lambda tx: tx.apply(Changes()))
    assert plans() == []
    ticket = make.ticket()
    await database.write(lambda tx: tx.apply(Changes(new_tickets=(ticket,), posts=(make.post(ticket),))))
    others = ("contact", "organisation", "block", "absence", "timer", "ticket_link", "listed_mail")
    assert [plan for plan in plans() if any(f" {table} " in plan for table in others)] == []


def _pretend_a_million(tx: Writer) -> None:
    """Leave SQLite the statistics that it makes of a million rows; it goes by them when it plans."""
    driver = tx.connection.connection.driver_connection
    assert driver is not None
    driver.execute("ANALYZE")
    driver.execute("DELETE FROM sqlite_stat1")
    for index, table in driver.execute("SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index'").fetchall():
        columns = len(driver.execute(f"PRAGMA index_info({index})").fetchall())
        driver.execute("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", (table, index, " ".join(["1000000", *["1"] * columns])))
    driver.execute("ANALYZE sqlite_schema")


def _walks(plan: str) -> bool:
    step = plan.split(" FOR ", maxsplit=1)[0]
    in_order_of_ids = step in {"SCAN received", "SCAN outbound", "SCAN ticket"} and "ORDER BY" in plan and "LIMIT" in plan
    is_full_text = "FROM search" in plan
    is_of_so_many = any(step == f"SCAN {name}" and f"LIMIT ? OFFSET ?) AS {name}" in plan for name in ("anon_1", "newest"))
    return "SCAN" in step and not in_order_of_ids and not is_full_text and not is_of_so_many
