"""The words everybody shares about people and time: contacts, organisations, blocks, absences, and what falls due.

A contact is a person outside the team, whatever address they write from; a person inside the team is an agent of the
configuration and is named by that key.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from gateway.mail.addresses import Address

NEW_ID: Final = 0
"""Of what gets its id only when it is written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person who writes to us; made on the first mail that is taken, or imported."""

    id: int
    name: str | None
    addresses: tuple[Address, ...]
    """At least one; the first is where we write to of our own accord."""
    created_at: datetime
    organisation_id: int | None = None
    type: str | None = None
    """A word of the company's own, such as `customer` or `supplier`."""
    is_vip: bool = False
    notes: str = ""
    language: str | None = None
    verified_at: datetime | None = None
    """When the person answered our verification mail, or when somebody who knows them wrote them down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A company that contacts belong to, by the domains of their addresses."""

    id: int
    name: str
    domains: tuple[str, ...] = ()
    """In lower case; never one where anybody can have an address."""
    type: str | None = None
    is_vip: bool = False
    notes: str = ""


class BlockKind(StrEnum):
    """What a block looks at."""

    ADDRESS = "address"
    """The author's address."""
    DOMAIN = "domain"
    """The author's domain and what lies below it."""
    NETWORK = "network"
    """The client that handed the mail over, or the one before a declared forwarder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Mail of these is suspended."""

    kind: BlockKind
    value: str
    """`Address.key`, a domain in lower case, or a network such as 198.51.100.0/24."""
    at: datetime
    by: str
    """An agent's key, or `operator NAME`."""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """An agent is away: gets no notifications and no tickets."""

    agent: str
    since: datetime
    by: str
    until: datetime | None = None
    """None: until `#back`."""


class LinkKind(StrEnum):
    """How two tickets belong together, seen from the first one."""

    FOLLOWS = "follows"
    """Goes on from a closed one."""
    SPLIT_FROM = "split_from"
    """Began as a part of the other."""
    MERGED_INTO = "merged_into"
    """Goes on in the other."""
    RELATED = "related"
    """Somebody said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Two tickets belong together."""

    ticket_id: int
    other_id: int
    kind: LinkKind


class TimerKind(StrEnum):
    """What falls due."""

    CLOCK = "clock"
    """A warning or a breach of a ticket's clock; `detail` is a `ClockMark`."""
    WAIT = "wait"
    """A ticket that waits until a time (`#pending 2d`)."""
    CLOSE = "close"
    """A solved ticket that nobody took up again."""
    IDLE = "idle"
    """Nothing happened on a ticket; `detail` is the trigger's name."""
    DIGEST = "digest"
    """The list of suspended mail; `detail` is who gets it."""
    EXPIRY = "expiry"
    """Suspended mail that nobody wanted."""
    BREAKER = "breaker"
    """Automatic mail may go out again; until then its cap was reached and people were told."""
    REPORT = "report"
    """The weekly report; `detail` is who gets it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """Something that falls due once. Taking it and writing what comes of it are one transaction, so nothing fires twice."""

    key: str
    """Unique; says what it is about, such as `clock 2026-000017 reaction_warning`."""
    kind: TimerKind
    due_at: datetime
    ticket_id: int | None = None
    detail: str = ""


class ClockMark(StrEnum):
    """A point on a ticket's clock."""

    REACTION_WARNING = "reaction_warning"
    REACTION_BREACH = "reaction_breach"
    RESOLUTION_WARNING = "resolution_warning"
    RESOLUTION_BREACH = "resolution_breach"


class ClockState(StrEnum):
    """How a ticket stands with its clock; the order is that of urgency."""

    IN_TIME = "in_time"
    WARNING = "warning"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How much time a ticket has left; business time is counted by `pipeline/clocks.py` alone."""

    reaction_due_at: datetime | None = None
    """By when somebody must have answered; None once somebody has, or where nothing is promised."""
    resolution_due_at: datetime | None = None
    """By when it must be solved; None while the clock stands, or where nothing is promised."""
    resolution_left: float | None = None
    """Seconds of business time that were left when the clock stopped; None while it runs."""


NO_CLOCK: Final = Clock()
"""Nothing is promised."""
