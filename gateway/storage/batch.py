"""One picture of the database for the mails of a batch: what each of them will ask is asked once, for all of them.

A look-up costs about as much whether it asks for one key or for sixteen. `BatchReader` is a `Reader` that has been told what will
be asked (`Expected`); the first question of a kind fetches the answers to all that are expected, and any other question goes to
the database as ever. So whoever asks need not know of batches, and gets the same answers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from gateway.mail.outbound import Purpose
from gateway.mail.received import EarlierMail
from gateway.people import Absence, Block, Contact, Organisation, Timer
from gateway.storage.automatic import Addressed, AutomaticCounts
from gateway.storage.blocks import Sender
from gateway.storage.columns import index_key
from gateway.storage.contents import Contents
from gateway.storage.outbox import OutboxReader
from gateway.storage.people import PeopleReader
from gateway.storage.received import ReceivedReader
from gateway.storage.rows import ReceivedRow, TicketRow, table_of
from gateway.storage.ticket_list import TicketFilter
from gateway.storage.tickets import TicketReader
from gateway.storage.timers import TimerReader
from gateway.storage.transaction import Reader
from gateway.tickets import Ticket

_RECEIVED: Final = table_of(ReceivedRow)
_TICKET: Final = table_of(TicketRow)

_EARLIER: Final = _RECEIVED.alias("earlier")
_FIRSTS: Final = select(
    _RECEIVED.c.message_id,
    _RECEIVED.c.author_key,
    select(func.min(_EARLIER.c.id))
    .where(_EARLIER.c.message_id == _RECEIVED.c.message_id, _EARLIER.c.author_key == _RECEIVED.c.author_key)
    .scalar_subquery()
    .label("first"),
).where(_RECEIVED.c.id.in_(bindparam("ids", expanding=True)))
"""Not `(message_id, author_key) IN (…)`: with eight pairs or more SQLite walks through the whole index for them."""
_REQUESTERS: Final = (
    select(_TICKET.c.requester_key).where(_TICKET.c.requester_key.in_(bindparam("keys", expanding=True))).distinct()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What will be asked; asking for more, or for less, does no harm."""

    authors: frozenset[str] = frozenset()
    """`Address.key`."""
    domains: frozenset[str] = frozenset()
    senders: frozenset[Sender] = frozenset()
    received: frozenset[int] = frozenset()
    """The mails themselves."""
    ways: frozenset[Addressed] = frozenset()
    timers: frozenset[str] = frozenset()


class BatchReader(Reader):
    """Reads for a batch."""

    def __init__(self, tx: Reader, expected: Expected) -> None:
        """Take the transaction, which goes on, and what will be asked in it."""
        vars(self).update(vars(tx))
        connection = tx.connection
        # Everything that is asked through another part is asked through the transaction's own, which knows nothing of this.
        self.people = _People(connection, expected)
        self.timers = _Timers(connection, expected)
        self.tickets = _Tickets(connection, expected)
        self.outbox = _Outbox(connection, tx.contents, expected)
        self.received = _Received(connection, tx.contents, expected)


class _People(PeopleReader):
    def __init__(self, connection: Connection, expected: Expected) -> None:
        super().__init__(connection)
        self._expected = expected
        self._organisations_by_id: dict[int, Organisation] = {}

    def contacts_of(self, address_keys: Iterable[str]) -> dict[str, Contact]:
        keys = tuple(address_keys)
        if not self._expected.authors.issuperset(keys):
            return super().contacts_of(keys)
        return {key: self._contacts[key] for key in keys if key in self._contacts}

    def organisation(self, organisation_id: int) -> Organisation:
        if organisation_id not in self._organisations_by_id:
            self._organisations_by_id[organisation_id] = super().organisation(organisation_id)
        return self._organisations_by_id[organisation_id]

    @cached_property
    def _contacts(self) -> dict[str, Contact]:
        return super().contacts_of(self._expected.authors)

    def organisations_of_domains(self, domains: Iterable[str]) -> dict[str, Organisation]:
        names = tuple(domains)
        if not self._expected.domains.issuperset(names):
            return super().organisations_of_domains(names)
        return {name: self._at_home[name] for name in names if name in self._at_home}

    @cached_property
    def _at_home(self) -> dict[str, Organisation]:
        return super().organisations_of_domains(self._expected.domains)

    def blocks_matching(self, senders: Sequence[Sender]) -> tuple[Block | None, ...]:
        if not self._expected.senders.issuperset(senders):
            return super().blocks_matching(senders)
        return tuple(self._blocks[sender] for sender in senders)

    @cached_property
    def _blocks(self) -> dict[Sender, Block | None]:
        senders = tuple(self._expected.senders)
        return dict(zip(senders, super().blocks_matching(senders), strict=True))

    def absences(self) -> dict[str, Absence]:
        return self._absences

    @cached_property
    def _absences(self) -> dict[str, Absence]:
        return super().absences()


class _Timers(TimerReader):
    def __init__(self, connection: Connection, expected: Expected) -> None:
        super().__init__(connection)
        self._expected = expected

    def get_all(self, keys: Sequence[str]) -> dict[str, Timer]:
        if not self._expected.timers.issuperset(keys):
            return super().get_all(keys)
        return {key: self._timers[key] for key in keys if key in self._timers}

    @cached_property
    def _timers(self) -> dict[str, Timer]:
        return super().get_all(sorted(self._expected.timers))


class _Tickets(TicketReader):
    def __init__(self, connection: Connection, expected: Expected) -> None:
        super().__init__(connection)
        self._expected = expected
        self._loads: dict[tuple[str, ...], dict[str, int]] = {}
        self._last: dict[str, str | None] = {}

    def list(self, wanted: TicketFilter) -> tuple[Ticket, ...]:
        of = wanted.requester
        if of is not None and of in self._expected.authors and index_key(of) not in self._requesters:
            return ()
        return super().list(wanted)

    @cached_property
    def _requesters(self) -> frozenset[str]:
        """Whoever of them is the requester of any ticket, as the column holds them."""
        return frozenset(self._connection.scalars(_REQUESTERS, {"keys": sorted(self._expected.authors)}))

    def open_counts(self, agents: Sequence[str]) -> dict[str, int]:
        asked = tuple(agents)
        if asked not in self._loads:
            self._loads[asked] = super().open_counts(asked)
        return dict(self._loads[asked])

    def last_assigned(self, queue: str) -> str | None:
        if queue not in self._last:
            self._last[queue] = super().last_assigned(queue)
        return self._last[queue]


class _Outbox(OutboxReader):
    def __init__(self, connection: Connection, contents: Contents, expected: Expected) -> None:
        super().__init__(connection, contents)
        self._expected = expected
        self._counts: dict[tuple[datetime, tuple[Purpose, ...]], dict[Addressed, AutomaticCounts]] = {}

    def automatic_counts(
        self, addressed: Sequence[Addressed], *, since: datetime, purposes: Sequence[Purpose]
    ) -> tuple[AutomaticCounts, ...]:
        if not self._expected.ways.issuperset(addressed):
            return super().automatic_counts(addressed, since=since, purposes=purposes)
        asked = since, tuple(purposes)
        if asked not in self._counts:
            ways = tuple(self._expected.ways)
            counts = super().automatic_counts(ways, since=since, purposes=purposes)
            self._counts[asked] = dict(zip(ways, counts, strict=True))
        return tuple(self._counts[asked][way] for way in addressed)


class _Received(ReceivedReader):
    def __init__(self, connection: Connection, contents: Contents, expected: Expected) -> None:
        super().__init__(connection, contents)
        self._expected = expected

    def earlier(self, author_key: str, message_id: str, *, before_id: int) -> tuple[EarlierMail, ...]:
        if before_id in self._expected.received:
            first = self._firsts.get((index_key(message_id), index_key(author_key)))
            if first is not None and first >= before_id:
                return ()
        return super().earlier(author_key, message_id, before_id=before_id)

    @cached_property
    def _firsts(self) -> dict[tuple[str, str], int]:
        """The id of the first mail that has the Message-ID and author of one of them, as the columns hold them."""
        rows = self._connection.execute(_FIRSTS, {"ids": sorted(self._expected.received)})
        return {(row.message_id, row.author_key): row.first for row in rows if row.first is not None}
