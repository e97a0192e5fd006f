"""The tables of people and time: contacts, organisations, blocks, absences, links, timers, and the lists that were mailed."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import Boolean
from sqlmodel import Field

from gateway.people import BlockKind, LinkKind, TimerKind
from gateway.storage.columns import CleanText, Id, KeyText, UtcTime, Word
from gateway.storage.rows import Row


class OrganisationRow(Row, table=True):
    """A company that contacts belong to."""

    __tablename__ = "organisation"
    id: int = Field(sa_type=cast("Any", Id), primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str = Field(sa_type=CleanText)
    type: str | None = Field(sa_type=CleanText)
    is_vip: bool = Field(sa_type=Boolean)
    notes: str = Field(sa_type=CleanText)


class OrganisationDomainRow(Row, table=True):
    """A mail domain of an organisation; no other one has it."""

    __tablename__ = "organisation_domain"
    domain: str = Field(sa_type=KeyText, primary_key=True)
    organisation_id: int = Field(sa_type=cast("Any", Id), foreign_key="organisation.id", index=True)
    position: int
    written: str = Field(sa_type=CleanText)
    """As it was written: `domain` is in A-labels."""


class ContactRow(Row, table=True):
    """A person who writes to us."""

    __tablename__ = "contact"
    id: int = Field(sa_type=cast("Any", Id), primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str | None = Field(sa_type=CleanText)
    created_at: datetime = Field(sa_type=UtcTime)
    organisation_id: int | None = Field(sa_type=cast("Any", Id), foreign_key="organisation.id", index=True)
    type: str | None = Field(sa_type=CleanText)
    is_vip: bool = Field(sa_type=Boolean)
    notes: str = Field(sa_type=CleanText)
    language: str | None = Field(sa_type=CleanText)
    verified_at: datetime | None = Field(sa_type=UtcTime)


class ContactAddressRow(Row, table=True):
    """An address of a contact; no other one has it."""

    __tablename__ = "contact_address"
    address_key: str = Field(sa_type=KeyText, primary_key=True)
    contact_id: int = Field(sa_type=cast("Any", Id), foreign_key="contact.id", index=True)
    position: int
    address: str = Field(sa_type=CleanText)


class BlockRow(Row, table=True):
    """Mail of these is suspended."""

    __tablename__ = "block"
    kind: BlockKind = Field(sa_type=cast("Any", Word(BlockKind)), primary_key=True)
    lookup: str = Field(sa_type=KeyText, primary_key=True)
    """The value in the one form that is compared (`blocks.py`)."""
    value: str = Field(sa_type=CleanText)
    at: datetime = Field(sa_type=UtcTime)
    by: str = Field(sa_type=CleanText)
    why: str = Field(sa_type=CleanText)


class AbsenceRow(Row, table=True):
    """An agent is away."""

    __tablename__ = "absence"
    agent: str = Field(sa_type=KeyText, primary_key=True)
    since: datetime = Field(sa_type=UtcTime)
    by: str = Field(sa_type=CleanText)
    until: datetime | None = Field(sa_type=UtcTime)


class TicketLinkRow(Row, table=True):
    """Two tickets belong together."""

    __tablename__ = "ticket_link"
    ticket_id: int = Field(sa_type=cast("Any", Id), primary_key=True, foreign_key="ticket.id")
    other_id: int = Field(sa_type=cast("Any", Id), primary_key=True, foreign_key="ticket.id", index=True)
    kind: LinkKind = Field(sa_type=cast("Any", Word(LinkKind)), primary_key=True)


class TimerRow(Row, table=True):
    """Something that falls due once."""

    __tablename__ = "timer"
    key: str = Field(sa_type=KeyText, primary_key=True)
    kind: TimerKind = Field(sa_type=cast("Any", Word(TimerKind)))
    due_at: datetime = Field(sa_type=UtcTime, index=True)
    ticket_id: int | None = Field(sa_type=cast("Any", Id), foreign_key="ticket.id", index=True)
    detail: str = Field(sa_type=CleanText)


class ListedMailRow(Row, table=True):
    """A suspended mail on a list that was mailed."""

    __tablename__ = "listed_mail"
    outbound_id: int = Field(sa_type=cast("Any", Id), primary_key=True, foreign_key="outbound.id")
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    received_id: int = Field(sa_type=cast("Any", Id), foreign_key="received.id", index=True)
