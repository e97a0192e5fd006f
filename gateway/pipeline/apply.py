"""From a decision to what is written: every effect becomes rows, and rows become one short transaction.

`prepare_changes` does the slow half (ids, texts, tokens, composing) outside of any transaction; what it returns is written by
storage whole or not at all, with the version of each ticket checked. If somebody was faster, the stimulus is decided again.
What an effect makes of a ticket stands in `ticket_sheet.py`, what it sends in `mail_sheet.py`, what it makes of mails that were
there before in `state_sheet.py`, and of people in `people_sheet.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from gateway.mail.content import Content
from gateway.mail.reading import Reading
from gateway.mail.received import ReceivedMail
from gateway.people import Timer
from gateway.pipeline.clocks import wanted_timers, wind_clock
from gateway.pipeline.effects import (
    AddNote,
    AddParticipant,
    AddPost,
    Announce,
    AnnounceExpiry,
    AskToConfirm,
    Assign,
    BlockSender,
    ChangeTags,
    Decision,
    Effect,
    EndAbsence,
    FailDelivery,
    ForgetOrganisation,
    LiftBlock,
    LinkTickets,
    MakeContact,
    MergeTicket,
    MoveOutbound,
    MoveToQueue,
    NoteDelay,
    NotifyAgents,
    OpenTicket,
    RejectMail,
    RelayAnswer,
    ReleaseMail,
    RemoveParticipant,
    SaveContact,
    SaveOrganisation,
    SendConfirmation,
    SendDigest,
    SendHelp,
    SendReport,
    SendVerification,
    SendWelcome,
    SetAbsence,
    SetCategory,
    SetPriority,
    SetStatus,
    SetTimer,
    ShowThread,
    SplitTicket,
    TellAgent,
    TellOperators,
    VerifyContact,
    WaitUntil,
)
from gateway.pipeline.facts import Acquaintance
from gateway.pipeline.mail_sheet import MailSheet
from gateway.pipeline.outgoing import Desk
from gateway.pipeline.people_sheet import PeopleSheet
from gateway.pipeline.posting import make_post
from gateway.pipeline.reasons import Outcome
from gateway.pipeline.state_sheet import StateSheet
from gateway.pipeline.ticket_sheet import TicketSheet
from gateway.states import ReceivedState, advance
from gateway.tickets import (
    Changes,
    HistoryLine,
    ListedMail,
    Post,
    ReceivedChange,
    Ticket,
    TicketChange,
    TicketTimers,
)

_STATE_AFTER: dict[Outcome, ReceivedState] = {
    Outcome.OPEN: ReceivedState.TICKETED,
    Outcome.POST: ReceivedState.TICKETED,
    Outcome.RECORD: ReceivedState.RECORDED,
    Outcome.DUPLICATE: ReceivedState.RECORDED,
    Outcome.SUSPEND: ReceivedState.SUSPENDED,
    Outcome.DISCARD: ReceivedState.DISCARDED,
    Outcome.REFUSE: ReceivedState.DISCARDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a decision is applied to."""

    channel: str
    mail: ReceivedMail | None = None
    reading: Reading | None = None
    ticket: Ticket | None = None
    posts: tuple[Post, ...] = ()
    history: tuple[HistoryLine, ...] = ()
    """What changed in the ticket before, where the channel's texts show it."""
    acquaintance: Acquaintance | None = None
    """Who the author of the mail is to us."""
    timer: Timer | None = None
    """What fell due, where that is the stimulus."""
    absent: frozenset[str] = frozenset()
    """Agents who are away."""
    number: str | None = None
    """The reserved number, where the decision opens a ticket."""


def needs_number(decision: Decision) -> bool:
    """Tell whether a ticket number must be reserved before the decision is applied."""
    return any(isinstance(effect, OpenTicket | SplitTicket) for effect in decision.effects)


def prepare_changes(scene: Scene, decision: Decision, desk: Desk) -> Changes:
    """Return all that the decision writes."""
    tickets = TicketSheet(
        policy=desk.policy,
        now=desk.now,
        new_id=desk.ids.next,
        old=scene.ticket,
        ticket=scene.ticket,
        posts=list(scene.posts),
        past=scene.history,
    )
    mails = MailSheet(
        desk=desk,
        channel=scene.channel,
        tickets=tickets,
        mail=scene.mail,
        reading=scene.reading,
        acquaintance=scene.acquaintance,
        absent=scene.absent,
    )
    sheet = _Sheet(
        scene=scene,
        desk=desk,
        decision=decision,
        tickets=tickets,
        mails=mails,
        states=StateSheet(tickets=tickets, mails=mails),
        people=PeopleSheet(now=desk.now, new_id=desk.ids.next),
    )
    for effect in decision.effects:
        sheet.perform(effect)
    return sheet.finish()


@dataclass(slots=True, kw_only=True)
class _Sheet:
    """The rows so far, while the effects are performed one after the other."""

    scene: Scene
    desk: Desk
    decision: Decision
    tickets: TicketSheet
    mails: MailSheet
    states: StateSheet
    people: PeopleSheet
    contents: list[Content] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    listed: list[ListedMail] = field(default_factory=list)

    def perform(self, effect: Effect) -> None:  # noqa: C901, PLR0912, PLR0915 one case for each effect, no more
        match effect:
            case OpenTicket():
                self.tickets.open(effect, number=self._number(), channel=self.scene.channel)
            case SplitTicket():
                self.mails.announce_split(*self.tickets.split(effect, number=self._number()), by=effect.by)
            case AddPost():
                self._post(effect)
            case AddNote():
                self.tickets.note(effect)
            case SetStatus():
                self.tickets.set_status(effect)
            case WaitUntil():
                self.tickets.wait_until(effect)
            case Assign():
                self.tickets.assign(effect)
            case MoveToQueue():
                self.tickets.move_to_queue(effect)
            case SetPriority():
                self.tickets.set_priority(effect)
            case SetCategory():
                self.tickets.set_category(effect)
            case ChangeTags():
                self.tickets.change_tags(effect)
            case LinkTickets():
                self.tickets.link(effect)
            case MergeTicket():
                self.tickets.merge(effect)
            case Announce():
                self.tickets.announce(effect)
            case AddParticipant():
                self.tickets.add_participant(effect.mailbox, effect.part, by=effect.by)
            case RemoveParticipant():
                self.tickets.remove_participant(effect)
            case SendConfirmation():
                self.mails.confirm_receipt(effect)
            case NotifyAgents():
                self.mails.notify(effect)
            case RelayAnswer():
                self.mails.relay(effect)
            case AskToConfirm():
                self.mails.ask(effect)
            case TellAgent():
                self.mails.tell_agent(effect)
            case ShowThread():
                self.mails.show_thread(effect)
            case SendHelp():
                self.mails.send_help(effect)
            case TellOperators():
                self.mails.tell_operators(effect)
            case ReleaseMail():
                self.states.release(effect)
            case RejectMail():
                self.states.reject(effect)
            case MoveOutbound():
                self.states.move_outbound(effect)
            case FailDelivery():
                self.states.fail_delivery(effect)
            case NoteDelay():
                self.states.note_delay(effect)
            case SendVerification():
                self.mails.verify(effect)
            case SendWelcome():
                self.mails.welcome(effect)
            case MakeContact():
                self.people.make_contact(effect)
            case VerifyContact():
                self.people.verify_contact(effect)
            case SendReport():
                self.mails.send_report(effect)
            case SendDigest():
                self.listed += self.mails.send_digest(effect)
            case AnnounceExpiry():
                self.mails.announce_expiry(effect)
            case SaveContact():
                self.people.save_contact(effect)
            case SaveOrganisation():
                self.people.save_organisation(effect)
            case ForgetOrganisation():
                self.people.forget_organisation(effect)
            case BlockSender():
                self.people.blocks.append(effect.block)
            case LiftBlock():
                self.people.lifted_blocks.append(effect.block)
            case SetAbsence():
                self.people.absences.append(effect.absence)
            case EndAbsence():
                self.people.returned.append(effect.agent)
            case SetTimer():
                self.timers.append(effect.timer)
            case _:
                assert_never(effect)

    def finish(self) -> Changes:
        """Return the rows, with what becomes of the stimulus itself."""
        mail, tickets, states, people = self.scene.mail, self.tickets, self.states, self.people
        received: tuple[ReceivedChange, ...] = ()
        if mail is not None:
            change = ReceivedChange(
                id=mail.id,
                old=mail.state,
                new=advance(mail.state, _STATE_AFTER[self.decision.outcome]),
                reason=self.decision.reason,
                because=self.decision.because,
                trace=self.decision.trace,
                ticket_id=tickets.ticket.id if tickets.ticket else None,
            )
            received = (change,)
        new, changed, timers = self._wound_up()
        return Changes(
            received=(*received, *states.received),
            new_tickets=new,
            changed_tickets=changed,
            ticket_timers=timers,
            posts=tuple(tickets.new_posts),
            history=tuple(tickets.history),
            links=tuple(tickets.links),
            outbound=tuple(self.mails.outbound),
            outbound_changes=tuple(states.outbound_changes),
            contacts=tuple(people.contacts),
            organisations=tuple(people.organisations),
            forgotten_organisations=tuple(people.forgotten_organisations),
            blocks=tuple(people.blocks),
            lifted_blocks=tuple(people.lifted_blocks),
            absences=tuple(people.absences),
            returned=tuple(people.returned),
            timers=tuple(self.timers),
            listed=tuple(self.listed),
            fired=(self.scene.timer,) if self.scene.timer else (),
            contents=tuple(self.contents),
        )

    def _wound_up(self) -> tuple[tuple[Ticket, ...], tuple[TicketChange, ...], tuple[TicketTimers, ...]]:
        """Wind the clock of every ticket that changes, and say what falls due for it."""
        now, policy = self.desk.now, self.desk.policy
        new = tuple(wind_clock(None, ticket, policy, now) for ticket in self._opened())
        changed = tuple(
            TicketChange(ticket=wind_clock(old, ticket, policy, now), old_version=old.version) for old, ticket in self._changed()
        )
        timers = []
        for ticket, old in (*((t, None) for t in new), *zip((c.ticket for c in changed), self._read(), strict=True)):
            due = wanted_timers(ticket, policy)
            if due or (old is not None and wanted_timers(old, policy)):
                timers.append(TicketTimers(ticket_id=ticket.id, timers=due))
        return new, changed, tuple(timers)

    def _opened(self) -> Iterator[Ticket]:
        if self.tickets.is_new:
            yield self.tickets.current()
        yield from self.tickets.opened

    def _changed(self) -> Iterator[tuple[Ticket, Ticket]]:
        tickets = self.tickets
        old, ticket = tickets.old, tickets.ticket
        if old is not None and ticket is not None and not tickets.is_new:
            has_posts = any(post.ticket_id == ticket.id for post in tickets.new_posts)
            if has_posts or ticket != old:
                yield old, ticket
        yield from tickets.touched.values()

    def _read(self) -> Iterator[Ticket]:
        return (old for old, _ in self._changed())

    def _number(self) -> str:
        if self.scene.number is None:
            message = "a ticket is opened without a reserved number"
            raise AssertionError(message)
        return self.scene.number

    def _post(self, effect: AddPost) -> None:
        post, contents = make_post(
            effect,
            post_id=self.desk.ids.next(),
            ticket_id=self.tickets.current().id,
            mail=self.scene.mail,
            reading=self.scene.reading,
            now=self.desk.now,
        )
        self.contents += contents
        self.tickets.post(post, by=effect.agent or effect.side, why=self.decision.reason)
