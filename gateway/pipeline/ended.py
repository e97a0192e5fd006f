"""How a mail ended, as far as people ask: the words that admins' own tests expect, and that `what-if` compares. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from gateway.mail.evidence import Evidence
from gateway.mail.received import ReceivedMail
from gateway.pipeline.clocks import wind_clock
from gateway.pipeline.effects import Decision, NotifyAgents, SendConfirmation
from gateway.pipeline.policy import Policy
from gateway.pipeline.reasons import Outcome, Reason
from gateway.pipeline.refusals import refuse_by_rule, refuse_sender
from gateway.pipeline.rules.outlook import rehearse
from gateway.tickets import Ticket, TraceLine

NOBODY_HAS_IT = "nobody"
NO_ANSWER = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of one mail; None is what it has not."""

    outcome: str
    reason: str | None
    because: str
    queue: str | None = None
    priority: str | None = None
    category: str | None = None
    tags: tuple[str, ...] = ()
    status: str | None = None
    assignee: str | None = None
    """An agent, or `nobody`."""
    notify: tuple[str, ...] = ()
    answer: str = NO_ANSWER
    """The text that the author gets, by its name."""
    requester: str | None = None
    """Whose matter it is, by address."""
    answer_by: datetime | None = None
    """When the first answer is due, in the time zone of the texts."""
    solve_by: datetime | None = None
    """When the solution is due, likewise."""
    trace: tuple[TraceLine, ...] = ()

    @classmethod
    def of(cls, decision: Decision, *, ticket: Ticket | None, channel: str, policy: Policy, now: datetime) -> Self:
        """Read a decision about a mail, given the ticket that the mail belongs to."""
        is_taken = decision.outcome in {Outcome.OPEN, Outcome.POST}
        after = rehearse(ticket, decision.effects, policy=policy, now=now, channel=channel) if is_taken else None
        clock = wind_clock(ticket, after, policy, now).clock if after else None
        told = (agent for effect in decision.effects if isinstance(effect, NotifyAgents) for agent in effect.agents)
        answers = [effect.template or "confirmation" for effect in decision.effects if isinstance(effect, SendConfirmation)]
        return cls(
            outcome=decision.outcome,
            reason=decision.reason,
            because=decision.because,
            queue=after.queue if after else None,
            priority=after.priority if after else None,
            category=after.category if after else None,
            tags=after.tags if after else (),
            status=after.status if after else None,
            assignee=(after.assignee or NOBODY_HAS_IT) if after else None,
            notify=tuple(dict.fromkeys(told)),
            answer=answers[0] if answers else NO_ANSWER,
            requester=str(after.requester.address) if after else None,
            answer_by=_local(clock.reaction_due_at if clock else None, policy),
            solve_by=_local(clock.resolution_due_at if clock else None, policy),
            trace=decision.trace,
        )


def _local(moment: datetime | None, policy: Policy) -> datetime | None:
    return moment.astimezone(ZoneInfo(policy.texts.timezone)) if moment is not None else None


def ended_at_the_door(mail: ReceivedMail, policy: Policy) -> Ended | None:
    """Return how a mail ends that is not even taken; None where it is."""
    evidence: dict[str, Evidence] = {mail.channel: mail.evidence}
    refusal = refuse_sender(mail.envelope, evidence, policy)
    if refusal is not None:
        return Ended(outcome=Outcome.REFUSE, reason=Reason.CONTRADICTED_SENDER, because=refusal.text)
    by_rule = refuse_by_rule(mail.envelope, evidence, mail.content, policy)
    return Ended(outcome=Outcome.REFUSE, reason=Reason.RULE_REFUSED, because=by_rule[1]) if by_rule is not None else None
