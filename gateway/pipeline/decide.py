"""What becomes of a stimulus: pure thought, no clock, no database, no network.

`STEPS` is the whole policy, read from top to bottom. Each step looks at the case and either hits, which ends it, or says in a
few words why it is not its business. Both leave a line in the trace. The steps themselves stand in `steps.py` (mail of
strangers and customers) and `agents.py` (mail that acts for the company).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gateway.pipeline.agents import answer_as_agent, confirm_as_agent
from gateway.pipeline.case import Case, Hit, Miss
from gateway.pipeline.conversations import start_as_agent
from gateway.pipeline.effects import Decision
from gateway.pipeline.forwards import take_forward
from gateway.pipeline.loops import hush, hush_mailbox
from gateway.pipeline.reasons import Outcome
from gateway.pipeline.rules.ruling import apply_rules
from gateway.pipeline.rules.triggers import after_mail, join_effects
from gateway.pipeline.senders import (
    acquaint,
    apply_intake_policy,
    calm_flood,
    suspend_blocked_sender,
    suspend_probable_spam,
    verify_sender,
)
from gateway.pipeline.staffing import staff
from gateway.pipeline.steps import (
    handle_bounce,
    join_ticket,
    keep_automatic_reply,
    open_new_ticket,
    record_receipt,
    record_repeat,
    stop_loop,
    surface_forwarding_confirmation,
    suspend_contradicted_sender,
    suspend_dead_token,
    suspend_repeated_from,
    suspend_stranger,
)
from gateway.pipeline.suspended import timers_of_suspension, work_suspended
from gateway.tickets import TraceLine

Step = Callable[[Case], Hit | Miss]

STEPS: Final[tuple[Step, ...]] = (
    stop_loop,
    record_repeat,
    handle_bounce,
    record_receipt,
    suspend_repeated_from,
    suspend_contradicted_sender,
    suspend_blocked_sender,
    surface_forwarding_confirmation,
    keep_automatic_reply,
    confirm_as_agent,
    verify_sender,
    work_suspended,
    take_forward,
    start_as_agent,
    answer_as_agent,
    calm_flood,
    suspend_probable_spam,
    apply_rules,
    join_ticket,
    suspend_stranger,
    suspend_dead_token,
    apply_intake_policy,
    open_new_ticket,
)


_TAKEN: Final = frozenset({Outcome.OPEN, Outcome.POST})


def decide(case: Case) -> Decision:
    """Return what becomes of a mail: the first step that hits decides, and every step that looked leaves a line."""
    trace: list[TraceLine] = []
    for step in STEPS:
        found = step(case)
        if isinstance(found, Hit):
            trace += found.trace
        elif found.ruled is not None:
            case = replace(case, ruled=found.ruled)
            trace += found.ruled.trace
        trace.append(TraceLine(step=step.__name__, hit=isinstance(found, Hit), because=found.because))
        if isinstance(found, Hit):
            return _conclude(case, found, tuple(trace))
    message = "the last step always hits"
    raise AssertionError(message)


def _conclude(case: Case, hit: Hit, trace: tuple[TraceLine, ...]) -> Decision:
    triggered, triggers = after_mail(case, hit)
    effects, hushed = hush(case, join_effects(hit.effects, triggered))
    effects, quiet = hush_mailbox(case, effects)
    effects, staffed = staff(case, effects)
    if hit.outcome in _TAKEN:
        effects = (*acquaint(case), *effects)
    if hit.outcome is Outcome.SUSPEND:
        effects = (*effects, *timers_of_suspension(hit.reason, case.channel, case.policy, case.facts.now))
    return Decision(
        outcome=hit.outcome,
        reason=hit.reason,
        because=hit.because,
        effects=effects,
        ticket=hit.ticket.number if hit.ticket else None,
        queue=case.ruled.queue or (hit.ticket.queue if hit.ticket else case.channel.queue),
        trace=(*trace, *triggers, *hushed, *quiet, *staffed),
    )
