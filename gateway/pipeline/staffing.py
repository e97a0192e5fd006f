"""Who gets the ticket of a stimulus, and who is told, once everything else is decided. Pure.

Steps, rules, triggers and commands say that a team is to be told; who that is in this minute is decided here, in one place,
for all of them: whoever is away is left out, and where a queue wants it, only whoever has the ticket hears of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gateway.pipeline.case import Case
from gateway.pipeline.effects import AddPost, AskToConfirm, Assign, Decision, Effect, MoveToQueue, NotifyAgents, OpenTicket
from gateway.pipeline.facts import Facts
from gateway.pipeline.policy import Policy
from gateway.pipeline.presence import BY_GATEWAY, assign_in_queue, who_is_there, whom_to_tell
from gateway.pipeline.reasons import Reason
from gateway.pipeline.rules.outlook import rehearse
from gateway.states import TicketStatus
from gateway.tickets import Side, Ticket, TraceLine

_DONE: Final = frozenset({TicketStatus.SOLVED, TicketStatus.CLOSED})
_PLACING: Final = (OpenTicket, MoveToQueue, Assign)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who is there, who has how much to do, and whose turn it is."""

    policy: Policy
    now: datetime
    absent: frozenset[str]
    loads: Mapping[str, int]
    last_assigned: Mapping[str, str | None]
    author: str | None = None
    """The agent whose mail it is: needs not be told."""


def staff(case: Case, effects: Sequence[Effect]) -> tuple[tuple[Effect, ...], tuple[TraceLine, ...]]:
    """Return the effects of a mail with the ticket given to somebody, and with those told who are there."""
    facts = case.facts
    roster = Roster(
        policy=case.policy,
        now=facts.now,
        absent=facts.absent,
        loads=facts.loads,
        last_assigned=facts.last_assigned,
        author=facts.agent,
    )
    return staff_by(roster, facts.ticket, effects, channel=case.mail.channel)


def staff_by(
    roster: Roster, ticket: Ticket | None, effects: Sequence[Effect], *, channel: str
) -> tuple[tuple[Effect, ...], tuple[TraceLine, ...]]:
    """Return the effects with the ticket given to somebody and with those told who are there; a line where that matters."""
    ticket = rehearse(ticket, effects, policy=roster.policy, now=roster.now, channel=channel)
    assigned = _assign(roster, effects, ticket)
    if assigned and ticket is not None:
        ticket = replace(ticket, assignee=assigned[0].agent)
    placed = _insert(effects, assigned)
    staffed = tuple(kept for effect in placed for kept in _among_those_there(effect, placed, ticket, roster))
    because = [f"{each.agent} gets it: {each.why}" for each in assigned]
    away = sorted(_told(placed) - _told(staffed) & roster.absent)
    because += [f"away: {', '.join(away)}"] if away else []
    trace = (TraceLine(step=staff.__name__, hit=True, because="; ".join(because)),) if because else ()
    return staffed, trace


def _assign(roster: Roster, effects: Sequence[Effect], ticket: Ticket | None) -> tuple[Assign, ...]:
    """Give a ticket to somebody that nobody has, when it is new, moved to another team, or its customer writes."""
    if ticket is None or ticket.assignee is not None or ticket.status in _DONE:
        return ()
    is_new_here = any(isinstance(effect, OpenTicket | MoveToQueue) for effect in effects)
    is_customers = any(isinstance(effect, AddPost) and effect.side is Side.CUSTOMER for effect in effects)
    if not (is_new_here or is_customers):
        return ()
    return assign_in_queue(
        ticket.queue, roster.policy, absent=roster.absent, loads=roster.loads, last_assigned=roster.last_assigned
    )


def _insert(effects: Sequence[Effect], assigned: tuple[Assign, ...]) -> tuple[Effect, ...]:
    """Put the assignment behind everything that says where the ticket is, and before anybody is told."""
    placed = max((number for number, effect in enumerate(effects) if isinstance(effect, _PLACING)), default=-1) + 1
    told = (number for number, effect in enumerate(effects) if number >= placed and isinstance(effect, NotifyAgents))
    at = next(told, len(effects))
    return (*effects[:at], *assigned, *effects[at:])


def _among_those_there(effect: Effect, effects: Sequence[Effect], ticket: Ticket | None, roster: Roster) -> tuple[Effect, ...]:
    """Return the effect for those who are there."""
    absent, author = roster.absent, roster.author
    if isinstance(effect, AskToConfirm) and effect.question is Reason.STRANGER_ON_TICKET:
        asked = [each.agent for each in effects if isinstance(each, AskToConfirm)]
        return () if effect.agent in absent and not absent.issuperset(asked) else (effect,)
    if not isinstance(effect, NotifyAgents) or ticket is None:
        return (effect,)
    agents = effect.agents
    if effect.is_team and roster.policy.queues[ticket.queue].notify == "assignee":
        agents = tuple(agent for agent in whom_to_tell(ticket, roster.policy, absent) if agent != author)
    if author is not None and author not in absent:  # somebody who is there knows of it: nobody who is away has to
        there = tuple(agent for agent in agents if agent not in absent)
    else:
        there = who_is_there(agents, ticket.queue, roster.policy, absent)
    there = tuple(agent for agent in there if agent != author)
    return (replace(effect, agents=there),) if there else ()


def _told(effects: Iterable[Effect]) -> frozenset[str]:
    notified = {agent for effect in effects if isinstance(effect, NotifyAgents) for agent in effect.agents}
    return frozenset(notified | {effect.agent for effect in effects if isinstance(effect, AskToConfirm)})


def after_decisions(facts: Facts, decisions: Iterable[Decision]) -> Facts:
    """Return the facts of a mail that is decided together with others, as if those were written already: whose turn it is."""
    if not facts.last_assigned and not facts.loads:
        return facts
    loads, last = dict(facts.loads), dict(facts.last_assigned)
    for decision in decisions:
        for effect in decision.effects:
            if isinstance(effect, Assign) and effect.by == BY_GATEWAY and effect.agent is not None:
                loads[effect.agent] = loads.get(effect.agent, 0) + 1
                if decision.queue is not None:
                    last[decision.queue] = effect.agent
    return replace(facts, loads=loads, last_assigned=last)
