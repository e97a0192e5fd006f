"""The journey of a mail after its 250: read this file first.

    mail     = received.get(id)                  the bytes, the envelope, the evidence: all that will ever be known from outside
    reading  = understand(mail)                  what it says; pure, in a worker process
    facts    = gather_facts(tx, mail, reading)   what the database knows
    decision = decide(case)                      what becomes of it, and why; pure
    changes  = prepare_changes(…)                ids, texts and mails; no transaction is open; in the composer's process
    tx.apply(changes)                            everything or nothing, in one short transaction

Mails that have nothing to do with each other share the last four steps, so that many of them cost few transactions. If somebody
else changed a ticket in between, nothing is written and the mail is decided again.

What no mail asks for (a timer, an operator's wish, a smarthost's refusal) goes the same way; it stands in `errands.py`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.errors import ConcurrentChange, StorageUnavailable, TransientError
from gateway.evidence.signing import DkimSigner
from gateway.ids import Ids
from gateway.mail.reading import Reading
from gateway.mail.received import ReceivedMail
from gateway.pipeline.apply import Scene, needs_number
from gateway.pipeline.case import Case
from gateway.pipeline.composer import PrepareAll, prepare_here
from gateway.pipeline.decide import decide
from gateway.pipeline.effects import Decision
from gateway.pipeline.facts import Facts
from gateway.pipeline.gather_batch import gather_batch
from gateway.pipeline.loops import Tally
from gateway.pipeline.numbers import Numbers
from gateway.pipeline.outgoing import Desk
from gateway.pipeline.policy import Policy
from gateway.pipeline.staffing import after_decisions
from gateway.pipeline.template_notices import with_notices
from gateway.pipeline.templates import Templates
from gateway.pipeline.tokens import KeyRing
from gateway.pipeline.understand import circumstances_of, give_up_reading, read_again, understand, understand_all
from gateway.pipeline.worker import Failure, WorkerFailed, Workers
from gateway.storage.database import Database
from gateway.storage.transaction import Reader
from gateway.tickets import Changes, merge_changes

MOST_TRIES: Final = 10
"""So often a stimulus is decided again because somebody else was faster."""
_MOST_QUOTED: Final = 20
"""So many posts of a ticket are looked for in a mail that belongs to it, the newest."""
_PATIENCE: Final = 2
"""So many workers may die over a mail before it becomes a ticket unread."""


async def go_on() -> None:
    """Let nobody else in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """All that a journey needs; made anew when the configuration changes."""

    database: Database
    workers: Workers
    policy: Policy
    keys: KeyRing
    ids: Ids
    templates: Templates
    signers: Mapping[str, DkimSigner]
    clock: Callable[[], datetime]
    spool: Path | None
    numbers: Numbers = field(default_factory=Numbers)
    """In stock for new tickets; the same ones for all journeys of a process."""
    pause: Callable[[], Awaitable[None]] = go_on
    """Awaited between the mails of a batch, so that a client that waits for its reply does not wait for all of them."""
    prepare_all: PrepareAll = prepare_here
    """Where `prepare_changes` runs."""

    def desk(self) -> Desk:
        """Return a desk to write mails at, now."""
        return Desk(
            policy=self.policy,
            keys=self.keys,
            ids=self.ids,
            templates=self.templates,
            now=self.clock(),
            signers=self.signers,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Where a journey ended."""

    decision: Decision
    changes: Changes
    problems: tuple[str, ...] = ()
    """What is wrong with an admin's templates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMail:
    """A mail and what it says: half of the way is behind it."""

    mail: ReceivedMail
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Mails that are settled together, and what the database knew of each."""

    batch: Sequence[ReadMail]
    facts: Sequence[Facts]
    desk: Desk
    """Where their mails are written, at the time of the facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Mails that are decided; nothing is written yet."""

    batch: Sequence[ReadMail]
    cases: Sequence[Case]
    decisions: Sequence[Decision]
    scenes: Sequence[Scene]
    desk: Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """All that is to be written of mails that are decided."""

    decided: Decided
    changes: Sequence[Changes]
    problems: tuple[str, ...] = ()
    """What is wrong with an admin's templates."""


async def process_mail(mail: ReceivedMail, road: Road) -> Arrival:
    """Take one claimed mail all the way; whoever was slower than somebody else reads and decides again.

    Raises:
        TransientError: the database cannot take it now, or others keep changing the same ticket.
    """
    for _ in range(MOST_TRIES):
        try:
            (arrival,) = await settle((await read_mail(mail, road),), road)
        except ConcurrentChange:
            continue
        return arrival
    message = f"others keep changing what mail {mail.id} belongs to"
    raise ConcurrentChange(message)


async def read_mail(mail: ReceivedMail, road: Road) -> ReadMail:
    """Understand a mail in a worker process; one that exceeds the limits, or kills two workers, is taken as it is.

    Raises:
        StorageUnavailable: there is no room for its attachments.
    """
    why = ""
    for _ in range(_PATIENCE):
        try:
            reading = await road.workers.run(understand, mail.content, circumstances_of(mail, road.policy), road.keys, road.spool)
        except WorkerFailed as failure:
            if failure.failure is Failure.DISK:
                raise StorageUnavailable(str(failure)) from failure
            why = str(failure)
            if not failure.is_transient:
                break
        else:
            return ReadMail(mail=mail, reading=reading)
    return ReadMail(mail=mail, reading=give_up_reading(mail, why))


async def read_together(mails: Sequence[ReceivedMail], road: Road) -> tuple[ReadMail, ...] | None:
    """Understand several mails in one turn of a worker, which saves most of the way there; None where that did not end well."""
    jobs = tuple((mail.content, circumstances_of(mail, road.policy)) for mail in mails)
    try:
        readings = await road.workers.run(understand_all, jobs, road.keys, road.spool)
    except WorkerFailed:
        return None
    return tuple(ReadMail(mail=mail, reading=reading) for mail, reading in zip(mails, readings, strict=True))


async def settle(batch: Sequence[ReadMail], road: Road) -> tuple[Arrival, ...]:
    """Decide about mails that have nothing to do with each other, and write all of it in one transaction or nothing.

    Raises:
        ConcurrentChange: somebody was faster with one of them.
        TransientError: the database cannot take it now.
    """
    try:
        return await write(await prepare(await decide_batch(await gather(batch, road), road), road), road)
    finally:
        await discard_spooled(batch, road)


async def gather(batch: Sequence[ReadMail], road: Road) -> Gathered:
    """Read what the database knows about mails that have nothing to do with each other. Raises TransientError."""
    desk = road.desk()
    facts = await road.database.read(lambda tx: gather_facts_of(batch, tx, road, desk.now))
    return Gathered(batch=batch, facts=facts, desk=desk)


async def decide_batch(gathered: Gathered, road: Road, *, earlier: Decided | None = None) -> Decided:
    """Decide about a batch; `earlier` is one of other authors that was not written yet when these facts were gathered.

    Raises:
        TransientError: the database cannot take it now.
    """
    cases = [await make_case(read, known, road) for read, known in zip(gathered.batch, gathered.facts, strict=True)]
    cases, decisions = decide_all(cases, earlier)
    numbers = iter(await take_numbers(road, gathered.desk.now, sum(map(needs_number, decisions))))
    scenes = [
        _scene(case, next(numbers) if needs_number(decision) else None) for case, decision in zip(cases, decisions, strict=True)
    ]
    return Decided(batch=gathered.batch, cases=cases, decisions=decisions, scenes=scenes, desk=gathered.desk)


async def prepare(decided: Decided, road: Road) -> Prepared:
    """Make all that is to be written of a batch. Raises TransientError: the database cannot be read now."""
    desk = decided.desk
    changes = await road.prepare_all(list(zip(decided.scenes, decided.decisions, strict=True)), desk, road.pause)
    prepared = Prepared(decided=decided, changes=changes, problems=tuple(desk.problems))
    if not desk.problems:
        return prepared
    try:
        first = await with_notices(changes[0], decided.batch[0].mail.channel, desk, road.database)
    except TransientError:
        await discard_prepared(prepared, road)
        raise
    return Prepared(decided=decided, changes=(first, *changes[1:]), problems=tuple(desk.problems))


async def write(prepared: Prepared, road: Road) -> tuple[Arrival, ...]:
    """Write a batch in one transaction, or nothing of it.

    Raises:
        ConcurrentChange: somebody was faster with one of them.
        TransientError: the database cannot take it now.
    """
    try:
        await road.database.apply(merge_changes(prepared.changes))
    finally:
        await discard_prepared(prepared, road)
    return tuple(
        Arrival(decision=decision, changes=changes, problems=prepared.problems)
        for decision, changes in zip(prepared.decided.decisions, prepared.changes, strict=True)
    )


def decide_all(cases: Sequence[Case], earlier: Decided | None = None) -> tuple[list[Case], list[Decision]]:
    """Decide about mails one after the other, each as if the automatic mail and the turns of those before it were written.

    Returns:
        The cases as they were decided, and the decisions.
    """
    tally = Tally()
    before: list[Decision] = []
    if earlier is not None:
        before += earlier.decisions
        for case, decision in zip(earlier.cases, earlier.decisions, strict=True):
            tally.add(case, decision.effects)
    counted: list[Case] = []
    decisions: list[Decision] = []
    for case in cases:
        counted.append(replace(case, facts=after_decisions(tally.with_earlier(case), (*before, *decisions))))
        decisions.append(decide(counted[-1]))
        tally.add(counted[-1], decisions[-1].effects)
    return counted, decisions


async def make_case(read: ReadMail, facts: Facts, road: Road) -> Case:
    """Lay the case before the decision; a mail that belongs to a ticket is read again beside what was said there.

    The best proof of where a quotation begins is our own text: whatever a mail program did to it, its words are known.
    """
    mail, reading = read.mail, read.reading
    own_texts = tuple(post.text for post in facts.posts[-_MOST_QUOTED:])
    if own_texts and reading.message.error is None:
        with suppress(WorkerFailed):  # then what was read without them counts
            reading = await road.workers.run(
                read_again, reading.message, circumstances_of(mail, road.policy), road.keys, own_texts
            )
    return Case(mail=mail, reading=reading, facts=facts, policy=road.policy)


def gather_facts_of(batch: Sequence[ReadMail], tx: Reader, road: Road, now: datetime) -> tuple[Facts, ...]:
    """Gather the facts of the mails of a batch."""
    mails = [(read.mail, read.reading) for read in batch]
    return gather_batch(tx, mails, policy=road.policy, keys=road.keys, now=now)


def _scene(case: Case, number: str | None) -> Scene:
    return Scene(
        channel=case.mail.channel,
        mail=case.mail,
        reading=case.reading,
        ticket=case.facts.ticket,
        posts=case.facts.posts,
        history=case.facts.history,
        absent=case.facts.absent,
        number=number,
        acquaintance=case.facts.acquaintance,
    )


async def discard_spooled(batch: Sequence[ReadMail], road: Road) -> None:
    """Remove what workers spooled and nobody keeps: attachments of mails that became no post, or whose turn comes again."""
    await road.database.blobs.discard_spooled([a.content for read in batch for a in read.reading.message.attachments])


async def discard_prepared(prepared: Prepared, road: Road) -> None:
    """Remove what the composer spooled and nobody keeps: mails that were not written after all."""
    await road.database.blobs.discard_spooled([mail.content for changes in prepared.changes for mail in changes.outbound])


async def take_numbers(road: Road, now: datetime, count: int) -> tuple[str, ...]:
    """Return so many ticket numbers; one that is not used after all leaves a gap. Raises TransientError."""
    return await road.numbers.take(road.database, road.policy, now=now, count=count)
