"""What the database knows that matters for a stimulus, read before anything is decided.

`gather_facts` asks; `Facts` is what `decide` gets. Whoever has no database (`explain` without a configuration) starts from
`know_nothing`. Nothing here decides.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from gateway.errors import NotFound
from gateway.mail import (
    Address,
    Bounce,
    EarlierMail,
    Kind,
    Mailbox,
    Message,
    OutboundMail,
    Purpose,
    Reading,
    ReceivedMail,
    RouteKind,
)
from gateway.pipeline.marker import find_markers
from gateway.pipeline.policy import Policy
from gateway.pipeline.tokens import KeyRing, TokenUse, read_token, token_of_message_id
from gateway.states import ReceivedState
from gateway.storage.transaction import Reader
from gateway.tickets import Part, Post, Side, Ticket, Visibility

TO_CUSTOMERS: Final = frozenset({Purpose.ANSWER, Purpose.CONFIRMATION, Purpose.VERIFICATION})
"""What is written to people outside; the token of such a mail lets nobody act as an agent."""
AUTOMATIC_PURPOSES: Final = (Purpose.CONFIRMATION, Purpose.VERIFICATION)
_QUESTIONS: Final = (Purpose.CONFIRM_ACTION,)
_NOTICES: Final = (Purpose.OPERATOR_NOTICE,)
_MOST_REFERENCES: Final = 50
_MOST_MERGES: Final = 20
_MOST_POSTS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFact:
    """A token of ours that the mail carries."""

    outbound: OutboundMail
    """The mail it answers."""
    carriers: frozenset[str]
    """Where it stands: `recipient`, `body`, or lower-case names of header fields."""
    is_expired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BouncedMail:
    """A mail of ours that a delivery report is about, and what the report says of it."""

    bounce: Bounce
    outbound: OutboundMail


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known."""

    now: datetime
    author: Mailbox | None
    """The one mailbox of the one From field."""
    agent: str | None = None
    """The agent whose address the author claims."""
    token: TokenFact | None = None
    has_dead_token: bool = False
    """It was sent to a token address that leads nowhere."""
    ticket: Ticket | None = None
    """Where the token or the references lead, or the mail that bounced; merges followed."""
    is_matched_by_token: bool = False
    part: Part | None = None
    """The part the author plays in that ticket."""
    newer_answer: Post | None = None
    """A colleague's answer that the token's person had not seen."""
    posts: tuple[Post, ...] = ()
    """The newest ones of that ticket, oldest first; whoever writes ten thousand must not make each mail read them all."""
    bounced: BouncedMail | None = None
    earlier: tuple[EarlierMail, ...] = ()
    """Mails with the author's address and this Message-ID that came before it, to whichever channel."""
    automatic_mails_in_last_hour: int = 0
    """To the author."""
    questions_in_last_hour: int = 0
    """To whoever would be asked: the agent whose address the author claims, else those who work on the ticket."""
    notices_in_last_hour: int = 0
    """To the admins."""
    asked_about: ReceivedState | None = None
    """The state of the mail that the token's question was about."""


def know_nothing(reading: Reading, policy: Policy, now: datetime) -> Facts:
    """Return the facts of a gateway that has no tickets yet."""
    author = reading.message.author
    return Facts(now=now, author=author, agent=policy.agent_of_address.get(author.address.key) if author else None)


def gather_facts(tx: Reader, mail: ReceivedMail, reading: Reading, *, policy: Policy, keys: KeyRing, now: datetime) -> Facts:
    """Read everything that deciding about a received mail can need."""
    start = know_nothing(reading, policy, now)
    message, author, agent = reading.message, start.author, start.agent
    token = _find_token(tx, mail, message, policy=policy, keys=keys, author=author, now=now)
    bounced = _find_bounced(tx, mail, reading, keys)
    ticket = gather_ticket(tx, bounced.outbound.ticket_id) if bounced else _ticket_of(tx, token, message)
    ticket = rehouse(ticket, mail.channel, policy) if ticket else None
    posts = tx.tickets.newest_posts(ticket.id, _MOST_POSTS) if ticket else ()
    hour_ago = now - timedelta(hours=1)
    return Facts(
        now=now,
        author=author,
        agent=agent,
        token=token,
        has_dead_token=token is None and any(r.kind is RouteKind.TOKEN for r in mail.envelope.recipients),
        ticket=ticket,
        is_matched_by_token=bool(ticket and token and token.outbound.ticket_id is not None),
        part=part_in(ticket, author.address) if ticket and author else None,
        posts=posts,
        newer_answer=_newer_answer(posts, token, agent),
        bounced=bounced,
        earlier=tx.received.earlier(author.address.key, message.message_id, before_id=mail.id)
        if author and message.message_id
        else (),
        automatic_mails_in_last_hour=tx.outbox.automatic_count(author.address.key, since=hour_ago, purposes=AUTOMATIC_PURPOSES)
        if author
        else 0,
        questions_in_last_hour=max(
            (
                tx.outbox.automatic_count(policy.agent_mailbox(a).address.key, since=hour_ago, purposes=_QUESTIONS)
                for a in whom_to_ask(agent, ticket, policy)
            ),
            default=0,
        ),
        notices_in_last_hour=max(
            (tx.outbox.automatic_count(a.key, since=hour_ago, purposes=_NOTICES) for a in policy.operators.addresses),
            default=0,
        )
        if reading.kind is Kind.FORWARDING_CONFIRMATION
        else 0,
        asked_about=_asked_about(tx, token),
    )


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


def token_carriers(mail: ReceivedMail, message: Message, policy: Policy) -> dict[str, set[str]]:
    """Return what may be tokens, unverified, with where each stands: best carriers first."""
    found: dict[str, set[str]] = {}
    for recipient in mail.envelope.recipients:
        if recipient.kind is RouteKind.TOKEN and recipient.token:
            found.setdefault(recipient.token, set()).add("recipient")
    for name, mailboxes in (("to", message.to), ("cc", message.cc)):
        for mailbox in mailboxes:
            token = policy.token_in(mailbox.address)
            if token:
                found.setdefault(token, set()).add(name)
    for name, ids in (("in-reply-to", message.in_reply_to), ("references", message.references[::-1])):
        for message_id in ids[:_MOST_REFERENCES]:
            token = token_of_message_id(message_id, policy.hostname)
            if token:
                found.setdefault(token, set()).add(name)
    for _, token in find_markers(message.text)[:_MOST_REFERENCES]:
        found.setdefault(token.lower(), set()).add("body")
    return found


def _find_token(
    tx: Reader,
    mail: ReceivedMail,
    message: Message,
    *,
    policy: Policy,
    keys: KeyRing,
    author: Mailbox | None,
    now: datetime,
) -> TokenFact | None:
    """Choose the author's own token where the mail carries one, else the best carried of other people."""
    best: TokenFact | None = None
    for token, carriers in token_carriers(mail, message, policy).items():
        outbound_id = read_token(token, keys)
        outbound = _get_outbound(tx, outbound_id) if outbound_id is not None else None
        if outbound is None:
            continue
        expires = outbound.token_expires_at
        fact = TokenFact(outbound=outbound, carriers=frozenset(carriers), is_expired=expires is not None and expires < now)
        if author and is_same_person(outbound.recipient, author.address, policy):
            return fact
        best = best or fact
    return best


def is_same_person(one: Address, other: Address, policy: Policy) -> bool:
    """Tell whether two addresses are one, or belong to one agent."""
    agent = policy.agent_of_address.get(one.key)
    return one.key == other.key or (agent is not None and agent == policy.agent_of_address.get(other.key))


def _get_outbound(tx: Reader, outbound_id: int) -> OutboundMail | None:
    try:
        return tx.outbox.get(outbound_id)
    except NotFound:
        return None


def _ticket_of(tx: Reader, token: TokenFact | None, message: Message) -> Ticket | None:
    if token and token.outbound.ticket_id is not None:
        return gather_ticket(tx, token.outbound.ticket_id)
    wanted = tuple(dict.fromkeys((*message.in_reply_to, *message.references[::-1])))[:_MOST_REFERENCES]
    known = tx.tickets.by_message_ids(wanted) if wanted else {}
    found = next((known[message_id].ticket_id for message_id in wanted if message_id in known), None)
    return gather_ticket(tx, found)


def gather_ticket(tx: Reader, ticket_id: int | None) -> Ticket | None:
    """Return the ticket that a mail of ours belongs to, merges followed."""
    return _follow_merges(tx, ticket_id) if ticket_id is not None else None


def _follow_merges(tx: Reader, ticket_id: int) -> Ticket | None:
    for _ in range(_MOST_MERGES):
        try:
            ticket = tx.tickets.get(ticket_id)
        except NotFound:
            return None
        if ticket.merged_into is None:
            return ticket
        ticket_id = ticket.merged_into
    return None


def _newer_answer(posts: Iterable[Post], token: TokenFact | None, agent: str | None) -> Post | None:
    seen = token.outbound.last_seen_post_id if token else None
    if seen is None:
        return None
    newer = (p for p in posts if p.id > seen and p.side is Side.AGENT and p.visibility is Visibility.PUBLIC and p.agent != agent)
    return max(newer, key=lambda post: post.id, default=None)


def _find_bounced(tx: Reader, mail: ReceivedMail, reading: Reading, keys: KeyRing) -> BouncedMail | None:
    """Find the mail of ours that a report is about: by the return address, else by the returned Message-ID.

    Each mail of ours has one recipient: of the many that a report can name, the worst news counts, once.
    """
    worst = max(reading.bounces, key=lambda bounce: bounce.permanent, default=None)
    if worst is None:
        return None
    outbound: OutboundMail | None = None
    for recipient in mail.envelope.recipients:
        outbound_id = read_token(recipient.token, keys, TokenUse.RETURN) if recipient.token else None
        outbound = outbound or (_get_outbound(tx, outbound_id) if outbound_id is not None else None)
    if outbound is None and worst.original_message_id:
        outbound = tx.outbox.by_message_id(worst.original_message_id)
    return BouncedMail(bounce=worst, outbound=outbound) if outbound else None


def _asked_about(tx: Reader, token: TokenFact | None) -> ReceivedState | None:
    if token is None or token.outbound.about_received_id is None:
        return None
    try:
        return tx.received.get(token.outbound.about_received_id).state
    except NotFound:
        return None
