"""Tickets while a decision is carried out: what each effect makes of them, their posts, their history and their links.

Pure and without a database, so that triggers and clocks can look at a ticket as it will be. `TicketSheet` is told one effect
after the other; what it gathered is written by `apply.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.mail.addresses import Mailbox
from gateway.people import Link, LinkKind, TimerKind
from gateway.pipeline.clocks import what_fell_due, wind_clock
from gateway.pipeline.effects import (
    AddNote,
    Announce,
    Assign,
    ChangeTags,
    LinkTickets,
    MergeTicket,
    MoveToQueue,
    OpenTicket,
    RemoveParticipant,
    SetCategory,
    SetPriority,
    SetStatus,
    SplitTicket,
    WaitUntil,
)
from gateway.pipeline.policy import Policy
from gateway.states import TicketStatus, advance
from gateway.tickets import HistoryLine, Part, Participant, Post, Side, Ticket, Visibility

_DONE = frozenset({TicketStatus.SOLVED, TicketStatus.CLOSED})
_OURSELVES = frozenset({"rule", "clock", "gateway"})


@dataclass(slots=True, kw_only=True)
class TicketSheet:
    """One ticket as it becomes, and those that it touches."""

    policy: Policy
    now: datetime
    new_id: Callable[[], int]
    old: Ticket | None
    """As it was read; None before there is one."""
    ticket: Ticket | None
    posts: list[Post]
    """All that are known, oldest first, the new ones included."""
    opened: list[Ticket] = field(default_factory=list)
    """New tickets besides `ticket`, where that is one."""
    touched: dict[int, tuple[Ticket, Ticket]] = field(default_factory=dict)
    """Other tickets that change: as read, and as they become."""
    new_posts: list[Post] = field(default_factory=list)
    past: tuple[HistoryLine, ...] = ()
    """What had changed before, oldest first, where the channel's texts show it."""
    history: list[HistoryLine] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    @property
    def is_new(self) -> bool:
        """Tell whether the ticket was opened here."""
        return self.ticket is not None and (self.old is None or self.old.id != self.ticket.id)

    def current(self) -> Ticket:
        """Return the ticket; an effect on none is a fault of ours."""
        if self.ticket is None:
            message = "an effect on a ticket before there is one"
            raise AssertionError(message)
        return self.ticket

    def wound(self) -> Ticket:
        """Return the ticket with its clock as it will be written."""
        ticket = self.current()
        return wind_clock(None if self.is_new else self.old, ticket, self.policy, self.now)

    def changes(self) -> tuple[HistoryLine, ...]:
        """Return what is known of the ticket's history, the new lines included."""
        current = self.current().id
        return (*(self.past if not self.is_new else ()), *(line for line in self.history if line.ticket_id == current))

    def log(self, *, by: str, what: str, why: str, ticket: Ticket | None = None) -> None:
        """Leave a line in the history."""
        self.history.append(HistoryLine(ticket_id=(ticket or self.current()).id, at=self.now, by=by, what=what, why=why))

    # ----------------------------------------------------------------------------------------------------- one ticket

    def open(self, effect: OpenTicket, *, number: str, channel: str) -> None:
        """Begin a ticket; the one that was read before is what it follows."""
        followed = self.old if effect.follows is not None else None
        added_by = "author" if effect.by == "customer" else effect.by
        self.ticket = Ticket(
            id=self.new_id(),
            number=number,
            subject=effect.subject,
            status=TicketStatus.NEW,
            priority=effect.priority,
            queue=effect.queue,
            channel=channel,
            requester=effect.requester,
            answer_from=effect.answer_from,
            language=effect.language,
            created_at=self.now,
            updated_at=self.now,
            participants=(Participant(mailbox=effect.requester, part=Part.REQUESTER, added_by=added_by),),
        )
        self.posts = []
        self.log(by=effect.by, what=f"opened{f', follows {followed.number}' if followed else ''}", why="mail")
        if followed is not None:
            self.links.append(Link(ticket_id=self.ticket.id, other_id=followed.id, kind=LinkKind.FOLLOWS))

    def set_status(self, effect: SetStatus) -> None:
        """Move to another status; leaving the wait ends it."""
        ticket = self.current()
        if effect.status is ticket.status:
            return
        new = advance(ticket.status, effect.status)
        solved_at = (ticket.solved_at or self.now) if new in _DONE else None
        wait_until = ticket.wait_until if new is TicketStatus.PENDING else None
        stirred = ticket if effect.by in _OURSELVES else _stirred(ticket)
        self._become(replace(stirred, status=new, solved_at=solved_at, wait_until=wait_until))
        self.log(by=effect.by, what=f"status: {ticket.status} → {new}", why=effect.why)

    def wait_until(self, effect: WaitUntil) -> None:
        """Wait for the customer, but not for ever."""
        self.set_status(SetStatus(status=TicketStatus.PENDING, by=effect.by, why=effect.why))
        self._become(replace(self.current(), wait_until=effect.at))
        self.log(by=effect.by, what=f"waits until {effect.at:%Y-%m-%d %H:%M} UTC", why=effect.why)

    def assign(self, effect: Assign) -> None:
        """Give it to somebody, or to nobody."""
        ticket = self.current()
        if effect.agent != ticket.assignee:
            self._become(replace(ticket, assignee=effect.agent))
            self.log(by=effect.by, what=f"assignee: {ticket.assignee or 'nobody'} → {effect.agent or 'nobody'}", why=effect.why)

    def move_to_queue(self, effect: MoveToQueue) -> None:
        """Give it to another team."""
        ticket = self.current()
        if effect.queue == ticket.queue:
            return
        stays = ticket.assignee in self.policy.team(effect.queue)
        self._become(replace(ticket, queue=effect.queue, assignee=ticket.assignee if stays else None))
        self.log(by=effect.by, what=f"queue: {ticket.queue} → {effect.queue}", why=effect.why)

    def set_priority(self, effect: SetPriority) -> None:
        """Say how urgent it is."""
        ticket = self.current()
        if effect.priority is not ticket.priority:
            self._become(replace(ticket, priority=effect.priority))
            self.log(by=effect.by, what=f"priority: {ticket.priority} → {effect.priority}", why=effect.why)

    def set_category(self, effect: SetCategory) -> None:
        """Say what it is about."""
        ticket = self.current()
        if effect.category != ticket.category:
            self._become(replace(ticket, category=effect.category))
            what = f"category: {ticket.category or 'none'} → {effect.category or 'none'}"
            self.log(by=effect.by, what=what, why=effect.why)

    def change_tags(self, effect: ChangeTags) -> None:
        """Put words on it and take others off."""
        ticket = self.current()
        kept = [tag for tag in ticket.tags if tag not in effect.remove]
        tags = tuple(dict.fromkeys((*kept, *effect.add)))
        if tags != ticket.tags:
            self._become(replace(ticket, tags=tags))
            self.log(by=effect.by, what=f"tags: {' '.join(ticket.tags) or 'none'} → {' '.join(tags) or 'none'}", why=effect.why)

    def add_participant(self, mailbox: Mailbox, part: Part, *, by: str) -> None:
        """Let somebody take part; what was said before is not for them."""
        ticket = self.current()
        if any(known.mailbox.address.key == mailbox.address.key for known in ticket.participants):
            return
        since = self.new_posts[-1].id if self.new_posts else self.new_id()
        participant = Participant(mailbox=mailbox, part=part, added_by=by, since_post_id=since)
        self._become(replace(ticket, participants=(*ticket.participants, participant)))
        self.log(by=by, what=f"participant: {mailbox.address}", why=part)

    def remove_participant(self, effect: RemoveParticipant) -> None:
        """Let somebody take part no more; the requester stays."""
        ticket = self.current()
        staying = tuple(
            known
            for known in ticket.participants
            if known.part is Part.REQUESTER or known.mailbox.address.key != effect.address.key
        )
        if staying != ticket.participants:
            self._become(replace(ticket, participants=staying))
            self.log(by=effect.by, what=f"no longer a participant: {effect.address}", why="#uncc")

    def announce(self, effect: Announce) -> None:
        """Remember what has fired; nothing else of the ticket changes, not even when it changed last."""
        ticket = self.current()
        self.log(by="clock", what=what_fell_due(effect.mark, ticket, self.policy), why="time")
        self.ticket = replace(ticket, announced=tuple(dict.fromkeys((*ticket.announced, effect.mark))))

    # ------------------------------------------------------------------------------------------------------- its posts

    def post(self, post: Post, *, by: str, why: str) -> None:
        """Add what somebody said."""
        self.new_posts.append(post)
        self.posts.append(post)
        ticket = self.current()
        is_answer = post.side is Side.AGENT and post.visibility is Visibility.PUBLIC
        first = ticket.first_answered_at or (self.now if is_answer else None)
        said = ticket if post.side is Side.SYSTEM else _stirred(ticket)
        self._become(replace(said, first_answered_at=first))
        self.log(by=by, what=f"{post.visibility} post", why=why)

    def note(self, effect: AddNote) -> None:
        """Add what the gateway itself has to say to the agents."""
        self.post(self._own_note(self.current(), effect.text), by=effect.by, why="note")

    # ---------------------------------------------------------------------------------------------------- several tickets

    def link(self, effect: LinkTickets) -> None:
        """Note that two tickets belong together."""
        ticket = self.current()
        self.links.append(Link(ticket_id=ticket.id, other_id=effect.other.id, kind=effect.kind))
        self.log(by=effect.by, what=f"{effect.kind}: {effect.other.number}", why="link")
        self.log(by=effect.by, what=f"{effect.kind} of {ticket.number}", why="link", ticket=effect.other)

    def merge(self, effect: MergeTicket) -> None:
        """Let the ticket go on in the other one; its people get nothing there that was said before."""
        ticket, into = self.current(), effect.into
        self.links.append(Link(ticket_id=ticket.id, other_id=into.id, kind=LinkKind.MERGED_INTO))
        known = {participant.mailbox.address.key for participant in into.participants}
        since = self.new_id()
        joining = tuple(
            Participant(
                mailbox=p.mailbox,
                part=Part.BCC if p.part is Part.BCC else Part.CC,
                added_by=effect.by,
                since_post_id=since,
            )
            for p in ticket.participants
            if p.mailbox.address.key not in known
        )
        self._touch(into, replace(into, participants=(*into.participants, *joining), updated_at=self.now))
        self.log(by=effect.by, what=f"{ticket.number} was merged into this", why="#merge", ticket=into)
        self._add_note_to(into, f"{ticket.number} ({ticket.requester}): {ticket.subject}", by=effect.by)
        if ticket.status is not TicketStatus.CLOSED:
            self.set_status(SetStatus(status=TicketStatus.CLOSED, by=effect.by, why=f"merged into {into.number}"))
        self._become(replace(self.current(), merged_into=into.id, assignee=None))

    def split(self, effect: SplitTicket, *, number: str) -> tuple[Ticket, Post]:
        """Make a ticket of its own of one post; return both as they are there."""
        ticket, post = self.current(), effect.post
        requester = post.author if post.side is Side.CUSTOMER else ticket.requester
        opened = replace(
            ticket,
            id=self.new_id(),
            number=number,
            status=TicketStatus.NEW,
            requester=requester,
            participants=(Participant(mailbox=requester, part=Part.REQUESTER, added_by=effect.by),),
            created_at=self.now,
            updated_at=self.now,
            assignee=None,
            first_answered_at=None,
            solved_at=None,
            wait_until=None,
            announced=(),
            version=1,
        )
        self.opened.append(opened)
        copy = replace(post, id=self.new_id(), ticket_id=opened.id, message_id=None, likeness=None)
        self.new_posts.append(copy)
        self.links.append(Link(ticket_id=opened.id, other_id=ticket.id, kind=LinkKind.SPLIT_FROM))
        self.log(by=effect.by, what=f"opened, split from {ticket.number}", why="#split", ticket=opened)
        self.log(by=effect.by, what=f"a post became {number}", why="#split")
        return opened, copy

    # ------------------------------------------------------------------------------------------------------------ inside

    def _become(self, ticket: Ticket) -> None:
        self.ticket = replace(ticket, updated_at=self.now)

    def _touch(self, old: Ticket, new: Ticket) -> None:
        first, _ = self.touched.get(old.id, (old, old))
        self.touched[old.id] = (first, new)

    def _own_note(self, ticket: Ticket, text: str) -> Post:
        return Post(
            id=self.new_id(),
            ticket_id=ticket.id,
            visibility=Visibility.INTERNAL,
            side=Side.SYSTEM,
            author=self._own_mailbox(ticket),
            text=text,
            created_at=self.now,
        )

    def _add_note_to(self, ticket: Ticket, text: str, *, by: str) -> None:
        self.new_posts.append(self._own_note(ticket, text))
        self.log(by=by, what="internal post", why="merge", ticket=ticket)

    def _own_mailbox(self, ticket: Ticket) -> Mailbox:
        return Mailbox(self.policy.channels[ticket.channel].display_name, ticket.answer_from)


def _stirred(ticket: Ticket) -> Ticket:
    """Return a ticket on which somebody did something: what waits for nobody doing anything may fire again."""
    return replace(ticket, announced=tuple(mark for mark in ticket.announced if not mark.startswith(f"{TimerKind.IDLE} ")))


def outlook(ticket: Ticket | None, perform: Callable[[TicketSheet], None], *, policy: Policy, now: datetime) -> Ticket | None:
    """Return the ticket as it will be after `perform`, which tells the sheet effects; ids and numbers in it mean nothing."""
    sheet = TicketSheet(policy=policy, now=now, new_id=lambda: 0, old=ticket, ticket=ticket, posts=[])
    perform(sheet)
    return sheet.ticket
