"""Received mail: the durable yes, the claim of who processes it, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, or_, select, update

from gateway.errors import ConcurrentChange, NotFound
from gateway.mail.received import EarlierMail, ReceivedMail, Waiver
from gateway.states import ReceivedState, advance
from gateway.storage.accepting import Acceptance, row_of, rows_of
from gateway.storage.columns import index_key
from gateway.storage.contents import Contents
from gateway.storage.rows import ContentRow, ReceivedRow, table_of
from gateway.storage.sqlite_accepting import DELIVERY_KEY, ID, AcceptedRow, insert_received
from gateway.storage.statements import AnyRow, find, insert_ignoring, is_sqlite, update_each
from gateway.tickets import ReceivedChange, TraceLine

_RECEIVED: Final = table_of(ReceivedRow)
_CONTENT: Final = table_of(ContentRow)

_MAIL: Final = (
    select(
        _RECEIVED.c.id,
        _RECEIVED.c.channel,
        _RECEIVED.c.envelope,
        _RECEIVED.c.evidence,
        _RECEIVED.c.state,
        _RECEIVED.c.deliveries,
        _RECEIVED.c.waiver,
        _CONTENT.c.sha256,
        _CONTENT.c.size,
        _CONTENT.c.body,
    )
    .select_from(_RECEIVED)
    .join(_CONTENT, _CONTENT.c.sha256 == _RECEIVED.c.content_sha256)
)
_ONE: Final = _MAIL.where(_RECEIVED.c.id == bindparam("received_id"))
_EARLIER: Final = (
    select(_RECEIVED.c.channel, _RECEIVED.c.state, _RECEIVED.c.evidence, _RECEIVED.c.content_sha256)
    .where(
        _RECEIVED.c.message_id == bindparam("message_id"),
        _RECEIVED.c.author_key == bindparam("author_key"),
        _RECEIVED.c.id < bindparam("before_id"),
    )
    .order_by(_RECEIVED.c.id)
    .limit(20)
)
_ALL: Final = _MAIL.where(_RECEIVED.c.id.in_(bindparam("ids", expanding=True))).order_by(_RECEIVED.c.id)
_FREE: Final = (
    select(_RECEIVED.c.id)
    .where(
        _RECEIVED.c.state == bindparam("state"),
        or_(_RECEIVED.c.lease_until.is_(None), _RECEIVED.c.lease_until <= bindparam("now")),
    )
    .order_by(_RECEIVED.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_LEASE: Final = (
    update(_RECEIVED)
    .where(_RECEIVED.c.id.in_(bindparam("ids", expanding=True)))
    .values(deliveries=_RECEIVED.c.deliveries + 1, lease_node=bindparam("node"), lease_until=bindparam("until"))
)

_CHANGE: Final = update(_RECEIVED).where(_RECEIVED.c.id == bindparam("changed_id"), _RECEIVED.c.state == bindparam("old_state"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedSummary:
    """A line in a list of received mail."""

    id: int
    channel: str
    author: str | None
    subject: str | None
    message_id: str | None
    received_at: datetime
    state: ReceivedState
    reason: str | None
    because: str | None
    ticket_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedTrace:
    """Why a mail became what it became."""

    reason: str | None
    because: str | None
    lines: tuple[TraceLine, ...]


class ReceivedReader:
    """Reads received mail."""

    def __init__(self, connection: Connection, contents: Contents) -> None:
        self._connection = connection
        self._contents = contents

    def get(self, received_id: int) -> ReceivedMail:
        """Return one mail with its bytes.

        Raises:
            NotFound: no such mail.
        """
        row = self._connection.execute(_ONE, {"received_id": received_id}).one_or_none()
        if row is None:
            message = f"no received mail {received_id}"
            raise NotFound(message)
        return self._mail(row)

    def get_all(self, ids: Sequence[int]) -> tuple[ReceivedMail, ...]:
        """Return those of these mails that there are, oldest first, with their bytes."""
        return tuple(map(self._mail, self._connection.execute(_ALL, {"ids": list(ids)}))) if ids else ()

    def list(
        self, states: Sequence[ReceivedState] = (), *, limit: int = 100, before: int | None = None
    ) -> tuple[ReceivedSummary, ...]:
        """Return summaries, newest first; without states all; `before` is the id where the page before ended."""
        query = select(
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
        if states:
            query = query.where(_RECEIVED.c.state.in_(states))
        if before is not None:
            query = query.where(_RECEIVED.c.id < before)
        rows = self._connection.execute(query.order_by(_RECEIVED.c.id.desc()).limit(limit))
        return tuple(ReceivedSummary(**row._mapping) for row in rows)  # noqa: SLF001 public by another name

    def trace(self, received_id: int) -> ReceivedTrace:
        """Return the reason and what each step saw.

        Raises:
            NotFound: no such mail.
        """
        query = select(_RECEIVED.c.reason, _RECEIVED.c.because, _RECEIVED.c.trace).where(_RECEIVED.c.id == received_id)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            message = f"no received mail {received_id}"
            raise NotFound(message)
        return ReceivedTrace(reason=row.reason, because=row.because, lines=row.trace or ())

    def earlier(self, author_key: str, message_id: str, *, before_id: int) -> tuple[EarlierMail, ...]:
        """Return the first mails, to whichever channel, that had that author and Message-ID before a mail.

        Of two that came at once the one with the smaller id is the earlier: never both.
        """
        wanted = {"author_key": author_key, "message_id": message_id, "before_id": before_id}
        return tuple(
            EarlierMail(channel=row.channel, state=row.state, assurance=row.evidence.assurance, sha256=row.content_sha256)
            for row in self._connection.execute(_EARLIER, wanted)
        )

    def counts(self) -> tuple[tuple[ReceivedState, int], ...]:
        """Return how many mails are in each state, in the order of the states."""
        rows = self._connection.execute(select(_RECEIVED.c.state, func.count()).group_by(_RECEIVED.c.state))
        found = {row[0]: int(row[1]) for row in rows}
        return tuple((state, found.get(state, 0)) for state in ReceivedState)

    def _mail(self, row: AnyRow) -> ReceivedMail:
        return ReceivedMail(
            id=row.id,
            channel=row.channel,
            envelope=row.envelope,
            content=self._contents.of_row(row.sha256, row.size, row.body),
            evidence=row.evidence,
            state=row.state,
            deliveries=row.deliveries,
            waiver=row.waiver,
        )


class ReceivedWriter(ReceivedReader):
    """Changes received mail."""

    def accept(self, acceptances: Sequence[Acceptance]) -> tuple[int, ...]:
        """Store mails in bulk; return for each the id it has now, which for a second copy is the first one's."""
        if self._contents.folder is not None and is_sqlite(self._connection):
            return self.accept_rows(rows_of(acceptances, self._contents.folder))
        keys = [index_key(acceptance.delivery_key) for acceptance in acceptances]
        known = self._accept_fresh(dict(zip(reversed(keys), reversed(acceptances), strict=True)))
        return tuple(known[key] for key in keys)

    def accept_rows(self, rows: Sequence[AcceptedRow]) -> tuple[int, ...]:
        """Store mails whose rows are made already, on SQLite; return the ids like `accept`."""
        keys: Sequence[str] = [row[DELIVERY_KEY] for row in rows]
        firsts = dict(zip(reversed(keys), reversed(rows), strict=True))
        if insert_received(self._connection, [row for _, row in sorted(firsts.items())]):
            return tuple(firsts[key][ID] for key in keys)
        known = self._ids_of(sorted(firsts))
        return tuple(known[key] for key in keys)

    def _accept_fresh(self, firsts: Mapping[str, Acceptance]) -> Mapping[str, int]:
        """Store what is not there yet; another node may be faster."""
        known = self._ids_of(sorted(firsts))
        fresh = {key: acceptance for key, acceptance in sorted(firsts.items()) if key not in known}
        if fresh:
            self._contents.store(acceptance.mail.content for acceptance in fresh.values())
            insert_ignoring(self._connection, _RECEIVED, "delivery_key", [row_of(a) for a in fresh.values()])
            known |= self._ids_of(list(fresh))
        return known

    def lease(self, *, limit: int, now: datetime, lease_seconds: float, node: str) -> tuple[int, ...]:
        """Lease up to `limit` undecided mails to a node, oldest first; nobody else gets them until the lease is over.

        Each of them counts one more delivery. Return their ids: whoever leases reads them where it costs nobody's time to write.
        """
        wanted = {"state": ReceivedState.RECEIVED, "now": now, "most": limit}
        ids = tuple(self._connection.scalars(_FREE, wanted))
        if ids:
            until = now + timedelta(seconds=lease_seconds)
            self._connection.execute(_LEASE, {"ids": ids, "node": node, "until": until})
        return ids

    def claim(self, *, limit: int, now: datetime, lease_seconds: float, node: str) -> tuple[ReceivedMail, ...]:
        """Lease mails and return them with their bytes."""
        return self.get_all(self.lease(limit=limit, now=now, lease_seconds=lease_seconds, node=node))

    def put_back(self, ids: Sequence[int], *, node: str, until: datetime) -> int:
        """Shorten a node's own leases of undecided mails, so that somebody tries again after `until`; return how many."""
        return self._connection.execute(
            update(_RECEIVED)
            .where(_RECEIVED.c.id.in_(ids), _RECEIVED.c.state == ReceivedState.RECEIVED, _RECEIVED.c.lease_node == node)
            .values(lease_until=until)
        ).rowcount

    def release_leases(self, node: str) -> int:
        """Void the leases of a node that has just started: what it held before, it holds no more. Return how many."""
        return self._connection.execute(
            update(_RECEIVED)
            .where(_RECEIVED.c.state == ReceivedState.RECEIVED, _RECEIVED.c.lease_node == node)
            .values(lease_node=None, lease_until=None)
        ).rowcount

    def change(self, changes: Sequence[ReceivedChange], *, now: datetime) -> None:
        """Change states.

        Raises:
            InvalidTransition: no table allows it.
            ConcurrentChange: a mail is no longer in the state that was read.
        """
        for _, alike in groupby((self._changed(change, now) for change in changes), key=tuple):
            if not update_each(self._connection, _CHANGE, list(alike)):
                names = ", ".join(f"{change.id} is {change.old}" for change in changes)
                message = f"one of these is no longer true of received mail: {names}"
                raise ConcurrentChange(message)

    def _changed(self, change: ReceivedChange, now: datetime) -> dict[str, Any]:
        """Return the parameters of `_CHANGE`: what to look for, and every column that gets another value."""
        values = {
            "changed_id": change.id,
            "old_state": change.old,
            "state": advance(change.old, change.new),
            "reason": change.reason,
            "because": change.because,
            "trace": change.trace,
            "lease_node": None,
            "lease_until": None,
        }
        if change.ticket_id is not None:
            values["ticket_id"] = change.ticket_id
        return values | self._release(change, now) if change.new is ReceivedState.RECEIVED else values

    def _release(self, change: ReceivedChange, now: datetime) -> dict[str, Any]:
        """Return what a released mail gets: it is delivered afresh, and what had suspended it is waived."""
        if change.waiver_by is None or change.old is not ReceivedState.SUSPENDED:
            return {"deliveries": 0}
        query = select(_RECEIVED.c.reason, _RECEIVED.c.waiver).where(_RECEIVED.c.id == change.id)
        row = self._connection.execute(query).one_or_none()
        reason, earlier = (row.reason or change.reason, row.waiver) if row else (change.reason, None)
        before = (*earlier.reasons, earlier.reason) if earlier else ()
        reasons = tuple(dict.fromkeys((*before, reason)))
        by = change.waiver_by
        releasers = tuple(dict.fromkeys((*earlier.releasers, earlier.by, by))) if earlier else (by,)
        return {"deliveries": 0, "waiver": Waiver(by=by, at=now, reason=reason, reasons=reasons, releasers=releasers)}

    def _ids_of(self, keys: Sequence[str]) -> dict[str, int]:
        return find(self._connection, _RECEIVED.c.delivery_key, _RECEIVED.c.id, keys)
