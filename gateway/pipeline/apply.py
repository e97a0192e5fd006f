"""From a decision to what is written: every effect becomes rows, and rows become one short transaction.

`prepare_changes` does the slow half (ids, texts, tokens, composing) outside of any transaction; what it returns is written by
storage whole or not at all, with the version of each ticket checked. If somebody was faster, the stimulus is decided again.
What an effect makes of a ticket stands in `ticket_sheet.py`, what it sends in `mail_sheet.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar, assert_never

from gateway.mail.content import Content
from gateway.mail.message import Attachment
from gateway.mail.outbound import Purpose
from gateway.mail.reading import Reading
from gateway.mail.received import ReceivedMail
from gateway.people import NEW_ID, Absence, Block, Contact, Organisation, Timer
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
from gateway.pipeline.facts import TO_CUSTOMERS, Acquaintance
from gateway.pipeline.mail_sheet import MailSheet
from gateway.pipeline.notices import not_arrived
from gateway.pipeline.outgoing import Desk
from gateway.pipeline.reasons import Outcome
from gateway.pipeline.ticket_sheet import TicketSheet
from gateway.states import OutboundState, ReceivedState, TicketStatus, advance, allowed_from
from gateway.tickets import (
    Changes,
    HistoryLine,
    ListedMail,
    OutboundChange,
    Post,
    ReceivedChange,
    Side,
    StoredAttachment,
    Ticket,
    TicketChange,
    TicketTimers,
)

_Known = TypeVar("_Known", Contact, Organisation)

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
    sheet = _Sheet(scene=scene, desk=desk, decision=decision, tickets=tickets, mails=mails)
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
    outbound_changes: list[OutboundChange] = field(default_factory=list)
    received: list[ReceivedChange] = field(default_factory=list)
    contents: list[Content] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    organisations: list[Organisation] = field(default_factory=list)
    forgotten_organisations: list[int] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    lifted_blocks: list[Block] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
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
                self._release(effect)
            case RejectMail():
                self._reject(effect)
            case MoveOutbound():
                self._move_outbound(effect)
            case FailDelivery():
                self._fail_delivery(effect)
            case NoteDelay():
                self._note_delay(effect)
            case SendVerification():
                self.mails.verify(effect)
            case SendWelcome():
                self.mails.welcome(effect)
            case MakeContact():
                self._make_contact(effect)
            case VerifyContact():
                self.contacts.append(replace(effect.contact, verified_at=self.desk.now))
            case SendReport():
                self.mails.send_report(effect)
            case SendDigest():
                self.listed += self.mails.send_digest(effect)
            case AnnounceExpiry():
                self.mails.announce_expiry(effect)
            case SaveContact():
                self.contacts.append(self._with_id(effect.contact))
            case SaveOrganisation():
                self.organisations.append(self._with_id(effect.organisation))
            case ForgetOrganisation():
                self.forgotten_organisations.append(effect.organisation.id)
            case BlockSender():
                self.blocks.append(effect.block)
            case LiftBlock():
                self.lifted_blocks.append(effect.block)
            case SetAbsence():
                self.absences.append(effect.absence)
            case EndAbsence():
                self.returned.append(effect.agent)
            case SetTimer():
                self.timers.append(effect.timer)
            case _:
                assert_never(effect)

    def finish(self) -> Changes:
        """Return the rows, with what becomes of the stimulus itself."""
        mail, tickets = self.scene.mail, self.tickets
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
            self.received.insert(0, change)
        new, changed, timers = self._wound_up()
        return Changes(
            received=tuple(self.received),
            new_tickets=new,
            changed_tickets=changed,
            ticket_timers=timers,
            posts=tuple(tickets.new_posts),
            history=tuple(tickets.history),
            links=tuple(tickets.links),
            outbound=tuple(self.mails.outbound),
            outbound_changes=tuple(self.outbound_changes),
            contacts=tuple(self.contacts),
            organisations=tuple(self.organisations),
            forgotten_organisations=tuple(self.forgotten_organisations),
            blocks=tuple(self.blocks),
            lifted_blocks=tuple(self.lifted_blocks),
            absences=tuple(self.absences),
            returned=tuple(self.returned),
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

    def _with_id(self, known: _Known) -> _Known:
        return known if known.id != NEW_ID else replace(known, id=self.desk.ids.next())

    def _make_contact(self, effect: MakeContact) -> None:
        contact = Contact(
            id=self.desk.ids.next(),
            name=effect.mailbox.name,
            addresses=(effect.mailbox.address,),
            created_at=self.desk.now,
            organisation_id=effect.organisation_id,
            verified_at=self.desk.now if effect.is_verified else None,
        )
        self.contacts.append(contact)

    # -------------------------------------------------------------------------------------------------------- the posts

    def _post(self, effect: AddPost) -> None:
        message = self.scene.reading.message if self.scene.reading else None
        stored: list[StoredAttachment] = []
        for attachment in message.attachments if message and effect.with_attachments else ():
            stored.append(_stored(attachment))
            self.contents.append(attachment.content)
        if effect.with_raw_mail and self.scene.mail is not None:
            raw = self.scene.mail.content
            stored.append(StoredAttachment(filename="mail.eml", content_type="message/rfc822", size=raw.size, sha256=raw.sha256))
            self.contents.append(raw)
        post = Post(
            id=self.desk.ids.next(),
            ticket_id=self.tickets.current().id,
            visibility=effect.visibility,
            side=effect.side,
            author=effect.author,
            agent=effect.agent,
            text=effect.text,
            quoted=effect.quoted,
            html=message.html if message and effect.side is Side.CUSTOMER else None,
            attachments=tuple(stored),
            received_id=self.scene.mail.id if self.scene.mail else None,
            message_id=message.message_id if message and _is_by_author(effect, self.scene.reading) else None,
            created_at=self.desk.now,
            likeness=effect.likeness,
        )
        self.tickets.post(post, by=effect.agent or effect.side, why=self.decision.reason)

    # --------------------------------------------------------------------------------------- other mails, in and out

    def _release(self, effect: ReleaseMail) -> None:
        new = advance(effect.old, ReceivedState.RECEIVED)
        change = ReceivedChange(
            id=effect.received_id, old=effect.old, new=new, reason="released", because=effect.by, waiver_by=effect.by
        )
        self.received.append(change)

    def _reject(self, effect: RejectMail) -> None:
        new = advance(effect.old, ReceivedState.DISCARDED)
        self.received.append(ReceivedChange(id=effect.received_id, old=effect.old, new=new, reason="rejected", because=effect.by))

    def _move_outbound(self, effect: MoveOutbound) -> None:
        outbound = effect.outbound
        new = advance(outbound.state, effect.state)
        self.outbound_changes.append(OutboundChange(id=outbound.id, old=outbound.state, new=new))
        if self.tickets.ticket is not None:
            self.tickets.log(by=effect.by, what=f"mail to {outbound.recipient}: {outbound.state} → {new}", why="by hand")

    def _fail_delivery(self, effect: FailDelivery) -> None:
        outbound, ticket = effect.outbound, self.tickets.ticket
        reason = effect.bounce.diagnostic or effect.bounce.status or "no reason was given"
        if OutboundState.BOUNCED in allowed_from(outbound.state):
            self._fail_outbound(effect, reason)
        if outbound.purpose is Purpose.OPERATOR_NOTICE:
            return
        if ticket is None or outbound.ticket_id != ticket.id or outbound.purpose not in TO_CUSTOMERS:
            self.mails.announce(not_arrived(outbound.purpose, str(outbound.recipient), reason))
            return
        self.tickets.log(by="gateway", what=f"not delivered to {outbound.recipient}", why=reason[:500])
        if outbound.purpose is Purpose.ANSWER:
            self._report_failed_answer(effect, ticket, reason)

    def _report_failed_answer(self, effect: FailDelivery, ticket: Ticket, reason: str) -> None:
        lost = next((post.text for post in self.tickets.posts if post.id == effect.outbound.post_id), "")
        self.tickets.note(AddNote(text=f"{effect.outbound.recipient}: {reason}", by="gateway"))
        if ticket.status is not TicketStatus.OPEN:
            self.tickets.set_status(SetStatus(status=TicketStatus.OPEN, by="gateway", why="the answer did not arrive"))
        self.mails.report_failure(effect, lost)

    def _note_delay(self, effect: NoteDelay) -> None:
        ticket = self.tickets.ticket
        if ticket is not None and effect.outbound.ticket_id == ticket.id:
            why = effect.bounce.diagnostic or effect.bounce.status or effect.bounce.action
            self.tickets.log(by="gateway", what=f"{effect.bounce.action}: mail to {effect.outbound.recipient}", why=why[:500])

    def _fail_outbound(self, effect: FailDelivery, reason: str) -> None:
        old = effect.outbound.state
        new = advance(old, OutboundState.BOUNCED)
        change = OutboundChange(
            id=effect.outbound.id,
            old=old,
            new=new,
            last_reply=reason[:1000],
            attempt=effect.attempt,
            earlier_attempts=effect.earlier_attempts,
        )
        self.outbound_changes.append(change)


def _is_by_author(effect: AddPost, reading: Reading | None) -> bool:
    """Tell whether a post is by the author of the mail it came in, and not by somebody whose mail that one forwards."""
    if reading is None or reading.message.author is None:
        return True
    writers = (reading.message.author, reading.original_author, reading.form_sender)
    return any(effect.author.address.key == writer.address.key for writer in writers if writer is not None)


def _stored(attachment: Attachment) -> StoredAttachment:
    return StoredAttachment(
        filename=attachment.filename,
        content_type=attachment.detected_type,
        size=attachment.content.size,
        sha256=attachment.content.sha256,
        content_id=attachment.content_id,
        inline=attachment.inline,
    )
