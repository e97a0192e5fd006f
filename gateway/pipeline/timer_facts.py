"""What the database knows that matters for a timer, and how it is asked: one consistent picture, read before deciding."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from gateway.figures import Report
from gateway.mail.outbound import Purpose
from gateway.people import Timer, TimerKind
from gateway.pipeline.facts import Traffic, rehouse
from gateway.pipeline.gather import absent_now, gather_ticket, history_of, line_of, loads_of, turns_of
from gateway.pipeline.gather_traffic import gather_traffic
from gateway.pipeline.policy import Policy
from gateway.pipeline.received_line import ReceivedLine
from gateway.storage.transaction import Reader
from gateway.tickets import HistoryLine, Post, Ticket

_MOST_POSTS: Final = 100
_MOST_LISTED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFacts:
    """What is known when a timer is due."""

    now: datetime
    ticket: Ticket | None = None
    """The timer's; None where it is about none, or where that is gone."""
    posts: tuple[Post, ...] = ()
    """Of the ticket, the newest ones, oldest first."""
    history: tuple[HistoryLine, ...] = ()
    """What changed in the ticket, oldest first, where the channel's texts show it."""
    absent: frozenset[str] = frozenset()
    """Agents who are away now."""
    loads: Mapping[str, int] = field(default_factory=dict)
    """As in `Facts`."""
    last_assigned: Mapping[str, str | None] = field(default_factory=dict)
    """As in `Facts`."""
    to_requester: Traffic | None = None
    """As in `Facts`."""
    report: Report | None = None
    """The figures of the seven days before, where they are to be sent."""
    suspended: tuple[ReceivedLine, ...] = ()
    """All that waits, where something is new since the last list; or what waited too long. Oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerCase:
    """All that a step may look at."""

    timer: Timer
    facts: TimerFacts
    policy: Policy


def gather_timer(tx: Reader, timer: Timer, *, policy: Policy, now: datetime) -> TimerFacts:
    """Read everything that deciding about a timer can need."""
    if timer.kind is TimerKind.DIGEST:
        return TimerFacts(now=now, suspended=_all_waiting(tx, policy))
    if timer.kind is TimerKind.EXPIRY:
        return TimerFacts(now=now, suspended=_waiting_before(tx, now - timedelta(days=policy.suspended.expire_days)))
    if timer.kind is TimerKind.REPORT:
        return TimerFacts(now=now, report=tx.reports.make(since=timer.due_at - timedelta(days=7), until=timer.due_at))
    if timer.ticket_id is None:
        return TimerFacts(now=now)
    ticket = gather_ticket(tx, timer.ticket_id)
    if ticket is None or ticket.id != timer.ticket_id:  # merged into another one: what it waited for is over
        return TimerFacts(now=now)
    ticket = rehouse(ticket, next(iter(policy.channels)), policy)
    return TimerFacts(
        now=now,
        ticket=ticket,
        posts=tx.tickets.newest_posts(ticket.id, _MOST_POSTS),
        history=history_of(tx, ticket, policy),
        absent=absent_now(tx, now),
        loads=loads_of(tx, policy),
        last_assigned=turns_of(tx, policy),
        to_requester=gather_traffic(tx, ((ticket.requester.address, ticket.channel),), now=now)[0],
    )


def _all_waiting(tx: Reader, policy: Policy) -> tuple[ReceivedLine, ...]:
    """Return everything that waits and that its channel wants on lists, if any of it stands on no list yet."""
    unlisted = tuple(key for key, channel in policy.channels.items() if not channel.sends(Purpose.DIGEST))
    if not tx.suspended.list(unlisted_only=True, without=unlisted, limit=1):
        return ()
    return tuple(line_of(mail) for mail in tx.suspended.list(without=unlisted, limit=_MOST_LISTED))


def _waiting_before(tx: Reader, before: datetime) -> tuple[ReceivedLine, ...]:
    return tuple(line_of(mail) for mail in tx.suspended.list(before=before, limit=_MOST_LISTED))
