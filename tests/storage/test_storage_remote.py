"""SQLite in a process that takes mail and the one that writes for it: here both ends of the line are in this one."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

import pytest
import pytest_asyncio

from gateway.errors import ConcurrentChange, NotFound, StorageUnavailable
from gateway.line import FaultOverThere, Line, LineClosed, Subject
from gateway.mail.content import Content
from gateway.storage.database import Database
from gateway.storage.journal import segments
from gateway.storage.sqlite_remote import serve_writes
from gateway.storage.transaction import Topic, Writer
from gateway.storage.work import claim_received, reserve_numbers, return_numbers
from gateway.tickets import Changes, TicketChange
from tests.storage.conftest import Make
from tests.storage.journal_world import Intake, until


class Fault(Exception):
    """Nobody foresaw it."""


def reserve_and_fail(tx: Writer) -> None:
    tx.numbers.reserve("2026")
    raise Fault


def read_missing(tx: Writer) -> None:
    tx.received.get(17)


def run_statement(statement: str, tx: Writer) -> None:
    tx.contents._connection.exec_driver_sql(statement)


class CountingLine(Line):
    """A line that remembers how much it was asked to carry."""

    def __init__(self) -> None:
        super().__init__()
        self.octets = 0

    async def ask(self, subject: Subject, question: bytes = b"") -> bytes:
        self.octets += len(question)
        return await super().ask(subject, question)


@dataclass(frozen=True)
class Pair:
    """A database with its journal, and the same as the other process sees it."""

    intake: Intake
    here: Database
    there: Database
    theirs: CountingLine

    async def stored(self) -> None:
        """Wait until all that was accepted over there is in the tables."""
        await until(lambda: segments(self.intake.data) == ())


@asynccontextmanager
async def connected(line: Line, other: Line) -> AsyncIterator[None]:
    one, two = socket.socketpair()
    await line.connect(one)
    await other.connect(two)
    try:
        yield
    finally:
        await line.close()
        await other.close()


@pytest_asyncio.fixture
async def pair(intake: Intake) -> AsyncIterator[Pair]:
    ours, theirs = Line(), CountingLine()
    serve_writes(intake.database.engine, ours)
    ours.on_news(Subject.MAIL, lambda _nothing: intake.importer.ring())
    async with connected(ours, theirs):
        there = Database.attach(data=intake.data, ask=theirs.ask, on_accepted=partial(theirs.tell, Subject.MAIL))
        importing = asyncio.create_task(intake.importer.run())
        yield Pair(intake, intake.database, there, theirs)
        await there.close()
        importing.cancel()
        await asyncio.gather(importing, return_exceptions=True)


async def test_what_is_written_over_the_line_is_durable_and_answered(pair: Pair) -> None:
    assert await pair.there.write(partial(reserve_numbers, "2026", 3)) == 1
    assert await pair.there.write(partial(reserve_numbers, "2026", 1)) == 4
    assert await pair.here.write(partial(reserve_numbers, "2026", 1)) == 5
    assert await pair.there.write(partial(return_numbers, "2026", 4, 2))
    assert await pair.here.write(partial(reserve_numbers, "2026", 1)) == 4


async def test_claimed_mail_arrives_whole_on_the_other_side(pair: Pair, make: Make) -> None:
    mails = [make.acceptance(), make.acceptance(b"x" * 100_000)]
    await pair.here.accept(mails)
    ids, first, count = await pair.there.write(partial(claim_received, 9, make.now, 60, "local", "2026", 1))
    assert (len(ids), first, count) == (2, 1, 1), "one number is in stock over there"
    claimed = await pair.there.read(lambda tx: tx.received.get_all(ids))
    assert [mail.content.read() for mail in claimed] == [mail.mail.content.read() for mail in mails]
    assert [mail.envelope for mail in claimed] == [mail.mail.envelope for mail in mails]


async def test_an_error_of_ours_is_raised_where_the_work_came_from(pair: Pair, make: Make) -> None:
    ticket = make.ticket()
    await pair.there.apply(Changes(new_tickets=(ticket,)))
    with pytest.raises(ConcurrentChange):
        await pair.there.apply(Changes(changed_tickets=(TicketChange(ticket=ticket, old_version=7),)))
    with pytest.raises(NotFound, match="17"):
        await pair.there.write(read_missing)


async def test_a_fault_is_told_with_its_traceback_and_nothing_of_the_work_stays(pair: Pair) -> None:
    with pytest.raises(FaultOverThere, match="reserve_and_fail"):
        await pair.there.write(reserve_and_fail)
    assert await pair.there.write(partial(reserve_numbers, "2026", 1)) == 1


async def test_a_fault_of_the_driver_is_a_fault_and_no_reason_to_try_again(pair: Pair) -> None:
    with pytest.raises(FaultOverThere, match="no such table"):
        await pair.there.write(partial(run_statement, "INSERT INTO nowhere VALUES (1)"))


async def test_mail_accepted_there_wakes_whoever_waits_for_mail_here(pair: Pair, make: Make) -> None:
    waiting = asyncio.create_task(pair.here.wait_for(Topic.RECEIVED, 60))
    await asyncio.sleep(0)
    await pair.there.accept([make.acceptance()])
    async with asyncio.timeout(30):
        await waiting
    assert len(await pair.there.read(lambda tx: tx.received.list())) == 1


async def test_mail_accepted_there_is_stored_as_if_it_had_been_accepted_here(pair: Pair, make: Make) -> None:
    mails = [make.acceptance(), make.acceptance(b"x" * 100_000), make.acceptance(b"y" * 2_000)]
    assert await pair.there.accept(mails) == tuple(mail.mail.id for mail in mails)
    assert pair.theirs.octets == 0, "nothing of it travelled"
    await pair.stored()
    stored = await pair.here.read(lambda tx: tx.received.get_all([mail.mail.id for mail in mails]))
    assert {mail.id: (mail.channel, mail.envelope, mail.evidence, mail.content.read()) for mail in stored} == {
        mail.mail.id: (mail.mail.channel, mail.mail.envelope, mail.mail.evidence, mail.mail.content.read()) for mail in mails
    }


async def test_second_copy_is_acknowledged_there_and_found_out_here(pair: Pair, make: Make) -> None:
    mail = make.acceptance()
    (first,) = await pair.here.accept([mail])
    copy = replace(mail, mail=replace(mail.mail, id=next(make.ids)))
    fresh = make.acceptance(b"another")
    assert await pair.there.accept([copy, fresh, copy]) == (copy.mail.id, fresh.mail.id, copy.mail.id)
    await pair.stored()
    assert await pair.intake.stored_ids() == [first, fresh.mail.id]


async def test_mail_is_accepted_while_nobody_writes_the_database(pair: Pair, make: Make) -> None:
    mail = make.acceptance(b"x" * 100_000)
    await pair.theirs.close()
    with pytest.raises(StorageUnavailable):
        await pair.there.write(partial(reserve_numbers, "2026", 1))
    await pair.there.accept([mail])
    await pair.stored()
    assert await pair.intake.stored_ids() == [mail.mail.id]


async def test_both_sides_accept_at_the_same_time(pair: Pair, make: Make) -> None:
    mails = [make.acceptance(f"mail {number}".encode()) for number in range(60)]
    sides = (pair.here, pair.there)
    ids = await asyncio.gather(*(sides[number % 2].accept([mail]) for number, mail in enumerate(mails)))
    assert ids == [(mail.mail.id,) for mail in mails]
    await pair.stored()
    assert await pair.intake.stored_ids() == [mail.mail.id for mail in mails]


async def test_large_bodies_do_not_cross_the_line(pair: Pair, make: Make) -> None:
    ticket, body = make.ticket(), b"A" * 2_000_000
    await pair.there.apply(Changes(new_tickets=(ticket,), outbound=(make.outbound(body, ticket=ticket),)))
    assert pair.theirs.octets < 20_000
    assert (await pair.here.blobs.get(Content.of(body).sha256)).read() == body
    await pair.there.blobs.put(Content.of(b"B" * 2_000_000))
    assert pair.theirs.octets < 40_000


async def test_other_side_cannot_write_past_the_line(pair: Pair) -> None:
    with pytest.raises(StorageUnavailable, match="readonly"):
        await pair.there.read(lambda tx: tx.contents._connection.exec_driver_sql("DELETE FROM ticket").rowcount)


async def test_whoever_waits_for_an_answer_hears_that_there_will_be_none() -> None:
    line, other = Line(), Line()
    asked = asyncio.Event()

    async def never(_question: bytes) -> bytes:
        asked.set()
        await asyncio.Event().wait()
        return b""

    other.on_ask(Subject.PING, never)
    async with connected(line, other):
        waiting = asyncio.create_task(line.ask(Subject.PING))
        await asked.wait()
        await other.close()
        with pytest.raises(LineClosed):
            await waiting
        await line.closed.wait()
        with pytest.raises(StorageUnavailable):
            await line.ask(Subject.PING)


async def test_answers_find_their_question_in_any_order_and_size() -> None:
    line, other = Line(), Line()

    async def echo(question: bytes) -> bytes:
        for _ in range(len(question) % 5):
            await asyncio.sleep(0)
        return question

    other.on_ask(Subject.PING, echo)
    async with connected(line, other):
        questions = [bytes([number]) * (number * number * 100) for number in range(60)]
        assert await asyncio.gather(*(line.ask(Subject.PING, question) for question in questions)) == questions


async def test_news_that_come_before_anybody_is_interested_do_no_harm() -> None:
    line, other = Line(), Line()

    async def echo(question: bytes) -> bytes:
        return question

    other.on_ask(Subject.PING, echo)
    async with connected(line, other):
        line.tell(Subject.MAIL)
        assert await line.ask(Subject.PING, b"still there") == b"still there"
