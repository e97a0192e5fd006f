"""Runs the triggers on what a decision does to a ticket. Pure, and one round only: what a trigger changes sets off no other.

`after_mail` is for what a mail did, `after_timer` for what time did. Both return more effects, and a line of the trace for each
trigger that was asked.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from gateway.mail.outbound import Purpose
from gateway.pipeline.business_hours import is_open
from gateway.pipeline.case import Case, Hit
from gateway.pipeline.effects import AddNote, AddPost, Effect, NotifyAgents, OpenTicket, SendConfirmation
from gateway.pipeline.policy import Policy
from gateway.pipeline.rules.action import Consequence, StopRules
from gateway.pipeline.rules.merging import tell, tell_operators
from gateway.pipeline.rules.outlook import rehearse
from gateway.pipeline.rules.ruled import NO_RULING, Ruled, add_up
from gateway.pipeline.rules.ruling import checked, situation_of, with_ticket
from gateway.pipeline.rules.situation import Event, Situation
from gateway.pipeline.steps import why_no_answer
from gateway.tickets import Side, Ticket, TraceLine, Visibility

_PURPOSES: Final = {
    Event.CREATED: Purpose.NEW_TICKET,
    Event.CUSTOMER_REPLIED: Purpose.NEW_REPLY,
    Event.ANSWERED: Purpose.NEW_ANSWER,
}
"""What agents are told of where somebody wrote something; elsewhere a note says what happened."""


def after_mail(case: Case, hit: Hit) -> tuple[tuple[Effect, ...], tuple[TraceLine, ...]]:
    """Return what triggers add to what a mail does."""
    if not case.policy.rules.triggers:
        return (), ()
    old = hit.ticket
    ticket = rehearse(old, hit.effects, policy=case.policy, now=case.facts.now, channel=case.mail.channel)
    events = events_of(old, ticket, hit.effects)
    if ticket is None or not events:
        return (), ()
    ruled = _fire(situation_of(case, ticket), ticket, events, case.policy)
    if case.facts.agent is None and why_no_answer(case) is not None:
        ruled = replace(ruled, answer=None)  # a machine wrote, perhaps: nobody answers it automatically
    purpose = next((_PURPOSES[event] for event in events if event in _PURPOSES), Purpose.NEW_NOTE)
    told = {agent for each in hit.effects if isinstance(each, NotifyAgents) for agent in each.agents} | {case.facts.agent}
    return _effects(ruled, ticket, case.policy, purpose=purpose, told=told), ruled.trace


def join_effects(effects: Sequence[Effect], triggered: Sequence[Effect]) -> tuple[Effect, ...]:
    """Put what triggers add behind what a mail does; the answer of a trigger takes the place of the confirmation."""
    is_answered = any(isinstance(effect, SendConfirmation) for effect in triggered)
    kept = (effect for effect in effects if not (is_answered and isinstance(effect, SendConfirmation)))
    return (*kept, *triggered)


def after_timer(
    ticket: Ticket, effects: Sequence[Effect], policy: Policy, now: datetime, *, happened: Event | None = None, label: str = ""
) -> tuple[tuple[Effect, ...], tuple[TraceLine, ...]]:
    """Return what triggers add to what falls due; of the idle ones only the one with this label."""
    if not policy.rules.triggers:
        return (), ()
    new = rehearse(ticket, effects, policy=policy, now=now) or ticket
    events = (*((happened,) if happened is not None else ()), *events_of(ticket, new, effects))
    situation = Situation(
        channel=new.channel,
        now=now,
        language=new.language,
        is_open=is_open(now, policy.hours(new.queue)),
        authors=(new.requester,),
        ticket=new,
    )
    ruled = _fire(situation, new, events, policy, label=label)
    return _effects(ruled, new, policy, purpose=Purpose.NEW_NOTE, told=set()), ruled.trace


def events_of(old: Ticket | None, new: Ticket | None, effects: Sequence[Effect]) -> tuple[Event, ...]:
    """Return what happens to a ticket by these effects."""
    is_new = any(isinstance(effect, OpenTicket) for effect in effects)
    posts = [effect for effect in effects if isinstance(effect, AddPost) and effect.visibility is Visibility.PUBLIC]
    happened = {
        Event.CREATED: is_new,
        Event.ANSWERED: any(post.side is Side.AGENT for post in posts),
        Event.CUSTOMER_REPLIED: not is_new and any(post.side is Side.CUSTOMER for post in posts),
        Event.STATUS_CHANGED: old is not None and new is not None and not is_new and old.status is not new.status,
    }
    return tuple(event for event, is_so in happened.items() if is_so)


def _fire(situation: Situation, ticket: Ticket, events: Sequence[Event], policy: Policy, *, label: str = "") -> Ruled:
    trace: list[TraceLine] = []
    given: list[Consequence] = []
    for trigger in policy.rules.triggers:
        event = next((each for each in events if each in trigger.events), None)
        if event is None or (event is Event.IDLE and trigger.label != label):
            continue
        line, consequences = trigger.look(replace(situation, event=event))
        trace.append(TraceLine(step=line.step, hit=line.hit, because=f"{event}: {line.because}"))
        consequences = tuple(checked(each, policy) for each in consequences)
        ticket = rehearse(ticket, consequences, policy=policy, now=situation.now) or ticket
        situation = with_ticket(situation, ticket, policy)
        given += consequences
        if any(isinstance(each, StopRules) for each in consequences):
            break
    return add_up(given, trace, "") if trace else NO_RULING


def _effects(ruled: Ruled, ticket: Ticket, policy: Policy, *, purpose: Purpose, told: set[str | None]) -> tuple[Effect, ...]:
    """Return the changes, then the notes, then who is told of them."""
    after = rehearse(ticket, ruled.effects, policy=policy, now=ticket.updated_at) or ticket
    changes: list[Effect] = [each for each in ruled.effects if not isinstance(each, AddNote)]
    notes: list[Effect] = [each for each in ruled.effects if isinstance(each, AddNote)]
    agents = tell(ruled, policy, queue=after.queue, assignee=after.assignee)
    if agents and not notes and purpose is Purpose.NEW_NOTE:
        hits = [f"{line.step}: {line.because}" for line in ruled.trace if line.hit]
        notes.append(AddNote(text="\n".join(hits), by="rule"))
    if notes:
        purpose, told = Purpose.NEW_NOTE, set()
    others = tuple(agent for agent in agents if agent not in told)
    notices = (NotifyAgents(purpose=purpose, agents=others),) if others else ()
    is_answered = ruled.answer is not None and ticket.requester.address.is_sendable
    answer = (SendConfirmation(template=ruled.answer),) if is_answered else ()
    told_admins = tell_operators(ruled, f"{ticket.number} {ticket.requester}", policy.operators_language(ticket.channel))
    return (*changes, *answer, *notes, *notices, *told_admins)
