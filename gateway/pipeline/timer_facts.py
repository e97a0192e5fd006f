"""What the database knows that matters for a timer, and how it is asked: one consistent picture, read before deciding."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.people import Timer
from gateway.pipeline.facts import rehouse
from gateway.pipeline.gather import gather_ticket
from gateway.pipeline.policy import Policy
from gateway.storage.transaction import Reader
from gateway.tickets import Post, Ticket

_MOST_POSTS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFacts:
    """What is known when a timer is due."""

    now: datetime
    ticket: Ticket | None = None
    """The timer's; None where it is about none, or where that is gone."""
    posts: tuple[Post, ...] = ()
    """Of the ticket, the newest ones, oldest first."""
    absent: frozenset[str] = frozenset()
    """Agents who are away now."""
    loads: Mapping[str, int] = field(default_factory=dict)
    """How many unsolved tickets each agent of the ticket's queue has."""


def gather_timer(tx: Reader, timer: Timer, *, policy: Policy, now: datetime) -> TimerFacts:
    """Read everything that deciding about a timer can need."""
    if timer.ticket_id is None:
        return TimerFacts(now=now)
    ticket = gather_ticket(tx, timer.ticket_id)
    if ticket is None or ticket.id != timer.ticket_id:  # merged into another one: what it waited for is over
        return TimerFacts(now=now)
    ticket = rehouse(ticket, next(iter(policy.channels)), policy)
    return TimerFacts(now=now, ticket=ticket, posts=tx.tickets.newest_posts(ticket.id, _MOST_POSTS), absent=absent_now(tx, now))


def absent_now(tx: Reader, now: datetime) -> frozenset[str]:
    """Return who is away at a moment."""
    absences = tx.people.absences()
    return frozenset(agent for agent, absence in absences.items() if absence.until is None or absence.until > now)
