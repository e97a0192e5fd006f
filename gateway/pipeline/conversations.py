"""The step for mail with which an agent begins something, without a token: a conversation with a customer, or a command.

Two ways lead to a conversation. An agent writes to a customer with the support address beside them, in To or Cc: that mail has
arrived already, so it is kept and not sent again. Or the first line is `#to kunde@firma.example`: then the text below goes out
from the channel. Either makes a ticket in somebody's name, so it needs the agent's proof; only a token there cannot be.
"""

from gateway.mail.addresses import Mailbox
from gateway.mail.envelope import RouteKind
from gateway.mail.outbound import Purpose
from gateway.pipeline import sayings
from gateway.pipeline.agents import (
    agent_post,
    carry_on,
    hold_for_agent,
    is_to_note_address,
    tell,
    tell_done,
    tell_wrong,
)
from gateway.pipeline.case import Case, Hit, Miss, written_to
from gateway.pipeline.commands import Commands, command_lines, read_commands
from gateway.pipeline.effects import (
    AddParticipant,
    Assign,
    Effect,
    MoveToQueue,
    OpenTicket,
    RelayAnswer,
    SetStatus,
    TellAgent,
    WaitUntil,
)
from gateway.pipeline.facts import part_in
from gateway.pipeline.gate import find_doubt, is_confirmed_by, is_released
from gateway.pipeline.own_words import own_words
from gateway.pipeline.reading.subjects import strip_prefixes
from gateway.pipeline.reasons import Outcome, Reason
from gateway.states import TicketStatus
from gateway.tickets import Part, Ticket, Visibility

_OURS = frozenset({RouteKind.CHANNEL, RouteKind.INTAKE})


def start_as_agent(case: Case) -> Hit | Miss:
    """Begin a conversation with a customer, or do what an agent says about no ticket."""
    agent, ticket = case.facts.agent, case.facts.ticket
    if agent is None:
        return Miss("the author is no agent")
    if case.facts.token is not None or case.forwarded is not None or not _came_to_channel(case):
        return Miss("it answers a mail of ours, or forwards one")
    customers = _customers(case)
    is_direct = bool(customers) and _names_us(case) and _is_about(ticket, customers)
    if not is_direct and (ticket is not None or not command_lines(case.reading.reply.visible)):
        return Miss("no customer stands in To or Cc beside us, and no command at the top")
    if case.is_waived(Reason.AGENT_UNCONFIRMED) and not is_confirmed_by(case, agent):
        return Miss("a person released it, but not as an agent's: it counts as anybody's")
    doubt = None if is_confirmed_by(case, agent) else find_doubt(case, agent, with_token=False)
    if doubt is not None:
        return hold_for_agent(case, agent, Reason.AGENT_UNCONFIRMED, doubt)
    return _keep_direct(case, agent, customers, ticket) if is_direct else _obey(case, agent)


def _came_to_channel(case: Case) -> bool:
    return any(recipient.kind in _OURS for recipient in case.mail.envelope.recipients)


def _names_us(case: Case) -> bool:
    """Tell whether the agent wrote to us, too: what a list or a customer passes on was meant for others."""
    return any(case.policy.is_own_address(mailbox.address) for mailbox in (*case.message.to, *case.message.cc))


def _customers(case: Case) -> tuple[Mailbox, ...]:
    """Return whom outside the agent wrote to, those in To first; nobody where only Cc names somebody."""
    to = _outside(case, case.message.to)
    return (*to, *_outside(case, case.message.cc)) if to else ()


def _outside(case: Case, mailboxes: tuple[Mailbox, ...]) -> tuple[Mailbox, ...]:
    found: dict[str, Mailbox] = {}
    for mailbox in mailboxes:
        address = mailbox.address
        is_ours = case.policy.is_own_address(address) or address.key in case.policy.agent_of_address
        if address.is_sendable and not is_ours:
            found.setdefault(address.key, mailbox)
    return tuple(found.values())


def _is_about(ticket: Ticket | None, customers: tuple[Mailbox, ...]) -> bool:
    """Tell whether the customers are new to us, or have the ticket that a reference leads to: then they have the mail."""
    return ticket is None or any(part_in(ticket, mailbox.address) is Part.REQUESTER for mailbox in customers)


def _keep_direct(case: Case, agent: str, customers: tuple[Mailbox, ...], ticket: Ticket | None) -> Hit:
    """Keep what an agent sent to a customer by the own mail program; answers come from the channel from now on."""
    visibility = Visibility.INTERNAL if is_to_note_address(case) else Visibility.PUBLIC
    post = agent_post(case, agent, case.reading.reply.visible or case.message.text, visibility)
    new = customers if ticket is None else tuple(m for m in customers if part_in(ticket, m.address) is None)
    joining = (AddParticipant(mailbox=m, part=Part.CC, by=agent) for m in (new[1:] if ticket is None else new))
    pending = SetStatus(status=TicketStatus.PENDING, by=agent, why="wrote to the customer")
    queue = ticket.queue if ticket is not None else case.channel.queue
    assign = (Assign(agent=agent, by=agent, why="wrote to the customer"),) if ticket is None or ticket.assignee is None else ()
    begun = (_open(case, agent, customers[0]),) if ticket is None else ()
    told = sayings.conversation_begun(str(customers[0].address), str(written_to(case)), sent=False).to(case.language_of(agent))
    tells = (TellAgent(agent=agent, reason=Reason.AGENT_CONVERSATION, hint=told, is_done=True),) if ticket is None else ()
    effects: tuple[Effect, ...] = (*begun, post, *joining, pending, *assign)
    return Hit(
        outcome=Outcome.OPEN if ticket is None else Outcome.POST,
        reason=Reason.AGENT_CONVERSATION,
        because=f"{agent} wrote to {customers[0].address} directly: it is kept, not sent again",
        effects=(*effects, *carry_on(case, agent, queue, Commands(), Purpose.NEW_ANSWER), *tells),
        ticket=ticket,
    )


def _obey(case: Case, agent: str) -> Hit:
    """Do what the first lines say where there is no ticket yet."""
    text, is_sure = own_words(case)
    if not is_sure and not is_released(case, agent, Reason.UNSURE_QUOTE):
        return hold_for_agent(case, agent, Reason.UNSURE_QUOTE, "where the quote begins is not certain")
    commands = read_commands(text, agent=agent, case=case, ticket=None)
    if commands.wrong:
        return tell_wrong(case, agent, commands)
    if commands.begins_with:
        return _begin(case, agent, commands)
    return Hit(
        outcome=Outcome.RECORD,
        reason=Reason.AGENT_COMMAND,
        because=f"{agent} said what to do; there is no ticket in it",
        effects=(*commands.effects, *tell_done(case, agent, commands)),
    )


def _begin(case: Case, agent: str, commands: Commands) -> Hit:
    """Make a ticket with a customer and send the first mail from the channel."""
    first, *others = commands.begins_with
    if not commands.text.strip() and not case.message.attachments:
        because = "nothing stands below the command"
        return tell(case, Reason.EMPTY_ANSWER, agent, because, sayings.nothing_to_begin_with("#to"))
    is_note = commands.is_note or is_to_note_address(case)
    visibility = Visibility.INTERNAL if is_note else Visibility.PUBLIC
    moves: list[Effect] = list(commands.effects)
    if not is_note and not any(isinstance(move, SetStatus | WaitUntil) for move in moves):
        moves.append(SetStatus(status=TicketStatus.PENDING, by=agent, why="wrote to the customer"))
    if not any(isinstance(move, Assign | MoveToQueue) for move in moves):
        moves.append(Assign(agent=agent, by=agent, why="wrote to the customer"))
    told = sayings.conversation_begun(str(first.address), str(written_to(case)), sent=True).to(case.language_of(agent))
    queue = next((move.queue for move in reversed(moves) if isinstance(move, MoveToQueue)), case.channel.queue)
    known = {mailbox.address.key for mailbox in commands.begins_with}
    beside = tuple(m for m in (*_outside(case, case.message.to), *_outside(case, case.message.cc)) if m.address.key not in known)
    return Hit(
        outcome=Outcome.OPEN,
        reason=Reason.AGENT_CONVERSATION,
        because=f"{agent} begins a conversation with {first.address}",
        effects=(
            _open(case, agent, first),
            agent_post(case, agent, commands.text, visibility),
            *(AddParticipant(mailbox=mailbox, part=Part.CC, by=agent) for mailbox in others),
            *moves,
            *(() if is_note else (RelayAnswer(agent=agent, also_to=beside),)),
            *carry_on(case, agent, queue, commands, Purpose.NEW_NOTE if is_note else Purpose.NEW_ANSWER),
            *(() if is_note else (TellAgent(agent=agent, reason=Reason.AGENT_CONVERSATION, hint=told, is_done=True),)),
        ),
    )


def _open(case: Case, agent: str, customer: Mailbox) -> OpenTicket:
    queue = case.channel.queue
    return OpenTicket(
        subject=strip_prefixes(case.message.subject or ""),
        requester=customer,
        queue=queue,
        priority=case.policy.queues[queue].priority,
        language=case.channel.language,
        answer_from=written_to(case),
        by=agent,
    )
