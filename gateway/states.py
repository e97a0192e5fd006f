"""The states of received mail, outbound mail and tickets, and every change that is allowed.

This module is the whole truth about states: `docs/states.md` is generated from the three tables, storage writes each change as
`UPDATE … WHERE id = ? AND state = <old>`, and nothing sets a state but through `advance`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from gateway.errors import InvalidTransition


class ReceivedState(StrEnum):
    """Where an accepted mail is on its way to a ticket."""

    RECEIVED = "received"
    """Committed and acknowledged; nobody has decided yet."""
    TICKETED = "ticketed"
    """It opened or joined a ticket."""
    RECORDED = "recorded"
    """Kept without a post: a bounce, a receipt, a duplicate."""
    SUSPENDED = "suspended"
    """Not safe to take; it waits for a person, with its reason."""
    DISCARDED = "discarded"
    """A person or a rule said no; kept until it expires."""
    FAILED = "failed"
    """A fault of ours stopped it. The bytes are kept and the admin was told."""


class OutboundState(StrEnum):
    """Where a mail of ours is on its way out."""

    QUEUED = "queued"
    """Due at `next_attempt_at`."""
    SENDING = "sending"
    """Leased by one sender; a lost lease returns it to queued."""
    SENT = "sent"
    """A smarthost answered 250."""
    BOUNCED = "bounced"
    """Refused for good, at once or by a later delivery status notification."""
    HELD = "held"
    """Waits for a person."""
    DROPPED = "dropped"
    """A person decided that it never leaves."""


class TicketStatus(StrEnum):
    """What a ticket waits for."""

    NEW = "new"
    """Nobody has answered yet."""
    OPEN = "open"
    """We owe the next move."""
    PENDING = "pending"
    """The customer owes the next move."""
    ON_HOLD = "on_hold"
    """A third party owes the next move."""
    SOLVED = "solved"
    """We think it is done; the customer's next mail reopens it."""
    CLOSED = "closed"
    """Done; the customer's next mail opens a linked new ticket."""


_R, _O, _T = ReceivedState, OutboundState, TicketStatus

RECEIVED_TRANSITIONS: Final[dict[ReceivedState, frozenset[ReceivedState]]] = {
    _R.RECEIVED: frozenset({_R.TICKETED, _R.RECORDED, _R.SUSPENDED, _R.DISCARDED, _R.FAILED}),
    _R.SUSPENDED: frozenset({_R.RECEIVED, _R.DISCARDED}),
    _R.FAILED: frozenset({_R.RECEIVED, _R.DISCARDED}),
    _R.TICKETED: frozenset(),
    _R.RECORDED: frozenset(),
    _R.DISCARDED: frozenset(),
}

OUTBOUND_TRANSITIONS: Final[dict[OutboundState, frozenset[OutboundState]]] = {
    _O.QUEUED: frozenset({_O.QUEUED, _O.SENDING, _O.HELD, _O.DROPPED}),  # to itself: made due now
    _O.SENDING: frozenset({_O.SENT, _O.QUEUED, _O.BOUNCED}),
    _O.SENT: frozenset({_O.BOUNCED}),
    _O.BOUNCED: frozenset({_O.QUEUED}),
    _O.HELD: frozenset({_O.QUEUED, _O.DROPPED}),
    _O.DROPPED: frozenset(),
}

TICKET_TRANSITIONS: Final[dict[TicketStatus, frozenset[TicketStatus]]] = {
    _T.NEW: frozenset({_T.OPEN, _T.PENDING, _T.ON_HOLD, _T.SOLVED, _T.CLOSED}),
    _T.OPEN: frozenset({_T.PENDING, _T.ON_HOLD, _T.SOLVED, _T.CLOSED}),
    _T.PENDING: frozenset({_T.OPEN, _T.ON_HOLD, _T.SOLVED, _T.CLOSED}),
    _T.ON_HOLD: frozenset({_T.OPEN, _T.PENDING, _T.SOLVED, _T.CLOSED}),
    _T.SOLVED: frozenset({_T.OPEN, _T.PENDING, _T.ON_HOLD, _T.CLOSED}),
    _T.CLOSED: frozenset({_T.OPEN, _T.PENDING, _T.ON_HOLD, _T.SOLVED}),  # by an agent, who writes again
}


_TABLES: Final[dict[type, Mapping[Any, frozenset[Any]]]] = {
    ReceivedState: RECEIVED_TRANSITIONS,
    OutboundState: OUTBOUND_TRANSITIONS,
    TicketStatus: TICKET_TRANSITIONS,
}

State = TypeVar("State", ReceivedState, OutboundState, TicketStatus)


def advance(old: State, new: State) -> State:
    """Return `new` if a mail or ticket may go from `old` to `new`.

    Raises:
        InvalidTransition: no table allows the change.
    """
    if new not in allowed_from(old):
        message = f"{type(old).__name__}: {old} does not become {new}"
        raise InvalidTransition(message)
    return new


def allowed_from(state: State) -> frozenset[State]:
    """Return every state that may follow `state` at once."""
    table: Mapping[State, frozenset[State]] = _TABLES[type(state)]
    return table[state]
