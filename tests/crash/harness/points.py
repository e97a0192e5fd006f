"""Parts b and c: one mail, and a fault at every system call of accepting and processing it.

    kill      the process dies as the call begins; it is started again, and the client sends again
    failure   the call fails with ENOSPC or EIO, once; afterwards the disk is well again

A point is (thread or pool, call, number). For each of them the number is counted up until nothing happens any more. After each
point the mail must become one ticket, whoever has to try again for that.

The front closes a segment of the intake journal half a second after its last mail, and the desk removes it then. Each point waits
for that, so each opens a segment, appends to it and has it removed: the same calls every time. Where two mails are sent, one
right after the other, the second is appended behind the first, which has its 250 already.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from gateway.keeper import PAUSES, YOUNG_SECONDS
from tests.crash.harness import strace
from tests.crash.harness.books import Balance, balance, leftovers
from tests.crash.harness.customer import MailServer
from tests.crash.harness.ledger import Ledger
from tests.crash.harness.mails import CrashMail
from tests.crash.harness.site import Nursery, Process, Site, Surroundings, is_called, wait_for
from tests.crash.harness.strace import Series

SMALL: Final = 1_000
LARGE: Final = 400_000
"""Octets of attachment: spooled, and kept as a file."""
KILL: Final = "signal=KILL"
FAILURES: Final = ("error=ENOSPC", "error=EIO")

_QUIET_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.005
_DYING_SECONDS: Final = 5.0
_SENDING_SECONDS: Final = 120.0
_SETTLING_SECONDS: Final = 60.0 + PAUSES[-1]
"""The longest pause before the next desk, and time to work."""
_TRIES: Final = 3
"""Of a point at which nothing happens although it was recorded: another thread of a pool did the work."""
_SETTLED: Final = (
    "SELECT count(*) FROM received WHERE subject = ? AND state <> 'received' AND NOT EXISTS"
    " (SELECT 1 FROM outbound WHERE outbound.ticket_id = received.ticket_id AND outbound.state IN ('queued', 'sending'))"
)


class Role(StrEnum):
    """A process of the gateway."""

    FRONT = "front"
    """Takes mail and puts it into the intake journal."""
    DESK = "desk"
    """Brings it into the tables, makes tickets and sends."""
    WORKER = "worker"
    """Reads mail for the desk."""
    COMPOSER = "composer"
    """Prepares what the desk writes."""


_OWN_CALLS: Final = {Role.FRONT: "flock", Role.DESK: "pwrite64"}
"""A call that only one thread makes: the one that appends to the journal, the one that writes the database. All others but the
first are a pool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What to do to which mail."""

    name: str
    """Makes the identities unique."""
    octets: int
    """Of the attachment of a mail."""
    faults: Sequence[str]
    calls: Sequence[str]
    stride: int = 1
    """In series longer than `whole`, only every so manieth call is tried."""
    whole: int = 16
    role: Role = Role.FRONT
    """Which process meets them."""
    mails: int = 1
    """For each point, over one connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """How far a sweep has come."""

    points: int
    """At which a fault really happened."""
    missed: tuple[str, ...]
    """Those that were recorded, and at which none happened, however often they were tried."""
    balance: Balance


class Sweeper:
    """Sends mails to a gateway and makes faults in it."""

    def __init__(self, folder: Path, sweep: Sweep, *, surroundings: Surroundings, nursery: Nursery) -> None:
        """Take a folder of its own; nothing runs yet."""
        self._sweep = sweep
        self._site = Site(folder, surroundings=surroundings, nursery=nursery)
        self._ledger = Ledger()
        self._server = MailServer(self._site.port, self._ledger)
        self._numbers = itertools.count(1)
        self._is_warm = False
        self._signatures: dict[int, frozenset[str]] = {}
        """What the threads did that were recorded, by their positions."""
        self._positions: dict[int, int] = {}
        """Where those threads stand in a front that was started again."""
        self.story: list[str] = []
        """Points at which a fault happened."""
        self.missed: list[str] = []
        """Points at which none did."""

    def run(self, on_point: Callable[[], None]) -> Swept:
        """Sweep, and compare the ledger with the database."""
        try:
            return self._run(on_point)
        finally:
            self._site.kill()

    def _run(self, on_point: Callable[[], None]) -> Swept:
        site = self._site
        site.start()
        site.wait_until_ready()
        recorded = self._record()
        for fault, one in itertools.product(self._sweep.faults, recorded):
            for number in self._numbers_of(one):
                tries = _TRIES if number <= one.count else 1
                name = f"{fault} {one.call} #{number} of thread {one.thread}"
                if any(self._try_point(fault, one, number) for _ in range(tries)):
                    self.story.append(name)
                    on_point()
                    continue
                if number <= one.count:
                    self.missed.append(name)
                if number >= one.count:
                    break
        self._server.hang_up()
        site.wait_until_idle()
        site.stop()
        site.start()
        site.wait_until_ready()
        site.stop()
        found = balance(site.data, self._ledger) + Balance(damage=leftovers(site.data))
        return Swept(points=len(self.story), missed=tuple(self.missed), balance=found)

    def _numbers_of(self, one: Series) -> Iterator[int]:
        return itertools.count(1, self._sweep.stride if one.count > self._sweep.whole else 1)

    def _record(self) -> tuple[Series, ...]:
        """Return which calls a mail costs, in which thread; the first mail makes the threads."""
        self._send_and_settle()
        self._send_and_settle()
        recorded = self._watch_a_mail()
        if (own := _OWN_CALLS.get(self._sweep.role)) is not None:
            recorded = strace.pooled(recorded, apart={0, *(one.thread for one in recorded if one.call == own)})
        self._signatures = _signatures_of(recorded)
        return recorded

    def _watch_a_mail(self) -> tuple[Series, ...]:
        victim = self._victim()
        with strace.record(victim) as tracer:
            self._send_and_settle()
            tracer.detach()
            return strace.series(tracer, victim, self._sweep.calls)

    def _warm_up(self) -> None:
        """Have the threads made; find out where in a new front those stand that were recorded, because that differs."""
        if self._sweep.role is Role.FRONT:
            found = _signatures_of(self._watch_a_mail())
            self._positions = {
                thread: _most_alike(signature, found) for thread, signature in self._signatures.items() if thread > 0
            }
        else:
            self._send_and_settle()
        self._let_it_grow_up()
        self._is_warm = True

    def _try_point(self, fault: str, one: Series, number: int) -> bool:
        """Make one fault; tell whether it happened. Afterwards the gateway is well and knows the mail."""
        if not self._is_warm:
            self._warm_up()
        victim = self._victim()
        threads = self._threads_of(one, victim.threads())
        if not threads:
            return False
        mails = self._next_mails()
        with strace.inject(fault, one.call, number, threads=threads) as tracer:
            accepted = {mail for mail in mails if self._server.try_once(mail, 1)}
            were_accepted = len(accepted) == len(mails)
            self._wait_for_death_or_settling(victim, mails, are_accepted=were_accepted)
            if fault == KILL and not were_accepted:
                victim.is_dead_within(_DYING_SECONDS)  # a connection ends a little earlier than its process
            tracer.detach()
            happened = tracer.has_injected or not victim.is_alive
        self._server.hang_up()
        self._start_if_dead()
        for mail in mails:
            if happened or mail not in accepted:
                self._send_again(mail)
        self._settle(mails)
        if self._sweep.role is not Role.FRONT and happened:
            self._is_warm = False  # whoever died idle is missed by the next mail only
        return happened

    def _threads_of(self, one: Series, there: Sequence[int]) -> tuple[int, ...]:
        """Return which threads to watch, of those that are there."""
        if one.thread == strace.POOL:
            apart = {self._positions.get(thread, thread) for thread in self._signatures}
            return tuple(thread for position, thread in enumerate(there) if position not in apart)
        position = self._positions.get(one.thread, one.thread)
        return tuple(there[position : position + 1])

    def _let_it_grow_up(self) -> None:
        """Let a desk live so long that its death is not one of a row of early ones, after which the next desk comes late."""
        if self._sweep.role is Role.DESK:
            time.sleep(YOUNG_SECONDS)

    def _start_if_dead(self) -> None:
        if not self._site.running.is_alive:
            self._is_warm = False
            self._site.start()
            self._site.wait_until_ready()

    def _send_again(self, mail: CrashMail) -> None:
        """Do as a mail server does that read no 250; the gateway is started whenever it is dead."""
        deadline = time.monotonic() + _SENDING_SECONDS
        for number in itertools.count(2):
            if self._server.try_once(mail, number):
                break
            if time.monotonic() > deadline:
                message = f"{mail.identity} was never accepted\n{self._site.last_words()}"
                raise TimeoutError(message)
            time.sleep(_POLL_SECONDS)
            self._start_if_dead()
        self._server.hang_up()

    def _wait_for_death_or_settling(self, victim: Process, mails: Sequence[CrashMail], *, are_accepted: bool) -> None:
        deadline = time.monotonic() + _QUIET_SECONDS
        while victim.is_alive and are_accepted and not self._are_settled(mails) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)

    def _victim(self) -> Process:
        if self._sweep.role is Role.FRONT:
            return self._site.running
        found: list[Process] = []
        wait_for(f"a {self._sweep.role}", lambda: bool(self._look_for_victim(found)), seconds=_SENDING_SECONDS)
        return found[0]

    def _look_for_victim(self, found: list[Process]) -> list[Process]:
        """Add the process that is looked for, once it is there."""
        desk = self._site.desk()
        if desk is not None and self._sweep.role is Role.DESK:
            found.append(desk)
        elif desk is not None:
            is_composer = self._sweep.role is Role.COMPOSER
            found += [Process(pid) for pid in desk.children() if is_called(pid, b"composer") is is_composer][:1]
        return found

    def _next_mails(self) -> tuple[CrashMail, ...]:
        sweep = self._sweep
        return tuple(CrashMail(identity=f"{sweep.name}-{next(self._numbers)}", octets=sweep.octets) for _ in range(sweep.mails))

    def _send_and_settle(self) -> None:
        mails = self._next_mails()
        for mail in mails:
            self._server.send_until_accepted(mail)
        self._server.hang_up()
        self._settle(mails)

    def _settle(self, mails: Sequence[CrashMail]) -> None:
        deadline = time.monotonic() + _SETTLING_SECONDS
        while not self._are_settled(mails):
            if time.monotonic() > deadline:
                message = f"{mails[0].identity} became nothing\n{self._site.last_words()}"
                raise TimeoutError(message)
            time.sleep(_POLL_SECONDS)

    def _are_settled(self, mails: Sequence[CrashMail]) -> bool:
        """Tell whether mails have arrived, and their segment is gone: so the next mail opens another, with the same calls."""
        return all(self._site.count(_SETTLED, mail.subject) for mail in mails) and self._site.is_journal_empty


def _signatures_of(recorded: Sequence[Series]) -> dict[int, frozenset[str]]:
    """Return which calls each thread makes."""
    return {
        thread: frozenset(one.call for one in recorded if one.thread == thread) for thread in {one.thread for one in recorded}
    }


def _most_alike(signature: frozenset[str], found: Mapping[int, frozenset[str]]) -> int:
    """Return the thread whose calls have most in common with others."""
    return max(found, key=lambda thread: (len(signature & found[thread]) / len(signature | found[thread]), -thread))
