"""What the database knows that matters for a stimulus, read before anything is decided: the values.

`gather.py` asks the database for them; whoever has none (`explain` without a configuration) starts from `know_nothing`.
Nothing here decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.outbound import OutboundMail, Purpose
from gateway.mail.reading import Bounce, Reading
from gateway.mail.received import EarlierMail
from gateway.people import Block, Contact, Organisation
from gateway.pipeline.policy import Policy
from gateway.pipeline.received_line import ReceivedLine
from gateway.states import ReceivedState
from gateway.tickets import HistoryLine, Part, Post, Ticket

NOBODY: Final = Mailbox(None, Address("unknown", "invalid"))
"""Stands for an author whom nothing names (RFC 2606 section 2)."""
TO_CUSTOMERS: Final = frozenset({Purpose.ANSWER, Purpose.CONFIRMATION, Purpose.VERIFICATION, Purpose.WELCOME})
"""What is written to people outside; the token of such a mail lets nobody act as an agent."""
TOLD_PURPOSES: Final = (Purpose.CONFIRM_ACTION, Purpose.COMMAND_RESULT)
"""What an agent hears of mails of their own."""
AUTOMATIC_PURPOSES: Final = (Purpose.CONFIRMATION, Purpose.VERIFICATION, Purpose.WELCOME)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFact:
    """A token of ours that the mail carries."""

    outbound: OutboundMail
    """The mail it answers."""
    carriers: frozenset[str]
    """Where it stands: `recipient`, `body`, or lower-case names of header fields."""
    is_expired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """The automatic mail of the last hour that went the way that one more would go."""

    to: Address
    channel: str
    to_correspondent: int = 0
    to_domain: int = 0
    """To all addresses of the same domain."""
    on_channel: int = 0
    open_breakers: frozenset[str] = frozenset()
    """Keys of breakers whose cap was reached less than an hour ago (`loops.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BouncedMail:
    """A mail of ours that a delivery report is about, and what the report says of it."""

    bounce: Bounce
    outbound: OutboundMail


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A ticket that an agent named by its number in a command."""

    number: str
    """As written."""
    ticket: Ticket
    """Merges followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquaintance:
    """Who the author of a mail is to us, for agents to see."""

    contact: Contact | None = None
    organisation: Organisation | None = None
    maybe: Contact | None = None
    """Somebody we know who may be the same person, writing from another address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known."""

    now: datetime
    author: Mailbox | None
    """The one mailbox of the one From field, or the author whom a declared list hid behind its own."""
    agent: str | None = None
    """The agent whose address the author claims."""
    token: TokenFact | None = None
    has_dead_token: bool = False
    """It was sent to a token address that leads nowhere."""
    ticket: Ticket | None = None
    """Where the token or the references lead, or the mail that bounced; merges followed."""
    is_matched_by_token: bool = False
    is_only_open: bool = False
    """Nothing leads to that ticket but that it is the author's one open ticket, and the channel wants it joined."""
    part: Part | None = None
    """The part the author plays in that ticket."""
    newer_answer: Post | None = None
    """A colleague's answer that the token's person had not seen."""
    mentioned: tuple[Mention, ...] = ()
    """Tickets that the commands of an agent's mail name."""
    merged_notes: tuple[str, ...] = ()
    """What notes say in tickets that go on in that one (merged, split, followed); only read for an agent's mail."""
    posts: tuple[Post, ...] = ()
    history: tuple[HistoryLine, ...] = ()
    """What changed in the ticket, oldest first, where the channel's texts show it."""
    """The newest ones of that ticket, oldest first; whoever writes ten thousand must not make each mail read them all."""
    bounced: BouncedMail | None = None
    earlier: tuple[EarlierMail, ...] = ()
    """Mails with the author's address and this Message-ID that came before it, to whichever channel."""
    absent: frozenset[str] = frozenset()
    """Agents who are away now."""
    loads: Mapping[str, int] = field(default_factory=dict)
    """How many unsolved tickets agents have, of those queues that give tickets to whoever has the fewest."""
    last_assigned: Mapping[str, str | None] = field(default_factory=dict)
    """By queue whom its last assigned ticket was given to, of those queues that give tickets to each in turn."""
    to_author: Traffic | None = None
    """Automatic mail to the author, or to whoever filled in a declared form; None where nobody counted."""
    to_requester: Traffic | None = None
    """Automatic mail to the requester of the ticket, on its channel; None where there is no ticket."""
    contact: Contact | None = None
    """Whom the author's address belongs to."""
    organisation: Organisation | None = None
    """The contact's, else that of the author's domain."""
    maybe: Contact | None = None
    """Who the author may be, whom nobody knows by this address: whoever had the token, or a namesake of the same company."""
    named: Mapping[str, Contact] = field(default_factory=dict)
    """By `Address.key`, whom an agent's `#same` may be about."""
    block: Block | None = None
    """What somebody blocked, and this mail is of it."""
    likeness: str = ""
    """A digest of what the mail says but for its numbers; empty where it says nothing."""
    mails_in_last_hour: int = 0
    """Of the author, or of whoever filled in a declared form, that were taken; as far as anybody counts (`gather_people.py`)."""
    alike_in_last_hour: int = 0
    """Of those, with the likeness of this one."""
    alike_in_last_week: int = 0
    alike_on_ticket_in_last_day: int = 0
    """The same on this ticket alone."""
    is_flood_told: bool = False
    """The admins know already that the author sends too many; only read where it is so."""
    verifications_in_last_month: int = 0
    """Verification mails to the author in thirty days; only read where the channel asks for them."""
    waiting: tuple[int, ...] = ()
    """Mails of the author that wait for the answer to a verification mail; only read where this may be it."""
    listed: Mapping[int, ReceivedLine] = field(default_factory=dict)
    """By number, what stands on the list of suspended mail that this may answer."""
    told_in_last_day: int = 0
    """Questions to the agent and answers to the agent's mails; only read where the mail answers one of them."""
    questions_in_last_hour: int = 0
    """To whoever would be asked: the agent whose address the author claims, else those who work on the ticket."""
    notices_in_last_hour: int = 0
    """To the admins."""
    asked_about: ReceivedState | None = None
    """The state of the mail that the token's question was about."""

    @property
    def acquaintance(self) -> Acquaintance | None:
        """Return who the author is to us; None for an agent."""
        return None if self.agent else Acquaintance(contact=self.contact, organisation=self.organisation, maybe=self.maybe)


def know_nothing(reading: Reading, policy: Policy, now: datetime) -> Facts:
    """Return the facts of a gateway that has no tickets yet."""
    author = reading.original_author or reading.message.author
    return Facts(now=now, author=author, agent=policy.agent_of_address.get(author.address.key) if author else None)


def rehouse(ticket: Ticket, channel: str, policy: Policy) -> Ticket:
    """Give a ticket whose channel or queue has gone from the configuration to those of another channel."""
    if ticket.channel not in policy.channels:
        ticket = replace(ticket, channel=channel)
    return ticket if ticket.queue in policy.queues else replace(ticket, queue=policy.channels[channel].queue)


def whom_to_ask(agent: str | None, ticket: Ticket | None, policy: Policy) -> tuple[str, ...]:
    """Return the agents that a question about a mail goes to: whose name it bears, else who has the ticket, else its team."""
    if agent is not None:
        return (agent,)
    if ticket is None:
        return ()
    if ticket.assignee is not None and ticket.assignee in policy.agents:
        return (ticket.assignee,)
    return policy.team(ticket.queue)


def part_in(ticket: Ticket, address: Address) -> Part | None:
    """Return the part that an address plays in a ticket."""
    return next((p.part for p in ticket.participants if p.mailbox.address.key == address.key), None)


def is_same_person(one: Address, other: Address, policy: Policy) -> bool:
    """Tell whether two addresses are one, or belong to one agent."""
    agent = policy.agent_of_address.get(one.key)
    return one.key == other.key or (agent is not None and agent == policy.agent_of_address.get(other.key))
