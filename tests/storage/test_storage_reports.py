"""Figures of a span of time, on both engines."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gateway.figures import Dimension, Durations, Figures, Promises, Report, SuspendedFigures
from gateway.mail.addresses import Address
from gateway.people import NO_CLOCK, Clock
from gateway.states import ReceivedState, TicketStatus
from gateway.storage.database import Database
from gateway.tickets import Changes, ReceivedChange, Ticket

if TYPE_CHECKING:
    from tests.storage.conftest import Make

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOTHING = Durations()
NO_PROMISE = Promises()


async def _report(database: Database, since: datetime, until: datetime, *tickets: Ticket) -> Report:
    await database.write(lambda tx: tx.apply(Changes(new_tickets=tickets)))
    return await database.read(lambda tx: tx.reports.make(since=since, until=until))


def _aged(make: "Make", age: timedelta, *, status: TicketStatus = TicketStatus.OPEN) -> Ticket:
    return replace(make.ticket(status=status), created_at=make.now - age)


async def test_report_of_an_empty_desk_is_empty(database: Database, make: "Make") -> None:
    report = await _report(database, make.now - DAY, make.now)
    assert report.total == Figures(
        name=None,
        new=0,
        solved=0,
        backlog=(0, 0, 0, 0, 0),
        first_answer=NOTHING,
        resolution=NOTHING,
        reaction_clock=NO_PROMISE,
        resolution_clock=NO_PROMISE,
    )
    assert [section.dimension for section in report.sections] == list(Dimension)
    assert all(section.figures == () for section in report.sections)
    assert report.suspended == ()


async def test_backlog_falls_into_its_ages_and_new_tickets_into_the_span(database: Database, make: "Make") -> None:
    ages = [timedelta(0), HOUR, DAY, 3 * DAY - HOUR, 3 * DAY, 8 * DAY, 30 * DAY, 400 * DAY]
    finished = [_aged(make, HOUR, status=TicketStatus.CLOSED), _aged(make, 5 * DAY, status=TicketStatus.SOLVED)]
    report = await _report(database, make.now - 3 * DAY, make.now, *(_aged(make, age) for age in ages), *finished)
    assert report.total.backlog == (1, 2, 1, 1, 2)
    assert report.total.open == 7
    assert report.total.new == 5


async def test_times_are_those_of_what_was_answered_and_solved_in_the_span(database: Database, make: "Make") -> None:
    begun = make.now - 10 * DAY
    tickets = [
        replace(
            make.ticket(status=TicketStatus.SOLVED),
            created_at=begun,
            first_answered_at=begun + timedelta(seconds=seconds),
            solved_at=begun + hours * HOUR,
        )
        for seconds, hours in ((60, 1), (120, 2), (180.5, 3), (240, 4))
    ]
    before = replace(
        make.ticket(status=TicketStatus.SOLVED), created_at=begun - 2 * DAY, first_answered_at=begun - DAY, solved_at=begun - DAY
    )
    reopened = replace(make.ticket(status=TicketStatus.OPEN), created_at=begun, solved_at=begun + HOUR)
    report = await _report(database, begun, begun + DAY, *tickets, before, reopened)
    total = report.total
    assert total.first_answer == Durations(count=4, median=150.25, ninetieth=222.15)
    assert total.resolution == Durations(count=4, median=2.5 * 3600, ninetieth=3.7 * 3600)
    assert total.solved == 4


async def test_every_dimension_sums_up_to_the_total(database: Database, make: "Make") -> None:
    tickets = [
        make.ticket(queue="support", channel="support", assignee="anna"),
        make.ticket(queue="accounting", channel="support", assignee="bert"),
        make.ticket(queue="accounting", channel="sales"),
        replace(make.ticket(queue="support", channel="sales", assignee="anna"), answer_from=Address("alt", "firma.example")),
    ]
    report = await _report(database, make.now, make.now + DAY, *tickets)
    names = [[(figures.name, figures.new) for figures in section.figures] for section in report.sections]
    assert names == [
        [("sales", 2), ("support", 2)],
        [("alt@firma.example", 1), ("support@firma.example", 3)],
        [("accounting", 2), ("support", 2)],
        [("", 1), ("anna", 2), ("bert", 1)],
    ]
    assert report.total.new == 4


async def test_clocks_are_kept_missed_or_were_never_promised(database: Database, make: "Make") -> None:
    stood = Clock(resolution_left=60.0)
    running = Clock(reaction_due_at=make.now - HOUR, resolution_due_at=make.now + DAY)
    done = replace(make.ticket(status=TicketStatus.SOLVED), first_answered_at=make.now, solved_at=make.now)

    def another(clock: Clock = NO_CLOCK, *announced: str) -> Ticket:
        fresh = make.ticket()
        return replace(done, id=fresh.id, number=fresh.number, clock=clock, announced=announced)

    marks = ("clock 2026-000001 reaction_breach", "clock 2026-000001 resolution_warning")
    tickets = [
        another(stood),
        another(stood, *marks),
        another(stood, "clock 2026-000002 resolution_breach"),
        another(),
        replace(make.ticket(), clock=running, announced=marks[:1]),
        replace(make.ticket(), clock=running),
    ]
    total = (await _report(database, make.now - DAY, make.now + DAY, *tickets)).total
    assert total.reaction_clock == Promises(kept=2, missed=2)
    assert total.resolution_clock == Promises(kept=2, missed=1)


async def test_suspended_mail_is_counted_by_its_reason(database: Database, make: "Make") -> None:
    acceptances = [make.acceptance(channel=channel) for channel in ("support", "support", "sales", "sales")]
    await database.accept(acceptances)
    changes = [
        ReceivedChange(id=acceptance.mail.id, old=ReceivedState.RECEIVED, new=ReceivedState.SUSPENDED, reason=reason)
        for acceptance, reason in zip(acceptances, ("stranger", "stranger", "stranger", "spam"), strict=True)
    ]
    await database.write(lambda tx: tx.apply(Changes(received=tuple(changes))))
    since = acceptances[1].mail.envelope.received_at
    report = await _report(database, since, since + DAY)
    assert report.suspended == (
        SuspendedFigures(channel="support", reason="stranger", waiting=2, new=1),
        SuspendedFigures(channel="sales", reason="spam", waiting=1, new=1),
        SuspendedFigures(channel="sales", reason="stranger", waiting=1, new=1),
    )
