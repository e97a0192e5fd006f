"""The case before the decision: one mail, what it says, what is known, and the policy; and what a step says of it."""

from dataclasses import dataclass

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.envelope import RouteKind
from gateway.mail.evidence import Assurance
from gateway.mail.message import Message
from gateway.mail.outbound import Purpose
from gateway.mail.reading import Forwarded, Kind, Reading
from gateway.mail.received import ReceivedMail
from gateway.pipeline.effects import AddPost, Effect, NotifyAgents, OpenTicket
from gateway.pipeline.facts import NOBODY, Facts
from gateway.pipeline.likeness import said_in
from gateway.pipeline.policy import Policy
from gateway.pipeline.reading.lists import cap_assurance
from gateway.pipeline.reasons import Outcome, Reason
from gateway.pipeline.rules.ruled import NO_RULING, Ruled
from gateway.pipeline.settings import LANGUAGES, ChannelSettings
from gateway.tickets import Side, Ticket, TraceLine, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that a step may look at."""

    mail: ReceivedMail
    reading: Reading
    facts: Facts
    policy: Policy
    ruled: Ruled = NO_RULING
    """What the admin's rules say of it, once they were asked."""

    @property
    def message(self) -> Message:
        """What the mail claims."""
        return self.reading.message

    @property
    def assurance(self) -> Assurance:
        """How sure we are of the author's domain; of an author whom a declared list names, as if it had vouched."""
        return cap_assurance(self.mail.evidence.assurance, self.reading)

    @property
    def channel(self) -> ChannelSettings:
        """The channel that the mail came to."""
        return self.policy.channels[self.mail.channel]

    @property
    def requester(self) -> Mailbox:
        """Who is asking: whoever filled in a declared form, the author, whoever headers or envelope name, else nobody."""
        if self.reading.form_sender is not None:
            return self.reading.form_sender
        if self.facts.author and self.facts.author.address.domain:
            return self.facts.author
        named = next((mailbox for mailbox in self.message.from_ if mailbox.address.domain), self.message.sender)
        if named is not None and named.address.domain:
            return named
        return Mailbox(None, self.mail.envelope.reverse_path) if self.mail.envelope.reverse_path else NOBODY

    @property
    def forwarded(self) -> Forwarded | None:
        """The mail of somebody outside that this one forwards; None where it forwards none, or one of our own."""
        forwarded = self.reading.forwarded
        if forwarded is None or not forwarded.author.address.is_sendable:
            return None
        address = forwarded.author.address
        is_ours = self.policy.is_own_address(address) or address.key in self.policy.agent_of_address
        return None if is_ours else forwarded

    @property
    def is_automatic(self) -> bool:
        """Tell whether a machine wrote the mail."""
        return self.reading.kind in _AUTOMATIC

    def language_of(self, agent: str) -> str:
        """Return the language that an agent reads: the own one, else the channel's."""
        return self.policy.agents[agent].language or self.channel.language

    def is_waived(self, reason: Reason) -> bool:
        """Tell whether a person released the mail from the step that suspends with this reason."""
        return self.mail.waiver is not None and self.mail.waiver.waives(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """The step decides: what, and why."""

    outcome: Outcome
    reason: Reason
    because: str
    effects: tuple[Effect, ...] = ()
    ticket: Ticket | None = None
    trace: tuple[TraceLine, ...] = ()
    """What stands in the trace before the step's own line."""


@dataclass(frozen=True, slots=True)
class Miss:
    """The mail is not the step's business, and why."""

    because: str
    ruled: Ruled | None = None
    """What rules said, for the steps that follow."""


_AUTOMATIC = frozenset(
    {Kind.AUTO_REPLY, Kind.OUT_OF_OFFICE, Kind.AUTO_GENERATED, Kind.BOUNCE, Kind.RECEIPT, Kind.FEEDBACK_REPORT}
)


def language_for(case: Case, customer: Mailbox) -> str:
    """Return the language of texts to somebody outside: what is known of the person, else the channel's."""
    contact = case.facts.contact
    is_known = contact is not None and any(address.key == customer.address.key for address in contact.addresses)
    own = contact.language if contact is not None and is_known else None
    return own if own is not None and own in LANGUAGES else case.channel.language


def customer_post(case: Case, *, visibility: Visibility = Visibility.PUBLIC) -> AddPost:
    """Put what a customer wrote into the ticket: when in doubt more of it, never less."""
    reply = case.reading.reply
    return AddPost(
        visibility=visibility,
        side=Side.CUSTOMER,
        author=case.requester,
        text=said_in(case.reading),
        quoted=reply.quoted if reply.visible.strip() else "",
        with_raw_mail=case.message.error is not None,
        likeness=case.facts.likeness,
    )


def open_ticket(case: Case, *, follows: Ticket | None = None) -> OpenTicket:
    """Make a ticket of the mail, answered from the address that the customer wrote to."""
    channel = case.channel
    queue = case.ruled.queue if case.ruled.queue in case.policy.queues else channel.queue
    subject = (case.message.subject or "").replace(f"[{follows.number}]" if follows else "\0", "").strip()
    return OpenTicket(
        subject=subject or (follows.subject if follows else ""),
        requester=case.requester,
        queue=follows.queue if follows else channel.queue,
        priority=follows.priority if follows else case.policy.queues[queue or channel.queue].priority,
        language=language_for(case, case.requester),
        answer_from=written_to(case),
        follows=follows.id if follows else None,
    )


def written_to(case: Case) -> Address:
    """Return the channel's address that the customer wrote to, else the channel's first."""
    channel = case.channel
    own = {address.key: address for address in (channel.address, *channel.also)}
    for recipient in case.mail.envelope.recipients:
        if recipient.kind is RouteKind.CHANNEL and recipient.address.key in own:
            return own[recipient.address.key]
    return next((own[a.key] for a in case.reading.original_recipients if a.key in own), channel.address)


def notify_team(case: Case, queue: str, purpose: Purpose) -> tuple[NotifyAgents, ...]:
    """Tell everybody who works in a queue, except the author of the mail; nobody where the channel does not want it."""
    channel = case.policy.channels.get(case.facts.ticket.channel if case.facts.ticket else case.mail.channel, case.channel)
    if not channel.sends(purpose):
        return ()
    agents = tuple(agent for agent in case.policy.team(queue) if agent != case.facts.agent)
    return (NotifyAgents(purpose=purpose, agents=agents, is_team=True),) if agents else ()
