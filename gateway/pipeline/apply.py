"""From a decision to what is written: every effect becomes rows, and rows become one short transaction.

`prepare_changes` does the slow half (ids, texts, tokens, composing) outside of any transaction; what it returns is written by
storage whole or not at all, with the version of each ticket checked. If somebody was faster, the stimulus is decided again.
"""

from dataclasses import dataclass, field, replace
from typing import assert_never

from gateway.mail import Attachment, Content, Mailbox, Message, OutboundMail, Purpose, Reading, ReceivedMail
from gateway.pipeline.compose import DraftAttachment
from gateway.pipeline.effects import (
    AddParticipant,
    AddPost,
    AskToConfirm,
    Assign,
    Decision,
    Effect,
    FailDelivery,
    MoveOutbound,
    NoteDelay,
    NotifyAgents,
    OpenTicket,
    Outcome,
    RejectMail,
    RelayAnswer,
    ReleaseMail,
    SendConfirmation,
    SetStatus,
    TellAgent,
    TellOperators,
)
from gateway.pipeline.facts import TO_CUSTOMERS
from gateway.pipeline.outgoing import Desk, Subject
from gateway.pipeline.views import (
    VariablesOf,
    answer_variables,
    answered_by,
    command_result_variables,
    confirm_action_variables,
    confirmation_variables,
    delivery_failed_variables,
    notification_variables,
    via,
)
from gateway.states import OutboundState, ReceivedState, TicketStatus, advance, allowed_from
from gateway.tickets import (
    Changes,
    HistoryLine,
    OutboundChange,
    Part,
    Participant,
    Post,
    ReceivedChange,
    Side,
    StoredAttachment,
    Ticket,
    TicketChange,
    Visibility,
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
    number: str | None = None
    """The reserved number, where the decision opens a ticket."""


def needs_number(decision: Decision) -> bool:
    """Tell whether a ticket number must be reserved before the decision is applied."""
    return any(isinstance(effect, OpenTicket) for effect in decision.effects)


def prepare_changes(scene: Scene, decision: Decision, desk: Desk) -> Changes:
    """Return all that the decision writes."""
    sheet = _Sheet(scene=scene, desk=desk, ticket=scene.ticket, posts=list(scene.posts))
    for effect in decision.effects:
        sheet.perform(effect, decision)
    return sheet.finish(decision)


@dataclass(slots=True, kw_only=True)
class _Sheet:
    """The rows so far, while the effects are performed one after the other."""

    scene: Scene
    desk: Desk
    ticket: Ticket | None
    posts: list[Post]
    is_new_ticket: bool = False
    new_posts: list[Post] = field(default_factory=list)
    history: list[HistoryLine] = field(default_factory=list)
    outbound: list[OutboundMail] = field(default_factory=list)
    outbound_changes: list[OutboundChange] = field(default_factory=list)
    received: list[ReceivedChange] = field(default_factory=list)
    contents: list[Content] = field(default_factory=list)

    def perform(self, effect: Effect, decision: Decision) -> None:  # noqa: C901, PLR0912 one case for each effect, no more
        match effect:
            case OpenTicket():
                self._open(effect)
            case AddPost():
                self._post(effect, decision)
            case SetStatus():
                self._set_status(effect)
            case Assign():
                self._assign(effect)
            case AddParticipant():
                self._add_participant(effect.mailbox, effect.part, by=effect.by)
            case SendConfirmation():
                self._confirm_receipt()
            case NotifyAgents():
                self._notify(effect)
            case RelayAnswer():
                self._relay(effect)
            case AskToConfirm():
                self._ask(effect)
            case TellAgent():
                self._tell_agent(effect)
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
            case TellOperators():
                self.outbound += self.desk.write_to_operators(self.scene.channel, effect.topic, effect.text.split("\n"))
            case _:
                assert_never(effect)

    def finish(self, decision: Decision) -> Changes:
        """Return the rows, with what becomes of the mail itself."""
        mail, ticket = self.scene.mail, self.ticket
        if mail is not None:
            change = ReceivedChange(
                id=mail.id,
                old=mail.state,
                new=advance(mail.state, _STATE_AFTER[decision.outcome]),
                reason=decision.reason,
                because=decision.because,
                trace=decision.trace,
                ticket_id=ticket.id if ticket else None,
            )
            self.received.insert(0, change)
        old = self.scene.ticket
        is_changed = ticket is not None and not self.is_new_ticket and old is not None and bool(self.new_posts or ticket != old)
        changed = (TicketChange(ticket=ticket, old_version=old.version),) if is_changed and ticket and old else ()
        return Changes(
            received=tuple(self.received),
            new_tickets=(ticket,) if self.is_new_ticket and ticket else (),
            changed_tickets=changed,
            posts=tuple(self.new_posts),
            history=tuple(self.history),
            outbound=tuple(self.outbound),
            outbound_changes=tuple(self.outbound_changes),
            contents=tuple(self.contents),
        )

    # ------------------------------------------------------------------------------------------------------- the ticket

    def _current(self) -> Ticket:
        if self.ticket is None:
            message = "an effect on a ticket before there is one"
            raise AssertionError(message)
        return self.ticket

    def _open(self, effect: OpenTicket) -> None:
        now, number = self.desk.now, self.scene.number
        if number is None:
            message = "a ticket is opened without a reserved number"
            raise AssertionError(message)
        self.ticket = Ticket(
            id=self.desk.ids.next(),
            number=number,
            subject=effect.subject,
            status=TicketStatus.NEW,
            priority=effect.priority,
            queue=effect.queue,
            channel=self.scene.channel,
            requester=effect.requester,
            answer_from=effect.answer_from,
            language=effect.language,
            created_at=now,
            updated_at=now,
            participants=(Participant(mailbox=effect.requester, part=Part.REQUESTER, added_by="author"),),
        )
        self.is_new_ticket = True
        self.posts = []
        followed = f", follows {self.scene.ticket.number}" if effect.follows and self.scene.ticket else ""
        self._log(by="customer", what=f"opened{followed}", why="mail")

    def _set_status(self, effect: SetStatus) -> None:
        ticket = self._current()
        if effect.status is not ticket.status:
            new = advance(ticket.status, effect.status)
            self.ticket = replace(ticket, status=new, updated_at=self.desk.now)
            self._log(by=effect.by, what=f"status: {ticket.status} → {new}", why=effect.why)

    def _assign(self, effect: Assign) -> None:
        ticket = self._current()
        if effect.agent != ticket.assignee:
            self.ticket = replace(ticket, assignee=effect.agent, updated_at=self.desk.now)
            self._log(by=effect.by, what=f"assignee: {ticket.assignee or 'nobody'} → {effect.agent}", why=effect.why)

    def _add_participant(self, mailbox: Mailbox, part: Part, *, by: str) -> None:
        """Let somebody take part; what was said before is not for them."""
        ticket = self._current()
        if any(known.mailbox.address.key == mailbox.address.key for known in ticket.participants):
            return
        since = self.posts[-1].id if self.posts else None
        participant = Participant(mailbox=mailbox, part=part, added_by=by, since_post_id=since)
        self.ticket = replace(ticket, participants=(*ticket.participants, participant), updated_at=self.desk.now)
        self._log(by=by, what=f"participant: {mailbox.address}", why=part)

    def _log(self, *, by: str, what: str, why: str) -> None:
        self.history.append(HistoryLine(ticket_id=self._current().id, at=self.desk.now, by=by, what=what, why=why))

    # -------------------------------------------------------------------------------------------------------- the posts

    def _post(self, effect: AddPost, decision: Decision) -> None:
        message = self.scene.reading.message if self.scene.reading else None
        stored: list[StoredAttachment] = []
        for attachment in message.attachments if message and effect.with_attachments else ():
            stored.append(_stored(attachment))
            self.contents.append(attachment.content)
        if effect.with_raw_mail and self.scene.mail is not None:
            raw = self.scene.mail.content
            stored.append(StoredAttachment(filename="mail.eml", content_type="message/rfc822", size=raw.size, sha256=raw.sha256))
            self.contents.append(raw)
        self._add_post(
            Post(
                id=self.desk.ids.next(),
                ticket_id=self._current().id,
                visibility=effect.visibility,
                side=effect.side,
                author=effect.author,
                agent=effect.agent,
                text=effect.text,
                quoted=effect.quoted,
                html=message.html if message and effect.side is Side.CUSTOMER else None,
                attachments=tuple(stored),
                received_id=self.scene.mail.id if self.scene.mail else None,
                message_id=message.message_id if message and _is_by_author(effect, message) else None,
                created_at=self.desk.now,
            )
        )
        self._log(by=effect.agent or effect.side, what=f"{effect.visibility} post", why=decision.reason)

    def _add_post(self, post: Post) -> None:
        self.new_posts.append(post)
        self.posts.append(post)
        self.ticket = replace(self._current(), updated_at=self.desk.now)

    # -------------------------------------------------------------------------------------------------------- the mails

    def _about(self, *, received_id: int | None = None) -> Subject:
        return Subject(
            channel=self.ticket.channel if self.ticket else self.scene.channel,
            ticket=self.ticket,
            post=self.posts[-1] if self.new_posts else None,
            posts=tuple(self.posts),
            received_id=received_id,
        )

    def _confirm_receipt(self) -> None:
        ticket = self._current()
        channel = self.desk.policy.channels[ticket.channel]
        mail = self.desk.write_to_customer(
            ticket.requester,
            Purpose.CONFIRMATION,
            self._about(),
            lambda marker: confirmation_variables(ticket, channel, marker),
            from_name=channel.confirmation.sender_name or channel.display_name,
        )
        self.outbound.append(mail)

    def _notify(self, effect: NotifyAgents) -> None:
        ticket, post = self._current(), self.posts[-1]
        channel = self.desk.policy.channels[ticket.channel]
        for agent in effect.agents:
            variables = notification_variables(self.scene.mail, self.scene.reading, ticket, self.posts, agent, self.desk)
            self.outbound.append(
                self.desk.write_to_agent(
                    agent,
                    effect.purpose,
                    self._about(),
                    variables,
                    from_name=via(post.author, channel.display_name),
                    attachments=self._attachments(),
                )
            )

    def _relay(self, effect: RelayAnswer) -> None:
        for mailbox in effect.also_to:
            self._add_participant(mailbox, Part.CC, by=effect.agent)
        ticket = self._current()
        cc = tuple(p.mailbox for p in ticket.participants if p.part is Part.CC)
        attachments = tuple(attachment for attachment in self._attachments() if not self.desk.is_ours(attachment))
        shown = (ticket.requester, cc) if ticket.requester.address.is_sendable else None
        for participant in ticket.participants:
            if not participant.mailbox.address.is_sendable:
                continue
            self.outbound.append(
                self.desk.write_to_customer(
                    participant.mailbox,
                    Purpose.ANSWER,
                    self._about(),
                    answer_variables(ticket, self.posts, participant, effect.agent, self.desk),
                    from_name=answered_by(effect.agent, ticket, self.desk.policy),
                    shown=shown,
                    attachments=attachments,
                )
            )

    def _attachments(self) -> tuple[DraftAttachment, ...]:
        message = self.scene.reading.message if self.scene.reading else None
        return tuple(
            DraftAttachment(filename=a.filename, content_type=a.detected_type, content=a.content.read())
            for a in (message.attachments if message else ())
        )

    def _ask(self, effect: AskToConfirm) -> None:
        if self.scene.mail is None:
            return
        variables = confirm_action_variables(self.scene.reading, self.scene.channel, self.ticket, effect, self.desk)
        self._tell(effect.agent, Purpose.CONFIRM_ACTION, variables, received_id=self.scene.mail.id)

    def _tell_agent(self, effect: TellAgent) -> None:
        variables = command_result_variables(self.scene.reading, self.ticket, effect, self.desk)
        self._tell(effect.agent, Purpose.COMMAND_RESULT, variables)

    def _tell(self, agent: str, purpose: Purpose, variables: VariablesOf, *, received_id: int | None = None) -> None:
        about = self._about(received_id=received_id)
        from_name = self.desk.policy.channels[about.channel].display_name
        self.outbound.append(self.desk.write_to_agent(agent, purpose, about, variables, from_name=from_name))

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
        if self.ticket is not None:
            self._log(by=effect.by, what=f"mail to {outbound.recipient}: {outbound.state} → {new}", why="by hand")

    def _fail_delivery(self, effect: FailDelivery) -> None:
        outbound, ticket = effect.outbound, self.ticket
        reason = effect.bounce.diagnostic or effect.bounce.status or "no reason was given"
        if OutboundState.BOUNCED in allowed_from(outbound.state):
            self._fail_outbound(effect, reason)
        if outbound.purpose is Purpose.OPERATOR_NOTICE:
            return
        if ticket is None or outbound.ticket_id != ticket.id or outbound.purpose not in TO_CUSTOMERS:
            lines = (f"{outbound.purpose} to {outbound.recipient} did not arrive:", reason)
            title = "A mail of the gateway did not arrive"
            self.outbound += self.desk.write_to_operators(self.scene.channel, title, lines)
            return
        self._log(by="gateway", what=f"not delivered to {outbound.recipient}", why=reason[:500])
        if outbound.purpose is Purpose.ANSWER:
            self._report_failed_answer(effect, ticket, reason)

    def _report_failed_answer(self, effect: FailDelivery, ticket: Ticket, reason: str) -> None:
        channel = self.desk.policy.channels[ticket.channel]
        lost = next((post.text for post in self.posts if post.id == effect.outbound.post_id), "")
        self._add_post(
            Post(
                id=self.desk.ids.next(),
                ticket_id=ticket.id,
                visibility=Visibility.INTERNAL,
                side=Side.SYSTEM,
                author=Mailbox(channel.display_name, ticket.answer_from),
                text=f"{effect.outbound.recipient}: {reason}",
                created_at=self.desk.now,
            )
        )
        if ticket.status is not TicketStatus.OPEN:
            self._set_status(SetStatus(status=TicketStatus.OPEN, by="gateway", why="the answer did not arrive"))
        for agent in self.desk.policy.team(ticket.queue):
            variables = delivery_failed_variables(effect, self._current(), agent, lost, self.desk)
            self._tell(agent, Purpose.DELIVERY_FAILED, variables)

    def _note_delay(self, effect: NoteDelay) -> None:
        if self.ticket is not None and effect.outbound.ticket_id == self.ticket.id:
            why = effect.bounce.diagnostic or effect.bounce.status or effect.bounce.action
            self._log(by="gateway", what=f"{effect.bounce.action}: mail to {effect.outbound.recipient}", why=why[:500])

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


def _is_by_author(effect: AddPost, message: Message) -> bool:
    """Tell whether a post is by the author of the mail it came in, and not by somebody whose mail that one forwards."""
    return message.author is None or message.author.address.key == effect.author.address.key


def _stored(attachment: Attachment) -> StoredAttachment:
    return StoredAttachment(
        filename=attachment.filename,
        content_type=attachment.detected_type,
        size=attachment.content.size,
        sha256=attachment.content.sha256,
        content_id=attachment.content_id,
        inline=attachment.inline,
    )
