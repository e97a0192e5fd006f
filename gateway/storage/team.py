"""What belongs together and who has how much to do: links between tickets, the agents' load, whose turn it is."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, func, or_, select, text

from gateway.people import Link
from gateway.storage.people_rows import TicketLinkRow
from gateway.storage.rows import IS_UNSOLVED, ParticipantRow, TicketRow, table_of
from gateway.storage.statements import upsert

_TICKET: Final = table_of(TicketRow)
_PARTICIPANT: Final = table_of(ParticipantRow)
_LINK: Final = table_of(TicketLinkRow)
_MOST_LOOKED_AT: Final = 1000
"""Of a queue's newest tickets; where none of so many has an agent, nobody's turn is as good as anybody's."""

_LINKS: Final = (
    select(_LINK)
    .where(or_(_LINK.c.ticket_id == bindparam("of_ticket"), _LINK.c.other_id == bindparam("of_ticket")))
    .order_by(_LINK.c.ticket_id, _LINK.c.other_id, _LINK.c.kind)
)
_LOAD: Final = (
    select(_TICKET.c.assignee, func.count())
    .where(_TICKET.c.assignee.in_(bindparam("agents", expanding=True)), text(IS_UNSOLVED))
    .group_by(_TICKET.c.assignee)
)
_NEWEST: Final = (
    select(_TICKET.c.id, _TICKET.c.assignee)
    .where(_TICKET.c.queue == bindparam("of_queue"))
    .order_by(_TICKET.c.id.desc())
    .limit(_MOST_LOOKED_AT)
    .subquery()
)
_LAST_ASSIGNED: Final = select(_NEWEST.c.assignee).where(_NEWEST.c.assignee.is_not(None)).order_by(_NEWEST.c.id.desc()).limit(1)
_PARTICIPATING: Final = (
    select(_PARTICIPANT.c.ticket_id)
    .where(_PARTICIPANT.c.address_key == bindparam("address_key"))
    .distinct()
    .order_by(_PARTICIPANT.c.ticket_id.desc())
    .limit(bindparam("most"))
)


class TeamReader:
    """Reads what `TicketReader` offers of this."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def links(self, ticket_id: int) -> tuple[Link, ...]:
        """Return how a ticket belongs together with others, seen from either side."""
        rows = self._connection.execute(_LINKS, {"of_ticket": ticket_id})
        return tuple(Link(ticket_id=row.ticket_id, other_id=row.other_id, kind=row.kind) for row in rows)

    def open_counts(self, agents: Sequence[str]) -> dict[str, int]:
        """Return by agent how many tickets they have that are neither solved nor closed; every agent asked for is in it."""
        found = {row[0]: int(row[1]) for row in self._connection.execute(_LOAD, {"agents": list(agents)})}
        return {agent: found.get(agent, 0) for agent in agents}

    def last_assigned(self, queue: str) -> str | None:
        """Return the agent of the newest ticket of a queue that has one, among its newest thousand."""
        return self._connection.scalar(_LAST_ASSIGNED, {"of_queue": queue})

    def participating_ids(self, address_key: str, limit: int) -> tuple[int, ...]:
        """Return the ids of tickets in which an address takes part, newest first."""
        return tuple(self._connection.scalars(_PARTICIPATING, {"address_key": address_key, "most": limit}))


class TeamWriter(TeamReader):
    """Links tickets."""

    def link(self, links: Sequence[Link]) -> None:
        """Link tickets; what is linked already stays so."""
        rows = [{"ticket_id": link.ticket_id, "other_id": link.other_id, "kind": link.kind} for link in links]
        upsert(self._connection, _LINK, rows)
