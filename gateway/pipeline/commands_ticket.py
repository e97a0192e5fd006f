"""Commands that change what a ticket is: its status, owner, priority and words."""

from typing import Final

from gateway.pipeline import sayings, sayings_commands
from gateway.pipeline.effects import Assign, ChangeTags, Effect, MoveToQueue, SetCategory, SetPriority, SetStatus, WaitUntil
from gateway.pipeline.moments import read_until
from gateway.pipeline.near import nearest
from gateway.pipeline.said import Said
from gateway.pipeline.spoken import Command, Meaning, Meant, Refused, Spoken
from gateway.states import TicketStatus
from gateway.tickets import Priority

_LONGEST_CATEGORY: Final = 60
_LONGEST_TAG: Final = 40
_PRIORITIES: Final = {
    "low": Priority.LOW,
    "niedrig": Priority.LOW,
    "gering": Priority.LOW,
    "normal": Priority.NORMAL,
    "mittel": Priority.NORMAL,
    "high": Priority.HIGH,
    "hoch": Priority.HIGH,
    "wichtig": Priority.HIGH,
    "urgent": Priority.URGENT,
    "dringend": Priority.URGENT,
    "eilig": Priority.URGENT,
}
_MINUS: Final = "-\N{EN DASH}\N{MINUS SIGN}"
"""What people type and what their programs make of it."""
_SIGNS: Final = f"+#{_MINUS}"
_MYSELF: Final = frozenset({"me", "myself", "mich", "mir", "ich"})
_NOBODY: Final = frozenset({"nobody", "none", "niemand", "niemandem", "-"})
_NOTHING: Final = frozenset({"none", "nothing", "keine", "-"})


def _status(status: TicketStatus) -> Meaning:
    def set_status(spoken: Spoken) -> Meant:
        return _one(SetStatus(status=status, by=spoken.agent, why=spoken.why))

    return set_status


def _pending(spoken: Spoken) -> Meant | Refused:
    if not spoken.argument:
        return _one(SetStatus(status=TicketStatus.PENDING, by=spoken.agent, why=spoken.why))
    until = read_until(spoken.argument, now=spoken.case.facts.now, zone=spoken.policy.texts.timezone)
    return Refused(until) if isinstance(until, Said) else _one(WaitUntil(at=until, by=spoken.agent, why=spoken.why))


def _take(spoken: Spoken) -> Meant:
    return _one(Assign(agent=spoken.agent, by=spoken.agent, why=spoken.why))


def _assign(spoken: Spoken) -> Meant | Refused:
    wanted = spoken.argument.casefold()
    if wanted in _NOBODY:
        return _one(Assign(agent=None, by=spoken.agent, why=spoken.why))
    agent = spoken.agent if wanted in _MYSELF else find_agent(spoken)
    if agent is None:
        known = sorted(spoken.policy.agents)
        return Refused(sayings_commands.none_such(sayings_commands.AGENT, spoken.argument[:40], nearest(wanted, known), known))
    team = spoken.policy.team(spoken.queue)
    if agent not in team:
        return Refused(sayings_commands.not_in_team(agent, spoken.queue, team))
    tells = (sayings.given_to_absent(agent),) if agent in spoken.case.facts.absent and agent != spoken.agent else ()
    return Meant(effects=(Assign(agent=agent, by=spoken.agent, why=spoken.why),), tells=tells)


def find_agent(spoken: Spoken) -> str | None:
    """Return the agent whom the argument names: by key, address, full name or alias; None where nobody or several fit."""
    wanted = spoken.argument.casefold().lstrip("@")
    agents = spoken.policy.agents
    if wanted in agents:
        return wanted
    by_address = spoken.policy.agent_of_address.get(wanted)
    named = [key for key, agent in agents.items() if wanted in {agent.name.casefold(), (agent.alias or "").casefold()}]
    return by_address or (named[0] if len(named) == 1 else None)


def _queue(spoken: Spoken) -> Meant | Refused:
    wanted = spoken.argument.casefold()
    if wanted not in spoken.policy.queues:
        known = sorted(spoken.policy.queues)
        return Refused(sayings_commands.none_such(sayings_commands.QUEUE, spoken.argument[:40], nearest(wanted, known), known))
    return _one(MoveToQueue(queue=wanted, by=spoken.agent, why=spoken.why))


def _priority(spoken: Spoken) -> Meant | Refused:
    wanted = spoken.argument.casefold()
    if wanted not in _PRIORITIES:
        meant = nearest(wanted, _PRIORITIES)
        return Refused(sayings_commands.none_such(sayings_commands.PRIORITY, spoken.argument[:40], meant, _PRIORITIES))
    return _one(SetPriority(priority=_PRIORITIES[wanted], by=spoken.agent, why=spoken.why))


def _category(spoken: Spoken) -> Meant:
    wanted = spoken.argument[:_LONGEST_CATEGORY]
    category = None if wanted.casefold() in _NOTHING else wanted
    return _one(SetCategory(category=category, by=spoken.agent, why=spoken.why))


def _tag(spoken: Spoken) -> Meant | Refused:
    add: list[str] = []
    remove: list[str] = []
    for word in spoken.argument.replace(",", " ").split():
        tag = word.lstrip(_SIGNS).casefold()[:_LONGEST_TAG]
        if not tag:
            continue
        (remove if word[0] in _MINUS else add).append(tag)
    if not add and not remove:
        return Refused(sayings_commands.needs_argument(spoken.word, sayings_commands.ARGUMENT_TAGS))
    return _one(ChangeTags(add=tuple(add), remove=tuple(remove), by=spoken.agent, why=spoken.why))


def _one(effect: Effect) -> Meant:
    return Meant(effects=(effect,))


TICKET_COMMANDS: Final = (
    Command(
        words=("solved", "solve"),
        german=("gelöst", "erledigt"),
        help=Said(de="Das Anliegen ist gelöst.", en="The matter is solved."),
        meaning=_status(TicketStatus.SOLVED),
    ),
    Command(
        words=("close", "closed"),
        german=("schließen", "schliessen", "geschlossen"),
        help=Said(
            de="Für immer schließen: Die nächste Mail des Kunden öffnet ein neues Ticket.",
            en="Close it for good: the customer's next mail opens a new ticket.",
        ),
        meaning=_status(TicketStatus.CLOSED),
    ),
    Command(
        words=("open", "reopen"),
        german=("offen", "öffnen"),
        help=Said(de="Wir sind am Zug.", en="We owe the next move."),
        meaning=_status(TicketStatus.OPEN),
    ),
    Command(
        words=("pending", "wait"),
        german=("wartet", "warten"),
        argument=sayings_commands.ARGUMENT_UNTIL,
        is_optional=True,
        help=Said(
            de="Der Kunde ist am Zug; mit einer Zeit dahinter öffnet sich das Ticket dann von selbst.",
            en="The customer owes the next move; with a time behind it, the ticket opens again by itself.",
        ),
        meaning=_pending,
    ),
    Command(
        words=("hold",),
        german=("zurückstellen", "ruht"),
        help=Said(de="Jemand anders ist am Zug.", en="Somebody else owes the next move."),
        meaning=_status(TicketStatus.ON_HOLD),
    ),
    Command(
        words=("take",),
        german=("übernehmen", "nehmen"),
        help=Said(de="Das Ticket selbst übernehmen.", en="Take the ticket yourself."),
        meaning=_take,
    ),
    Command(
        words=("assign",),
        german=("zuweisen", "an"),
        argument=sayings_commands.ARGUMENT_AGENT,
        help=Said(
            de="Das Ticket jemandem aus dem Team geben, oder niemandem.",
            en="Give the ticket to somebody of the team, or to nobody.",
        ),
        meaning=_assign,
    ),
    Command(
        words=("queue", "move"),
        german=("queue", "team", "verschieben"),
        argument=sayings_commands.ARGUMENT_QUEUE,
        help=Said(de="Das Ticket einem anderen Team geben.", en="Give the ticket to another team."),
        meaning=_queue,
    ),
    Command(
        words=("priority", "prio"),
        german=("priorität", "prio"),
        argument=sayings_commands.ARGUMENT_PRIORITY,
        help=Said(de="Wie dringend es ist.", en="How urgent it is."),
        meaning=_priority,
    ),
    Command(
        words=("category",),
        german=("kategorie",),
        argument=sayings_commands.ARGUMENT_WORD,
        help=Said(de="Worum es geht; `-` nimmt das Wort weg.", en="What it is about; `-` takes the word away."),
        meaning=_category,
    ),
    Command(
        words=("tag", "tags"),
        german=("tag", "stichwort"),
        argument=sayings_commands.ARGUMENT_TAGS,
        help=Said(de="Stichwörter dazu und weg.", en="Put words on it and take others off."),
        meaning=_tag,
    ),
)
