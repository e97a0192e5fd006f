"""The journey of a mail after its 250: read this file first.

    mail     = received.get(id)                  the bytes, the envelope, the evidence: all that will ever be known from outside
    reading  = understand(mail)                  what it says; pure, in a worker process
    facts    = gather_facts(tx, mail, reading)   what the database knows
    decision = decide(case)                      what becomes of it, and why; pure
    changes  = prepare_changes(…)                ids, texts and mails; no transaction is open
    tx.apply(changes)                            everything or nothing, in one short transaction

If somebody else changed the ticket in between, facts are gathered and the mail is decided again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from gateway.errors import ConcurrentChange
from gateway.ids import Ids
from gateway.mail import Attempt, Bounce, OutboundMail, Reading, ReceivedMail
from gateway.pipeline.apply import Scene, needs_number, prepare_changes
from gateway.pipeline.case import Case
from gateway.pipeline.decide import decide
from gateway.pipeline.effects import Decision, FailDelivery, Outcome, Reason
from gateway.pipeline.facts import gather_facts, gather_ticket
from gateway.pipeline.outgoing import Desk
from gateway.pipeline.policy import Policy
from gateway.pipeline.requests import Request, decide_request, gather_subject
from gateway.pipeline.templates import Templates
from gateway.pipeline.tokens import KeyRing
from gateway.pipeline.understand import circumstances_of, give_up_reading, understand
from gateway.pipeline.worker import WorkerFailed, Workers
from gateway.storage.database import Database
from gateway.tickets import Changes

_MOST_TRIES: Final = 10
_PATIENCE: Final = 2
"""So many workers may die over a mail before it becomes a ticket unread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """All that a journey needs; made anew when the configuration changes."""

    database: Database
    workers: Workers
    policy: Policy
    keys: KeyRing
    ids: Ids
    templates: Templates
    clock: Callable[[], datetime]
    spool: Path | None

    def desk(self) -> Desk:
        """Return a desk to write mails at, now."""
        return Desk(policy=self.policy, keys=self.keys, ids=self.ids, templates=self.templates, now=self.clock())


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Where a journey ended."""

    decision: Decision
    changes: Changes
    problems: tuple[str, ...]
    """What is wrong with an admin's templates."""


async def process_mail(mail: ReceivedMail, road: Road) -> Arrival:
    """Take one claimed mail all the way.

    Raises:
        TransientError: the database cannot take it now, or others keep changing the same ticket.
    """
    reading = await read_mail(mail, road)
    for _ in range(_MOST_TRIES):
        try:
            return await _decide_and_apply(mail, reading, road)
        except ConcurrentChange:
            continue
    message = f"others keep changing what mail {mail.id} belongs to"
    raise ConcurrentChange(message)


async def read_mail(mail: ReceivedMail, road: Road) -> Reading:
    """Understand a mail in a worker process; one that no worker survives twice is taken as it is."""
    why = ""
    for _ in range(_PATIENCE):
        try:
            return await road.workers.run(understand, mail.content, circumstances_of(mail, road.policy), road.keys, road.spool)
        except WorkerFailed as failure:
            why = str(failure)
    return give_up_reading(mail, why)


async def _decide_and_apply(mail: ReceivedMail, reading: Reading, road: Road) -> Arrival:
    desk = road.desk()
    facts = await road.database.read(lambda tx: gather_facts(tx, mail, reading, policy=road.policy, keys=road.keys, now=desk.now))
    decision = decide(Case(mail=mail, reading=reading, facts=facts, policy=road.policy))
    number = await reserve_number(road, desk.now) if needs_number(decision) else None
    scene = Scene(channel=mail.channel, mail=mail, reading=reading, ticket=facts.ticket, posts=facts.posts, number=number)
    changes = prepare_changes(scene, decision, desk)
    await road.database.write(lambda tx: tx.apply(changes))
    return Arrival(decision=decision, changes=changes, problems=tuple(desk.problems))


async def process_request(request: Request, road: Road) -> Arrival:
    """Do what an operator asks for on the command line; it is decided and written like everything else.

    Raises:
        NotFound: there is no such mail.
        WrongCommand: the mail is in no state in which that can be done.
        ConcurrentChange: somebody else was faster.
    """
    desk = road.desk()
    subject = await road.database.read(lambda tx: gather_subject(tx, request))
    decision = decide_request(request, subject)
    scene = Scene(channel=subject.channel, ticket=subject.ticket)
    changes = prepare_changes(scene, decision, desk)
    await road.database.write(lambda tx: tx.apply(changes))
    return Arrival(decision=decision, changes=changes, problems=tuple(desk.problems))


async def process_refusal(outbound: OutboundMail, attempt: Attempt, road: Road) -> Arrival:
    """Take the news that a smarthost refused a mail for good to its ticket and its agents, like a bounce that comes later."""
    bounce = Bounce(
        recipient=outbound.recipient,
        action="failed",
        status=None,
        permanent=True,
        diagnostic=f"{attempt.smarthost}: {attempt.reply}" if attempt.reply else attempt.smarthost,
        original_message_id=outbound.message_id,
    )
    decision = Decision(
        outcome=Outcome.RECORD,
        reason=Reason.BOUNCE,
        because="a smarthost refused it for good",
        effects=(FailDelivery(outbound=outbound, bounce=bounce, attempt=attempt),),
    )
    for _ in range(_MOST_TRIES):
        try:
            return await _apply_refusal(outbound, decision, road)
        except ConcurrentChange:
            continue
    message = f"others keep changing the ticket of outbound mail {outbound.id}"
    raise ConcurrentChange(message)


async def _apply_refusal(outbound: OutboundMail, decision: Decision, road: Road) -> Arrival:
    desk = road.desk()
    ticket = await road.database.read(lambda tx: gather_ticket(tx, outbound.ticket_id))
    posts = await road.database.read(lambda tx: tx.tickets.posts(ticket.id)) if ticket else ()
    scene = Scene(channel=outbound.channel, ticket=ticket, posts=posts)
    changes = prepare_changes(scene, decision, desk)
    await road.database.write(lambda tx: tx.apply(changes))
    return Arrival(decision=decision, changes=changes, problems=tuple(desk.problems))


async def reserve_number(road: Road, now: datetime) -> str:
    """Take the next ticket number; one that is not used after all leaves a gap."""
    settings = road.policy.tickets.number
    year = now.astimezone(ZoneInfo(road.policy.texts.timezone)).year
    series = str(year) if settings.restart_each_year else "all"
    number = await road.database.write(lambda tx: tx.numbers.reserve(series, 1))
    return settings.format.format(year=year, number=number)
