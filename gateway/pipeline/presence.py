"""Who is there, and whose ticket it becomes: pure functions of the policy and of who is away.

Somebody who is away gets neither notifications nor tickets. Where a whole team is away its leads are told, and where they are
away, too, everybody: a mail that nobody sees is worse than one too many.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from gateway.people import ClockMark
from gateway.pipeline.effects import Assign
from gateway.pipeline.policy import Policy
from gateway.tickets import Ticket

BY_GATEWAY: Final = "gateway"
"""Who assigns where nobody did."""


def who_is_there(agents: Iterable[str], queue: str, policy: Policy, absent: AbstractSet[str]) -> tuple[str, ...]:
    """Return those of some agents of a queue who are there, else its leads who are, else all of them."""
    agents = tuple(dict.fromkeys(agents))
    there = tuple(agent for agent in agents if agent not in absent)
    return there or tuple(lead for lead in policy.queues[queue].leads if lead not in absent) or agents


def present_team(queue: str, policy: Policy, absent: AbstractSet[str]) -> tuple[str, ...]:
    """Return whom a queue's notifications go to."""
    return who_is_there(policy.team(queue), queue, policy, absent)


def whom_to_tell(ticket: Ticket, policy: Policy, absent: AbstractSet[str]) -> tuple[str, ...]:
    """Return who is told of what happens on a ticket: its team or, where the queue says so, whoever has it and is there."""
    if policy.queues[ticket.queue].notify == "assignee" and _has_it(ticket, policy, absent):
        return (ticket.assignee,) if ticket.assignee is not None else ()
    return present_team(ticket.queue, policy, absent)


def whose_turn(ticket: Ticket, policy: Policy, absent: AbstractSet[str]) -> tuple[str, ...]:
    """Return whoever has a ticket and is there, else its queue's team."""
    if ticket.assignee is not None and _has_it(ticket, policy, absent):
        return (ticket.assignee,)
    return present_team(ticket.queue, policy, absent)


def whom_the_clock_tells(mark: ClockMark, ticket: Ticket, policy: Policy, absent: AbstractSet[str]) -> tuple[str, ...]:
    """Return who is told of a mark of a ticket's clock: the assignee, then the queue's agents, then the leads."""
    queue = policy.queues[ticket.queue]
    has_it = (ticket.assignee,) if ticket.assignee is not None and _has_it(ticket, policy, absent) else ()
    agents = queue.agents or queue.leads
    match mark:
        case ClockMark.REACTION_WARNING | ClockMark.RESOLUTION_WARNING:
            return has_it or who_is_there(agents, ticket.queue, policy, absent)
        case ClockMark.REACTION_BREACH:
            return who_is_there((*has_it, *agents), ticket.queue, policy, absent)
        case ClockMark.RESOLUTION_BREACH:
            return who_is_there((*has_it, *agents, *queue.leads), ticket.queue, policy, absent)


def choose_agent(
    queue: str,
    policy: Policy,
    *,
    absent: AbstractSet[str],
    loads: Mapping[str, int],
    last_assigned: str | None,
) -> tuple[str | None, str]:
    """Return whom a ticket of a queue that nobody has is given to, and why; None where that is left to the team.

    `loads` is how many unsolved tickets each agent has, `last_assigned` whom the queue's last assigned ticket was given to.
    """
    settings = policy.queues[queue]
    if settings.default_agent is not None and settings.default_agent not in absent:
        return settings.default_agent, f"default agent of {queue}"
    there = [agent for agent in settings.agents or settings.leads if agent not in absent]
    if not there or settings.assignment == "manual":
        return None, "whoever takes it" if there else f"everybody in {queue} is away"
    if settings.assignment == "least_open":
        agent = min(there, key=lambda each: loads.get(each, 0))
        return agent, f"fewest open tickets ({loads.get(agent, 0)})"
    return _next_in_turn(settings.agents or settings.leads, there, last_assigned), "their turn"


def _next_in_turn(agents: list[str], there: list[str], last: str | None) -> str:
    """Return who comes after the last one in the order of the file; whoever is away is passed over, and loses no turn."""
    start = agents.index(last) + 1 if last in agents else 0
    return next(agent for agent in (*agents[start:], *agents[:start]) if agent in there)


def assign_in_queue(
    queue: str,
    policy: Policy,
    *,
    absent: AbstractSet[str],
    loads: Mapping[str, int],
    last_assigned: Mapping[str, str | None],
) -> tuple[Assign, ...]:
    """Return the assignment of a ticket that comes into a queue and that nobody has; nothing where that is left to the team."""
    agent, why = choose_agent(queue, policy, absent=absent, loads=loads, last_assigned=last_assigned.get(queue))
    return (Assign(agent=agent, by=BY_GATEWAY, why=why),) if agent is not None else ()


def _has_it(ticket: Ticket, policy: Policy, absent: AbstractSet[str]) -> bool:
    return ticket.assignee in policy.agents and ticket.assignee not in absent
