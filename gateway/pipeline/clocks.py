"""What falls due for a ticket, and how its clock stands: pure functions of the ticket and the policy.

`wind_clock` is asked once for every ticket that a stimulus changes; `wanted_timers` says what must fall due from then on. What
has fired stands in `Ticket.announced`, so nothing fires twice.
"""

from datetime import datetime

from gateway.people import Timer, TimerKind
from gateway.pipeline.policy import Policy
from gateway.states import TicketStatus
from gateway.tickets import Ticket


def wind_clock(old: Ticket | None, ticket: Ticket, policy: Policy, now: datetime) -> Ticket:
    """Return the ticket with its clock as it must run after a change; `old` is None for a new ticket."""
    return ticket


def wanted_timers(ticket: Ticket, policy: Policy) -> tuple[Timer, ...]:
    """Return all that must fall due for a ticket as it stands."""
    if ticket.status is TicketStatus.PENDING and ticket.wait_until is not None:
        return (Timer(key=f"wait {ticket.number}", kind=TimerKind.WAIT, due_at=ticket.wait_until, ticket_id=ticket.id),)
    return ()
