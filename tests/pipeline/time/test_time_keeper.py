"""The timekeeper on a real database: nothing twice, nothing forgotten, and one bad timer stops no other."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.errors import ConcurrentChange
from gateway.ids import Ids
from gateway.mail.addresses import Address, Mailbox
from gateway.people import Timer, TimerKind
from gateway.pipeline.errands import process_timer
from gateway.pipeline.journey import Road
from gateway.pipeline.policy import Policy, compile_policy
from gateway.pipeline.report_timers import next_weekly, timer_of
from gateway.pipeline.settings import AgentSettings, ChannelSettings, ParseSettings, QueueSettings
from gateway.pipeline.templates import Templates
from gateway.pipeline.time_settings import ReportSettings
from gateway.pipeline.timekeeper import Timekeeper
from gateway.pipeline.tokens import KeyRing, SigningKey
from gateway.pipeline.worker import Workers
from gateway.states import TicketStatus
from gateway.storage.database import Database
from gateway.storage.transaction import Topic
from gateway.tickets import Changes, Part, Participant, Post, Priority, Side, Ticket, TicketTimers, Visibility

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
KIM = Mailbox("Kim", Address.parse("kim@kunde.example"))
SUPPORT = Address.parse("support@firma.example")


def make_policy(reports: dict[str, ReportSettings] | None = None) -> Policy:
    return compile_policy(
        hostname="gw.firma.example",
        agents={"anna": AgentSettings(name="Anna", addresses=[Address.parse("anna@firma.example")])},
        queues={"support": QueueSettings(agents=["anna"])},
        channels={"support": ChannelSettings(address=SUPPORT, display_name="Firma", queue="support", smarthosts=["main"])},
        reports=reports,
    )


@dataclass(kw_only=True)
class Office:
    """A database, and a clock on the wall that a test can turn."""

    database: Database
    policy: Policy
    now: datetime = NOW

    def road(self) -> Road:
        return Road(
            database=self.database,
            workers=Workers(ParseSettings()),
            policy=self.policy,
            keys=KeyRing.of(SigningKey(id=3, secret=b"a secret that only tests know")),
            ids=Ids(clock_ms=lambda: int(self.now.timestamp() * 1000), node=0),
            templates=Templates(None),
            signers={},
            clock=lambda: self.now,
            spool=None,
        )

    async def let_wait(self, *numbers: int) -> tuple[Timer, ...]:
        """Make pending tickets that wait for a day."""
        tickets = tuple(_pending(number) for number in numbers)
        timers = tuple(Timer(key=f"wait {t.number}", kind=TimerKind.WAIT, due_at=NOW + DAY, ticket_id=t.id) for t in tickets)
        posts = tuple(_post(ticket) for ticket in tickets)
        waits = tuple(TicketTimers(ticket_id=t.id, timers=(timer,)) for t, timer in zip(tickets, timers, strict=True))
        await self.database.apply(Changes(new_tickets=tickets, posts=posts, ticket_timers=waits))
        return timers

    async def status(self, number: int) -> TicketStatus:
        return (await self.database.read(lambda tx: tx.tickets.get(number))).status

    async def sent(self) -> int:
        return len(await self.database.write(lambda tx: tx.outbox.claim_due(now=self.now, limit=99, lease_seconds=9, node="n")))


def _pending(number: int) -> Ticket:
    return Ticket(
        id=number,
        number=f"2026-{number:06d}",
        subject="Drucker",
        status=TicketStatus.PENDING,
        priority=Priority.NORMAL,
        queue="support",
        channel="support",
        requester=KIM,
        answer_from=SUPPORT,
        language="de",
        created_at=NOW,
        updated_at=NOW,
        participants=(Participant(mailbox=KIM, part=Part.REQUESTER, added_by="author"),),
        wait_until=NOW + DAY,
    )


def _post(ticket: Ticket) -> Post:
    return Post(
        id=ticket.id + 1000,
        ticket_id=ticket.id,
        visibility=Visibility.PUBLIC,
        side=Side.CUSTOMER,
        author=KIM,
        text="Er druckt nicht.",
        created_at=NOW,
    )


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    database = await Database.open(data=tmp_path)
    try:
        yield Office(database=database, policy=make_policy())
    finally:
        await database.close()


async def test_nothing_falls_due_before_its_time_and_then_exactly_once(office: Office) -> None:
    await office.let_wait(1)
    keeper = Timekeeper(road=office.road)
    office.now = NOW + DAY - timedelta(seconds=1)
    assert await keeper.fire_due() == 0
    office.now = NOW + DAY
    assert await keeper.fire_due() == 1
    assert await office.status(1) is TicketStatus.OPEN
    assert await Timekeeper(road=office.road).fire_due() == 0
    assert await office.sent() == 1


async def test_two_who_fire_the_same_timer_do_it_once(office: Office) -> None:
    (timer,) = await office.let_wait(1)
    office.now = NOW + DAY
    outcomes = await asyncio.gather(*(process_timer(timer, office.road()) for _ in range(2)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Arrival", "ConcurrentChange"]
    assert await office.sent() == 1


async def test_a_clock_that_jumps_ahead_and_back_fires_once(office: Office) -> None:
    await office.let_wait(1, 2)
    keeper = Timekeeper(road=office.road)
    office.now = NOW + 400 * DAY
    assert await keeper.fire_due() == 2
    office.now = NOW - 400 * DAY
    assert await keeper.fire_due() == 0
    office.now = NOW + 2 * DAY
    assert await keeper.fire_due() == 0
    office.now = NOW + 400 * DAY
    assert await office.sent() == 2


async def test_a_timer_that_meets_a_fault_stops_no_other_and_is_put_off(office: Office) -> None:
    await office.let_wait(1, 2, 3)
    broken = office.policy
    office.policy = replace(broken, agents={})  # whoever is told is no agent any more: nobody could foresee it
    office.now = NOW + DAY
    assert await Timekeeper(road=office.road).fire_due() == 3
    assert await office.status(1) is TicketStatus.PENDING
    due = await office.database.read(lambda tx: tx.timers.next_due())
    assert due == NOW + DAY + timedelta(hours=1)
    office.policy = broken
    office.now += timedelta(hours=1)
    assert await Timekeeper(road=office.road).fire_due() == 3
    assert await office.status(1) is TicketStatus.OPEN


async def test_a_timer_of_a_ticket_that_somebody_opened_is_gone_without_a_word(office: Office) -> None:
    (timer,) = await office.let_wait(1)
    office.now = NOW + DAY
    stale = replace(timer, due_at=NOW)
    with pytest.raises(ConcurrentChange):
        await process_timer(stale, office.road())
    assert await office.status(1) is TicketStatus.PENDING


async def test_the_keeper_sleeps_until_something_is_due_and_ends_when_it_is_told_to(office: Office) -> None:
    keeper = Timekeeper(road=office.road)
    running = asyncio.create_task(keeper.run())
    office.now = NOW + DAY
    await office.let_wait(1)  # written after it fell asleep: the topic wakes it
    async with asyncio.timeout(10):
        while await office.status(1) is not TicketStatus.OPEN:
            await office.database.wait_for(Topic.OUTBOX, 0.05)
    keeper.stop()
    async with asyncio.timeout(5):
        await running


async def test_reports_are_armed_when_the_configuration_names_them_and_arm_themselves_anew(office: Office) -> None:
    office.policy = make_policy({"team": ReportSettings(to=["anna"], weekday="monday", time=7 * 60, timezone="Europe/Berlin")})
    keeper = Timekeeper(road=office.road)
    assert await keeper.fire_due() == 0
    due = await office.database.read(lambda tx: tx.timers.next_due())
    assert due == datetime(2026, 11, 9, 6, 0, tzinfo=UTC)
    office.now = due + 3 * DAY  # was down
    assert await keeper.fire_due() == 1
    assert await office.sent() == 1
    assert await office.database.read(lambda tx: tx.timers.next_due()) == datetime(2026, 11, 16, 6, 0, tzinfo=UTC)


async def test_a_report_that_is_moved_ahead_is_sent_at_the_new_time_and_one_that_is_gone_never(office: Office) -> None:
    office.policy = make_policy({"team": ReportSettings(to=["anna"], weekday="friday")})
    keeper = Timekeeper(road=office.road)
    await keeper.fire_due()
    office.policy = make_policy({"team": ReportSettings(to=["anna"], weekday="tuesday")})
    await keeper.fire_due()
    assert await office.database.read(lambda tx: tx.timers.next_due()) == timer_of("team", office.policy, NOW).due_at
    office.policy = make_policy()
    office.now = NOW + 7 * DAY
    assert await keeper.fire_due() == 1
    assert await office.sent() == 0
    assert await office.database.read(lambda tx: tx.timers.next_due()) is None


def test_weekly_moments_follow_the_wall_clock() -> None:
    berlin = make_policy({"team": ReportSettings(to=["anna"], timezone="Europe/Berlin")})
    before_winter = datetime(2026, 10, 20, tzinfo=UTC)
    first = timer_of("team", berlin, before_winter).due_at
    assert (first.hour, timer_of("team", berlin, first).due_at.hour) == (6, 6)
    assert timer_of("team", berlin, first).due_at - first == 7 * DAY
    summer = timer_of("team", berlin, datetime(2026, 10, 13, tzinfo=UTC)).due_at
    assert (summer.day, summer.hour) == (19, 5)
    assert next_weekly(first, weekday=first.weekday(), minutes=420, zone=ZoneInfo("UTC")) > first
