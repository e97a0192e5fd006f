"""Suspended mail that waits for a person: what is on a list that was mailed, what came lately, what has waited too long."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, select

from gateway.mail.received import ReceivedMail
from gateway.states import ReceivedState
from gateway.storage.people_rows import ListedMailRow
from gateway.storage.received import ReceivedReader, ReceivedSummary
from gateway.storage.rows import ReceivedRow, table_of
from gateway.tickets import ListedMail

_RECEIVED: Final = table_of(ReceivedRow)
_LISTED: Final = table_of(ListedMailRow)
_ON_LIST: Final = (
    select(_LISTED.c.number, _LISTED.c.received_id)
    .where(_LISTED.c.outbound_id == bindparam("list_id"))
    .order_by(_LISTED.c.number)
)
_LINE: Final = select(
    _RECEIVED.c.id,
    _RECEIVED.c.channel,
    _RECEIVED.c.author_key.label("author"),
    _RECEIVED.c.subject,
    _RECEIVED.c.message_id,
    _RECEIVED.c.received_at,
    _RECEIVED.c.state,
    _RECEIVED.c.reason,
    _RECEIVED.c.because,
    _RECEIVED.c.ticket_id,
)
_SUMMARY: Final = _LINE.where(_RECEIVED.c.state == ReceivedState.SUSPENDED)


class SuspendedReader:
    """Reads what waits for a person."""

    def __init__(self, connection: Connection, received: ReceivedReader) -> None:
        self._connection = connection
        self._received = received

    def listed(self, outbound_id: int) -> tuple[tuple[int, ReceivedMail], ...]:
        """Return the mails on a list that was mailed, by their number on it, whatever state they are in now."""
        rows = self._connection.execute(_ON_LIST, {"list_id": outbound_id}).all()
        return tuple((row.number, self._received.get(row.received_id)) for row in rows)

    def lines(self, outbound_id: int) -> tuple[tuple[int, ReceivedSummary], ...]:
        """Return the same as lines, for whoever needs no bytes."""
        rows = self._connection.execute(_ON_LIST, {"list_id": outbound_id}).all()
        numbers = {row.received_id: row.number for row in rows}
        found = self._summaries(_LINE.where(_RECEIVED.c.id.in_(list(numbers))))
        return tuple(sorted(((numbers[each.id], each) for each in found), key=lambda line: line[0]))

    def list(
        self,
        *,
        since: datetime | None = None,
        before: datetime | None = None,
        channels: Sequence[str] = (),
        without: Sequence[str] = (),
        author: str | None = None,
        unlisted_only: bool = False,
        limit: int = 1000,
    ) -> tuple[ReceivedSummary, ...]:
        """Return what waits, oldest first: received from `since` on and earlier than `before`; without channels of all.

        `author` is an `Address.key`. `unlisted_only` leaves out what stands on any list that was mailed: that is new for a
        digest. `without` leaves out what belongs to these channels.
        """
        query = _SUMMARY
        if since is not None:
            query = query.where(_RECEIVED.c.received_at >= since)
        if before is not None:
            query = query.where(_RECEIVED.c.received_at < before)
        if channels:
            query = query.where(_RECEIVED.c.channel.in_(channels))
        if without:
            query = query.where(_RECEIVED.c.channel.not_in(without))
        if author is not None:
            query = query.where(_RECEIVED.c.author_key == author)
        if unlisted_only:
            query = query.where(~select(_LISTED.c.number).where(_LISTED.c.received_id == _RECEIVED.c.id).exists())
        return self._summaries(query.order_by(_RECEIVED.c.id).limit(limit))

    def oldest(self) -> datetime | None:
        """Return when the mail that has waited longest was received; None when nothing waits."""
        query = select(_RECEIVED.c.received_at).where(_RECEIVED.c.state == ReceivedState.SUSPENDED)
        return self._connection.scalar(query.order_by(_RECEIVED.c.id).limit(1))

    def _summaries(self, query: Select[Any]) -> tuple[ReceivedSummary, ...]:
        rows = self._connection.execute(query)
        return tuple(ReceivedSummary(**row._mapping) for row in rows)  # noqa: SLF001 public by another name


class SuspendedWriter(SuspendedReader):
    """Remembers the lists that were mailed."""

    def remember(self, listed: Sequence[ListedMail]) -> None:
        """Keep what a number means in answers to a list."""
        if listed:
            rows = [{"outbound_id": each.outbound_id, "number": each.number, "received_id": each.received_id} for each in listed]
            self._connection.execute(_LISTED.insert(), rows)
