"""Which tickets to list: the filter that `tickets list`, saved views and the pipeline share, and its query."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, func, select

from gateway.states import TicketStatus
from gateway.storage.rows import TicketRow, table_of
from gateway.tickets import Priority

_TICKET: Final = table_of(TicketRow)


class TicketOrder(StrEnum):
    """Which tickets come first."""

    NEWEST = "newest"
    OLDEST = "oldest"
    UPDATED = "updated"
    """The one that changed last."""
    WAITING = "waiting"
    """The one that changed longest ago."""
    URGENT = "urgent"
    """By priority, of the same one the oldest."""
    DUE = "due"
    """By the next breach of the clock; those without one last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """Which tickets to list; an empty field asks for nothing."""

    statuses: tuple[TicketStatus, ...] = ()
    queue: str | None = None
    assignee: str | None = None
    channel: str | None = None
    requester: str | None = None
    """`Address.key`."""
    tags: tuple[str, ...] = ()
    """All of them."""
    category: str | None = None
    priorities: tuple[Priority, ...] = ()
    text: str | None = None
    """Stands somewhere in the subject, in whatever case."""
    created_since: datetime | None = None
    created_before: datetime | None = None
    updated_since: datetime | None = None
    updated_before: datetime | None = None
    is_unassigned: bool = False
    late_at: datetime | None = None
    """Only tickets whose clock has run out by then; mostly now."""
    order: TicketOrder = TicketOrder.NEWEST
    limit: int = 100
    after: int | None = None
    """The id where the page before ended; only in the orders `newest` and `oldest`."""

    def has_text(self, subject: str) -> bool:
        """Tell whether a subject holds the text, as people compare; the database may know the case of ASCII letters alone."""
        return self.text is None or self.text.casefold() in subject.casefold()


def ticket_query(wanted: TicketFilter, *, is_lite: bool) -> Select[Any]:
    """Return the rows that match, in order; of the text only what the database can compare, so `has_text` must follow."""
    query = select(_TICKET).where(*_conditions(wanted), *(_holds_tag(tag, is_lite=is_lite) for tag in wanted.tags))
    if wanted.after is not None:
        beyond = _TICKET.c.id > wanted.after if wanted.order is TicketOrder.OLDEST else _TICKET.c.id < wanted.after
        query = query.where(beyond)
    return query.order_by(*_ORDERS[wanted.order])


def _conditions(wanted: TicketFilter) -> list[ColumnElement[bool]]:
    columns = _TICKET.c
    equals = {
        columns.queue: wanted.queue,
        columns.assignee: wanted.assignee,
        columns.channel: wanted.channel,
        columns.requester_key: wanted.requester,
        columns.category: wanted.category,
    }
    found = [column == value for column, value in equals.items() if value is not None]
    spans = (
        (columns.created_at, wanted.created_since, wanted.created_before),
        (columns.updated_at, wanted.updated_since, wanted.updated_before),
    )
    found += [column >= since for column, since, _ in spans if since is not None]
    found += [column < before for column, _, before in spans if before is not None]
    if wanted.statuses:
        found.append(columns.status.in_(wanted.statuses))
    if wanted.priorities:
        found.append(columns.priority.in_(wanted.priorities))
    if wanted.is_unassigned:
        found.append(columns.assignee.is_(None))
    if wanted.late_at is not None:
        found.append(columns.late_at <= wanted.late_at)
    if wanted.text:
        found.append(columns.subject.ilike(_pattern(wanted.text), escape="/"))
    return found


def _pattern(text: str) -> str:
    """Return a LIKE pattern that matches at least what `has_text` does: no engine folds ß to ss, and one only ASCII."""
    escaped = ("%" if not c.isascii() or c in "sS" else f"/{c}" if c in "%_/" else c for c in text)
    return f"%{''.join(escaped)}%"


def _holds_tag(tag: str, *, is_lite: bool) -> ColumnElement[bool]:
    written = json.dumps(tag, ensure_ascii=False)
    return (func.instr if is_lite else func.strpos)(_TICKET.c.tags, written) > 0


_URGENCY: Final = case({priority: place for place, priority in enumerate(reversed(Priority))}, value=_TICKET.c.priority)
_ORDERS: Final[dict[TicketOrder, tuple[ColumnElement[Any], ...]]] = {
    TicketOrder.NEWEST: (_TICKET.c.id.desc(),),
    TicketOrder.OLDEST: (_TICKET.c.id.asc(),),
    TicketOrder.UPDATED: (_TICKET.c.updated_at.desc(), _TICKET.c.id.desc()),
    TicketOrder.WAITING: (_TICKET.c.updated_at.asc(), _TICKET.c.id.asc()),
    TicketOrder.URGENT: (_URGENCY, _TICKET.c.id.asc()),
    TicketOrder.DUE: (_TICKET.c.late_at.is_(None), _TICKET.c.late_at.asc(), _TICKET.c.id.asc()),
}
