"""The step for mail of somebody else that an agent forwards: the customer becomes the requester, the agent's words a note.

What the agent's first lines say is done to the new ticket.

Starting a conversation speaks for nobody yet, but it makes a ticket in somebody's name: it needs the agent's proof, only no
token. Where it is not certain whose mail was forwarded, the agent is asked and shown what we take it for.
"""

from typing import Final

from gateway.mail.outbound import Purpose
from gateway.mail.reading import Forwarded
from gateway.pipeline.agents import AFTERWARDS, carry_on, hold_for_agent, tell_wrong
from gateway.pipeline.case import Case, Hit, Miss, written_to
from gateway.pipeline.commands import read_commands
from gateway.pipeline.effects import AddPost, MoveToQueue, OpenTicket
from gateway.pipeline.gate import find_doubt, is_confirmed_by, is_released
from gateway.pipeline.reading.subjects import strip_prefixes
from gateway.pipeline.reasons import Outcome, Reason
from gateway.tickets import Side, Visibility

SURE: Final = 0.75
"""From this confidence on nobody is asked."""


def take_forward(case: Case) -> Hit | Miss:
    """Open a ticket for the customer whose mail an agent forwards."""
    agent, forwarded = case.facts.agent, case.forwarded
    if agent is None or case.facts.author is None:
        return Miss("the author is no agent")
    if forwarded is None or case.facts.ticket is not None:
        return Miss("it belongs to a ticket" if forwarded else "it forwards no customer's mail")
    if case.is_waived(Reason.AGENT_UNCONFIRMED) and not is_confirmed_by(case, agent):
        return Miss("a person released it, but not as an agent's: it counts as anybody's")
    return _hold(case, agent, forwarded) or _open(case, agent, forwarded)


def _hold(case: Case, agent: str, forwarded: Forwarded) -> Hit | None:
    doubt = None if is_confirmed_by(case, agent) else find_doubt(case, agent, with_token=False)
    if doubt is not None:
        return hold_for_agent(case, agent, Reason.AGENT_UNCONFIRMED, doubt)
    if forwarded.confidence < SURE and not is_released(case, agent, Reason.UNSURE_FORWARD):
        because = f"it may be a mail of {forwarded.author.address}, but that is not certain"
        return hold_for_agent(case, agent, Reason.UNSURE_FORWARD, because)
    return None


def _open(case: Case, agent: str, forwarded: Forwarded) -> Hit:
    channel = case.channel
    commands = read_commands(forwarded.note, agent=agent, case=case, ticket=None, begins=True)
    if commands.wrong:
        return tell_wrong(case, agent, commands)
    queue = next((e.queue for e in reversed(commands.effects) if isinstance(e, MoveToQueue)), channel.queue)
    opened = OpenTicket(
        subject=strip_prefixes(forwarded.subject or case.message.subject or ""),
        requester=forwarded.author,
        queue=channel.queue,
        priority=case.policy.queues[channel.queue].priority,
        language=channel.language,
        answer_from=written_to(case),
    )
    colleague = case.facts.author or case.policy.agent_mailbox(agent)
    note = AddPost(
        visibility=Visibility.INTERNAL,
        side=Side.AGENT,
        author=colleague,
        agent=agent,
        text=commands.text,
        with_attachments=False,
    )
    words = AddPost(
        visibility=Visibility.PUBLIC, side=Side.CUSTOMER, author=forwarded.author, text=forwarded.text or case.message.text
    )
    return Hit(
        outcome=Outcome.OPEN,
        reason=Reason.AGENT_FORWARD,
        because=f"{agent} forwarded a mail of {forwarded.author.address}",
        effects=(
            opened,
            *((note,) if commands.text.strip() else ()),
            words,
            *(effect for effect in commands.effects if not isinstance(effect, AFTERWARDS)),
            *carry_on(case, agent, queue, commands, Purpose.NEW_TICKET),
        ),
    )
