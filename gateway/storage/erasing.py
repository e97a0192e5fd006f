"""Taking away everything about a person, in small transactions, so that accepting goes on; begun again, it finishes.

What stays is a stub of each ticket (number, dates, status, queue, channel, agent) and of each mail. Bytes that nobody else refers
to go last: their row stays as a mark without bytes, because the database would look through all mails before it lets a row go;
should the same bytes come in once more, the mark is filled again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sqlalchemy import case, delete, or_, select, update

from gateway.mail.content import Content
from gateway.mail.envelope import Envelope
from gateway.mail.evidence import (
    Evidence,
)
from gateway.people import Contact
from gateway.states import OutboundState, ReceivedState
from gateway.storage.database import Database
from gateway.storage.person import Trail, pages
from gateway.storage.rows import (
    AttachmentRow,
    AttemptRow,
    HistoryRow,
    OutboundRow,
    ParticipantRow,
    PostRow,
    ReceivedRow,
    TicketRow,
    table_of,
)
from gateway.storage.transaction import Reader, Writer
from gateway.tickets import HistoryLine, Side

STUB: Final = "erased"
STUB_KEY: Final = "ERASED"
"""No address has it: the key of an address is case-folded."""
_STUB_CONTENT: Final = Content.of(b"Subject: erased\r\n\r\nerased\r\n")
_LATE_IDS: Final = 600_000 << 22
"""Ids of ten minutes: what was being accepted while we looked may have come after us."""

_TICKET: Final = table_of(TicketRow)
_PARTICIPANT: Final = table_of(ParticipantRow)
_POST: Final = table_of(PostRow)
_ATTACHMENT: Final = table_of(AttachmentRow)
_HISTORY: Final = table_of(HistoryRow)
_RECEIVED: Final = table_of(ReceivedRow)
_OUTBOUND: Final = table_of(OutboundRow)
_ATTEMPT: Final = table_of(AttemptRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What was taken away."""

    tickets: int
    """Of which only a stub is left."""
    posts: int
    received: int
    outbound: int
    contents: int
    """Bodies and attachments."""
    undecided: int
    """Mails that nobody has decided yet; once that is done, erase again."""


async def erase_person(
    database: Database, contact: Contact, *, by: str, on_progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Erasure:
    """Take away everything about a person; `on_progress` gets how many of how many portions are done.

    Raises:
        StorageUnavailable: what was done stays done; the rest is found when this is called again.
    """
    trail = await database.read(lambda tx: tx.person.trail(contact))
    undecided = await database.read(partial(_undecided, trail=trail))
    received = tuple(each for each in trail.received if each not in undecided)
    steps: list[partial[_Portion]] = [
        *(partial(_erase_own_tickets, ids=page, by=by) for page in pages(trail.own_tickets)),
        *(partial(_erase_in_tickets, ids=page, keys=trail.address_keys, by=by) for page in pages(trail.other_tickets)),
        *(partial(_erase_received, ids=page) for page in pages(received)),
        *(partial(_erase_outbound, ids=page) for page in pages(trail.outbound)),
    ]
    await database.blobs.put(_STUB_CONTENT)
    done: list[_Portion] = []
    for step in steps:
        done.append(await database.write(step))
        on_progress(len(done), len(steps) + 1)
    digests = sorted({digest for portion in done for digest in portion.digests} - {_STUB_CONTENT.sha256})
    contents = await _forget_contents(database, digests)
    if not undecided:
        await database.write(partial(_erase_contact, contact=contact))
    on_progress(len(steps) + 1, len(steps) + 1)
    return Erasure(
        tickets=len(trail.own_tickets),
        posts=sum(portion.posts for portion in done),
        received=len(received),
        outbound=len(trail.outbound),
        contents=contents,
        undecided=len(undecided),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Portion:
    """What one transaction took away."""

    posts: int = 0
    digests: frozenset[str] = frozenset()
    """Bytes that nothing of this refers to any more."""


def _undecided(tx: Reader, *, trail: Trail) -> frozenset[int]:
    query = select(_RECEIVED.c.id).where(_RECEIVED.c.state == ReceivedState.RECEIVED)
    return frozenset(tx.connection.scalars(query)) & frozenset(trail.received)


def _erase_own_tickets(tx: Writer, *, ids: Sequence[int], by: str) -> _Portion:
    """Leave a stub of each ticket."""
    tickets = tx.tickets.get_all(ids)
    portion = _erase_posts(tx, [post.id for ticket in tickets for post in tx.tickets.posts(ticket.id)], everybody=False)
    tx.search.forget(tickets)
    tx.connection.execute(delete(_PARTICIPANT).where(_PARTICIPANT.c.ticket_id.in_(ids)))
    tx.connection.execute(delete(_HISTORY).where(_HISTORY.c.ticket_id.in_(ids)))
    for ticket in tickets:
        values = {
            "subject": STUB,
            "requester_name": None,
            "requester_address": STUB,
            "requester_key": f"{STUB_KEY} {ticket.id}",
            "category": None,
            "tags": (),
            "version": _TICKET.c.version + 1,
        }
        tx.connection.execute(update(_TICKET).where(_TICKET.c.id == ticket.id).values(**values))
    tx.search.add(tx.tickets.get_all(ids), ())
    _remember(tx, [ticket.id for ticket in tickets], by)
    return portion


def _erase_in_tickets(tx: Writer, *, ids: Sequence[int], keys: Sequence[str], by: str) -> _Portion:
    """Take a person out of tickets of others."""
    posts = [post.id for ticket_id in ids for post in tx.person.posts_by(ticket_id, keys)]
    portion = _erase_posts(tx, posts, everybody=True)
    mine = _PARTICIPANT.c.ticket_id.in_(ids), _PARTICIPANT.c.address_key.in_(keys)
    tx.connection.execute(delete(_PARTICIPANT).where(*mine))
    tx.connection.execute(update(_TICKET).where(_TICKET.c.id.in_(ids)).values(version=_TICKET.c.version + 1))
    mentions = [column.icontains(key, autoescape=True) for column in (_HISTORY.c.what, _HISTORY.c.why) for key in keys]
    lines = _HISTORY.c.ticket_id.in_(ids), or_(*mentions)
    tx.connection.execute(update(_HISTORY).where(*lines).values(what=STUB, why=STUB))
    _remember(tx, ids, by)
    return portion


def _remember(tx: Writer, ids: Sequence[int], by: str) -> None:
    tx.tickets.remember(HistoryLine(ticket_id=each, at=tx.now, by=by, what="a person was erased", why="erase") for each in ids)


def _erase_posts(tx: Writer, ids: Sequence[int], *, everybody: bool) -> _Portion:
    """Empty posts; where not everybody's author goes, those of agents stay."""
    digests: set[str] = set()
    for page in pages(ids):
        tx.search.forget(posts=[tx.tickets.post(each) for each in page])
        attached = _ATTACHMENT.c.post_id.in_(page)
        digests |= set(tx.connection.scalars(select(_ATTACHMENT.c.sha256).where(attached)))
        tx.connection.execute(delete(_ATTACHMENT).where(attached))
        keeps_author = _POST.c.side == Side.AGENT if not everybody else _POST.c.id.is_(None)
        values = {
            "text": STUB,
            "html": None,
            "quoted": "",
            "message_id": None,
            "author_key": None,
            "likeness": None,
            "author_name": case((keeps_author, _POST.c.author_name)),
            "author_address": case((keeps_author, _POST.c.author_address), else_=STUB),
        }
        tx.connection.execute(update(_POST).where(_POST.c.id.in_(page)).values(**values))
    return _Portion(posts=len(ids), digests=frozenset(digests))


def _erase_received(tx: Writer, *, ids: Sequence[int]) -> _Portion:
    """Leave of mails when they came and what they became; whoever waits for a person waits no more."""
    query = select(_RECEIVED.c.id, _RECEIVED.c.state, _RECEIVED.c.content_sha256, _RECEIVED.c.envelope, _RECEIVED.c.evidence)
    rows = tx.connection.execute(query.where(_RECEIVED.c.id.in_(ids), _RECEIVED.c.state != ReceivedState.RECEIVED)).all()
    for row in rows:
        is_waiting = row.state in {ReceivedState.SUSPENDED, ReceivedState.FAILED}
        values = {
            "state": ReceivedState.DISCARDED if is_waiting else row.state,
            "content_sha256": _STUB_CONTENT.sha256,
            "envelope": Envelope(reverse_path=None, recipients=(), received_at=row.envelope.received_at, door=row.envelope.door),
            "evidence": Evidence.unobserved(row.evidence.assurance, because=STUB),
            "author_key": None,
            "message_id": None,
            "subject": None,
            "because": STUB,
            "trace": None,
        }
        tx.connection.execute(update(_RECEIVED).where(_RECEIVED.c.id == row.id).values(**values))
    return _Portion(digests=frozenset(row.content_sha256 for row in rows))


def _erase_outbound(tx: Writer, *, ids: Sequence[int]) -> _Portion:
    """Leave of mails of ours when they went; what has not gone does not go."""
    mine = _OUTBOUND.c.id.in_(ids)
    digests = frozenset(tx.connection.scalars(select(_OUTBOUND.c.content_sha256).where(mine)))
    waits = _OUTBOUND.c.state.in_([OutboundState.QUEUED, OutboundState.HELD])
    tx.connection.execute(update(_OUTBOUND).where(mine, waits).values(state=OutboundState.DROPPED, next_attempt_at=None))
    values = {
        "recipient": STUB,
        "recipient_key": STUB_KEY,
        "recipient_domain": "",
        "content_sha256": _STUB_CONTENT.sha256,
        "last_reply": None,
    }
    tx.connection.execute(update(_OUTBOUND).where(mine).values(**values))
    tx.connection.execute(update(_ATTEMPT).where(_ATTEMPT.c.outbound_id.in_(ids)).values(reply=STUB))
    return _Portion(digests=digests)


def _erase_contact(tx: Writer, *, contact: Contact) -> None:
    tx.people.keep_contacts([replace(contact, addresses=())])


async def _forget_contents(database: Database, digests: Sequence[str]) -> int:
    """Forget bytes that nobody else refers to. Looking for others is slow and holds up nobody; forgetting is quick."""
    count = 0
    for start in range(0, len(digests), 500):
        some = digests[start : start + 500]
        unused, newest = await database.read(partial(_unused, digests=some))
        forgotten = await database.write(partial(_forget, digests=unused, since_id=newest - _LATE_IDS))
        waiting = await database.waiting_bodies()  # the same bytes may have come again; tidying up removes what is left then
        await database.write(partial(_remove_files, digests=[digest for digest in forgotten if digest not in waiting]))
        count += len(forgotten)
    return count


def _unused(tx: Reader, *, digests: Sequence[str]) -> tuple[Sequence[str], int]:
    used = {
        digest
        for column in (_ATTACHMENT.c.sha256, _RECEIVED.c.content_sha256, _OUTBOUND.c.content_sha256)
        for digest in tx.connection.scalars(select(column).where(column.in_(digests)).distinct())
    }
    newest = (
        tx.connection.scalar(select(table.c.id).order_by(table.c.id.desc()).limit(1)) or 0 for table in (_RECEIVED, _OUTBOUND)
    )
    return [digest for digest in digests if digest not in used], max(newest)


def _forget(tx: Writer, *, digests: Sequence[str], since_id: int) -> Sequence[str]:
    tx.contents.lock(digests)
    late = {
        digest
        for table in (_RECEIVED, _OUTBOUND)
        for digest in tx.connection.scalars(
            select(table.c.content_sha256).where(table.c.id > since_id, table.c.content_sha256.in_(digests))
        )
    }
    late |= set(tx.connection.scalars(select(_ATTACHMENT.c.sha256).where(_ATTACHMENT.c.sha256.in_(digests))))
    forgotten = [digest for digest in digests if digest not in late]
    tx.contents.forget(forgotten)
    return forgotten


def _remove_files(tx: Writer, *, digests: Sequence[str]) -> int:
    return tx.contents.remove_orphans(digests) if digests else 0
