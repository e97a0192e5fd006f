"""The tables. Rows stay inside this package: everybody else sees the values of `gateway.mail` and `gateway.tickets`.

Those of people and time stand in `people_rows.py`. A change needs a migration (`migrations/`); a test compares the two.
Full-text search has its own tables, made by the migrations alone (`search.py`).
"""

from datetime import datetime
from typing import Any, ClassVar, Final, cast

from sqlalchemy import Boolean, Index, Integer, LargeBinary, MetaData, Table, inspect, text
from sqlmodel import Field, SQLModel

from gateway.mail.envelope import Envelope
from gateway.mail.evidence import Evidence
from gateway.mail.outbound import Outcome, Purpose
from gateway.mail.received import Waiver
from gateway.people import Clock
from gateway.states import OutboundState, ReceivedState, TicketStatus
from gateway.storage.columns import CleanText, Id, Json, KeyText, UtcTime, Word
from gateway.tickets import Part, Priority, Side, TraceLine, Visibility

REFILLED_WHERE: Final = "refilled_where"
"""In a table's `info`: a row of which this holds is as good as none, and an insertion that finds it fills it again."""
IS_UNSOLVED: Final = "assignee IS NOT NULL AND status IN ('new', 'open', 'pending', 'on_hold')"
"""What an agent has to do; a query finds the index of it only when it says the same in the same words."""
_IS_TIMED: Final = "late_at IS NOT NULL"
_IS_BY_MAIL: Final = "author_key IS NOT NULL"


class Row(SQLModel):
    """Base of all tables."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class ContentRow(Row, table=True):
    """Bytes, once for all who refer to them; `body` is empty where they lie in the blob store.

    A size below 0 marks bytes that were erased (`erasing.py`).
    """

    __tablename__ = "content"
    __table_args__ = ({"info": {REFILLED_WHERE: "content.size < 0"}},)
    sha256: str = Field(sa_type=KeyText, primary_key=True)
    size: int = Field(sa_type=cast("Any", Id))
    body: bytes | None = Field(sa_type=LargeBinary)


class BlobChunkRow(Row, table=True):
    """A piece of large content; only on PostgreSQL, where a local folder would be lost to the other nodes."""

    __tablename__ = "blob_chunk"
    sha256: str = Field(sa_type=KeyText, primary_key=True)
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    piece: bytes = Field(sa_type=LargeBinary)


class ReceivedRow(Row, table=True):
    """One accepted mail as one channel sees it."""

    __tablename__ = "received"
    __table_args__ = (
        Index("ix_received_state_id", "state", "id"),
        Index("ix_received_message_id_author_key", "message_id", "author_key"),
    )
    id: int = Field(sa_type=cast("Any", Id), primary_key=True, sa_column_kwargs={"autoincrement": False})
    delivery_key: str = Field(sa_type=KeyText, unique=True)
    channel: str = Field(sa_type=CleanText)
    state: ReceivedState = Field(sa_type=cast("Any", Word(ReceivedState)))
    received_at: datetime = Field(sa_type=UtcTime)
    content_sha256: str = Field(sa_type=KeyText, foreign_key="content.sha256")
    envelope: Any = Field(sa_type=cast("Any", Json(Envelope)), nullable=False)
    evidence: Any = Field(sa_type=cast("Any", Json(Evidence)), nullable=False)
    author_key: str | None = Field(sa_type=KeyText)
    message_id: str | None = Field(sa_type=KeyText)
    subject: str | None = Field(sa_type=CleanText)
    deliveries: int = 0
    lease_node: str | None = Field(sa_type=CleanText)
    lease_until: datetime | None = Field(sa_type=UtcTime)
    reason: str | None = Field(sa_type=CleanText)
    because: str | None = Field(sa_type=CleanText)
    trace: Any = Field(sa_type=cast("Any", Json(tuple[TraceLine, ...])), nullable=True)
    ticket_id: int | None = Field(sa_type=cast("Any", Id), index=True)
    waiver: Any = Field(sa_type=cast("Any", Json(Waiver)), nullable=True)


class TicketRow(Row, table=True):
    """One matter of one requester."""

    __tablename__ = "ticket"
    __table_args__ = (
        Index("ix_ticket_requester_key_channel", "requester_key", "channel"),
        Index("ix_ticket_status_id", "status", "id"),
        Index("ix_ticket_assignee_id", "assignee", "id"),
        Index("ix_ticket_queue_id", "queue", "id"),
        Index("ix_ticket_late_at", "late_at", sqlite_where=text(_IS_TIMED), postgresql_where=text(_IS_TIMED)),
        Index("ix_ticket_assignee_unsolved", "assignee", sqlite_where=text(IS_UNSOLVED), postgresql_where=text(IS_UNSOLVED)),
    )
    id: int = Field(sa_type=cast("Any", Id), primary_key=True, sa_column_kwargs={"autoincrement": False})
    number: str = Field(sa_type=KeyText, unique=True)
    subject: str = Field(sa_type=CleanText)
    status: TicketStatus = Field(sa_type=cast("Any", Word(TicketStatus)))
    priority: Priority = Field(sa_type=cast("Any", Word(Priority)))
    queue: str = Field(sa_type=CleanText)
    channel: str = Field(sa_type=CleanText)
    requester_name: str | None = Field(sa_type=CleanText)
    requester_address: str = Field(sa_type=CleanText)
    requester_key: str = Field(sa_type=KeyText)
    answer_from: str = Field(sa_type=CleanText)
    language: str = Field(sa_type=CleanText)
    created_at: datetime = Field(sa_type=UtcTime)
    updated_at: datetime = Field(sa_type=UtcTime)
    assignee: str | None = Field(sa_type=CleanText)
    category: str | None = Field(sa_type=CleanText)
    tags: Any = Field(sa_type=cast("Any", Json(tuple[str, ...])), nullable=False)
    merged_into: int | None = Field(sa_type=cast("Any", Id))
    version: int = Field(sa_type=Integer)
    first_answered_at: datetime | None = Field(sa_type=UtcTime)
    solved_at: datetime | None = Field(sa_type=UtcTime)
    wait_until: datetime | None = Field(sa_type=UtcTime)
    clock: Any = Field(sa_type=cast("Any", Json(Clock)), nullable=True)
    """NULL where nothing is promised."""
    late_at: datetime | None = Field(sa_type=UtcTime)
    """The next breach of the clock: from then on the ticket is late."""
    announced: Any = Field(sa_type=cast("Any", Json(tuple[str, ...])), nullable=True)
    """NULL where nothing was."""


class ParticipantRow(Row, table=True):
    """A person outside the team who gets the answers of a ticket."""

    __tablename__ = "participant"
    ticket_id: int = Field(sa_type=cast("Any", Id), primary_key=True, foreign_key="ticket.id")
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str | None = Field(sa_type=CleanText)
    address: str = Field(sa_type=CleanText)
    address_key: str = Field(sa_type=KeyText, index=True)
    part: Part = Field(sa_type=cast("Any", Word(Part)))
    added_by: str = Field(sa_type=CleanText)
    since_post_id: int | None = Field(sa_type=cast("Any", Id))


class PostRow(Row, table=True):
    """One thing somebody said in a ticket."""

    __tablename__ = "post"
    __table_args__ = (
        Index("ix_post_ticket_id_id", "ticket_id", "id"),
        Index(
            "ix_post_author_key_created_at_likeness_ticket_id",
            *("author_key", "created_at", "likeness", "ticket_id"),
            sqlite_where=text(_IS_BY_MAIL),
            postgresql_where=text(_IS_BY_MAIL),
        ),
    )
    id: int = Field(sa_type=cast("Any", Id), primary_key=True, sa_column_kwargs={"autoincrement": False})
    ticket_id: int = Field(sa_type=cast("Any", Id), foreign_key="ticket.id")
    visibility: Visibility = Field(sa_type=cast("Any", Word(Visibility)))
    side: Side = Field(sa_type=cast("Any", Word(Side)))
    author_name: str | None = Field(sa_type=CleanText)
    author_address: str = Field(sa_type=CleanText)
    text: str = Field(sa_type=CleanText)
    created_at: datetime = Field(sa_type=UtcTime)
    agent: str | None = Field(sa_type=CleanText)
    html: str | None = Field(sa_type=CleanText)
    received_id: int | None = Field(sa_type=cast("Any", Id))
    message_id: str | None = Field(sa_type=KeyText, index=True)
    quoted: str = Field(sa_type=CleanText)
    author_key: str | None = Field(sa_type=KeyText)
    """Where its author wrote it by mail, NULL where not."""
    likeness: str | None = Field(sa_type=KeyText)


class AttachmentRow(Row, table=True):
    """An attachment of a post."""

    __tablename__ = "attachment"
    post_id: int = Field(sa_type=cast("Any", Id), primary_key=True, foreign_key="post.id")
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    filename: str | None = Field(sa_type=CleanText)
    content_type: str = Field(sa_type=CleanText)
    size: int = Field(sa_type=cast("Any", Id))
    sha256: str = Field(sa_type=KeyText, foreign_key="content.sha256", index=True)
    content_id: str | None = Field(sa_type=CleanText)
    inline: bool = Field(sa_type=Boolean)


class HistoryRow(Row, table=True):
    """One change of a ticket."""

    __tablename__ = "history"
    __table_args__ = (Index("ix_history_ticket_id_id", "ticket_id", "id"),)
    id: int | None = Field(default=None, sa_type=cast("Any", Id), primary_key=True)
    ticket_id: int = Field(sa_type=cast("Any", Id), foreign_key="ticket.id")
    at: datetime = Field(sa_type=UtcTime)
    by: str = Field(sa_type=CleanText)
    what: str = Field(sa_type=CleanText)
    why: str = Field(sa_type=CleanText)


class OutboundRow(Row, table=True):
    """One mail of ours to one recipient."""

    __tablename__ = "outbound"
    __table_args__ = (
        Index("ix_outbound_state_next_attempt_at", "state", "next_attempt_at"),
        Index("ix_outbound_recipient_key_created_at", "recipient_key", "created_at"),
        Index("ix_outbound_recipient_domain_purpose_created_at", "recipient_domain", "purpose", "created_at"),
        Index("ix_outbound_channel_purpose_created_at", "channel", "purpose", "created_at"),
    )
    id: int = Field(sa_type=cast("Any", Id), primary_key=True, sa_column_kwargs={"autoincrement": False})
    purpose: Purpose = Field(sa_type=cast("Any", Word(Purpose)))
    channel: str = Field(sa_type=CleanText)
    recipient: str = Field(sa_type=CleanText)
    recipient_key: str = Field(sa_type=KeyText)
    recipient_domain: str = Field(sa_type=KeyText, sa_column_kwargs={"server_default": ""})
    """The domain of the key, in A-labels."""
    reverse_path: str | None = Field(sa_type=CleanText)
    message_id: str = Field(sa_type=KeyText, unique=True)
    content_sha256: str = Field(sa_type=KeyText, foreign_key="content.sha256")
    smarthosts: Any = Field(sa_type=cast("Any", Json(tuple[str, ...])), nullable=False)
    created_at: datetime = Field(sa_type=UtcTime)
    state: OutboundState = Field(sa_type=cast("Any", Word(OutboundState)))
    ticket_id: int | None = Field(sa_type=cast("Any", Id), index=True)
    post_id: int | None = Field(sa_type=cast("Any", Id))
    last_seen_post_id: int | None = Field(sa_type=cast("Any", Id))
    token_expires_at: datetime | None = Field(sa_type=UtcTime)
    about_received_id: int | None = Field(sa_type=cast("Any", Id))
    attempts: int = 0
    next_attempt_at: datetime | None = Field(sa_type=UtcTime)
    last_reply: str | None = Field(sa_type=CleanText)
    lease_node: str | None = Field(sa_type=CleanText)
    lease_until: datetime | None = Field(sa_type=UtcTime)


class AttemptRow(Row, table=True):
    """One try to hand a mail to one smarthost."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_outbound_id_id", "outbound_id", "id"),)
    id: int | None = Field(default=None, sa_type=cast("Any", Id), primary_key=True)
    outbound_id: int = Field(sa_type=cast("Any", Id), foreign_key="outbound.id")
    at: datetime = Field(sa_type=UtcTime)
    smarthost: str = Field(sa_type=CleanText)
    outcome: Outcome = Field(sa_type=cast("Any", Word(Outcome)))
    code: int | None = None
    reply: str = Field(sa_type=CleanText)
    tls: str | None = Field(sa_type=CleanText)
    seconds: float


class TokenKeyRow(Row, table=True):
    """A secret that tokens are made with."""

    __tablename__ = "token_key"
    key_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    secret: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=UtcTime)


class CounterRow(Row, table=True):
    """The next number of a series."""

    __tablename__ = "counter"
    series: str = Field(sa_type=KeyText, primary_key=True)
    next_number: int = Field(sa_type=cast("Any", Id))


def table_of(row: type[Row]) -> Table:
    """Return the Core table of a row class."""
    return cast("Table", inspect(row).local_table)
