"""What falls due fires once, whoever else is at it, on both engines."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import ConcurrentChange
from gateway.people import Clock, Timer, TimerKind
from gateway.states import TicketStatus
from gateway.storage.database import Database
from gateway.storage.transaction import Topic
from gateway.tickets import Changes, HistoryLine, TicketChange, TicketTimers

if TYPE_CHECKING:
    from tests.storage.conftest import Make

MINUTE = timedelta(minutes=1)


def _timer(make: "Make", key: str, minutes: float = 0, *, ticket_id: int | None = None) -> Timer:
    due_at = make.now + minutes * MINUTE
    return Timer(key=key, kind=TimerKind.CLOCK, due_at=due_at, ticket_id=ticket_id, detail="reaction_warning")


async def test_timers_are_due_in_order_of_their_time(database: Database, make: "Make") -> None:
    late, later, future = _timer(make, "c", -3), _timer(make, "a", 0), _timer(make, "b", 1)
    assert await database.read(lambda tx: tx.timers.next_due()) is None
    await database.write(lambda tx: tx.apply(Changes(timers=(future, later, late))))
    assert await database.read(lambda tx: tx.timers.due(make.now)) == (late, later)
    assert await database.read(lambda tx: tx.timers.due(make.now, 1)) == (late,)
    assert await database.read(lambda tx: tx.timers.next_due()) == late.due_at
    assert await database.read(lambda tx: tx.timers.get("b")) == future
    assert await database.read(lambda tx: tx.timers.get("x")) is None


async def test_timers_of_a_ticket_are_replaced_together(database: Database, make: "Make") -> None:
    ticket, other = make.ticket(), make.ticket()
    mine = tuple(_timer(make, f"mine {n}", n, ticket_id=ticket.id) for n in range(3))
    others = (_timer(make, "other", 1, ticket_id=other.id),)
    both = (TicketTimers(ticket_id=ticket.id, timers=mine), TicketTimers(ticket_id=other.id, timers=others))
    await database.write(lambda tx: tx.apply(Changes(new_tickets=(ticket, other), ticket_timers=both)))
    assert await database.read(lambda tx: tx.timers.of_ticket(ticket.id)) == mine
    fresh = (replace(mine[1], due_at=make.now + 9 * MINUTE), _timer(make, "mine 7", 8, ticket_id=ticket.id))
    await database.write(lambda tx: tx.apply(Changes(ticket_timers=(TicketTimers(ticket_id=ticket.id, timers=fresh),))))
    assert await database.read(lambda tx: tx.timers.of_ticket(ticket.id)) == (fresh[1], fresh[0])
    await database.write(lambda tx: tx.apply(Changes(ticket_timers=(TicketTimers(ticket_id=ticket.id, timers=()),))))
    assert await database.read(lambda tx: tx.timers.of_ticket(ticket.id)) == ()
    assert await database.read(lambda tx: tx.timers.of_ticket(other.id)) == others


async def test_timer_that_has_fired_changes_nothing_a_second_time(database: Database, make: "Make") -> None:
    ticket, timer = make.ticket(), _timer(make, "clock")
    line = HistoryLine(ticket_id=ticket.id, at=make.now, by="clock", what="warned", why="clock")
    await database.write(lambda tx: tx.apply(Changes(new_tickets=(ticket,), timers=(timer,))))
    await database.write(lambda tx: tx.apply(Changes(fired=(timer,), history=(line,))))
    with pytest.raises(ConcurrentChange):
        await database.write(lambda tx: tx.apply(Changes(fired=(timer,), history=(line,))))
    assert await database.read(lambda tx: tx.tickets.history(ticket.id)) == (line,)


async def test_timer_that_was_moved_since_it_was_read_does_not_fire(database: Database, make: "Make") -> None:
    read, other = _timer(make, "clock"), _timer(make, "other")
    moved = replace(read, due_at=read.due_at + MINUTE)
    await database.write(lambda tx: tx.apply(Changes(timers=(read, other))))
    await database.write(lambda tx: tx.apply(Changes(timers=(moved,))))
    with pytest.raises(ConcurrentChange):
        await database.write(lambda tx: tx.apply(Changes(fired=(other, read))))
    assert await database.read(lambda tx: tx.timers.due(make.now + MINUTE)) == (other, moved)


async def test_timer_may_be_set_again_by_what_it_fired(database: Database, make: "Make") -> None:
    timer = _timer(make, "digest")
    again = replace(timer, due_at=timer.due_at + 60 * MINUTE)
    await database.write(lambda tx: tx.apply(Changes(timers=(timer,))))
    await database.write(lambda tx: tx.apply(Changes(fired=(timer,), timers=(again,))))
    assert await database.read(lambda tx: tx.timers.get("digest")) == again


async def test_whoever_waits_for_timers_is_woken(database: Database, make: "Make") -> None:
    async with asyncio.timeout(30):
        waiting = asyncio.create_task(database.wait_for(Topic.TIMERS, timeout=60))
        await asyncio.sleep(0)
        await database.write(lambda tx: tx.apply(Changes(timers=(_timer(make, "a"),))))
        await waiting


async def test_ticket_keeps_its_clock_and_what_was_announced(database: Database, make: "Make") -> None:
    clock = Clock(reaction_due_at=make.now + MINUTE, resolution_due_at=make.now + 3 * MINUTE, resolution_left=12.5)
    ticket = replace(
        make.ticket(),
        clock=clock,
        announced=("a", "ü"),
        first_answered_at=make.now,
        solved_at=make.now + MINUTE,
        wait_until=make.now + 2 * MINUTE,
    )
    await database.write(lambda tx: tx.apply(Changes(new_tickets=(ticket,))))
    assert await database.read(lambda tx: tx.tickets.get(ticket.id)) == ticket
    bare = replace(make.ticket(), id=ticket.id, number=ticket.number, status=TicketStatus.OPEN, version=2)
    await database.write(lambda tx: tx.apply(Changes(changed_tickets=(TicketChange(ticket=bare, old_version=1),))))
    assert await database.read(lambda tx: tx.tickets.get(ticket.id)) == bare


@pytest.mark.parametrize("url", ["sqlite"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rounds=st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=4), max_size=5),
    nodes=st.integers(1, 4),
)
async def test_whatever_nodes_do_every_timer_fires_once_for_each_time_it_was_set(
    database: Database, make: "Make", rounds: list[list[tuple[int, int]]], nodes: int
) -> None:
    """Each node takes what is due, restarts with what it had read before, and is told when somebody else was faster."""
    await _fire_everything(database, make, rounds, nodes)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_several_nodes_on_one_server_fire_every_timer_once(database: Database, make: "Make") -> None:
    await _fire_everything(database, make, [[(n, n) for n in range(20)], [(n, 20 - n) for n in range(20)]], 4)


async def _fire_everything(database: Database, make: "Make", rounds: list[list[tuple[int, int]]], nodes: int) -> None:
    ticket = make.ticket()
    await database.write(lambda tx: tx.apply(Changes(new_tickets=(ticket,))))
    expected = []
    for number, wanted in enumerate(rounds):
        timers = {f"timer {key}": _timer(make, f"timer {key}", number * 100 + minutes) for key, minutes in wanted}
        expected += [f"{timer.key} at {timer.due_at}" for timer in timers.values()]
        await database.write(lambda tx, timers=timers: tx.apply(Changes(timers=tuple(timers.values()))))  # type: ignore[misc]
        now = make.now + (number * 100 + 50) * MINUTE
        stale = await database.read(lambda tx, now=now: tx.timers.due(now))  # type: ignore[misc]

        async def node(read: tuple[Timer, ...], now: object = now) -> None:
            while read:
                for timer in read:
                    line = HistoryLine(
                        ticket_id=ticket.id, at=make.now, by="clock", what=f"{timer.key} at {timer.due_at}", why="clock"
                    )
                    changes = Changes(fired=(timer,), history=(line,))
                    try:
                        await database.write(lambda tx, changes=changes: tx.apply(changes))  # type: ignore[misc]
                    except ConcurrentChange:
                        continue
                read = await database.read(lambda tx: tx.timers.due(now))  # type: ignore[arg-type]

        await asyncio.gather(*(node(stale) for _ in range(nodes)))
    lines = await database.read(lambda tx: tx.tickets.history(ticket.id))
    assert sorted(line.what for line in lines) == sorted(expected)
    assert await database.read(lambda tx: tx.timers.next_due()) is None
