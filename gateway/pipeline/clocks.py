"""What falls due for a ticket, and how its clock stands: pure functions of the ticket and the policy.

`wind_clock` is asked once for every ticket that a stimulus changes; `wanted_timers` says what must fall due from then on. What
has fired stands in `Ticket.announced`, so nothing fires twice.

- The reaction clock starts with the ticket and ends with the first public answer of an agent, or when it is solved. A ticket
  that is opened again without ever having been answered is promised an answer anew; what has fired does not fire again.
- The resolution clock runs while the ticket is new or open, and stands elsewhere; it goes on with what was left.
- Another priority or queue is another promise: what was used of the old one is used of the new one. Marks that then lie ahead
  fire again, no others.
- What was promised only after the ticket came counts from the change that brought it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from gateway.people import NO_CLOCK, Clock, ClockMark, ClockState, Timer, TimerKind
from gateway.pipeline.business_hours import BusinessHours, add_business_seconds, business_seconds_between
from gateway.pipeline.policy import Policy, Promise
from gateway.states import TicketStatus
from gateway.tickets import Ticket

_NOTHING: Final = Promise()
_RUNNING: Final = frozenset({TicketStatus.NEW, TicketStatus.OPEN})
_DONE: Final = frozenset({TicketStatus.SOLVED, TicketStatus.CLOSED})
_REACTION: Final = (ClockMark.REACTION_WARNING, ClockMark.REACTION_BREACH)
_RESOLUTION: Final = (ClockMark.RESOLUTION_WARNING, ClockMark.RESOLUTION_BREACH)
_SAYS: Final[Mapping[str, str]] = {
    ClockMark.REACTION_WARNING: "the first answer is due soon",
    ClockMark.REACTION_BREACH: "the first answer is late",
    ClockMark.RESOLUTION_WARNING: "the solution is due soon",
    ClockMark.RESOLUTION_BREACH: "the solution is late",
}


def wind_clock(old: Ticket | None, ticket: Ticket, policy: Policy, now: datetime) -> Ticket:
    """Return the ticket with its clock as it must run after a change; `old` is None for a new ticket."""
    if _has_no_clock(old, ticket, policy):
        return ticket
    change = _Change(
        old=old,
        ticket=ticket,
        before=policy.promise(old.queue, old.priority) if old is not None else None,
        promise=policy.promise(ticket.queue, ticket.priority),
        hours_before=policy.hours(old.queue if old is not None else ticket.queue),
        hours=policy.hours(ticket.queue),
        now=now,
    )
    reaction, is_new_reaction = change.reaction()
    resolution, left, is_new_resolution = change.resolution()
    clock = Clock(reaction_due_at=reaction, resolution_due_at=resolution, resolution_left=left)
    announced = {*ticket.announced, *change.missed(clock)}
    wound = replace(ticket, clock=clock)
    restarted = (*(_REACTION if is_new_reaction else ()), *(_RESOLUTION if is_new_resolution else ()))
    times = mark_times(wound, policy)
    ahead = {mark_key(ticket, mark) for mark in restarted if mark in times and times[mark] > now}
    known = dict.fromkeys((*ticket.announced, *sorted(announced)))
    return replace(wound, announced=tuple(key for key in known if key not in ahead))


def _has_no_clock(old: Ticket | None, ticket: Ticket, policy: Policy) -> bool:
    """Tell whether nothing is promised for a ticket, nor was before."""
    promise = policy.promise(ticket.queue, ticket.priority)
    before = old.clock if old is not None else NO_CLOCK
    return promise == _NOTHING and ticket.clock == before == NO_CLOCK and not ticket.announced


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """One change of a ticket, and what was promised before and after it."""

    old: Ticket | None
    ticket: Ticket
    before: Promise | None
    promise: Promise
    hours_before: BusinessHours
    hours: BusinessHours
    now: datetime

    @property
    def clock(self) -> Clock:
        return self.old.clock if self.old is not None else NO_CLOCK

    def reaction(self) -> tuple[datetime | None, bool]:
        """Return by when somebody must answer, and whether that was planned anew."""
        promised = self.promise.reaction
        if promised is None or self.ticket.first_answered_at is not None or self.ticket.status in _DONE:
            return None, False
        due, before = self.clock.reaction_due_at, self.before.reaction if self.before else None
        if due is None or before is None:  # nothing was promised before, or the ticket was solved without an answer
            return self._ahead(promised), before is None
        if not self._is_other_promise(promised, before):
            return due, False
        return self._ahead(promised - before + self._until(due)), True

    def resolution(self) -> tuple[datetime | None, float | None, bool]:
        """Return by when it must be solved, or what is left while the clock stands, and whether that was planned anew."""
        promised = self.promise.resolution
        if promised is None:
            return None, None, False
        left, is_new = self._left(promised)
        if self.ticket.status not in _RUNNING:
            return None, left, is_new
        if not is_new and self.clock.resolution_due_at is not None:
            return self.clock.resolution_due_at, None, False
        return self._ahead(left), None, is_new

    def _left(self, promised: float) -> tuple[float, bool]:
        due, left = self.clock.resolution_due_at, self.clock.resolution_left
        before = self.before.resolution if self.before else None
        if due is not None:
            left = self._until(due)
        if left is None or before is None:
            return promised, True
        return (promised - before + left, True) if self._is_other_promise(promised, before) else (left, False)

    def missed(self, clock: Clock) -> tuple[str, ...]:
        """Return the breaches that end here without anybody having noticed them: they count, but nobody is told."""
        found = []
        if self.clock.reaction_due_at is not None and clock.reaction_due_at is None and self.clock.reaction_due_at < self.now:
            found.append(mark_key(self.ticket, ClockMark.REACTION_BREACH))
        if self.clock.resolution_due_at is not None and clock.resolution_left is not None and clock.resolution_left < 0:
            found.append(mark_key(self.ticket, ClockMark.RESOLUTION_BREACH))
        return tuple(found)

    def _is_other_promise(self, promised: float, before: float) -> bool:
        assert self.old is not None  # noqa: S101 there was a promise before
        is_other_place = (self.old.queue, self.old.priority) != (self.ticket.queue, self.ticket.priority)
        return is_other_place and (promised != before or self.hours != self.hours_before)

    def _ahead(self, seconds: float) -> datetime:
        return add_business_seconds(self.now, seconds, self.hours)

    def _until(self, due: datetime) -> float:
        """Return what was left of the old promise, by the calendar of that time."""
        return business_seconds_between(self.now, due, self.hours_before)


def mark_key(ticket: Ticket, mark: ClockMark) -> str:
    """Return the key of the timer of a mark, which stands in `Ticket.announced` once it has fired."""
    return f"{TimerKind.CLOCK} {ticket.number} {mark}"


def what_fell_due(key: str, ticket: Ticket, policy: Policy) -> str:
    """Return what the history says of a timer that `Ticket.announced` remembers: a mark of the clock, or an idle trigger."""
    kind, _, detail = key.partition(f" {ticket.number} ")
    if kind == TimerKind.IDLE:
        label = next((trigger.label for trigger in policy.rules.idle if str(trigger.number) == detail), f"trigger {detail}")
        return f"nothing has happened for the time of {label}"
    return _SAYS.get(detail, f"fell due: {detail or key}")


def mark_times(ticket: Ticket, policy: Policy) -> dict[ClockMark, datetime]:
    """Return when each mark of a running clock is reached, fired or not."""
    hours, warning = policy.hours(ticket.queue), policy.promise(ticket.queue, ticket.priority).warning
    times: dict[ClockMark, datetime] = {}
    for due, (warn, breach) in ((ticket.clock.reaction_due_at, _REACTION), (ticket.clock.resolution_due_at, _RESOLUTION)):
        if due is not None:
            times[breach] = due
            if warning is not None:
                times[warn] = add_business_seconds(due, -warning, hours)
    return times


def clock_state(ticket: Ticket, policy: Policy, now: datetime) -> ClockState | None:
    """Return how a ticket stands with its clock; None where nothing is promised, or nothing any more."""
    if ticket.status in _DONE or ticket.clock == NO_CLOCK:
        return None
    left = ticket.clock.resolution_left
    reached = {mark for mark, at in mark_times(ticket, policy).items() if at <= now}
    if not reached.isdisjoint({ClockMark.REACTION_BREACH, ClockMark.RESOLUTION_BREACH}) or (left is not None and left < 0):
        return ClockState.LATE
    return ClockState.WARNING if reached else ClockState.IN_TIME


def next_due(ticket: Ticket) -> datetime | None:
    """Return by when the next thing was promised; None while the clock stands, or where nothing is."""
    due = [at for at in (ticket.clock.reaction_due_at, ticket.clock.resolution_due_at) if at is not None]
    return min(due) if due and ticket.status not in _DONE else None


def wanted_timers(ticket: Ticket, policy: Policy) -> tuple[Timer, ...]:
    """Return all that must fall due for a ticket as it stands."""
    return (*_wait(ticket), *_close(ticket, policy), *_marks(ticket, policy), *_idle(ticket, policy))


def _wait(ticket: Ticket) -> tuple[Timer, ...]:
    if ticket.status is not TicketStatus.PENDING or ticket.wait_until is None:
        return ()
    return (Timer(key=f"wait {ticket.number}", kind=TimerKind.WAIT, due_at=ticket.wait_until, ticket_id=ticket.id),)


def _close(ticket: Ticket, policy: Policy) -> tuple[Timer, ...]:
    after = policy.close_solved_after(ticket.queue)
    if ticket.status is not TicketStatus.SOLVED or ticket.solved_at is None or after is None:
        return ()
    due = ticket.solved_at + timedelta(seconds=after)
    return (Timer(key=f"{TimerKind.CLOSE} {ticket.number}", kind=TimerKind.CLOSE, due_at=due, ticket_id=ticket.id),)


def _idle(ticket: Ticket, policy: Policy) -> tuple[Timer, ...]:
    """Return a timer for each trigger that waits for a ticket on which nothing happens, unless it has fired already."""
    if ticket.status is TicketStatus.CLOSED:
        return ()
    timers = (
        Timer(
            key=f"{TimerKind.IDLE} {ticket.number} {trigger.number}",
            kind=TimerKind.IDLE,
            due_at=ticket.updated_at + timedelta(seconds=trigger.after or 0),
            ticket_id=ticket.id,
            detail=trigger.label,
        )
        for trigger in policy.rules.idle
    )
    return tuple(timer for timer in timers if timer.key not in ticket.announced)


def _marks(ticket: Ticket, policy: Policy) -> tuple[Timer, ...]:
    timers = (
        Timer(key=mark_key(ticket, mark), kind=TimerKind.CLOCK, due_at=due, ticket_id=ticket.id, detail=mark)
        for mark, due in mark_times(ticket, policy).items()
    )
    return tuple(timer for timer in timers if timer.key not in ticket.announced)
