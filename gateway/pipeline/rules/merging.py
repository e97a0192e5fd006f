"""How what rules say of a mail becomes effects of the step that joins or opens its ticket. Pure."""

from gateway.mail.outbound import Purpose
from gateway.pipeline.case import Case, notify_team
from gateway.pipeline.effects import AddNote, Assign, Effect, NotifyAgents, TellOperators
from gateway.pipeline.notices import rule_tells
from gateway.pipeline.policy import Policy
from gateway.pipeline.rules.action import Tell
from gateway.pipeline.rules.ruled import Ruled


def ruled_effects(case: Case, queue: str, purpose: Purpose, *, assignee: str | None = None) -> tuple[Effect, ...]:
    """Return what rules change on the ticket, and who is told: the team of the queue it ends up in, and whom rules name."""
    ruled = case.ruled
    queue = ruled.queue or queue
    assigned = [effect.agent for effect in ruled.effects if isinstance(effect, Assign)]
    team = notify_team(case, queue, purpose)
    known = {agent for notice in team for agent in notice.agents} | {case.facts.agent}
    told = tell(ruled, case.policy, queue=queue, assignee=assigned[-1] if assigned else assignee)
    others = tuple(agent for agent in told if agent not in known)
    notices = (NotifyAgents(purpose=purpose, agents=others),) if others else ()
    changes = (effect for effect in ruled.effects if not isinstance(effect, AddNote))
    notes = (effect for effect in ruled.effects if isinstance(effect, AddNote))  # last: notifications show the customer's words
    about = f"{case.requester}\n{case.message.subject or ''}"
    return (*changes, *team, *notices, *notes, *tell_operators(ruled, about, case.policy.operators_language(case.mail.channel)))


def tell(ruled: Ruled, policy: Policy, *, queue: str, assignee: str | None) -> tuple[str, ...]:
    """Return the agents whom rules want to be told, each once."""
    return tuple(dict.fromkeys(agent for each in ruled.tells for agent in _named(each, policy, queue, assignee)))


def _named(each: Tell, policy: Policy, queue: str, assignee: str | None) -> tuple[str, ...]:
    whom = each.whom
    has_assignee = assignee is not None and assignee in policy.agents
    return (
        *(agent for agent in whom.agents if agent in policy.agents),
        *(policy.team(whom.queue) if whom.queue is not None and whom.queue in policy.queues else ()),
        *((assignee,) if whom.assignee and has_assignee and assignee is not None else ()),
        *(policy.team(queue) if whom.team or (whom.assignee and not has_assignee) else ()),
        *(policy.queues[queue].leads if whom.leads else ()),
    )


def tell_operators(ruled: Ruled, about: str, language: str) -> tuple[TellOperators, ...]:
    """Return what the admins are told."""
    return tuple(rule_tells(each.why, about).to(language) for each in ruled.tells if each.whom.operators)
