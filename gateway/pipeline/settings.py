"""The sections of the configuration that say what becomes of mail: channels, queues, agents, tickets, texts."""

from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

from pydantic import Field, StringConstraints

from gateway.evidence.settings import ForwarderSettings
from gateway.mail.addresses import Address
from gateway.section import ConfiguredAddress, Octets, Seconds, Section
from gateway.tickets import Priority

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
"""The name of an agent, a queue, a channel or a smarthost inside the file."""

Language = Literal["de", "en"]
LANGUAGES: Final = get_args(Language)


class IntakePolicy(StrEnum):
    """Whose mail a channel takes."""

    EVERYBODY = "everybody"
    CONTACTS = "contacts"
    """Of people who are known: they wrote before, or were imported."""
    ORGANISATIONS = "organisations"
    """Of people whose mail domain is that of a known organisation."""
    VERIFIED = "verified"
    """Of people who answered a verification mail; unknown authors get one, and their mail waits for it."""


ListName = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^<?[^\s<>,;]+[.@][^\s<>,;]+>?$")]
"""A mailing list: `help@lists.firma.example`, or the List-Id `help.lists.firma.example`."""


class AgentSettings(Section):
    """A person who answers customers from their own mail program."""

    name: str
    """The full name, shown to colleagues."""
    addresses: Annotated[list[ConfiguredAddress], Field(min_length=1)]
    """The addresses this person writes from; notifications go to the first one."""
    alias: str | None = None
    """The name that customers see; without it the first word of `name`."""
    signature: str | None = None
    """Put below every answer of this person, as text; without it the queue's or the channel's signature."""
    signature_html: str | None = None
    """The same for the HTML of answers, without scripts and remote pictures; without `signature` the text is made from it."""
    language: Language | None = None
    """The language of notifications to this person; without it the channel's."""


class FollowUpSettings(Section):
    """What a customer's next mail does to a ticket that is done."""

    solved: Literal["reopen", "new"] = "reopen"
    """To a solved ticket: take it up again, or open a linked new one."""
    closed: Literal["new", "reopen"] = "new"
    """To a closed ticket likewise."""
    reopen_days: Annotated[int, Field(ge=0, le=3650)] = 0
    """So many days after it was solved or closed it is taken up again; later there is a new one. 0: however old it is."""


class QueueSettings(Section):
    """A team and the tickets it works on."""

    agents: list[Key] = Field(default_factory=list)
    """Who is notified and may answer."""
    leads: list[Key] = Field(default_factory=list)
    """Who is asked when nobody else is there; they are agents of the queue, too."""
    priority: Priority = Priority.NORMAL
    """The priority of a new ticket in this queue."""
    signature: str | None = None
    """Put below answers of agents who have no signature of their own."""
    signature_html: str | None = None
    """The same for the HTML of answers."""
    follow_up: FollowUpSettings = FollowUpSettings()
    """What a customer's next mail does to a ticket that is done."""
    default_agent: Key | None = None
    """Who gets each new ticket, unless away; without it `assignment` says who."""
    assignment: Literal["manual", "round_robin", "least_open"] = "manual"
    """Who gets a new ticket among the agents who are there: nobody until somebody takes it, each in turn, or who has the
    fewest unsolved ones."""
    notify: Literal["team", "assignee"] = "team"
    """Who is told of what happens on a ticket that somebody has: everybody, or only whoever has it and is there."""
    business_hours: Key | None = None
    """When this team works, one of `business_hours`; without it the one called `default`, and without that always."""
    clock: Key | None = None
    """What is promised for its tickets, one of `clocks`; without it the one called `default`, and without that nothing."""
    close_solved_after: Seconds | None = None
    """How long its solved tickets stay so before they close, 0 for ever; without it as `tickets` says."""


class ConfirmationSettings(Section):
    """The automatic answer that tells a requester that the mail has arrived."""

    enabled: bool = True
    """Send it for each new ticket."""
    sender_name: str | None = None
    """The name it comes from; without it the channel's display name."""


class NotificationSettings(Section):
    """One of the notifications of a channel."""

    enabled: bool = True
    """Send it. Without `digest` the channel's mail stands on no list of suspended mail; without `delivery_failed` the admins are
    told in place of the team; a report is switched off under `reports`."""
    template: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")] | None = None
    """A variant of the text: `short` is the file `new_ticket-short.de.txt.j2` in the folder of `texts.templates`.
    The texts of lists and reports are chosen at the channel of `operators.channel`, without it at the first one."""


class ChannelTextSettings(Section):
    """What stands in a channel's mails besides the words they are about."""

    quote: Literal["none", "last", "all"] = "last"
    """Below an answer to a customer: nothing, the customer's last mail, or all that was said and that this person may know."""
    earlier_posts: Annotated[int, Field(ge=0, le=50)] = 3
    """So many earlier posts stand below a notification to an agent."""
    history: bool = False
    """Show agents in notifications who changed status, assignee, queue, priority, category and tags, and when."""
    attachments: Literal["attach", "name"] = "attach"
    """Attachments of customers go along with notifications to agents, or are only named there."""


NotificationStage = Literal[
    "confirmation",
    "new_ticket",
    "new_reply",
    "new_answer",
    "new_note",
    "handover",
    "wait_over",
    "clock_warning",
    "clock_breach",
    "delivery_failed",
    "digest",
    "report",
]


class ChannelSettings(Section):
    """A support address: what customers write to, who answers, and how."""

    address: ConfiguredAddress
    """What customers write to and get answers from."""
    also: list[ConfiguredAddress] = Field(default_factory=list)
    """Further addresses that lead here, such as old ones; an answer leaves from the one the customer wrote to."""
    intake: str | None = None
    """The local part of the generated address on `hostname`, the forwarding rule's target; otherwise made from `address`."""
    display_name: str
    """The name customers see."""
    queue: Key
    """Where new tickets go."""
    smarthosts: Annotated[list[Key], Field(min_length=1)]
    """Which smarthosts send this channel's mail, in the order to try."""
    language: Language = "en"
    """The language of automatic texts to customers."""
    forwarders: list[ForwarderSettings] = Field(default_factory=list)
    """Who forwards mail to this channel; the evidence then looks through them at the hop before."""
    lists: list[ListName] = Field(default_factory=list)
    """Mailing lists and groups that lead here, by address or List-Id: where one had put its own address into From, the author it
    names is believed as if it had vouched for them."""
    forms: list[ConfiguredAddress] = Field(default_factory=list)
    """Addresses that the company's web forms write from: whoever stands in the Reply-To of such a mail is the requester."""
    active: bool = True
    """An inactive channel still takes mail of its old tickets' threads, but opens no new ones: unknown recipients get 550."""
    contradicted: Literal["suspend", "refuse"] = "suspend"
    """Mail whose author's domain disowns it waits for a person, or is refused at once (forwarded mail never is)."""
    temperror: Literal["accept", "defer"] = "accept"
    """A mail whose sender cannot be checked, because the DNS does not answer, is taken, or told to come back (451)."""
    subaddress: Literal["", "+", "-"] = ""
    """The sign by which the company's mail system delivers `support+anything@` to `support@`; empty where it does not."""
    reverse_path: Literal["verp", "address"] = "verp"
    """`verp`: a bounce address on `hostname`, one per mail; `address`: the channel's address, where the smarthost insists."""
    number_in_subject: bool = True
    """Put the ticket number, such as [2026-000123], into subjects."""
    confirmation: ConfirmationSettings = ConfirmationSettings()
    """The automatic answer to a new ticket's requester."""
    signature: str | None = None
    """Put below answers where neither the agent nor the queue has a signature."""
    signature_html: str | None = None
    """The same for the HTML of answers."""
    answer_name: Literal["agent", "channel"] = "agent"
    """Whose name answers come from: `agent` is `Anna (Firma Support)`, `channel` the display name alone."""
    join_open: bool = False
    """A known requester's mail without any reference joins their one open ticket; without it, it opens a new one."""
    intake_policy: IntakePolicy = IntakePolicy.EVERYBODY
    """Whose mail is taken; what is not taken waits among the suspended mail."""
    spam_above: Annotated[float, Field(ge=-100, le=1000)] | None = None
    """What the company's own spam filter gave a higher score than this waits among the suspended mail; without it no filter is
    asked. Only what a declared forwarder or our own front MTA wrote into X-Spam-Score, X-Spam-Status and the like counts."""
    notifications: dict[NotificationStage, NotificationSettings] = Field(default_factory=dict)
    """Which notifications go out, and with which text, by stage: confirmation, new_ticket, new_reply, new_answer, new_note,
    handover, wait_over, clock_warning, clock_breach, delivery_failed, digest, report. What is not named here is sent with its
    usual text."""
    texts: ChannelTextSettings = ChannelTextSettings()
    """What stands in mails besides the words they are about: quotations, history, attachments."""
    welcome: bool = True
    """Under the policy `verified`: thank a new person who has verified the address."""

    def sends(self, stage: str) -> bool:
        """Tell whether a notification goes out."""
        found = next((settings for name, settings in self.notifications.items() if name == stage), None)
        return found is None or found.enabled

    def variant_of(self, stage: str) -> str | None:
        """Return which variant of a text is used; None is the usual one."""
        return next((settings.template for name, settings in self.notifications.items() if name == stage), None)


class NumberSettings(Section):
    """How tickets are numbered."""

    format: str = "{year}-{number:06d}"
    """What people see; `{year}` and `{number}` are filled in."""
    restart_each_year: bool = True
    """Begin at 1 again on the first of January."""


class TicketSettings(Section):
    """How tickets behave."""

    number: NumberSettings = NumberSettings()
    """How they are numbered."""
    token_lifetime: Seconds = 180 * 86_400
    """How long an agent may act by answering a notification; afterwards the answer must be confirmed."""
    fresh_date: Seconds = 5 * 86_400
    """How far the Date of an agent's mail may lie from now; older mail could be a replay."""
    close_solved_after: Seconds = 14 * 86_400
    """How long a solved ticket stays so before it closes by itself; 0 is for ever."""


class DigestInterval(StrEnum):
    """When a list of suspended mail goes out."""

    AT_ONCE = "at_once"
    HOURLY = "hourly"
    DAILY = "daily"
    OFF = "off"


class SuspendedSettings(Section):
    """Mail that was not safe to take, and who works it."""

    to: list[Key] = Field(default_factory=list)
    """The agents who get the list and work it by answering; without any it is worked on the command line alone."""
    digest: DigestInterval = DigestInterval.HOURLY
    """When the list goes out; nothing goes out while nothing new waits."""
    at: time = time(8, 0)
    """When a daily list goes out, in the time zone of `texts`."""
    expire_days: Annotated[int, Field(ge=0, le=3650)] = 30
    """What nobody decided after so many days is discarded, and said so; 0 keeps it for ever."""


class LoopSettings(Section):
    """How automatic mail is kept from answering automatic mail."""

    per_correspondent_and_hour: Annotated[int, Field(ge=1)] = 3
    """At most this many automatic mails to one correspondent in one hour."""
    per_domain_and_hour: Annotated[int, Field(ge=1)] = 30
    """At most this many automatic mails to all addresses of one domain in one hour; free-mail domains are not counted."""
    per_channel_and_hour: Annotated[int, Field(ge=1)] = 300
    """At most this many automatic mails of one channel in one hour."""
    mails_per_author_and_hour: Annotated[int, Field(ge=1)] = 500
    """What one author sends beyond this in one hour is suspended, and the admins are told. Shops, monitoring and the helpdesks of
    large customers send some hundred mails an hour from one address; a broken script that sends one a second is stopped after
    minutes."""
    equal_mails_per_hour: Annotated[int, Field(ge=2)] = 3
    """So many mails of one author with the same text but for its numbers in one hour, and no automatic mail answers further ones;
    they become tickets all the same. So many on one ticket in one day are two machines that talk: further ones are suspended."""
    alike_mails_per_week: Annotated[int, Field(ge=2)] = 10
    """So many mails of one author with the same text but for its numbers in one week, and no automatic mail answers further ones:
    two machines may talk slowly."""
    confirmations_per_agent_and_hour: Annotated[int, Field(ge=1)] = 5
    """At most this many questions `was that you?` to one agent in one hour."""
    replies_per_agent_and_day: Annotated[int, Field(ge=1)] = 20
    """So many questions, and answers to commands, to one agent in one day; then a mail that answers one of them and does nothing
    stays without an answer, because a mailbox may answer by itself."""


class TextSettings(Section):
    """The texts people see."""

    templates: Path | None = None
    """A folder with templates that replace the built-in ones of the same name."""
    timezone: str = "Europe/Berlin"
    """The time zone of dates in texts and of the year in ticket numbers."""


class ParseSettings(Section):
    """Bounds on reading hostile mail, and on composing what is sent about it."""

    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """How many processes read mail."""
    seconds: Seconds = 30
    """How long reading one mail may take; afterwards it becomes a ticket with the raw mail attached."""
    memory: Octets = 600_000_000
    """How much memory such a process may take, and the one that composes texts and mails."""


class OperatorSettings(Section):
    """Who is told when something needs an admin."""

    addresses: list[ConfiguredAddress] = Field(default_factory=list)
    """They get notices about failures, and what is mailed to postmaster at our hostname."""
    channel: Key | None = None
    """The channel whose smarthosts carry the notices; without it the first one."""


def intake_local_part(channel: ChannelSettings) -> str:
    """Return the local part of the channel's generated address: `support@firma.example` gives `support-firma`."""
    if channel.intake is not None:
        return channel.intake.lower()
    return generated_intake(channel.address)


def generated_intake(address: Address) -> str:
    """Make an intake local part from a support address: letters, digits and hyphens only."""
    labels = address.domain.split(".")
    name = labels[-2] if len(labels) > 1 else labels[0]
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in f"{address.local}-{name}".lower()).strip("-")
