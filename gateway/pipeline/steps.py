"""The steps for mail of strangers, customers and machines, in the order in which `decide.STEPS` asks them."""

from gateway.mail.envelope import RouteKind
from gateway.mail.evidence import Assurance
from gateway.mail.outbound import Purpose
from gateway.mail.reading import Kind
from gateway.mail.received import EarlierMail
from gateway.pipeline.agents import is_meant_as_note
from gateway.pipeline.case import Case, Hit, Miss, customer_post, open_ticket
from gateway.pipeline.effects import (
    AddParticipant,
    AddPost,
    AskToConfirm,
    Effect,
    FailDelivery,
    NoteDelay,
    SendConfirmation,
    SetStatus,
)
from gateway.pipeline.facts import is_same_person, whom_to_ask
from gateway.pipeline.follow_ups import why_anew
from gateway.pipeline.notices import forwarding_asked
from gateway.pipeline.reasons import Outcome, Reason
from gateway.pipeline.rules.merging import ruled_effects
from gateway.states import OutboundState, ReceivedState, TicketStatus
from gateway.tickets import Part, Ticket, Visibility

_REPLIES = frozenset({Kind.AUTO_REPLY, Kind.OUT_OF_OFFICE})
_MOST_SHOWN = 4000
_RECEIPTS = frozenset({Kind.RECEIPT, Kind.FEEDBACK_REPORT})
_TAKEN = frozenset({ReceivedState.RECEIVED, ReceivedState.TICKETED, ReceivedState.RECORDED})


def stop_loop(case: Case) -> Hit | Miss:
    """Hold our own mail that came back, before anything can answer it."""
    if case.is_waived(Reason.LOOP):
        return Miss("a person released it")
    if case.reading.kind is not Kind.LOOP:
        return Miss("not a mail of ours")
    return Hit(outcome=Outcome.SUSPEND, reason=Reason.LOOP, because=case.reading.kind_because)


def record_repeat(case: Case) -> Hit | Miss:
    """Keep a second mail with an author's Message-ID without a second post.

    The same bytes sent again never get here: the intake knows them by their delivery key. Only a mail that was taken swallows
    a later one, and a proven one is swallowed by a proven one only: who sends a forgery first does not silence anybody.
    """
    if case.mail.waiver is not None:
        return Miss("a person released it")
    if not case.facts.earlier:
        return Miss("its Message-ID is new")
    if not any(_swallows(earlier, case) for earlier in case.facts.earlier):
        return Miss("it came before, but was not taken then, or is an agent's, who is asked about it below")
    return Hit(
        outcome=Outcome.DUPLICATE,
        reason=Reason.REPEATED,
        because=f"{case.requester.address} sent the Message-ID {case.message.message_id} before",
    )


def _swallows(earlier: EarlierMail, case: Case) -> bool:
    """Tell whether nothing is lost without this mail: on one ticket every channel counts, else each for itself."""
    if earlier.state not in _TAKEN or (case.assurance is Assurance.PROVEN and earlier.assurance is not Assurance.PROVEN):
        return False
    if case.facts.agent is not None and earlier.sha256 != case.mail.content.sha256:
        return False
    return earlier.channel == case.mail.channel or case.facts.ticket is not None


def surface_forwarding_confirmation(case: Case) -> Hit | Miss:
    """Show a provider's question about a forwarding rule to the admins instead of making a ticket of it."""
    if case.reading.kind is not Kind.FORWARDING_CONFIRMATION:
        return Miss("no provider asks about forwarding")
    because = case.reading.kind_because
    if case.facts.notices_in_last_hour >= case.policy.loops.per_correspondent_and_hour:
        because = f"{because}; nobody is told, the hourly limit of notices is reached"
        return Hit(outcome=Outcome.RECORD, reason=Reason.FORWARDING_CONFIRMATION, because=because)
    sender = f"{case.requester.address} ({case.assurance}: {case.mail.evidence.because})"
    text = f"{sender}\n\n{case.message.subject or ''}\n\n{case.message.text[:_MOST_SHOWN]}"
    tell = forwarding_asked(str(case.channel.address), text).to(case.policy.operators_language(case.mail.channel))
    return Hit(outcome=Outcome.RECORD, reason=Reason.FORWARDING_CONFIRMATION, because=because, effects=(tell,))


def handle_bounce(case: Case) -> Hit | Miss:
    """Put what a delivery report says onto the ticket whose mail it is about."""
    bounced = case.facts.bounced
    if case.reading.kind is not Kind.BOUNCE:
        return Miss("no delivery report")
    if bounced is None:
        because = "a delivery report about a mail that we did not send"
        return Hit(outcome=Outcome.RECORD, reason=Reason.UNRELATED_BOUNCE, because=because)
    because = f"it reports on our mail to {bounced.outbound.recipient}"
    if bounced.outbound.state is OutboundState.BOUNCED:
        return Hit(outcome=Outcome.RECORD, reason=Reason.BOUNCE, because=f"{because}, which we know did not arrive")
    make = FailDelivery if bounced.bounce.permanent else NoteDelay
    effect = make(outbound=bounced.outbound, bounce=bounced.bounce)
    return Hit(outcome=Outcome.RECORD, reason=Reason.BOUNCE, because=because, effects=(effect,), ticket=case.facts.ticket)


def record_receipt(case: Case) -> Hit | Miss:
    """Keep read receipts and feedback reports without a post."""
    if case.reading.kind not in _RECEIPTS:
        return Miss("no receipt, no feedback report")
    return Hit(outcome=Outcome.RECORD, reason=Reason.RECEIPT, because=case.reading.kind_because)


def suspend_repeated_from(case: Case) -> Hit | Miss:
    """Hold a mail with more than one From field: every program shows another one (RFC 5322 section 3.6)."""
    if case.is_waived(Reason.REPEATED_FROM):
        return Miss("a person released it")
    if not case.message.has_repeated_from:
        return Miss("at most one From field")
    return Hit(outcome=Outcome.SUSPEND, reason=Reason.REPEATED_FROM, because="it has more than one From field")


def suspend_contradicted_sender(case: Case) -> Hit | Miss:
    """Hold a mail whose author's domain says that it is not its own."""
    if case.is_waived(Reason.CONTRADICTED_SENDER):
        return Miss("a person released it")
    if case.assurance is not Assurance.CONTRADICTED:
        return Miss(f"the sender is {case.assurance}")
    return Hit(outcome=Outcome.SUSPEND, reason=Reason.CONTRADICTED_SENDER, because=case.mail.evidence.because)


def keep_automatic_reply(case: Case) -> Hit | Miss:
    """Keep a machine's reply small: it never reopens, never notifies, never speaks for an agent.

    One that belongs to no ticket goes on: behind odd headers there may be a person with a request.
    """
    if not case.is_automatic:
        return Miss("a person may have written it")
    if case.facts.agent is not None:
        because = f"automatic mail of the agent {case.facts.agent}: {case.reading.kind_because}"
        return Hit(outcome=Outcome.RECORD, reason=Reason.AUTOMATIC_REPLY, because=because)
    if case.reading.kind not in _REPLIES:
        return Miss("automatic, but not a reply")
    ticket = case.facts.ticket
    if ticket is None or case.facts.part is None or not _may_join(case):
        if any(recipient.kind is RouteKind.RETURN for recipient in case.mail.envelope.recipients):
            because = "a machine answered the reverse-path of a mail of ours"
            return Hit(outcome=Outcome.RECORD, reason=Reason.AUTOMATIC_REPLY, because=because)
        return Miss("automatic, but nothing proves that it belongs to a ticket of its author")
    return _keep_small(case, ticket)


def _keep_small(case: Case, ticket: Ticket) -> Hit:
    facts, cap = case.facts, case.policy.loops.mails_per_author_and_hour
    if facts.mails_in_last_hour >= cap:
        because = f"the author sent {facts.mails_in_last_hour} mails in the last hour, and {cap} are allowed"
        return Hit(outcome=Outcome.RECORD, reason=Reason.AUTOMATIC_REPLY, because=because, ticket=ticket)
    return Hit(
        outcome=Outcome.POST,
        reason=Reason.AUTOMATIC_REPLY,
        because=case.reading.kind_because,
        effects=(customer_post(case),),
        ticket=ticket,
    )


def join_ticket(case: Case) -> Hit | Miss:
    """Add a participant's next mail to the ticket: by the own token, or by references where the author is proven."""
    ticket = case.facts.ticket
    if ticket is None:
        return Miss("it answers no mail of a ticket, and refers to none")
    if case.ruled.opens_anew:
        return Miss("a rule wants a ticket of its own for it")
    if case.facts.part is None and not case.is_waived(Reason.STRANGER_ON_TICKET):
        return Miss(f"{case.requester.address} takes no part in {ticket.number}")
    if not _may_join(case):
        return Miss(f"it refers to {ticket.number} without answering a mail of ours to them, and the sender is not proven")
    anew = why_anew(ticket, case.policy, case.facts.now)
    if anew is not None:
        return _follow_closed(case, ticket, anew)
    effects: list[Effect] = [_post(case)]
    if case.facts.part is None and case.mail.waiver is not None:
        effects.append(AddParticipant(mailbox=case.requester, part=Part.CC, by=case.mail.waiver.by))
    if ticket.status is not TicketStatus.NEW and ticket.status is not TicketStatus.OPEN:
        effects.append(SetStatus(status=TicketStatus.OPEN, by="customer", why="wrote again"))
    return Hit(
        outcome=Outcome.POST,
        reason=Reason.JOINED_OPEN_TICKET if case.facts.is_only_open else Reason.FOLLOW_UP,
        because=f"{case.requester.address} takes part in {ticket.number} ({_how(case)})",
        effects=(
            *effects,
            *(_confirmation(case)[0] if case.ruled.answer is not None else ()),
            *ruled_effects(case, ticket.queue, Purpose.NEW_REPLY, assignee=ticket.assignee),
        ),
        ticket=ticket,
    )


def _follow_closed(case: Case, ticket: Ticket, because: str) -> Hit:
    return Hit(
        outcome=Outcome.OPEN,
        reason=Reason.FOLLOW_UP_OF_CLOSED,
        because=because,
        effects=(
            open_ticket(case, follows=ticket),
            _post(case),
            *(_confirmation(case)[0] if case.ruled.answer is not None else ()),
            *ruled_effects(case, ticket.queue, Purpose.NEW_TICKET),
        ),
    )


def _post(case: Case) -> AddPost:
    """Put in what somebody wrote; what an agent meant for colleagues stays inside, whoever let it in."""
    is_note = case.facts.agent is not None and is_meant_as_note(case)
    return customer_post(case, visibility=Visibility.INTERNAL if is_note else Visibility.PUBLIC)


def _may_join(case: Case) -> bool:
    return _has_own_token(case) or case.assurance is Assurance.PROVEN or case.is_waived(Reason.STRANGER_ON_TICKET)


def _has_own_token(case: Case) -> bool:
    token = case.facts.token
    return (
        case.facts.is_matched_by_token
        and token is not None
        and is_same_person(token.outbound.recipient, case.requester.address, case.policy)
    )


def _how(case: Case) -> str:
    if case.facts.part is None and case.mail.waiver is not None:
        return f"{case.mail.waiver.by} let them in"
    if case.facts.is_only_open:
        return f"their one open ticket, and the sender is {case.assurance}"
    return (
        "it answers a mail of ours to them"
        if _has_own_token(case)
        else f"it refers to its mails, and the sender is {case.assurance}"
    )


def suspend_stranger(case: Case) -> Hit | Miss:
    """Hold a mail that belongs to a ticket in which its author takes no part."""
    ticket = case.facts.ticket
    if ticket is None or case.facts.part is not None:
        return Miss("no stranger on a ticket")
    if case.is_waived(Reason.STRANGER_ON_TICKET):
        return Miss("a person released it")
    because = f"{case.requester.address} takes no part in {ticket.number}"
    questions, unasked = _questions(case, ticket)
    return Hit(
        outcome=Outcome.SUSPEND,
        reason=Reason.STRANGER_ON_TICKET,
        because=because + unasked,
        effects=questions,
        ticket=ticket,
    )


def _questions(case: Case, ticket: Ticket) -> tuple[tuple[AskToConfirm, ...], str]:
    """Ask those who have the ticket whether the stranger belongs to it: one reply of theirs lets the mail in."""
    if case.is_automatic or not case.reading.respond:
        return (), "; nobody is asked about automatic mail"
    if case.facts.questions_in_last_hour >= case.policy.loops.confirmations_per_agent_and_hour:
        return (), "; nobody is asked, the hourly limit of questions is reached"
    says = case.reading.reply.visible or case.message.text
    agents = whom_to_ask(None, ticket, case.policy)
    return tuple(AskToConfirm(agent=a, question=Reason.STRANGER_ON_TICKET, says=says[:_MOST_SHOWN]) for a in agents), ""


def suspend_dead_token(case: Case) -> Hit | Miss:
    """Hold a mail to a ticket's address that leads nowhere: no stranger could know one, and we made none like it."""
    if case.is_waived(Reason.DEAD_TOKEN):
        return Miss("a person released it")
    if not case.facts.has_dead_token:
        return Miss("it was sent to no unknown ticket address")
    return Hit(outcome=Outcome.SUSPEND, reason=Reason.DEAD_TOKEN, because="the ticket address in the envelope is not one of ours")


def open_new_ticket(case: Case) -> Hit | Miss:
    """Open a ticket: whatever got here is somebody's matter."""
    confirmation, why = _confirmation(case)
    return Hit(
        outcome=Outcome.OPEN,
        reason=Reason.NEW_MATTER,
        because=f"nothing ties it to a ticket; {why}",
        effects=(
            open_ticket(case),
            _post(case),
            *confirmation,
            *ruled_effects(case, case.channel.queue, Purpose.NEW_TICKET),
        ),
    )


def _confirmation(case: Case) -> tuple[tuple[SendConfirmation, ...], str]:
    is_wanted = case.channel.confirmation.enabled and case.channel.sends("confirmation")
    if not is_wanted and case.ruled.answer is None:
        return (), "the channel sends no confirmations"
    why_not = why_no_answer(case)
    if why_not is not None:
        return (), f"no confirmation: {why_not}"
    return (SendConfirmation(template=case.ruled.answer),), "a confirmation is due"


def why_no_answer(case: Case) -> str | None:
    """Say why the author of a mail must get no automatic answer; None where one may go out."""
    if case.facts.author is None or case.mail.envelope.reverse_path is None or not case.requester.address.is_sendable:
        return "it is not certain who would get it"
    if not case.reading.respond:
        return case.reading.kind_because
    facts, loops = case.facts, case.policy.loops
    if facts.alike_in_last_hour >= loops.equal_mails_per_hour:
        return f"the author said the same {facts.alike_in_last_hour} times in the last hour"
    if facts.alike_in_last_week >= loops.alike_mails_per_week:
        return f"the author said the same {facts.alike_in_last_week} times in the last week"
    return "the author's address is our own" if case.policy.is_own_address(case.requester.address) else None
