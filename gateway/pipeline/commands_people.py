"""Commands about people: who takes part, who is blocked, whom a conversation begins with, and who is away."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from gateway.errors import InvalidAddress
from gateway.mail.addresses import Address, Mailbox
from gateway.people import Absence, Block, BlockKind
from gateway.pipeline import sayings, sayings_commands
from gateway.pipeline.commands_ticket import find_agent
from gateway.pipeline.effects import (
    AddParticipant,
    BlockSender,
    Effect,
    EndAbsence,
    RemoveParticipant,
    SetAbsence,
)
from gateway.pipeline.joining import join_people
from gateway.pipeline.moments import read_until
from gateway.pipeline.near import nearest
from gateway.pipeline.said import Said
from gateway.pipeline.spoken import Command, Meaning, Meant, Needs, Refused, Spoken
from gateway.tickets import Part, Participant, Side

_MOST_ADDRESSES: Final = 20


def _add(part: Part) -> Meaning:
    def add_participants(spoken: Spoken) -> Meant | Refused:
        addresses = read_addresses(spoken)
        if isinstance(addresses, Refused):
            return addresses
        effects: list[Effect] = []
        for mailbox in addresses:
            known = _participant(spoken, mailbox.address)
            if known is None:
                effects.append(AddParticipant(mailbox=mailbox, part=part, by=spoken.agent))
            elif part is Part.BCC and known.part is not Part.BCC:
                return Refused(sayings_commands.takes_part_openly(str(mailbox.address)))
        return Meant(effects=tuple(effects))

    return add_participants


def _remove(spoken: Spoken) -> Meant | Refused:
    addresses = read_addresses(spoken)
    if isinstance(addresses, Refused):
        return addresses
    for mailbox in addresses:
        known = _participant(spoken, mailbox.address)
        if known is None:
            return Refused(sayings_commands.takes_no_part(str(mailbox.address)))
        if known.part is Part.REQUESTER:
            return Refused(sayings_commands.requester_stays(str(mailbox.address)))
    return Meant(effects=tuple(RemoveParticipant(address=m.address, by=spoken.agent) for m in addresses))


def _participant(spoken: Spoken, address: Address) -> Participant | None:
    participants = spoken.ticket.participants if spoken.ticket else ()
    return next((p for p in participants if p.mailbox.address.key == address.key), None)


def read_addresses(spoken: Spoken) -> tuple[Mailbox, ...] | Refused:
    """Return the addresses behind a command, each once; mail programs write `<mailto:…>` behind what they make a link of."""
    found: dict[str, Mailbox] = {}
    for word in spoken.argument.replace(",", " ").replace(";", " ").split():
        written = word.strip("<>()[]\"'").removeprefix("mailto:")
        if "@" not in written:
            continue
        try:
            address = Address.parse(written)
        except InvalidAddress:
            return Refused(sayings_commands.no_address(word[:80]))
        if spoken.policy.is_own_address(address) or address.key in spoken.policy.agent_of_address:
            return Refused(sayings_commands.own_address(str(address)))
        found.setdefault(address.key, Mailbox(None, address))
    if len(found) > _MOST_ADDRESSES:
        return Refused(sayings_commands.too_many_addresses(spoken.word, _MOST_ADDRESSES))
    return tuple(found.values()) if found else Refused(sayings_commands.no_address(spoken.argument[:80]))


def _to(spoken: Spoken) -> Meant | Refused:
    addresses = read_addresses(spoken)
    return addresses if isinstance(addresses, Refused) else Meant(begins_with=addresses)


def _block(spoken: Spoken) -> Meant | Refused:
    """Block the address of the customer who wrote last, or the one behind the word."""
    if spoken.argument:
        addresses = read_addresses(spoken)
        if isinstance(addresses, Refused):
            return addresses
        if len(addresses) > 1:
            return Refused(sayings_commands.one_address(spoken.word))
        address = addresses[0].address
    else:
        written = [post.author.address for post in spoken.case.facts.posts if post.side is Side.CUSTOMER]
        address = written[-1] if written else spoken.on().requester.address
    if spoken.policy.is_own_address(address) or address.key in spoken.policy.agent_of_address:
        return Refused(sayings_commands.own_address(str(address)))
    block = Block(
        kind=BlockKind.ADDRESS,
        value=address.key,
        at=spoken.case.facts.now,
        by=spoken.agent,
        why=f"{spoken.word} on {spoken.on().number}",
    )
    return Meant(effects=(BlockSender(block=block),), tells=(sayings.is_blocked(str(address)),))


def addresses_in(argument: str) -> tuple[Mailbox, ...]:
    """Return what may be addresses behind a command, as they were written."""
    words = argument.replace(",", " ").replace(";", " ").split()[: 2 * _MOST_ADDRESSES]
    written = (word.strip("<>()[]\"'").removeprefix("mailto:") for word in words)
    return tuple(Mailbox(None, Address.of(word)) for word in written if "@" in word)


def is_same(command: Command) -> bool:
    """Tell whether a command says that two addresses are one person's."""
    return command.meaning is _same


def _same(spoken: Spoken) -> Meant | Refused:
    """Make one person of the customer who wrote last and somebody we know."""
    addresses = read_addresses(spoken)
    if isinstance(addresses, Refused):
        return addresses
    if len(addresses) > 1:
        return Refused(sayings_commands.one_address(spoken.word))
    known, named = addresses[0].address, spoken.case.facts.named
    written = [post.author.address for post in spoken.case.facts.posts if post.side is Side.CUSTOMER]
    other = written[-1] if written else spoken.on().requester.address
    kept = named.get(known.key)
    if kept is None:
        return Refused(sayings.nobody_known(str(known)))
    joined = join_people(kept, named.get(other.key), other)
    return Meant(effects=joined, tells=(sayings.is_same(str(other), str(known)),))


def _away(spoken: Spoken) -> Meant | Refused:
    agent, rest = _whom(spoken)
    if agent is None:
        return _no_agent(spoken)
    if not _may_speak_for(spoken, agent):
        return Refused(sayings_commands.not_a_lead(agent))
    until: datetime | None = None
    now = spoken.case.facts.now
    if rest:
        moment = read_until(rest, now=now, zone=spoken.policy.texts.timezone, whole_day=True)
        if isinstance(moment, Said):
            return Refused(moment)
        until = moment
    absence = Absence(agent=agent, since=now, by=spoken.agent, until=until)
    local = until.astimezone(ZoneInfo(spoken.policy.texts.timezone)) if until else None
    return Meant(effects=(SetAbsence(absence=absence),), tells=(sayings.is_away(agent, local),))


def _back(spoken: Spoken) -> Meant | Refused:
    agent, rest = _whom(spoken)
    if agent is None or rest:
        return _no_agent(spoken)
    if not _may_speak_for(spoken, agent):
        return Refused(sayings_commands.not_a_lead(agent))
    return Meant(effects=(EndAbsence(agent=agent),), tells=(sayings.is_back(agent),))


def _whom(spoken: Spoken) -> tuple[str | None, str]:
    """Return whom it is about, with what stands behind: `#away`, `#away 2d`, `#away anna`, `#away anna 2d`."""
    first, _, rest = spoken.argument.partition(" ")
    if not first:
        return spoken.agent, ""
    whole = find_agent(spoken)
    if whole is not None:
        return whole, ""
    if first.casefold().lstrip("@") in spoken.policy.agents:
        return first.casefold().lstrip("@"), rest.strip()
    is_time = first[:1].isdigit() or first.casefold() in {"bis", "until", "till", "für", "for"}
    return (spoken.agent, spoken.argument) if is_time else (None, "")


def _no_agent(spoken: Spoken) -> Refused:
    known = sorted(spoken.policy.agents)
    wanted = spoken.argument.partition(" ")[0][:40]
    return Refused(sayings_commands.none_such(sayings_commands.AGENT, wanted, nearest(wanted, known), known))


def _may_speak_for(spoken: Spoken, agent: str) -> bool:
    queues = spoken.policy.queues.items()
    return agent == spoken.agent or any(
        spoken.agent in settings.leads and agent in spoken.policy.team(key) for key, settings in queues
    )


PEOPLE_COMMANDS: Final = (
    Command(
        words=("cc",),
        german=("cc", "kopie"),
        argument=sayings_commands.ARGUMENT_ADDRESS,
        help=Said(
            de="Lässt jemanden ab jetzt teilnehmen: bekommt Antworten und darf schreiben.",
            en="Lets somebody take part from now on: they get answers and may write.",
        ),
        meaning=_add(Part.CC),
    ),
    Command(
        words=("bcc",),
        german=("bcc", "blindkopie"),
        argument=sayings_commands.ARGUMENT_ADDRESS,
        help=Said(
            de="Wie `#cc`, aber die anderen Empfänger sehen es nicht.", en="Like `#cc`, but the other recipients do not see it."
        ),
        meaning=_add(Part.BCC),
    ),
    Command(
        words=("uncc", "remove"),
        german=("uncc", "entfernen"),
        argument=sayings_commands.ARGUMENT_ADDRESS,
        help=Said(
            de="Nimmt jemanden heraus: keine Antworten mehr, und seine Mail ist die eines Fremden.",
            en="Takes somebody out: no more answers, and their mail is a stranger's.",
        ),
        meaning=_remove,
        needs=Needs.EARLIER_TICKET,
    ),
    Command(
        words=("block",),
        german=("sperren", "blockieren"),
        argument=sayings_commands.ARGUMENT_ADDRESS,
        is_optional=True,
        help=Said(
            de="Hält Mail des Kunden, der zuletzt schrieb, oder einer Adresse ab jetzt zurück.",
            en="Holds mail of the customer who wrote last, or of an address, from now on.",
        ),
        meaning=_block,
        needs=Needs.EARLIER_TICKET,
    ),
    Command(
        words=("same",),
        german=("dieselbe", "derselbe"),
        argument=sayings_commands.ARGUMENT_ADDRESS,
        help=Said(
            de="Der Kunde, der zuletzt schrieb, und der mit dieser Adresse sind eine Person.",
            en="The customer who wrote last and the one with this address are one person.",
        ),
        meaning=_same,
        needs=Needs.EARLIER_TICKET,
        is_once=True,
    ),
    Command(
        words=("to",),
        german=("an-kunde", "neu"),
        argument=sayings_commands.ARGUMENT_ADDRESS,
        help=Said(
            de="In einer neuen Mail an uns: beginnt ein Ticket, und der Text darunter geht an diesen Kunden.",
            en="In a new mail to us: begins a ticket, and the text below goes to this customer.",
        ),
        meaning=_to,
        needs=Needs.NOTHING,
        is_once=True,
    ),
    Command(
        words=("away",),
        german=("abwesend", "weg"),
        argument=sayings_commands.ARGUMENT_AWAY,
        is_optional=True,
        help=Said(
            de="Ab jetzt keine Benachrichtigungen und keine Tickets; Teamleitungen auch für andere.",
            en="No notifications and no tickets from now on; leads also for others.",
        ),
        meaning=_away,
        needs=Needs.NOTHING,
    ),
    Command(
        words=("back",),
        german=("zurück", "da"),
        argument=sayings_commands.ARGUMENT_AGENT,
        is_optional=True,
        help=Said(de="Wieder da.", en="Here again."),
        meaning=_back,
        needs=Needs.NOTHING,
    ),
)
