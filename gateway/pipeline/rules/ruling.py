"""Runs the rules on a mail: once per case, before it joins or opens a ticket. Pure.

`ignore`, `suspend` and `refuse` end the case here. What rules say about the ticket stays in `Case.ruled`, and the steps that join
or open one merge it into what they do.
"""

from dataclasses import replace

from gateway.mail.addresses import Mailbox
from gateway.pipeline.business_hours import is_open
from gateway.pipeline.case import Case, Hit, Miss, open_ticket
from gateway.pipeline.effects import Assign, MoveToQueue
from gateway.pipeline.policy import Policy
from gateway.pipeline.reasons import Reason
from gateway.pipeline.rules.action import Consequence, StopRules, Unfit, Verdict
from gateway.pipeline.rules.outlook import rehearse
from gateway.pipeline.rules.ruled import Ruled, add_up
from gateway.pipeline.rules.situation import Event, Situation
from gateway.pipeline.rules.spam import is_handed_over
from gateway.pipeline.steps import join_ticket
from gateway.tickets import Ticket, TraceLine

_RULED_OUT = (Reason.RULE_SUSPENDED, Reason.RULE_REFUSED)


def apply_rules(case: Case) -> Hit | Miss:
    """Ask the admin's rules about a customer's mail."""
    if not case.policy.rules.rules:
        return Miss("there are no rules")
    ruled = run_rules(case)
    if ruled.verdict is None:
        hits = [line.step for line in ruled.trace if line.hit]
        return Miss(f"the mail goes on after {', '.join(hits)}" if hits else "no rule fits", ruled=ruled)
    if any(case.is_waived(reason) for reason in _RULED_OUT):
        return Miss("a person released it", ruled=ruled)
    verdict = ruled.verdict
    return Hit(outcome=verdict.outcome, reason=verdict.reason, because=ruled.because, trace=ruled.trace)


def run_rules(case: Case) -> Ruled:
    """Ask each rule in order until one ends it; each sees the ticket as the ones before it left it."""
    now, policy = case.facts.now, case.policy
    ticket = _ticket_of(case)
    trace: list[TraceLine] = []
    given: list[Consequence] = []
    because = ""
    situation = situation_of(case, ticket)
    for rule in policy.rules.rules:
        line, consequences = rule.look(situation)
        consequences = tuple(checked(each, policy) for each in consequences)
        unfit = "".join(f"; {each.why}" for each in consequences if isinstance(each, Unfit) and each.why not in line.because)
        trace.append(TraceLine(step=line.step, hit=line.hit, because=line.because + unfit))
        given += consequences
        if ticket is not None:
            ticket = rehearse(ticket, consequences, policy=policy, now=now)
            situation = with_ticket(situation, ticket, policy)
        if any(isinstance(each, Verdict) for each in consequences):
            because = f"{rule.label}: {line.because}"
        if any(isinstance(each, Verdict | StopRules) for each in consequences):
            break
    return add_up(given, trace, because)


def checked(each: Consequence, policy: Policy) -> Consequence:
    """Pass over a queue or an agent that a group named and that does not exist."""
    match each:
        case MoveToQueue() if each.queue not in policy.queues:
            return Unfit(f"there is no queue `{each.queue}`")
        case Assign() if each.agent is not None and each.agent not in policy.agents:
            return Unfit(f"there is no agent `{each.agent}`")
        case _:
            return each


def _ticket_of(case: Case) -> Ticket | None:
    """Return the ticket that the mail will belong to: the one it joins, else the one it is about to open."""
    joined = join_ticket(case)
    if isinstance(joined, Hit) and joined.ticket is not None:
        return joined.ticket
    return rehearse(None, (open_ticket(case),), policy=case.policy, now=case.facts.now, channel=case.mail.channel)


def with_ticket(situation: Situation, ticket: Ticket | None, policy: Policy) -> Situation:
    """Return what conditions see once the ticket is another one; the mail, whose texts are compared again, stays the same."""
    if ticket is None or ticket == situation.ticket:
        return situation
    hours = policy.hours(ticket.queue)
    return replace(situation, ticket=ticket, language=ticket.language, is_open=is_open(situation.now, hours))


def situation_of(case: Case, ticket: Ticket | None) -> Situation:
    """Return what conditions see of a mail and the ticket that it will belong to."""
    mail, reading, policy = case.mail, case.reading, case.policy
    message, reply = reading.message, reading.reply
    named = (*message.from_, reading.original_author, reading.form_sender)
    authors: dict[str, Mailbox] = {each.address.key: each for each in named if each is not None}
    channel = policy.channels[mail.channel]
    return Situation(
        channel=mail.channel,
        now=case.facts.now,
        language=ticket.language if ticket is not None else channel.language,
        is_open=is_open(case.facts.now, policy.hours(ticket.queue if ticket is not None else channel.queue)),
        envelope=mail.envelope,
        assurance=case.assurance,
        message=message,
        is_from_forwarder=is_handed_over(mail),
        authors=tuple(authors.values()),
        original_recipients=reading.original_recipients,
        body="\n".join(part for part in (reply.visible, reply.signature) if part.strip()) or message.text,
        kind=reading.kind,
        attachments=message.attachments,
        contact=case.facts.contact,
        organisation=case.facts.organisation,
        ticket=ticket,
        event=Event.CREATED if ticket is None or ticket.id == 0 else Event.CUSTOMER_REPLIED,
    )
