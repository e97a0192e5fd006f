"""What becomes of suspended mail when its time comes: the list goes out, or nobody wanted it in time."""

from typing import Final

from gateway.pipeline.case import Hit, Miss
from gateway.pipeline.effects import AnnounceExpiry, Effect, RejectMail, SendDigest
from gateway.pipeline.reasons import Outcome, Reason
from gateway.pipeline.timer_facts import TimerCase

BY_EXPIRY: Final = "gateway: nobody wanted it in time"


def send_digest(case: TimerCase) -> Hit | Miss:
    """Mail everybody who works suspended mail what is new on the list, with what still waits."""
    waiting = case.facts.suspended
    agents = tuple(agent for agent in case.policy.suspended.to if agent in case.policy.agents)
    if not waiting:
        return Miss("nothing new waits")
    if not agents:
        return Miss("nobody works suspended mail by mail")
    return Hit(
        outcome=Outcome.RECORD,
        reason=Reason.DIGEST_DUE,
        because=f"mails that wait: {len(waiting)}",
        effects=tuple(SendDigest(agent=agent, mails=waiting) for agent in agents),
    )


def expire_suspended(case: TimerCase) -> Hit | Miss:
    """Discard what nobody decided in time, and say so."""
    expired = case.facts.suspended
    if not expired:
        return Miss("everything of that day was decided")
    effects: list[Effect] = [RejectMail(received_id=mail.id, by=BY_EXPIRY, old=mail.state) for mail in expired]
    effects.append(AnnounceExpiry(mails=expired))
    days = case.policy.suspended.expire_days
    because = f"mails that waited for more than {days} days: {len(expired)}"
    return Hit(outcome=Outcome.RECORD, reason=Reason.EXPIRED, because=because, effects=tuple(effects))
