"""What a customer's next mail does to a ticket: goes on in it, or begins a new one beside it. Pure."""

from datetime import datetime, timedelta

from gateway.pipeline.policy import Policy
from gateway.states import TicketStatus
from gateway.tickets import Ticket


def why_anew(ticket: Ticket, policy: Policy, now: datetime) -> str | None:
    """Say why a ticket is not taken up again, or None where it is; the queue's `follow_up` decides."""
    settings = policy.queues[ticket.queue].follow_up
    wanted = {TicketStatus.SOLVED: settings.solved, TicketStatus.CLOSED: settings.closed}.get(ticket.status)
    if wanted is None:
        return None
    if wanted == "new":
        return f"{ticket.number} is {ticket.status}"
    is_old = ticket.solved_at is not None and now - ticket.solved_at > timedelta(days=settings.reopen_days)
    if settings.reopen_days and is_old:
        return f"{ticket.number} has been {ticket.status} for more than {settings.reopen_days} days"
    return None
