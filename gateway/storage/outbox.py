"""The outbox: every mail of ours, who sends it now, and what each attempt came to."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, update

from gateway.errors import ConcurrentChange, NotFound
from gateway.mail.addresses import Address
from gateway.mail.outbound import Attempt, OutboundMail, Purpose
from gateway.states import OutboundState, advance
from gateway.storage.automatic import Addressed, AutomaticCounts, automatic_counts
from gateway.storage.contents import Contents
from gateway.storage.rows import AttemptRow, ContentRow, OutboundRow, table_of
from gateway.storage.statements import AnyRow, insert_rows, update_each
from gateway.tickets import OutboundChange

_OUTBOUND: Final = table_of(OutboundRow)
_ATTEMPT: Final = table_of(AttemptRow)
_CONTENT: Final = table_of(ContentRow)

_MAIL: Final = (
    select(_OUTBOUND, _CONTENT.c.size, _CONTENT.c.body)
    .select_from(_OUTBOUND)
    .join(_CONTENT, _CONTENT.c.sha256 == _OUTBOUND.c.content_sha256)
)
_ONE: Final = _MAIL.where(_OUTBOUND.c.id == bindparam("outbound_id"))
_BY_MESSAGE_ID: Final = _MAIL.where(_OUTBOUND.c.message_id == bindparam("message_id"))
_RECENT: Final = (
    select(func.count())
    .select_from(_OUTBOUND)
    .where(
        _OUTBOUND.c.recipient_key == bindparam("recipient_key"),
        _OUTBOUND.c.created_at >= bindparam("since"),
        _OUTBOUND.c.purpose.in_(bindparam("purposes", expanding=True)),
    )
)
_ALL: Final = _MAIL.where(_OUTBOUND.c.id.in_(bindparam("ids", expanding=True)))
_DUE: Final = (
    select(_OUTBOUND.c.id)
    .where(_OUTBOUND.c.state == bindparam("state"), _OUTBOUND.c.next_attempt_at <= bindparam("now"))
    .order_by(_OUTBOUND.c.next_attempt_at, _OUTBOUND.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_LEASE: Final = (
    update(_OUTBOUND)
    .where(_OUTBOUND.c.id.in_(bindparam("ids", expanding=True)))
    .values(state=bindparam("sending"), lease_node=bindparam("node"), lease_until=bindparam("until"))
)
_CHANGE: Final = (
    update(_OUTBOUND)
    .where(_OUTBOUND.c.id == bindparam("changed_id"), _OUTBOUND.c.state == bindparam("old_state"))
    .values(
        state=bindparam("new_state"),
        next_attempt_at=bindparam("due_at"),
        lease_node=None,
        lease_until=None,
        last_reply=func.coalesce(bindparam("reply", type_=_OUTBOUND.c.last_reply.type), _OUTBOUND.c.last_reply),
        attempts=_OUTBOUND.c.attempts + bindparam("tries", type_=_OUTBOUND.c.attempts.type),
    )
)


class OutboxReader:
    """Reads the outbox."""

    def __init__(self, connection: Connection, contents: Contents) -> None:
        self._connection = connection
        self._contents = contents

    def get(self, outbound_id: int) -> OutboundMail:
        """Return one mail with its bytes; this is also how a token finds its row.

        Raises:
            NotFound: no such mail.
        """
        row = self._connection.execute(_ONE, {"outbound_id": outbound_id}).one_or_none()
        if row is None:
            message = f"no outbound mail {outbound_id}"
            raise NotFound(message)
        return self._mail(row)

    def get_all(self, ids: Sequence[int]) -> tuple[OutboundMail, ...]:
        """Return those of these mails that there are, in the order asked for, with their bytes."""
        found = {row.id: self._mail(row) for row in self._connection.execute(_ALL, {"ids": list(ids)})} if ids else {}
        return tuple(found[each] for each in ids if each in found)

    def by_message_id(self, message_id: str) -> OutboundMail | None:
        """Return the mail that went out under a Message-ID, if there is one."""
        row = self._connection.execute(_BY_MESSAGE_ID, {"message_id": message_id}).one_or_none()
        return None if row is None else self._mail(row)

    def list(
        self, states: Sequence[OutboundState] = (), *, limit: int = 100, before: int | None = None
    ) -> tuple[OutboundMail, ...]:
        """Return mails, newest first; without states all; `before` is the id where the page before ended."""
        wanted = select(_OUTBOUND.c.id)
        if states:
            wanted = wanted.where(_OUTBOUND.c.state.in_(states))
        if before is not None:
            wanted = wanted.where(_OUTBOUND.c.id < before)
        # The ids first: sorting them is cheap, sorting whole mails is not.
        ids = self._connection.scalars(wanted.order_by(_OUTBOUND.c.id.desc()).limit(limit)).all()
        rows = self._connection.execute(_MAIL.where(_OUTBOUND.c.id.in_(ids)).order_by(_OUTBOUND.c.id.desc())).all() if ids else ()
        return tuple(map(self._mail, rows))

    def of_ticket(self, ticket_id: int) -> tuple[OutboundMail, ...]:
        """Return all mails of a ticket, oldest first."""
        query = _MAIL.where(_OUTBOUND.c.ticket_id == ticket_id).order_by(_OUTBOUND.c.id)
        return tuple(map(self._mail, self._connection.execute(query).all()))

    def attempts(self, outbound_id: int) -> tuple[Attempt, ...]:
        """Return every try, oldest first."""
        query = select(_ATTEMPT).where(_ATTEMPT.c.outbound_id == outbound_id).order_by(_ATTEMPT.c.id)
        return tuple(
            Attempt(
                outbound_id=row.outbound_id,
                at=row.at,
                smarthost=row.smarthost,
                outcome=row.outcome,
                code=row.code,
                reply=row.reply,
                tls=row.tls,
                seconds=row.seconds,
            )
            for row in self._connection.execute(query)
        )

    def automatic_count(self, recipient_key: str, *, since: datetime, purposes: Sequence[Purpose]) -> int:
        """Return how many mails of these purposes were queued for a recipient since then."""
        wanted = {"recipient_key": recipient_key, "since": since, "purposes": list(purposes)}
        return self._connection.scalar(_RECENT, wanted) or 0

    def automatic_counts(
        self, addressed: Sequence[Addressed], *, since: datetime, purposes: Sequence[Purpose]
    ) -> tuple[AutomaticCounts, ...]:
        """Return for each mail that may go out how many of these purposes went the same way since then, in one statement."""
        return automatic_counts(self._connection, addressed, since=since, purposes=purposes)

    def next_due(self) -> datetime | None:
        """Return when the next queued mail is due, or the next lease of a sender ends; None when nothing waits."""
        queued = select(func.min(_OUTBOUND.c.next_attempt_at)).where(_OUTBOUND.c.state == OutboundState.QUEUED)
        leased = select(func.min(_OUTBOUND.c.lease_until)).where(_OUTBOUND.c.state == OutboundState.SENDING)
        times = [time for time in (self._connection.scalar(queued), self._connection.scalar(leased)) if time is not None]
        return min(times, default=None)

    def counts(self) -> tuple[tuple[OutboundState, int], ...]:
        """Return how many mails are in each state, in the order of the states."""
        rows = self._connection.execute(select(_OUTBOUND.c.state, func.count()).group_by(_OUTBOUND.c.state))
        found = {row[0]: int(row[1]) for row in rows}
        return tuple((state, found.get(state, 0)) for state in OutboundState)

    def _mail(self, row: AnyRow) -> OutboundMail:
        return OutboundMail(
            id=row.id,
            purpose=row.purpose,
            channel=row.channel,
            recipient=Address.of(row.recipient),
            reverse_path=None if row.reverse_path is None else Address.of(row.reverse_path),
            message_id=row.message_id,
            content=self._contents.of_row(row.content_sha256, row.size, row.body),
            smarthosts=row.smarthosts,
            created_at=row.created_at,
            state=row.state,
            ticket_id=row.ticket_id,
            post_id=row.post_id,
            last_seen_post_id=row.last_seen_post_id,
            token_expires_at=row.token_expires_at,
            about_received_id=row.about_received_id,
            attempts=row.attempts,
            next_attempt_at=row.next_attempt_at,
            last_reply=row.last_reply,
        )


class OutboxWriter(OutboxReader):
    """Changes the outbox."""

    def queue(self, mails: Sequence[OutboundMail]) -> None:
        """Insert mails with their bytes; one without `next_attempt_at` is due at once."""
        if mails:
            self._contents.store(mail.content for mail in mails)
            insert_rows(self._connection, _OUTBOUND, [_values(mail) for mail in mails])

    def lease_due(self, *, now: datetime, limit: int, lease_seconds: float, node: str) -> tuple[int, ...]:
        """Take up to `limit` due mails for sending, the longest due first; nobody else gets them until the lease is over."""
        ids = tuple(self._connection.scalars(_DUE, {"state": OutboundState.QUEUED, "now": now, "most": limit}))
        if ids:
            sending = advance(OutboundState.QUEUED, OutboundState.SENDING)
            until = now + timedelta(seconds=lease_seconds)
            self._connection.execute(_LEASE, {"ids": ids, "sending": sending, "node": node, "until": until})
        return ids

    def claim_due(self, *, now: datetime, limit: int, lease_seconds: float, node: str) -> tuple[OutboundMail, ...]:
        """Take due mails for sending and return them with their bytes."""
        return self.get_all(self.lease_due(now=now, limit=limit, lease_seconds=lease_seconds, node=node))

    def reclaim_lost(self, now: datetime) -> int:
        """Put mails back whose sender's lease is over; return how many."""
        return self._requeue(now, _OUTBOUND.c.lease_until <= now)

    def release_leases(self, node: str, *, now: datetime) -> int:
        """Put back what a node that has just started was sending when it died; return how many."""
        return self._requeue(now, _OUTBOUND.c.lease_node == node)

    def change(self, changes: Sequence[OutboundChange], *, now: datetime) -> None:
        """Change states, and keep the attempts that led there; what is queued without a time is due now.

        Raises:
            InvalidTransition: no table allows it.
            ConcurrentChange: a mail is no longer in the state that was read.
        """
        if changes and not update_each(self._connection, _CHANGE, [_changed(change, now) for change in changes]):
            names = ", ".join(f"{change.id} is {change.old}" for change in changes)
            message = f"one of these is no longer true of outbound mail: {names}"
            raise ConcurrentChange(message)
        attempts = [
            _attempt_values(attempt)
            for change in changes
            for attempt in (*change.earlier_attempts, change.attempt)
            if attempt is not None
        ]
        insert_rows(self._connection, _ATTEMPT, attempts)

    def _requeue(self, now: datetime, condition: Any) -> int:  # noqa: ANN401 a condition of SQLAlchemy
        queued = advance(OutboundState.SENDING, OutboundState.QUEUED)
        return self._connection.execute(
            update(_OUTBOUND)
            .where(_OUTBOUND.c.state == OutboundState.SENDING, condition)
            .values(state=queued, next_attempt_at=now, lease_node=None, lease_until=None)
        ).rowcount


def _changed(change: OutboundChange, now: datetime) -> dict[str, Any]:
    """Return the parameters of `_CHANGE`."""
    return {
        "changed_id": change.id,
        "old_state": change.old,
        "new_state": advance(change.old, change.new),
        "due_at": change.next_attempt_at or (now if change.new is OutboundState.QUEUED else None),
        "reply": change.last_reply,
        "tries": 0 if change.attempt is None else 1,
    }


def _values(mail: OutboundMail) -> dict[str, Any]:
    is_due = mail.state is OutboundState.QUEUED and mail.next_attempt_at is None
    key = mail.recipient.key
    return {
        "id": mail.id,
        "purpose": mail.purpose,
        "channel": mail.channel,
        "recipient": str(mail.recipient),
        "recipient_key": key,
        "recipient_domain": key.rpartition("@")[2],
        "reverse_path": None if mail.reverse_path is None else str(mail.reverse_path),
        "message_id": mail.message_id,
        "content_sha256": mail.content.sha256,
        "smarthosts": mail.smarthosts,
        "created_at": mail.created_at,
        "state": mail.state,
        "ticket_id": mail.ticket_id,
        "post_id": mail.post_id,
        "last_seen_post_id": mail.last_seen_post_id,
        "token_expires_at": mail.token_expires_at,
        "about_received_id": mail.about_received_id,
        "attempts": mail.attempts,
        "next_attempt_at": mail.created_at if is_due else mail.next_attempt_at,
        "last_reply": mail.last_reply,
    }


def _attempt_values(attempt: Attempt) -> dict[str, Any]:
    return {
        "outbound_id": attempt.outbound_id,
        "at": attempt.at,
        "smarthost": attempt.smarthost,
        "outcome": attempt.outcome,
        "code": attempt.code,
        "reply": attempt.reply,
        "tls": attempt.tls,
        "seconds": attempt.seconds,
    }
