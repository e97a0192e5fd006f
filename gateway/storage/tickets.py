"""Tickets, their participants, posts, attachments and history."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import bindparam, delete, func, select, update

from gateway.errors import ConcurrentChange, NotFound
from gateway.states import TicketStatus, advance
from gateway.storage.columns import index_key
from gateway.storage.rows import (
    AttachmentRow,
    HistoryRow,
    OutboundRow,
    ParticipantRow,
    PostRow,
    TicketRow,
    table_of,
)
from gateway.storage.said import SaidLately, said_lately
from gateway.storage.statements import AnyRow, insert_rows, is_sqlite
from gateway.storage.team import TeamReader, TeamWriter
from gateway.storage.ticket_list import TicketFilter as TicketFilter  # noqa: PLC0414 part of this module's face
from gateway.storage.ticket_list import ticket_query
from gateway.storage.ticket_rows import (
    attachment_values,
    make_attachment,
    make_participant,
    make_post,
    make_ticket,
    post_values,
    ticket_values,
)
from gateway.tickets import HistoryLine, Participant, Post, StoredAttachment, Ticket, TicketChange

_TICKET: Final = table_of(TicketRow)
_PARTICIPANT: Final = table_of(ParticipantRow)
_POST: Final = table_of(PostRow)
_ATTACHMENT: Final = table_of(AttachmentRow)
_HISTORY: Final = table_of(HistoryRow)
_OUTBOUND: Final = table_of(OutboundRow)

# Statements that every mail needs are built once: building one costs more than running it.
_TICKETS: Final = select(_TICKET).where(_TICKET.c.id.in_(bindparam("ids", expanding=True)))
_BY_NUMBER: Final = select(_TICKET).where(_TICKET.c.number == bindparam("number"))
_PARTICIPANTS: Final = (
    select(_PARTICIPANT)
    .where(_PARTICIPANT.c.ticket_id.in_(bindparam("ids", expanding=True)))
    .order_by(_PARTICIPANT.c.ticket_id, _PARTICIPANT.c.position)
)
_POSTS: Final = select(_POST).where(_POST.c.ticket_id == bindparam("ticket_id")).order_by(_POST.c.id)
_NEWEST_POSTS: Final = (
    select(_POST).where(_POST.c.ticket_id == bindparam("ticket_id")).order_by(_POST.c.id.desc()).limit(bindparam("most"))
)
_ATTACHMENTS: Final = (
    select(_ATTACHMENT)
    .where(_ATTACHMENT.c.post_id.in_(bindparam("ids", expanding=True)))
    .order_by(_ATTACHMENT.c.post_id, _ATTACHMENT.c.position)
)
_KNOWN_POSTS: Final = (
    select(_POST.c.message_id, _POST.c.ticket_id, _POST.c.id)
    .where(_POST.c.message_id.in_(bindparam("message_ids", expanding=True)))
    .order_by(_POST.c.id)
)
_KNOWN_OUTBOUND: Final = select(_OUTBOUND.c.message_id, _OUTBOUND.c.ticket_id, _OUTBOUND.c.post_id).where(
    _OUTBOUND.c.message_id.in_(bindparam("message_ids", expanding=True)), _OUTBOUND.c.ticket_id.is_not(None)
)

_PAGE: Final = 200
_UNFINISHED: Final = tuple(status for status in TicketStatus if status is not TicketStatus.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMessage:
    """Where a Message-ID leads: the ticket, and the post that it brought or carried out."""

    ticket_id: int
    post_id: int | None


class TicketReader(TeamReader):
    """Reads tickets."""

    def get(self, ticket_id: int) -> Ticket:
        """Return one ticket.

        Raises:
            NotFound: no such ticket.
        """
        found = self.get_all([ticket_id])
        if not found:
            message = f"no ticket {ticket_id}"
            raise NotFound(message)
        return found[0]

    def get_all(self, ids: Sequence[int]) -> tuple[Ticket, ...]:
        """Return those that exist, in the order asked for."""
        rows = self._connection.execute(_TICKETS, {"ids": list(ids)}).all() if ids else []
        found = {ticket.id: ticket for ticket in self._tickets(rows)}
        return tuple(found[each] for each in ids if each in found)

    def by_number(self, number: str) -> Ticket | None:
        """Return the ticket with that number, if there is one."""
        tickets = self._tickets(self._connection.execute(_BY_NUMBER, {"number": number}).all())
        return tickets[0] if tickets else None

    def list(self, wanted: TicketFilter) -> tuple[Ticket, ...]:
        """Return tickets in the order of the filter."""
        query = ticket_query(wanted, is_lite=is_sqlite(self._connection))
        if not wanted.text:
            return self._tickets(self._connection.execute(query.limit(wanted.limit)).all())
        with self._connection.execute(query.execution_options(yield_per=_PAGE)) as found:
            rows = list(islice((row for row in found if wanted.has_text(row.subject)), wanted.limit))
        return self._tickets(rows)

    def open_of_requester(self, address_key: str, channel: str, *, limit: int = 20) -> tuple[Ticket, ...]:
        """Return a requester's tickets of a channel that are not closed, newest first."""
        return self.list(TicketFilter(statuses=_UNFINISHED, requester=address_key, channel=channel, limit=limit))

    def participating(self, address_key: str, limit: int = 20) -> tuple[Ticket, ...]:
        """Return tickets in which an address takes part, newest first, whatever their status."""
        return self.get_all(self.participating_ids(address_key, limit))

    def by_message_ids(self, message_ids: Sequence[str]) -> dict[str, KnownMessage]:
        """Return where Message-IDs lead that came with a post or went out with a mail of ours."""
        wanted = {index_key(message_id): message_id for message_id in message_ids}
        if not wanted:
            return {}
        keys = {"message_ids": sorted(wanted)}
        known = {
            wanted[row.message_id]: KnownMessage(ticket_id=row.ticket_id, post_id=row.id)
            for row in self._connection.execute(_KNOWN_POSTS, keys)
        }
        known |= {
            wanted[row.message_id]: KnownMessage(ticket_id=row.ticket_id, post_id=row.post_id)
            for row in self._connection.execute(_KNOWN_OUTBOUND, keys)
        }
        return known

    def posts(self, ticket_id: int) -> tuple[Post, ...]:
        """Return all that was said in a ticket, oldest first."""
        return self._posts(self._connection.execute(_POSTS, {"ticket_id": ticket_id}).all())

    def newest_posts(self, ticket_id: int, most: int) -> tuple[Post, ...]:
        """Return what was said last in a ticket, oldest first."""
        rows = self._connection.execute(_NEWEST_POSTS, {"ticket_id": ticket_id, "most": most}).all()
        return self._posts(rows[::-1])

    def said_lately(self, author_key: str, likeness: str, *, ticket_id: int | None, now: datetime, most: int) -> SaidLately:
        """Count among the newest mails of an author (`said.py`)."""
        return said_lately(self._connection, author_key, likeness, ticket_id=ticket_id, now=now, most=most)

    def post(self, post_id: int) -> Post:
        """Return one post.

        Raises:
            NotFound: no such post.
        """
        posts = self._posts(self._connection.execute(select(_POST).where(_POST.c.id == post_id)).all())
        if not posts:
            message = f"no post {post_id}"
            raise NotFound(message)
        return posts[0]

    def history(self, ticket_id: int) -> tuple[HistoryLine, ...]:
        """Return every change of a ticket, oldest first."""
        query = select(_HISTORY).where(_HISTORY.c.ticket_id == ticket_id).order_by(_HISTORY.c.id)
        return tuple(
            HistoryLine(ticket_id=row.ticket_id, at=row.at, by=row.by, what=row.what, why=row.why)
            for row in self._connection.execute(query)
        )

    def counts(self) -> tuple[tuple[TicketStatus, int], ...]:
        """Return how many tickets have each status, in the order of the statuses."""
        rows = self._connection.execute(select(_TICKET.c.status, func.count()).group_by(_TICKET.c.status))
        found = {row[0]: int(row[1]) for row in rows}
        return tuple((status, found.get(status, 0)) for status in TicketStatus)

    def _tickets(self, rows: Sequence[AnyRow]) -> tuple[Ticket, ...]:
        ids = [row.id for row in rows]
        participants: dict[int, list[Participant]] = defaultdict(list)
        if ids:
            for row in self._connection.execute(_PARTICIPANTS, {"ids": ids}):
                participants[row.ticket_id].append(make_participant(row))
        return tuple(make_ticket(row, tuple(participants[row.id])) for row in rows)

    def _posts(self, rows: Sequence[AnyRow]) -> tuple[Post, ...]:
        ids = [row.id for row in rows]
        attachments: dict[int, list[StoredAttachment]] = defaultdict(list)
        if ids:
            for row in self._connection.execute(_ATTACHMENTS, {"ids": ids}):
                attachments[row.post_id].append(make_attachment(row))
        return tuple(make_post(row, tuple(attachments[row.id])) for row in rows)


class TicketWriter(TicketReader, TeamWriter):
    """Changes tickets."""

    def open(self, tickets: Sequence[Ticket]) -> None:
        """Insert new tickets with their participants."""
        if tickets:
            insert_rows(self._connection, _TICKET, [ticket_values(ticket) for ticket in tickets])
            self._add_participants(tickets)

    def change(self, changes: Sequence[TicketChange]) -> None:
        """Replace tickets that nobody else has changed since.

        Raises:
            ConcurrentChange: the stored version is another one.
            InvalidTransition: no table allows the change of status.
        """
        for change in changes:
            ticket = change.ticket
            at = _TICKET.c.id == ticket.id, _TICKET.c.version == change.old_version
            old = self._connection.scalar(select(_TICKET.c.status).where(*at))
            if old is not None and old is not ticket.status:
                advance(old, ticket.status)
            values = ticket_values(ticket) | {"version": change.old_version + 1}
            if old is None or self._connection.execute(update(_TICKET).where(*at).values(**values)).rowcount != 1:
                message = f"ticket {ticket.number} is no longer at version {change.old_version}"
                raise ConcurrentChange(message)
        if changes:
            changed = [change.ticket for change in changes]
            self._connection.execute(delete(_PARTICIPANT).where(_PARTICIPANT.c.ticket_id.in_([ticket.id for ticket in changed])))
            self._add_participants(changed)

    def post_all(self, posts: Sequence[Post]) -> None:
        """Insert posts with their attachments, whose bytes must be stored already."""
        if not posts:
            return
        insert_rows(self._connection, _POST, [post_values(post) for post in posts])
        attachments = [
            attachment_values(post.id, position, attachment)
            for post in posts
            for position, attachment in enumerate(post.attachments)
        ]
        insert_rows(self._connection, _ATTACHMENT, attachments)

    def remember(self, lines: Iterable[HistoryLine]) -> None:
        """Insert lines of history."""
        rows = [{"ticket_id": line.ticket_id, "at": line.at, "by": line.by, "what": line.what, "why": line.why} for line in lines]
        insert_rows(self._connection, _HISTORY, rows)

    def _add_participants(self, tickets: Sequence[Ticket]) -> None:
        rows = [
            {
                "ticket_id": ticket.id,
                "position": position,
                "name": participant.mailbox.name,
                "address": str(participant.mailbox.address),
                "address_key": participant.mailbox.address.key,
                "part": participant.part,
                "added_by": participant.added_by,
                "since_post_id": participant.since_post_id,
            }
            for ticket in tickets
            for position, participant in enumerate(ticket.participants)
        ]
        insert_rows(self._connection, _PARTICIPANT, rows)
