"""What a ticket's clock does in its life, and that no mark of it fires twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mail.addresses import Address, Mailbox
from gateway.people import ClockMark, ClockState, TimerKind
from gateway.pipeline.clocks import clock_state, mark_key, next_due, wanted_timers, what_fell_due, wind_clock
from gateway.pipeline.policy import Policy, compile_policy
from gateway.pipeline.rules.compiled import compile_rules
from gateway.pipeline.rules.settings import TriggerSettings
from gateway.pipeline.settings import AgentSettings, ChannelSettings, QueueSettings
from gateway.pipeline.time_settings import BusinessHoursSettings, ClockSettings
from gateway.states import TicketStatus, allowed_from
from gateway.tickets import Priority, Ticket

MONDAY = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)  # 9 in Berlin
HOUR = timedelta(hours=1)
ADDRESS = Address.parse("support@firma.example")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
OFFICE = BusinessHoursSettings.model_validate({day: ["09:00-12:00", "13:00-17:00"] for day in WEEKDAYS})
CLOCK = ClockSettings.model_validate(
    {
        "normal": {"reaction": "4h", "resolution": "3d", "warning": "1h"},
        "high": {"reaction": "1h", "resolution": "1d", "warning": "30m"},
        "low": {"resolution": "1w"},
    }
)


def policy_with(queues: dict[str, dict[str, Any]] | None = None) -> Policy:
    return compile_policy(
        hostname="gw.firma.example",
        agents={"anna": AgentSettings(name="Anna", addresses=[Address.parse("anna@firma.example")])},
        queues={
            key: QueueSettings.model_validate(value)
            for key, value in (queues or {"support": {"agents": ["anna"]}, "night": {"business_hours": "always"}}).items()
        },
        channels={
            "support": ChannelSettings(address=ADDRESS, display_name="Firma", queue="support", smarthosts=["main"]),
        },
        business_hours={
            "default": OFFICE,
            "always": BusinessHoursSettings.model_validate({day: ["00:00-24:00"] for day in (*WEEKDAYS, "saturday", "sunday")}),
        },
        clocks={"default": CLOCK},
    )


POLICY = policy_with()


def ticket_of(status: TicketStatus = TicketStatus.NEW, priority: Priority = Priority.NORMAL) -> Ticket:
    return Ticket(
        id=1,
        number="2026-000001",
        subject="Drucker",
        status=status,
        priority=priority,
        queue="support",
        channel="support",
        requester=Mailbox(None, Address.parse("kim@kunde.example")),
        answer_from=ADDRESS,
        language="de",
        created_at=MONDAY,
        updated_at=MONDAY,
    )


def new_ticket() -> Ticket:
    return wind_clock(None, ticket_of(), POLICY, MONDAY)


def at(hours: float) -> datetime:
    """Return a moment so many hours of a clock on the wall after Monday, 9 o'clock."""
    return MONDAY + timedelta(hours=hours)


def change(ticket: Ticket, now: datetime, **changes: Any) -> Ticket:
    return wind_clock(ticket, replace(ticket, **changes), POLICY, now)


def test_a_new_ticket_starts_both_clocks_in_working_days() -> None:
    ticket = new_ticket()
    assert ticket.clock.reaction_due_at == at(5)  # 4 hours and lunch
    assert ticket.clock.resolution_due_at == at(2 * 24 + 8)  # three days of seven hours: Wednesday, 17:00


def test_the_first_answer_ends_the_reaction_clock_only() -> None:
    ticket = change(new_ticket(), at(1), first_answered_at=at(1), status=TicketStatus.OPEN)
    assert ticket.clock.reaction_due_at is None
    assert ticket.clock.resolution_due_at == new_ticket().clock.resolution_due_at


def test_what_waits_for_the_customer_goes_on_with_what_was_left() -> None:
    pending = change(new_ticket(), at(2), status=TicketStatus.PENDING)
    assert pending.clock.resolution_due_at is None
    assert pending.clock.resolution_left == 19 * 3600
    back = change(pending, at(24 + 2), status=TicketStatus.OPEN)
    assert back.clock.resolution_left is None
    assert back.clock.resolution_due_at == at(3 * 24 + 8)


def test_a_solved_ticket_that_is_taken_up_again_goes_on_with_what_was_left() -> None:
    solved = change(new_ticket(), at(8), status=TicketStatus.SOLVED, first_answered_at=at(8))
    assert clock_state(solved, POLICY, at(8)) is None
    assert next_due(solved) is None
    back = change(solved, at(100 * 24), status=TicketStatus.OPEN)
    assert back.clock.reaction_due_at is None
    assert back.clock.resolution_due_at is not None


def test_a_higher_priority_counts_what_was_used() -> None:
    ticket = change(new_ticket(), at(2), priority=Priority.HIGH)
    assert ticket.clock.reaction_due_at == at(1)  # two hours are used of one
    assert ticket.clock.resolution_due_at == at(8)
    assert clock_state(ticket, POLICY, at(2)) is ClockState.LATE


def test_a_breach_that_lies_ahead_again_fires_again() -> None:
    late = change(new_ticket(), at(2), priority=Priority.HIGH)
    key = mark_key(late, ClockMark.REACTION_BREACH)
    fired = replace(late, announced=(key,))
    assert key in change(fired, at(3), subject="Other").announced
    relaxed = change(fired, at(3), priority=Priority.NORMAL)
    assert key not in relaxed.announced
    assert relaxed.clock.reaction_due_at == at(5)


def test_another_team_counts_by_its_own_calendar() -> None:
    moved = change(new_ticket(), at(2), queue="night")
    assert moved.clock.reaction_due_at == at(4)
    assert moved.clock.resolution_due_at == at(2) + timedelta(days=3) - 2 * HOUR


def test_a_priority_without_a_promise_has_no_clock_and_a_later_promise_counts_from_then() -> None:
    urgent = change(new_ticket(), at(1), priority=Priority.URGENT)
    assert clock_state(urgent, POLICY, at(1)) is None
    assert wanted_timers(urgent, POLICY) == ()
    back = change(urgent, at(3), priority=Priority.HIGH)
    assert back.clock.reaction_due_at == at(5)


def test_a_breach_that_nobody_noticed_counts_without_a_word() -> None:
    answered = change(new_ticket(), at(6), first_answered_at=at(6), status=TicketStatus.PENDING)
    assert answered.announced == (mark_key(answered, ClockMark.REACTION_BREACH),)
    late = change(answered, at(7), status=TicketStatus.OPEN)
    solved = change(late, at(24 * 10), status=TicketStatus.SOLVED)
    assert mark_key(solved, ClockMark.RESOLUTION_BREACH) in solved.announced


def test_who_opens_an_unanswered_ticket_again_is_promised_an_answer_anew_and_nobody_is_warned_twice() -> None:
    warned = change(new_ticket(), at(4), announced=(mark_key(new_ticket(), ClockMark.REACTION_WARNING),))
    solved = change(warned, at(4.5), status=TicketStatus.SOLVED, solved_at=at(4.5))
    assert solved.clock.reaction_due_at is None
    again = change(solved, at(5), status=TicketStatus.OPEN)
    assert again.clock.reaction_due_at is not None
    assert again.clock.reaction_due_at > at(5)
    details = [timer.detail for timer in wanted_timers(again, POLICY)]
    assert ClockMark.REACTION_WARNING not in details
    assert ClockMark.REACTION_BREACH in details


def test_the_state_goes_from_in_time_over_warning_to_late() -> None:
    states = [clock_state(new_ticket(), POLICY, at(hours)) for hours in (0, 2.9, 4, 4.9, 5, 6)]
    assert states == [ClockState.IN_TIME] * 2 + [ClockState.WARNING] * 2 + [ClockState.LATE] * 2


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("clock 2026-000001 reaction_warning", "the first answer is due soon"),
        ("clock 2026-000001 reaction_breach", "the first answer is late"),
        ("clock 2026-000001 resolution_warning", "the solution is due soon"),
        ("clock 2026-000001 resolution_breach", "the solution is late"),
        ("idle 2026-000001 1", "nothing has happened for the time of trigger 1 `Vergessen`"),
        ("idle 2026-000001 7", "nothing has happened for the time of trigger 7"),
        ("something else", "fell due: something else"),
    ],
)
def test_the_history_says_in_words_what_fell_due(key: str, words: str) -> None:
    forgotten = TriggerSettings.model_validate({"name": "Vergessen", "on": "idle", "after": "1h", "then": [{"priority": "high"}]})
    policy = replace(POLICY, rules=compile_rules((), (forgotten,)))
    assert what_fell_due(key, ticket_of(), policy) == words


def test_marks_of_a_promise_without_warning_are_breaches_only() -> None:
    low = change(ticket_of(), at(0), priority=Priority.LOW)
    assert [timer.detail for timer in wanted_timers(low, POLICY)] == [ClockMark.RESOLUTION_BREACH]


def test_a_solved_ticket_closes_after_the_time_of_its_queue() -> None:
    solved = change(new_ticket(), at(1), status=TicketStatus.SOLVED, solved_at=at(1))
    (timer,) = wanted_timers(solved, POLICY)
    assert (timer.kind, timer.due_at) == (TimerKind.CLOSE, at(1) + timedelta(days=14))
    for_ever = policy_with({"support": {"agents": ["anna"], "close_solved_after": 0}})
    assert wanted_timers(solved, for_ever) == ()


steps = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 60_000)),
    st.tuples(st.just("back"), st.integers(1, 5_000)),
    st.tuples(st.just("status"), st.sampled_from(TicketStatus)),
    st.tuples(st.just("answer"), st.none()),
    st.tuples(st.just("priority"), st.sampled_from(Priority)),
    st.tuples(st.just("queue"), st.sampled_from(("support", "night"))),
)


@settings(max_examples=150, deadline=None)
@given(history=st.lists(steps, max_size=25))
def test_no_history_and_no_jump_of_the_clock_fires_a_mark_twice(history: list[tuple[str, Any]]) -> None:
    """Marks may only come again after another priority or queue had moved them ahead."""
    now, ticket = MONDAY, new_ticket()
    fired: list[str] = []
    for what, value in history:
        match what:
            case "wait":
                now += timedelta(minutes=value)
            case "back":
                now -= timedelta(minutes=value)
            case "status" if value in allowed_from(ticket.status):
                ticket = change(ticket, now, status=value, solved_at=now if value is TicketStatus.SOLVED else None)
            case "answer" if ticket.first_answered_at is None:
                ticket = change(ticket, now, first_answered_at=now)
            case "priority" | "queue":
                before = ticket.announced
                ticket = change(ticket, now, **{what: value})
                for key in set(before) - set(ticket.announced):
                    fired = [each for each in fired if each != key]
            case _:
                pass
        while due := [t for t in wanted_timers(ticket, POLICY) if t.kind is TimerKind.CLOCK and t.due_at <= now]:
            key = due[0].key
            assert key not in fired
            fired.append(key)
            ticket = change(ticket, now, announced=(*ticket.announced, key))
        assert len(set(ticket.announced)) == len(ticket.announced)
        if ticket.status in {TicketStatus.PENDING, TicketStatus.ON_HOLD}:
            assert ticket.clock.resolution_due_at is None
        assert all(t.due_at > now for t in wanted_timers(ticket, POLICY) if t.kind is TimerKind.CLOCK)


@settings(max_examples=100, deadline=None)
@given(pauses=st.lists(st.tuples(st.integers(1, 3000), st.integers(1, 3000)), max_size=8))
def test_what_is_used_does_not_depend_on_how_often_it_waited(pauses: list[tuple[int, int]]) -> None:
    """The promise is always kept or broken by the sum of the time that it ran."""
    night = wind_clock(None, replace(ticket_of(), queue="night"), POLICY, MONDAY)
    now, ticket, used = MONDAY, night, 0
    for runs, waits in pauses:
        now += timedelta(minutes=runs)
        used += runs * 60
        ticket = change(ticket, now, status=TicketStatus.PENDING)
        assert ticket.clock.resolution_left == pytest.approx(3 * 86_400 - used)
        now += timedelta(minutes=waits)
        ticket = change(ticket, now, status=TicketStatus.OPEN)
    assert ticket.clock.resolution_due_at == now + timedelta(seconds=3 * 86_400 - used)
