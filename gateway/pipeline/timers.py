"""What becomes of a timer that fell due: pure thought, like `decide.py` for mail.

`STEPS` names one step for each kind of timer. A step either hits, with effects, or says why nothing is to be done any more;
both leave a line in the trace. In both cases the timer is gone afterwards, in the same transaction. To add a kind: a word in
`people.TimerKind`, a step, a line in `STEPS`; what it has to know is gathered by `timer_facts.py`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from gateway.mail.outbound import Purpose
from gateway.people import ClockMark, TimerKind
from gateway.pipeline.case import Hit, Miss
from gateway.pipeline.clocks import mark_times, wanted_timers
from gateway.pipeline.effects import Announce, Decision, Effect, NotifyAgents, SetStatus, SetTimer
from gateway.pipeline.loops import hush_timer
from gateway.pipeline.presence import whom_the_clock_tells, whose_turn
from gateway.pipeline.reasons import Outcome, Reason
from gateway.pipeline.report_timers import send_report
from gateway.pipeline.rules.situation import Event
from gateway.pipeline.rules.triggers import after_timer
from gateway.pipeline.staffing import Roster, staff_by
from gateway.pipeline.suspended_timers import expire_suspended, send_digest
from gateway.pipeline.timer_facts import TimerCase
from gateway.states import TicketStatus
from gateway.tickets import Ticket, TraceLine

BY_CLOCK: Final = "clock"
"""Who changes a ticket when a timer does."""


TimerStep = Callable[[TimerCase], Hit | Miss]


def decide_timer(case: TimerCase) -> Decision:
    """Return what becomes of a timer that is due."""
    step = STEPS[case.timer.kind]
    found = step(case)
    ticket = case.facts.ticket
    triggered, triggers = _triggered(case, found)
    effects = (*_wanted_on_channel(case, found.effects), *triggered) if isinstance(found, Hit) else ()
    effects, hushed = hush_timer(case.facts.to_requester, effects, case.policy, case.facts.now)
    effects, staffed = _staffed(case, effects)
    return Decision(
        outcome=Outcome.RECORD,
        reason=found.reason if isinstance(found, Hit) else REASONS[case.timer.kind],
        because=found.because,
        effects=effects,
        ticket=ticket.number if ticket else None,
        queue=ticket.queue if ticket else None,
        trace=(TraceLine(step=step.__name__, hit=isinstance(found, Hit), because=found.because), *triggers, *hushed, *staffed),
    )


def _wanted_on_channel(case: TimerCase, effects: Sequence[Effect]) -> Iterator[Effect]:
    """Leave out the notifications that the ticket's channel has switched off; triggers see that their time has come anyway."""
    channel = case.policy.channels.get(case.facts.ticket.channel) if case.facts.ticket else None
    for effect in effects:
        if channel is None or not isinstance(effect, NotifyAgents) or channel.sends(effect.purpose):
            yield effect


def end_wait(case: TimerCase) -> Hit | Miss:
    """Open a ticket again that waited until a time, and tell whose turn it is."""
    ticket = _still_waiting(case)
    if isinstance(ticket, Hit | Miss):
        return ticket
    because = f"{ticket.number} waited until {case.timer.due_at:%Y-%m-%d %H:%M} UTC"
    agents = whose_turn(ticket, case.policy, case.facts.absent)
    return Hit(
        outcome=Outcome.RECORD,
        reason=Reason.WAIT_OVER,
        because=because,
        effects=(
            SetStatus(status=TicketStatus.OPEN, by=BY_CLOCK, why="the wait is over"),
            *((NotifyAgents(purpose=Purpose.WAIT_OVER, agents=agents),) if agents else ()),
        ),
        ticket=ticket,
    )


def close_solved(case: TimerCase) -> Hit | Miss:
    """Close a solved ticket that nobody took up again: the customer's next mail opens a linked new one."""
    ticket = _still_waiting(case)
    if isinstance(ticket, Hit | Miss):
        return ticket
    because = f"{ticket.number} was solved on {ticket.solved_at:%Y-%m-%d} and nobody took it up again"
    return Hit(
        outcome=Outcome.RECORD,
        reason=Reason.LEFT_SOLVED,
        because=because,
        effects=(SetStatus(status=TicketStatus.CLOSED, by=BY_CLOCK, why="nobody took it up again"),),
        ticket=ticket,
    )


def tell_of_clock(case: TimerCase) -> Hit | Miss:
    """Tell those whose turn it is that a ticket's time runs out, or has; a warning that comes after its breach tells nobody.

    A warning goes to whoever has the ticket, else to the agents of its queue; a late first answer to both; a late solution
    to the leads, too.
    """
    ticket = _still_waiting(case)
    if isinstance(ticket, Hit | Miss):
        return ticket
    mark = ClockMark(case.timer.detail)
    announce = Announce(mark=case.timer.key)
    because = f"{ticket.number}: {_SAYS[mark]} {case.timer.due_at:%Y-%m-%d %H:%M} UTC"
    breach = _BREACH_AFTER.get(mark)
    if breach is not None and mark_times(ticket, case.policy)[breach] <= case.facts.now:
        because = f"{because}; by now it is late, and that is told instead"
        return Hit(outcome=Outcome.RECORD, reason=Reason.CLOCK_DUE, because=because, effects=(announce,), ticket=ticket)
    agents = whom_the_clock_tells(mark, ticket, case.policy, case.facts.absent)
    purpose = Purpose.CLOCK_BREACH if breach is None else Purpose.CLOCK_WARNING
    notify = NotifyAgents(purpose=purpose, agents=agents, promise=_PROMISE_OF[mark])
    effects = (announce, notify) if agents else (announce,)
    return Hit(outcome=Outcome.RECORD, reason=Reason.CLOCK_DUE, because=because, effects=effects, ticket=ticket)


_BREACH_AFTER: Final = {
    ClockMark.REACTION_WARNING: ClockMark.REACTION_BREACH,
    ClockMark.RESOLUTION_WARNING: ClockMark.RESOLUTION_BREACH,
}
_PROMISE_OF: Final = {
    ClockMark.REACTION_WARNING: "reaction",
    ClockMark.REACTION_BREACH: "reaction",
    ClockMark.RESOLUTION_WARNING: "resolution",
    ClockMark.RESOLUTION_BREACH: "resolution",
}


_SAYS: Final = {
    ClockMark.REACTION_WARNING: "the first answer is due soon, to be said from",
    ClockMark.REACTION_BREACH: "the first answer is late, it was due at",
    ClockMark.RESOLUTION_WARNING: "the solution is due soon, to be said from",
    ClockMark.RESOLUTION_BREACH: "the solution is late, it was due at",
}


def notice_idle_ticket(case: TimerCase) -> Hit | Miss:
    """Remember that a trigger's time has come; what it does is added like for every other event."""
    ticket = _still_waiting(case)
    if isinstance(ticket, Hit | Miss):
        return ticket
    because = f"nothing has happened on {ticket.number} since {ticket.updated_at:%Y-%m-%d %H:%M} UTC"
    return Hit(
        outcome=Outcome.RECORD, reason=Reason.IDLE, because=because, effects=(Announce(mark=case.timer.key),), ticket=ticket
    )


def _staffed(case: TimerCase, effects: tuple[Effect, ...]) -> tuple[tuple[Effect, ...], tuple[TraceLine, ...]]:
    """Return the effects for those who are there, as with a mail."""
    facts, ticket = case.facts, case.facts.ticket
    if ticket is None:
        return effects, ()
    roster = Roster(policy=case.policy, now=facts.now, absent=facts.absent, loads=facts.loads, last_assigned=facts.last_assigned)
    return staff_by(roster, ticket, effects, channel=ticket.channel)


def _triggered(case: TimerCase, found: Hit | Miss) -> tuple[tuple[Effect, ...], tuple[TraceLine, ...]]:
    """Return what triggers add to what fell due."""
    if isinstance(found, Miss) or found.ticket is None:
        return (), ()
    happened = Event.IDLE if case.timer.kind is TimerKind.IDLE else None
    if case.timer.kind is TimerKind.CLOCK and any(isinstance(effect, NotifyAgents) for effect in found.effects):
        happened = Event.CLOCK_WARNING if ClockMark(case.timer.detail) in _BREACH_AFTER else Event.CLOCK_BREACH
    return after_timer(found.ticket, found.effects, case.policy, case.facts.now, happened=happened, label=case.timer.detail)


def do_nothing(case: TimerCase) -> Hit | Miss:
    """Let it pass."""
    return Miss(f"it is over, and nothing has to be done: {case.timer.key}")


def _still_waiting(case: TimerCase) -> Ticket | Hit | Miss:
    """Return the timer's ticket where it still wants this timer; by a new configuration that may be later."""
    ticket = case.facts.ticket
    if ticket is None:
        return Miss("its ticket is gone")
    wanted = next((timer for timer in wanted_timers(ticket, case.policy) if timer.key == case.timer.key), None)
    if wanted is None:
        return Miss(f"{ticket.number} is {ticket.status} and wants it no more")
    if wanted.due_at > case.facts.now:
        because = f"the configuration has changed: it is due at {wanted.due_at:%Y-%m-%d %H:%M} UTC"
        return Hit(outcome=Outcome.RECORD, reason=REASONS[case.timer.kind], because=because, effects=(SetTimer(timer=wanted),))
    return ticket


STEPS: Final[Mapping[TimerKind, TimerStep]] = {
    TimerKind.WAIT: end_wait,
    TimerKind.CLOSE: close_solved,
    TimerKind.CLOCK: tell_of_clock,
    TimerKind.IDLE: notice_idle_ticket,
    TimerKind.DIGEST: send_digest,
    TimerKind.EXPIRY: expire_suspended,
    TimerKind.BREAKER: do_nothing,
    TimerKind.REPORT: send_report,
}

REASONS: Final[Mapping[TimerKind, Reason]] = {
    TimerKind.WAIT: Reason.WAIT_OVER,
    TimerKind.CLOSE: Reason.LEFT_SOLVED,
    TimerKind.CLOCK: Reason.CLOCK_DUE,
    TimerKind.IDLE: Reason.IDLE,
    TimerKind.DIGEST: Reason.DIGEST_DUE,
    TimerKind.EXPIRY: Reason.EXPIRED,
    TimerKind.BREAKER: Reason.BREAKER_CLOSED,
    TimerKind.REPORT: Reason.REPORT_DUE,
}
"""What a timer is about, where its step has nothing to do."""
