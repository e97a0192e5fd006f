"""What is decided and written besides the journeys of mails: an operator's wish, a timer, a smarthost's refusal.

Each of these stimuli goes the way of a mail (`journey.py`): read what the database knows, decide, prepare, write in one short
transaction or nothing. Nothing has to be understood first, and each is written by itself.
"""

from contextlib import suppress
from functools import partial

from gateway.errors import ConcurrentChange
from gateway.mail.outbound import Attempt, OutboundMail
from gateway.mail.reading import Bounce
from gateway.people import Timer
from gateway.pipeline.apply import Scene, needs_number, prepare_changes
from gateway.pipeline.effects import Decision, FailDelivery
from gateway.pipeline.facts import rehouse
from gateway.pipeline.gather import absent_now, gather_ticket
from gateway.pipeline.journey import MOST_TRIES, Arrival, Road, take_numbers
from gateway.pipeline.people_requests import PeopleRequest, decide_people, gather_known
from gateway.pipeline.reasons import Outcome, Reason
from gateway.pipeline.requests import Request, decide_request, gather_subject
from gateway.pipeline.template_notices import with_notices
from gateway.pipeline.timer_facts import TimerCase, gather_timer
from gateway.pipeline.timers import decide_timer


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
    changes = await with_notices(prepare_changes(scene, decision, desk), scene.channel, desk, road.database)
    await road.database.apply(changes)
    return Arrival(decision=decision, changes=changes, problems=tuple(desk.problems))


async def process_people(request: PeopleRequest, road: Road) -> Arrival:
    """Do what an operator asks for about people; decided anew where somebody else was faster.

    Raises:
        NotFound: whom it is about is not known.
        WrongCommand: it cannot be done.
        TransientError: the database cannot take it now, or others keep changing the same people.
    """
    for _ in range(MOST_TRIES):
        desk = road.desk()
        known = await road.database.read(partial(gather_known, wish=request.wish, now=desk.now))
        decision = decide_people(request, known, road.policy)
        changes = prepare_changes(Scene(channel=next(iter(road.policy.channels))), decision, desk)
        with suppress(ConcurrentChange):
            await road.database.apply(changes)
            return Arrival(decision=decision, changes=changes)
    message = "others keep changing the same people"
    raise ConcurrentChange(message)


async def process_timer(timer: Timer, road: Road) -> Arrival:
    """Do what is due; the timer is gone in the same transaction, so nothing comes of it twice.

    Raises:
        ConcurrentChange: somebody else was faster, with the timer or with its ticket.
        TransientError: the database cannot take it now.
    """
    desk = road.desk()
    facts = await road.database.read(lambda tx: gather_timer(tx, timer, policy=road.policy, now=desk.now))
    decision = decide_timer(TimerCase(timer=timer, facts=facts, policy=road.policy))
    (number,) = await take_numbers(road, desk.now, 1) if needs_number(decision) else (None,)
    channel = facts.ticket.channel if facts.ticket else next(iter(road.policy.channels))
    scene = Scene(
        channel=channel,
        ticket=facts.ticket,
        posts=facts.posts,
        history=facts.history,
        absent=facts.absent,
        timer=timer,
        number=number,
    )
    changes = await with_notices(prepare_changes(scene, decision, desk), scene.channel, desk, road.database)
    await road.database.apply(changes)
    return Arrival(decision=decision, changes=changes, problems=tuple(desk.problems))


async def process_refusal(
    outbound: OutboundMail, attempt: Attempt, road: Road, *, earlier_attempts: tuple[Attempt, ...] = ()
) -> Arrival:
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
        effects=(FailDelivery(outbound=outbound, bounce=bounce, attempt=attempt, earlier_attempts=earlier_attempts),),
    )
    for _ in range(MOST_TRIES):
        try:
            return await _apply_refusal(outbound, decision, road)
        except ConcurrentChange:
            continue
    message = f"others keep changing the ticket of outbound mail {outbound.id}"
    raise ConcurrentChange(message)


async def _apply_refusal(outbound: OutboundMail, decision: Decision, road: Road) -> Arrival:
    desk = road.desk()
    channel = outbound.channel if outbound.channel in road.policy.channels else next(iter(road.policy.channels))
    ticket = await road.database.read(lambda tx: gather_ticket(tx, outbound.ticket_id))
    ticket = rehouse(ticket, channel, road.policy) if ticket else None
    posts = await road.database.read(lambda tx: tx.tickets.posts(ticket.id)) if ticket else ()
    absent = await road.database.read(lambda tx: absent_now(tx, desk.now))
    scene = Scene(channel=channel, ticket=ticket, posts=posts, absent=absent)
    changes = await with_notices(prepare_changes(scene, decision, desk), scene.channel, desk, road.database)
    await road.database.apply(changes)
    return Arrival(decision=decision, changes=changes, problems=tuple(desk.problems))
