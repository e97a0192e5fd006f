"""One transaction: what a plain synchronous function of the pipeline, the relay or the command line gets to work with.

`Reader` sees one consistent picture; `Writer` also changes it. `Writer.apply` is how a decision becomes true.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from gateway.states import OutboundState, ReceivedState
from gateway.storage.accepting import Acceptance
from gateway.storage.cache import BlobCache
from gateway.storage.contents import Contents
from gateway.storage.folder import BlobFolder
from gateway.storage.keys import KeyReader, KeyWriter, Numbers
from gateway.storage.outbox import OutboxReader, OutboxWriter
from gateway.storage.people import PeopleReader, PeopleWriter
from gateway.storage.person import PersonReader
from gateway.storage.received import ReceivedReader, ReceivedWriter
from gateway.storage.reports import ReportReader
from gateway.storage.search import SearchReader, SearchWriter
from gateway.storage.sqlite_accepting import AcceptedRow
from gateway.storage.suspended import SuspendedReader, SuspendedWriter
from gateway.storage.tickets import TicketReader, TicketWriter
from gateway.storage.timers import TimerReader, TimerWriter
from gateway.tickets import Changes


class Topic(StrEnum):
    """What somebody may wait for."""

    RECEIVED = "received"
    """A mail waits for its decision."""
    OUTBOX = "outbox"
    """A mail of ours waits to be sent."""
    TIMERS = "timers"
    """Timers were set or taken away."""


class Reader:
    """Reads."""

    def __init__(self, connection: Connection, place: BlobFolder | BlobCache) -> None:
        self.connection = connection
        """For the modules of this package alone."""
        self.contents = Contents(connection, place)
        self.received = ReceivedReader(connection, self.contents)
        self.tickets = TicketReader(connection)
        self.outbox = OutboxReader(connection, self.contents)
        self.keys = KeyReader(connection)
        self.search = SearchReader(connection, self.tickets)
        self.people = PeopleReader(connection)
        self.timers = TimerReader(connection)
        self.suspended = SuspendedReader(connection, self.received)
        self.reports = ReportReader(connection)
        self.person = PersonReader(connection, self.tickets)


class Writer(Reader):
    """Reads and writes."""

    received: ReceivedWriter
    tickets: TicketWriter
    outbox: OutboxWriter
    keys: KeyWriter
    search: SearchWriter
    people: PeopleWriter
    timers: TimerWriter
    suspended: SuspendedWriter

    def __init__(self, connection: Connection, place: BlobFolder | BlobCache, *, now: datetime) -> None:
        super().__init__(connection, place)
        self.now = now
        self.received = ReceivedWriter(connection, self.contents)
        self.tickets = TicketWriter(connection)
        self.outbox = OutboxWriter(connection, self.contents)
        self.keys = KeyWriter(connection)
        self.numbers = Numbers(connection)
        self.search = SearchWriter(connection, self.tickets)
        self.people = PeopleWriter(connection)
        self.timers = TimerWriter(connection)
        self.suspended = SuspendedWriter(connection, self.received)
        self.topics: set[Topic] = set()
        """Whom to wake after the commit."""

    def accept(self, acceptances: Sequence[Acceptance]) -> tuple[int, ...]:
        """Store mails before their 250; return for each the id it has now, which for a second copy is the first one's."""
        self.topics.add(Topic.RECEIVED)
        return self.received.accept(acceptances)

    def accept_rows(self, rows: Sequence[AcceptedRow]) -> tuple[int, ...]:
        """Store mails whose rows are made already, on SQLite; return the ids like `accept`."""
        self.topics.add(Topic.RECEIVED)
        return self.received.accept_rows(rows)

    def apply(self, changes: Changes) -> None:
        """Write all that one stimulus changes; a caller who lets an error through has changed nothing.

        Raises:
            ConcurrentChange: somebody was faster; decide again on fresh facts.
            InvalidTransition: no table allows a change of state.
            NotFound: bytes that the rows rely on are not stored.
        """
        self.timers.fire(changes.fired)
        self.received.change(changes.received, now=self.now)
        self.contents.store(changes.contents)
        self.contents.require([a.sha256 for post in changes.posts for a in post.attachments])
        renamed = self.search.forget_changed([change.ticket for change in changes.changed_tickets])
        self.tickets.open(changes.new_tickets)
        self.tickets.change(changes.changed_tickets)
        self.tickets.post_all(changes.posts)
        self.tickets.remember(changes.history)
        self.search.add([*changes.new_tickets, *renamed], changes.posts)
        self.outbox.queue(changes.outbound)
        self.outbox.change(changes.outbound_changes, now=self.now)
        self._apply_people(changes)
        self._apply_time(changes)
        if any(change.new is ReceivedState.RECEIVED for change in changes.received):
            self.topics.add(Topic.RECEIVED)
        if changes.outbound or any(change.new is OutboundState.QUEUED for change in changes.outbound_changes):
            self.topics.add(Topic.OUTBOX)

    def _apply_people(self, changes: Changes) -> None:
        self.people.keep_organisations(changes.organisations)
        self.people.forget_organisations(changes.forgotten_organisations)
        self.people.keep_contacts(changes.contacts)
        self.people.lift(changes.lifted_blocks)
        self.people.block(changes.blocks)
        self.people.come_back(changes.returned)
        self.people.leave(changes.absences)

    def _apply_time(self, changes: Changes) -> None:
        self.tickets.link(changes.links)
        self.timers.replace_of_tickets(changes.ticket_timers)
        self.timers.set(changes.timers)
        self.suspended.remember(changes.listed)
        if changes.fired or changes.timers or changes.ticket_timers:
            self.topics.add(Topic.TIMERS)
