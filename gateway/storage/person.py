"""Everything that is stored about a person, found and handed out; `erasing.py` takes it away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, Table, select

from gateway.mail.addresses import Address
from gateway.mail.outbound import Purpose
from gateway.people import Contact
from gateway.states import OutboundState
from gateway.storage.columns import index_key
from gateway.storage.received import ReceivedSummary
from gateway.storage.rows import OutboundRow, ParticipantRow, ReceivedRow, TicketRow, table_of
from gateway.storage.tickets import TicketReader
from gateway.tickets import Post, Ticket

_TICKET: Final = table_of(TicketRow)
_PARTICIPANT: Final = table_of(ParticipantRow)
_RECEIVED: Final = table_of(ReceivedRow)
_OUTBOUND: Final = table_of(OutboundRow)
PAGE: Final = 50
"""Rows that are looked at or changed at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """Where a person's traces lie: ids, oldest first."""

    address_keys: tuple[str, ...]
    own_tickets: tuple[int, ...]
    """Tickets that the person asked for."""
    other_tickets: tuple[int, ...]
    """Tickets of others in which the person takes or took part."""
    received: tuple[int, ...]
    """Mail from the person, and all mail in the own tickets."""
    outbound: tuple[int, ...]
    """Mail to the person, and all mail of the own tickets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentSummary:
    """A line in a list of mails of ours."""

    id: int
    purpose: Purpose
    recipient: Address
    created_at: datetime
    state: OutboundState
    ticket_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """Everything about a person; the bytes of mails and attachments are read one by one, by their id or digest."""

    contact: Contact
    tickets: tuple[Ticket, ...]
    posts: tuple[Post, ...]
    """All of the tickets that the person asked for, notes included, and of other tickets what the person wrote."""
    received: tuple[ReceivedSummary, ...]
    outbound: tuple[SentSummary, ...]


class PersonReader:
    """Finds what is stored about a person."""

    def __init__(self, connection: Connection, tickets: TicketReader) -> None:
        self._connection = connection
        self._tickets = tickets

    def trail(self, contact: Contact) -> Trail:
        """Return where traces of a person lie. This looks at every received mail once: an operator's work, not a mail's."""
        keys = sorted({index_key(address.key) for address in contact.addresses})
        own = self._ids(select(_TICKET.c.id).where(_TICKET.c.requester_key.in_(keys)))
        written = self._connection.execute(
            select(_RECEIVED.c.id, _RECEIVED.c.ticket_id).where(_RECEIVED.c.author_key.in_(keys))
        ).all()
        part = self._ids(select(_PARTICIPANT.c.ticket_id).where(_PARTICIPANT.c.address_key.in_(keys)))
        others = {*part, *(row.ticket_id for row in written if row.ticket_id is not None)} - set(own)
        received = {row.id for row in written} | set(self._in_tickets(_RECEIVED, own))
        outbound = set(self._ids(select(_OUTBOUND.c.id).where(_OUTBOUND.c.recipient_key.in_(keys))))
        outbound |= set(self._in_tickets(_OUTBOUND, own))
        outbound |= set(self._carrying(sorted(others), keys))
        return Trail(
            address_keys=tuple(keys),
            own_tickets=tuple(own),
            other_tickets=tuple(sorted(others)),
            received=tuple(sorted(received)),
            outbound=tuple(sorted(outbound)),
        )

    def export(self, contact: Contact) -> Dossier:
        """Return everything about a person."""
        trail = self.trail(contact)
        ids = sorted((*trail.own_tickets, *trail.other_tickets))
        posts = [post for ticket_id in trail.own_tickets for post in self._tickets.posts(ticket_id)]
        posts += [post for ticket_id in trail.other_tickets for post in self.posts_by(ticket_id, trail.address_keys)]
        return Dossier(
            contact=contact,
            tickets=self._tickets.get_all(ids),
            posts=tuple(sorted(posts, key=lambda post: post.id)),
            received=tuple(line for page in pages(trail.received) for line in self._received(page)),
            outbound=tuple(line for page in pages(trail.outbound) for line in self._outbound(page)),
        )

    def posts_by(self, ticket_id: int, address_keys: Sequence[str]) -> tuple[Post, ...]:
        """Return what somebody wrote in a ticket."""
        return tuple(post for post in self._tickets.posts(ticket_id) if index_key(post.author.address.key) in address_keys)

    def _carrying(self, ticket_ids: Sequence[int], keys: Sequence[str]) -> list[int]:
        """Return the mails that carried what the person wrote to somebody else."""
        found: list[int] = []
        for ticket_id in ticket_ids:
            posts = [post.id for post in self.posts_by(ticket_id, keys)]
            if posts:
                where = _OUTBOUND.c.ticket_id == ticket_id, _OUTBOUND.c.post_id.in_(posts)
                found += self._connection.scalars(select(_OUTBOUND.c.id).where(*where))
        return found

    def _ids(self, query: Select[Any]) -> list[int]:
        return sorted(set(self._connection.scalars(query)))

    def _in_tickets(self, table: Table, tickets: Sequence[int]) -> list[int]:
        queries = (select(table.c.id).where(table.c.ticket_id.in_(page)) for page in pages(tickets))
        return [each for query in queries for each in self._connection.scalars(query)]

    def _received(self, ids: Sequence[int]) -> list[ReceivedSummary]:
        columns = (
            *(
                _RECEIVED.c[name]
                for name in ("id", "channel", "subject", "message_id", "received_at", "state", "reason", "because")
            ),
            _RECEIVED.c.author_key.label("author"),
            _RECEIVED.c.ticket_id,
        )
        rows = self._connection.execute(select(*columns).where(_RECEIVED.c.id.in_(ids)).order_by(_RECEIVED.c.id))
        return [ReceivedSummary(**row._mapping) for row in rows]  # noqa: SLF001 public by another name

    def _outbound(self, ids: Sequence[int]) -> list[SentSummary]:
        rows = self._connection.execute(select(_OUTBOUND).where(_OUTBOUND.c.id.in_(ids)).order_by(_OUTBOUND.c.id))
        return [
            SentSummary(
                id=row.id,
                purpose=row.purpose,
                recipient=Address.of(row.recipient),
                created_at=row.created_at,
                state=row.state,
                ticket_id=row.ticket_id,
            )
            for row in rows
        ]


def pages(ids: Sequence[int]) -> list[Sequence[int]]:
    """Return ids in portions that one transaction takes."""
    return [ids[start : start + PAGE] for start in range(0, len(ids), PAGE)]
