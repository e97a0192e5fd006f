"""What falls due. Taking a timer and writing what comes of it are one transaction: nothing fires twice, nothing is forgotten."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, select

from gateway.errors import ConcurrentChange
from gateway.people import Timer
from gateway.storage.columns import index_key
from gateway.storage.people_rows import TimerRow
from gateway.storage.rows import table_of
from gateway.storage.statements import AnyRow, update_each, upsert
from gateway.tickets import TicketTimers

_TIMER: Final = table_of(TimerRow)
_DUE: Final = (
    select(_TIMER).where(_TIMER.c.due_at <= bindparam("now")).order_by(_TIMER.c.due_at, _TIMER.c.key).limit(bindparam("most"))
)
_NEXT: Final = select(func.min(_TIMER.c.due_at))
_OF_TICKET: Final = select(_TIMER).where(_TIMER.c.ticket_id == bindparam("of_ticket")).order_by(_TIMER.c.due_at, _TIMER.c.key)
_NAMED: Final = select(_TIMER).where(_TIMER.c.key.in_(bindparam("keys", expanding=True)))
_FIRED: Final = delete(_TIMER).where(_TIMER.c.key == bindparam("fired_key"), _TIMER.c.due_at == bindparam("fired_at"))
_FORGET: Final = delete(_TIMER).where(_TIMER.c.ticket_id.in_(bindparam("ticket_ids", expanding=True)))


class TimerReader:
    """Reads timers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def due(self, now: datetime, limit: int = 100) -> tuple[Timer, ...]:
        """Return what is due, the longest due first."""
        return tuple(map(_make_timer, self._connection.execute(_DUE, {"now": now, "most": limit})))

    def next_due(self) -> datetime | None:
        """Return when the next timer is due, past or future; None when nothing waits."""
        found: datetime | None = self._connection.scalar(_NEXT)
        return found

    def of_ticket(self, ticket_id: int) -> tuple[Timer, ...]:
        """Return what falls due for a ticket, the next first."""
        return tuple(map(_make_timer, self._connection.execute(_OF_TICKET, {"of_ticket": ticket_id})))

    def get(self, key: str) -> Timer | None:
        """Return the timer with that key, if it stands."""
        return self.get_all([key]).get(key)

    def get_all(self, keys: Sequence[str]) -> dict[str, Timer]:
        """Return by key those of these timers that stand."""
        wanted = {index_key(key): key for key in keys}
        rows = self._connection.execute(_NAMED, {"keys": sorted(wanted)}) if wanted else ()
        return {wanted[row.key]: _make_timer(row) for row in rows}


class TimerWriter(TimerReader):
    """Changes timers."""

    def fire(self, timers: Sequence[Timer]) -> None:
        """Take timers away that still stand as they were read.

        Raises:
            ConcurrentChange: one is gone, or is due at another time now.
        """
        rows = [{"fired_key": timer.key, "fired_at": timer.due_at} for timer in timers]
        if rows and not update_each(self._connection, _FIRED, rows):
            message = f"one of these has fired already or was changed: {', '.join(timer.key for timer in timers)}"
            raise ConcurrentChange(message)

    def replace_of_tickets(self, several: Sequence[TicketTimers]) -> None:
        """Put timers of tickets in the place of those they had."""
        if several:
            self._connection.execute(_FORGET, {"ticket_ids": [each.ticket_id for each in several]})
            self.set([timer for each in several for timer in each.timers])

    def set(self, timers: Sequence[Timer]) -> None:
        """Set timers; one with the same key is replaced."""
        upsert(self._connection, _TIMER, [_values(timer) for timer in timers])


def _make_timer(row: AnyRow) -> Timer:
    return Timer(key=row.key, kind=row.kind, due_at=row.due_at, ticket_id=row.ticket_id, detail=row.detail)


def _values(timer: Timer) -> dict[str, Any]:
    return {
        "key": timer.key,
        "kind": timer.kind,
        "due_at": timer.due_at,
        "ticket_id": timer.ticket_id,
        "detail": timer.detail,
    }
