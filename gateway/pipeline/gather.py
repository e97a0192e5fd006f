"""Asks the database for the facts of a received mail: one consistent picture, read before anything is decided."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from gateway.errors import NotFound
from gateway.mail.addresses import Mailbox
from gateway.mail.envelope import RouteKind
from gateway.mail.message import Message
from gateway.mail.outbound import OutboundMail, Purpose
from gateway.mail.reading import Kind, Reading
from gateway.mail.received import EarlierMail, ReceivedMail
from gateway.people import LinkKind
from gateway.pipeline.commands import command_lines
from gateway.pipeline.commands_thread import bare_number
from gateway.pipeline.facts import (
    NOBODY,
    TOLD_PURPOSES,
    BouncedMail,
    Facts,
    Mention,
    TokenFact,
    is_same_person,
    know_nothing,
    part_in,
    rehouse,
    whom_to_ask,
)
from gateway.pipeline.gather_people import find_namesake, gather_named, gather_people
from gateway.pipeline.gather_traffic import gather_traffic
from gateway.pipeline.marker import find_markers
from gateway.pipeline.policy import Policy
from gateway.pipeline.received_line import ReceivedLine
from gateway.pipeline.tokens import KeyRing, TokenUse, read_token, token_of_message_id
from gateway.states import ReceivedState, TicketStatus
from gateway.storage.received import ReceivedSummary
from gateway.storage.transaction import Reader
from gateway.tickets import HistoryLine, Post, Side, Ticket, Visibility

_QUESTIONS: Final = (Purpose.CONFIRM_ACTION,)
_NOTICES: Final = (Purpose.OPERATOR_NOTICE,)
_MOST_REFERENCES: Final = 50
_MOST_MERGES: Final = 20
_MOST_POSTS: Final = 100
_GOES_ON: Final = frozenset({LinkKind.SPLIT_FROM, LinkKind.FOLLOWS})
_MOST_MENTIONED: Final = 10


def gather_facts(tx: Reader, mail: ReceivedMail, reading: Reading, *, policy: Policy, keys: KeyRing, now: datetime) -> Facts:
    """Read everything that deciding about a received mail can need."""
    start = know_nothing(reading, policy, now)
    message, author, agent = reading.message, start.author, start.agent
    token = _find_token(tx, mail, message, policy=policy, keys=keys, author=author, now=now)
    bounced = _find_bounced(tx, mail, reading, keys)
    ticket = gather_ticket(tx, bounced.outbound.ticket_id) if bounced else _ticket_of(tx, token, message)
    only_open = _only_open(tx, mail, reading, start, policy) if ticket is None and token is None else None
    ticket = ticket or only_open
    ticket = rehouse(ticket, mail.channel, policy) if ticket else None
    posts = tx.tickets.newest_posts(ticket.id, _MOST_POSTS) if ticket else ()
    hour_ago = now - timedelta(hours=1)
    person = gather_people(tx, mail, reading, author=author, token=token, ticket=ticket, policy=policy, now=now)
    ways = [((reading.form_sender or author or NOBODY).address, mail.channel)]
    ways += [(ticket.requester.address, ticket.channel)] if ticket else []
    to_author, *to_requester = gather_traffic(tx, ways, now=now)
    return Facts(
        now=now,
        author=author,
        agent=agent,
        token=token,
        has_dead_token=token is None and any(r.kind is RouteKind.TOKEN for r in mail.envelope.recipients),
        ticket=ticket,
        is_matched_by_token=bool(ticket and token and token.outbound.ticket_id is not None),
        is_only_open=only_open is not None,
        part=part_in(ticket, author.address) if ticket and author else None,
        posts=posts,
        history=history_of(tx, ticket, policy) if ticket else (),
        merged_notes=_merged_notes(tx, ticket) if ticket is not None and agent is not None else (),
        mentioned=_find_mentioned(tx, mail, reading, policy) if agent is not None else (),
        newer_answer=_newer_answer(posts, token, agent),
        bounced=bounced,
        earlier=_find_earlier(tx, mail, reading),
        absent=absent_now(tx, now),
        loads=loads_of(tx, policy),
        last_assigned=turns_of(tx, policy),
        contact=person.contact,
        organisation=person.organisation,
        maybe=find_namesake(tx, author, person, token, ticket) if author is not None and agent is None else None,
        named=gather_named(tx, reading, ticket, posts) if agent is not None else {},
        block=person.block,
        likeness=person.likeness,
        mails_in_last_hour=person.said.in_hour,
        alike_in_last_hour=person.said.alike_in_hour,
        alike_in_last_week=person.said.alike_in_week,
        alike_on_ticket_in_last_day=person.said.alike_on_ticket_in_day,
        is_flood_told=person.is_flood_told,
        verifications_in_last_month=person.verifications_in_last_month,
        waiting=person.waiting,
        listed={number: line_of(each) for number, each in tx.suspended.lines(token.outbound.id)}
        if token and token.outbound.purpose is Purpose.DIGEST
        else {},
        to_author=to_author,
        to_requester=next(iter(to_requester), None),
        told_in_last_day=_told(tx, token, now),
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


def _told(tx: Reader, token: TokenFact | None, now: datetime) -> int:
    if token is None or token.outbound.purpose not in TOLD_PURPOSES:
        return 0
    return tx.outbox.automatic_count(token.outbound.recipient.key, since=now - timedelta(days=1), purposes=TOLD_PURPOSES)


def history_of(tx: Reader, ticket: Ticket, policy: Policy) -> tuple[HistoryLine, ...]:
    """Return what changed in a ticket, oldest first, where the texts of its channel show it."""
    return tx.tickets.history(ticket.id) if policy.channels[ticket.channel].texts.history else ()


def absent_now(tx: Reader, now: datetime) -> frozenset[str]:
    """Return who is away at a moment."""
    absences = tx.people.absences()
    return frozenset(agent for agent, absence in absences.items() if absence.until is None or absence.until > now)


def turns_of(tx: Reader, policy: Policy) -> dict[str, str | None]:
    """Return by queue whom its last assigned ticket was given to, of those queues that give tickets to each in turn."""
    queues = (key for key, queue in policy.queues.items() if queue.assignment == "round_robin")
    return {key: tx.tickets.last_assigned(key) for key in queues}


def loads_of(tx: Reader, policy: Policy) -> dict[str, int]:
    """Return how many unsolved tickets the agents have of queues that give tickets to whoever has the fewest."""
    queues = (key for key, queue in policy.queues.items() if queue.assignment == "least_open")
    agents = tuple(dict.fromkeys(agent for queue in queues for agent in policy.team(queue)))
    return tx.tickets.open_counts(agents) if agents else {}


def line_of(mail: ReceivedSummary) -> ReceivedLine:
    """Return a received mail as it stands on a list."""
    return ReceivedLine(
        id=mail.id,
        channel=mail.channel,
        author=mail.author,
        subject=mail.subject,
        received_at=mail.received_at,
        state=mail.state,
        reason=mail.reason,
    )


def _find_earlier(tx: Reader, mail: ReceivedMail, reading: Reading) -> tuple[EarlierMail, ...]:
    """Find mails of the author with the same Message-ID: from the own address, and over a declared list."""
    message_id = reading.message.message_id
    authors = {each.address.key for each in (reading.message.author, reading.original_author) if each is not None}
    if message_id is None:
        return ()
    return tuple(e for key in sorted(authors) for e in tx.received.earlier(key, message_id, before_id=mail.id))


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


def _only_open(tx: Reader, mail: ReceivedMail, reading: Reading, start: Facts, policy: Policy) -> Ticket | None:
    """Return the author's one open ticket of a channel that wants such mail joined to it."""
    is_wanted = policy.channels[mail.channel].join_open and reading.kind is Kind.ORDINARY and reading.form_sender is None
    if not is_wanted or start.author is None or start.agent is not None:
        return None
    if any(recipient.kind is RouteKind.TOKEN for recipient in mail.envelope.recipients):
        return None
    unfinished = tx.tickets.open_of_requester(start.author.address.key, mail.channel)
    waiting = [ticket for ticket in unfinished if ticket.status is not TicketStatus.SOLVED]
    return waiting[0] if len(waiting) == 1 else None


def _merged_notes(tx: Reader, ticket: Ticket) -> tuple[str, ...]:
    """Return the notes of tickets that go on in this one, merged into it, split or followed: they are its secrets, too."""
    links = tx.tickets.links(ticket.id)
    before = [link.ticket_id for link in links if link.kind is LinkKind.MERGED_INTO and link.other_id == ticket.id]
    before += [link.other_id for link in links if link.kind in _GOES_ON and link.ticket_id == ticket.id]
    posts = (post for each in before[:_MOST_MERGES] for post in tx.tickets.newest_posts(each, _MOST_POSTS))
    return tuple(post.text for post in posts if post.visibility is Visibility.INTERNAL)


def _find_mentioned(tx: Reader, mail: ReceivedMail, reading: Reading, policy: Policy) -> tuple[Mention, ...]:
    """Find the tickets that the commands in the first lines name, as many as anybody would name by hand."""
    numbers = dict.fromkeys(bare_number(line.argument) for line in command_lines(reading.reply.visible))
    found = []
    for number in list(numbers)[:_MOST_MENTIONED]:
        named = tx.tickets.by_number(number) if any(c.isdigit() for c in number) else None
        ticket = gather_ticket(tx, named.id) if named is not None else None
        if ticket is not None:
            found.append(Mention(number=number, ticket=rehouse(ticket, mail.channel, policy)))
    return tuple(found)


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
