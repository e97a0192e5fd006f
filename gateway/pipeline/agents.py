"""The steps for mail in which an agent acts: the one place where a mail can speak for the company.

Whether it may stands in `gate.py`; what it may say in the first lines in `commands.py`. Anything less than proof is suspended
and the agent is asked at the configured address.
"""

from typing import Final

from gateway.mail.addresses import Mailbox
from gateway.mail.outbound import Purpose
from gateway.pipeline import sayings
from gateway.pipeline.case import Case, Hit, Miss, notify_team
from gateway.pipeline.commands import Commands, read_commands, says_note
from gateway.pipeline.effects import (
    AddParticipant,
    AddPost,
    AskToConfirm,
    Assign,
    Effect,
    MergeTicket,
    MoveToQueue,
    NotifyAgents,
    RelayAnswer,
    ReleaseMail,
    SendHelp,
    SetStatus,
    ShowThread,
    SplitTicket,
    TellAgent,
    WaitUntil,
)
from gateway.pipeline.facts import TO_CUSTOMERS, is_same_person
from gateway.pipeline.gate import find_doubt, is_accepted_on_list, is_confirmed_by, is_released
from gateway.pipeline.guard import Leak, LeakKind, find_leak, split_secrets
from gateway.pipeline.identity import signature_of
from gateway.pipeline.own_words import own_words
from gateway.pipeline.reasons import Outcome, Reason
from gateway.pipeline.said import Said
from gateway.states import ReceivedState, TicketStatus
from gateway.tickets import Side, Ticket, Visibility

CONFIRM_WORDS: Final = frozenset({"confirm", "confirmed", "bestätigen", "bestätigt", "bestätige", "#send", "#senden"})
AFTERWARDS: Final = (MergeTicket, SplitTicket, ShowThread, SendHelp)
"""What is done when everything else is: it leaves the ticket, or shows it as it has become."""


def confirm_as_agent(case: Case) -> Hit | Miss:
    """Release a suspended mail because its agent says `confirm` to the question that was sent to the configured address.

    The question's token went to that address alone; whoever answers with it reads the agent's mail. That is the proof here.
    """
    token, agent = case.facts.token, case.facts.agent
    if token is None or token.outbound.about_received_id is None:
        return Miss("it does not answer a question of ours")
    if agent is None or not is_same_person(token.outbound.recipient, case.requester.address, case.policy):
        return Miss("the question went to somebody else")
    if token.is_expired or case.facts.asked_about is not ReceivedState.SUSPENDED:
        because = "the mail that was asked about no longer waits"
        return tell(case, Reason.AGENT_CONFIRMED, agent, because, sayings.waits_no_longer())
    first = next((line.strip(" \t.!\"'*_").casefold() for line in case.reading.reply.visible.split("\n") if line.strip()), "")
    if first not in CONFIRM_WORDS:
        because = f"the first line is not `confirm` but {first[:40]!r}"
        return tell(case, Reason.AGENT_UNCONFIRMED, agent, because, sayings.not_confirmed())
    release = ReleaseMail(received_id=token.outbound.about_received_id, by=agent)
    return Hit(
        outcome=Outcome.RECORD,
        reason=Reason.AGENT_CONFIRMED,
        because=f"{agent} answered the question at the configured address with `confirm`",
        effects=(release,),
    )


def answer_as_agent(case: Case) -> Hit | Miss:
    """Post and relay what an agent answered, or keep it as a note."""
    facts = case.facts
    if facts.agent is None:
        return Miss("the author is no agent")
    if facts.ticket is None:
        return Miss("an agent wrote, but to no ticket")
    is_customer = facts.part is not None and (facts.token is None or facts.token.outbound.purpose in TO_CUSTOMERS)
    if is_customer and not is_meant_as_note(case):  # a note is no customer's, and must not become public
        return Miss(f"{facts.agent} writes as {facts.part} of {facts.ticket.number}, not in answer to a notification")
    if case.is_waived(Reason.AGENT_UNCONFIRMED) and not is_confirmed_by(case, facts.agent):
        return Miss("a person released it, but not as an agent's: it counts as anybody's")
    doubt = None if is_confirmed_by(case, facts.agent) else find_doubt(case, facts.agent)
    if doubt is not None:
        return hold_for_agent(case, facts.agent, Reason.AGENT_UNCONFIRMED, doubt)
    return _act(case, facts.agent, facts.ticket)


def _act(case: Case, agent: str, ticket: Ticket) -> Hit:
    text, is_sure = own_words(case)
    stays_inside = is_to_note_address(case) or says_note(text)
    if (not is_sure or case.forwarded) and not stays_inside and not is_released(case, agent, Reason.UNSURE_QUOTE):
        return _hold_unsure(case, agent, text)
    if stays_inside and not is_sure:
        text = case.message.text  # colleagues may read too much, customers not
    commands = read_commands(text, agent=agent, case=case, ticket=ticket)
    if commands.wrong:
        return tell_wrong(case, agent, commands)
    has_words = bool(commands.text.strip()) or bool(case.message.attachments)
    if not has_words and not commands.effects:
        return tell(case, Reason.EMPTY_ANSWER, agent, "nothing stands above the quote", sayings.nothing_written())
    if not has_words:
        return _keep_inside(case, ticket, commands, Reason.AGENT_COMMAND, "commands, and no text to send")
    if commands.is_note or is_to_note_address(case):
        post = agent_post(case, agent, commands.text, Visibility.INTERNAL)
        return _keep_inside(case, ticket, commands, Reason.AGENT_NOTE, "a note for the team", post)
    return _answer(case, agent, ticket, commands)


def _hold_unsure(case: Case, agent: str, text: str) -> Hit:
    """Hold what cannot be told from a quotation; where words of a note are what looks like one, the question says so."""
    leak = leak_in(case, agent, text)
    if leak is not None and leak.kind is LeakKind.NOTE and not case.forwarded:
        return _hold_leak(case, agent, leak)
    unsure = "it forwards somebody's mail" if case.forwarded else "where the quote begins is not certain"
    return hold_for_agent(case, agent, Reason.UNSURE_QUOTE, unsure)


def _hold_leak(case: Case, agent: str, leak: Leak) -> Hit:
    because = f"something internal stands in it ({leak.kind}): {leak.words}"
    return hold_for_agent(case, agent, Reason.NOTE_LEAK, because, internal=leak.words)


def is_to_note_address(case: Case) -> bool:
    """Tell whether it was sent to a note's address, perhaps beside others: each channel sees its own recipients only."""
    written = (mailbox.address for mailbox in (*case.message.to, *case.message.cc))
    return any(recipient.note for recipient in case.mail.envelope.recipients) or any(map(case.policy.is_note_address, written))


def is_meant_as_note(case: Case) -> bool:
    """Tell whether an agent's mail says of itself that it is for colleagues only, by its address or in its first lines."""
    return is_to_note_address(case) or says_note(case.reading.reply.visible)


def _answer(case: Case, agent: str, ticket: Ticket, commands: Commands) -> Hit:
    newer = case.facts.newer_answer
    if newer is not None and not commands.sends_anyway and not is_released(case, agent, Reason.STALE_ANSWER):
        return hold_for_agent(case, agent, Reason.STALE_ANSWER, f"{newer.agent or 'a colleague'} has answered since")
    is_checked = case.is_waived(Reason.NOTE_LEAK) and not is_accepted_on_list(case)
    leak = None if is_checked else leak_in(case, agent, commands.text)
    if leak is not None:
        return _hold_leak(case, agent, leak)
    added = _added(case, ticket)
    if not any(mailbox.address.is_sendable for mailbox in (*added, *(p.mailbox for p in ticket.participants))):
        because = f"no mail can be sent to {ticket.requester.address}"
        hint = sayings.nobody_to_answer(str(ticket.requester.address))
        return tell(case, Reason.NOBODY_TO_ANSWER, agent, because, hint)
    return Hit(
        outcome=Outcome.POST,
        reason=Reason.AGENT_ANSWER,
        because=f"{agent} answered {ticket.number}",
        effects=(
            agent_post(case, agent, commands.text, Visibility.PUBLIC),
            *_moves(agent, ticket, commands),
            RelayAnswer(agent=agent, also_to=added, is_checked=is_checked),
            *carry_on(case, agent, ticket.queue, commands, Purpose.NEW_ANSWER),
        ),
        ticket=ticket,
    )


def leak_in(case: Case, agent: str, text: str) -> Leak | None:
    """Return what stands in an agent's answer that must stay inside: what notes say, or the frame of a notification."""
    ticket = case.facts.ticket
    notes, public = split_secrets(case.facts.posts, subject=ticket.subject if ticket is not None else "")
    signature = signature_of(agent, ticket, case.policy).text if ticket is not None else ""
    notes = (*notes, *case.facts.merged_notes)
    return find_leak(text, notes=notes, public=(*public, signature), number=ticket.number if ticket is not None else None)


def agent_post(case: Case, agent: str, text: str, visibility: Visibility) -> AddPost:
    """Put what an agent wrote into the ticket."""
    author = case.facts.author or case.policy.agent_mailbox(agent)
    return AddPost(visibility=visibility, side=Side.AGENT, author=author, agent=agent, text=text)


def _moves(agent: str, ticket: Ticket, commands: Commands) -> tuple[Effect, ...]:
    """Let the ticket wait for the customer and belong to who answered, unless a command says otherwise."""
    moves = [effect for effect in commands.effects if not isinstance(effect, AFTERWARDS)]
    if not any(isinstance(move, SetStatus | WaitUntil | MergeTicket) for move in commands.effects):
        moves.append(SetStatus(status=TicketStatus.PENDING, by=agent, why="answered"))
    if ticket.assignee is None and not any(isinstance(move, Assign | MoveToQueue) for move in moves):
        moves.append(Assign(agent=agent, by=agent, why="first answer"))
    return tuple(moves)


def carry_on(case: Case, agent: str, queue: str, commands: Commands, purpose: Purpose | None) -> tuple[Effect, ...]:
    """Tell the team and whom the ticket was given to, do what leaves the ticket, and tell the agent what is not obvious."""
    told = notify_team(case, queue, purpose) if purpose is not None else ()
    know = {agent, *(each for notice in told for each in notice.agents)}
    receivers: dict[str, None] = {}
    for effect in commands.effects:
        match effect:
            case MoveToQueue():
                receivers |= dict.fromkeys(
                    a for notice in notify_team(case, effect.queue, Purpose.HANDOVER) for a in notice.agents
                )
            case Assign(agent=str(receiver)):
                receivers[receiver] = None
            case _:
                pass
    new = tuple(receiver for receiver in receivers if receiver not in know)
    is_told = bool(new) and case.channel.sends(Purpose.HANDOVER)
    handover = (NotifyAgents(purpose=Purpose.HANDOVER, agents=new, by=agent),) if is_told else ()
    afterwards = (effect for effect in commands.effects if isinstance(effect, AFTERWARDS))
    return (*told, *handover, *afterwards, *tell_done(case, agent, commands))


def tell_done(case: Case, agent: str, commands: Commands) -> tuple[TellAgent, ...]:
    """Tell an agent what was done, where that is not obvious."""
    if not commands.tells:
        return ()
    hint = "\n".join(said.to(case.language_of(agent)) for said in commands.tells)
    return (TellAgent(agent=agent, reason=Reason.AGENT_COMMAND, hint=hint, is_done=True),)


def _added(case: Case, ticket: Ticket) -> tuple[Mailbox, ...]:
    """Return whom the agent put into To or Cc: they take part from now on."""
    known = {participant.mailbox.address.key for participant in ticket.participants}
    added: dict[str, Mailbox] = {}
    for mailbox in (*case.message.to, *case.message.cc):
        address = mailbox.address
        is_ours = case.policy.is_own_address(address) or address.key in case.policy.agent_of_address
        if address.is_sendable and not is_ours and address.key not in known:
            added[address.key] = mailbox
    return tuple(added.values())


def _keep_inside(
    case: Case, ticket: Ticket, commands: Commands, reason: Reason, because: str, post: AddPost | None = None
) -> Hit:
    agent = case.facts.agent or ""
    moves = (effect for effect in commands.effects if not isinstance(effect, AFTERWARDS))
    purpose = Purpose.NEW_NOTE if post is not None else None
    return Hit(
        outcome=Outcome.POST,
        reason=reason,
        because=f"{agent} on {ticket.number}: {because}",
        effects=(*((post,) if post is not None else ()), *moves, *carry_on(case, agent, ticket.queue, commands, purpose)),
        ticket=ticket,
    )


def hold_for_agent(case: Case, agent: str, reason: Reason, because: str, *, internal: str = "") -> Hit:
    """Hold a mail and ask its agent; the question shows everything that a `confirm` would let out, and to whom."""
    shown, _ = own_words(case)
    goes_out = reason in {Reason.UNSURE_QUOTE, Reason.STALE_ANSWER, Reason.NOTE_LEAK}
    would_send, joining = _would_leave(case, agent, shown)
    cap = case.policy.loops.confirmations_per_agent_and_hour
    asked = case.facts.questions_in_last_hour < cap and not case.is_automatic
    question = AskToConfirm(
        agent=agent,
        question=reason,
        would_send=would_send if goes_out else "",
        says="" if goes_out else shown,
        also_to=joining,
        newer=case.facts.newer_answer if reason is Reason.STALE_ANSWER else None,
        internal=internal,
    )
    return Hit(
        outcome=Outcome.SUSPEND,
        reason=reason,
        because=because if asked else f"{because}; {agent} is not asked, the hourly limit of questions is reached",
        effects=(question,) if asked else (),
        ticket=case.facts.ticket,
    )


def _would_leave(case: Case, agent: str, shown: str) -> tuple[str, tuple[Mailbox, ...]]:
    """Return the text below the commands, and who would take part because of the mail."""
    ticket = case.facts.ticket
    commands = read_commands(shown, agent=agent, case=case, ticket=ticket)
    added = _added(case, ticket) if ticket is not None else ()
    if commands.wrong:
        return shown, added
    named = (effect.mailbox for effect in commands.effects if isinstance(effect, AddParticipant))
    return commands.text, (*added, *named, *commands.begins_with)


def tell(case: Case, reason: Reason, agent: str, because: str, *hints: Said) -> Hit:
    """Do nothing, and tell the agent why."""
    hint = "\n".join(said.to(case.language_of(agent)) for said in hints)
    return Hit(
        outcome=Outcome.RECORD, reason=reason, because=because, effects=(TellAgent(agent=agent, reason=reason, hint=hint),)
    )


def tell_wrong(case: Case, agent: str, commands: Commands) -> Hit:
    """Do nothing because of a command that cannot be done, and tell the agent what could have been meant."""
    return tell(case, Reason.UNKNOWN_COMMAND, agent, commands.wrong[0].en, *commands.wrong)
