"""States of mails that are there already, while a decision is carried out: taken up again, discarded, bounced or late.

What they lead to in the ticket and in new mails goes on the other sheets.
"""

from dataclasses import dataclass, field

from gateway.mail.outbound import Purpose
from gateway.pipeline.effects import AddNote, FailDelivery, MoveOutbound, NoteDelay, RejectMail, ReleaseMail, SetStatus
from gateway.pipeline.facts import TO_CUSTOMERS
from gateway.pipeline.mail_sheet import MailSheet
from gateway.pipeline.notices import not_arrived
from gateway.pipeline.ticket_sheet import TicketSheet
from gateway.states import OutboundState, ReceivedState, TicketStatus, advance, allowed_from
from gateway.tickets import OutboundChange, ReceivedChange, Ticket


@dataclass(slots=True, kw_only=True)
class StateSheet:
    """What a decision makes of other mails than its stimulus, in and out."""

    tickets: TicketSheet
    mails: MailSheet
    received: list[ReceivedChange] = field(default_factory=list)
    outbound_changes: list[OutboundChange] = field(default_factory=list)

    def release(self, effect: ReleaseMail) -> None:
        """Take a suspended or failed mail up again."""
        new = advance(effect.old, ReceivedState.RECEIVED)
        change = ReceivedChange(
            id=effect.received_id, old=effect.old, new=new, reason="released", because=effect.by, waiver_by=effect.by
        )
        self.received.append(change)

    def reject(self, effect: RejectMail) -> None:
        """Discard a suspended or failed mail."""
        new = advance(effect.old, ReceivedState.DISCARDED)
        self.received.append(ReceivedChange(id=effect.received_id, old=effect.old, new=new, reason="rejected", because=effect.by))

    def move_outbound(self, effect: MoveOutbound) -> None:
        """Put a mail of ours into another state by hand."""
        outbound = effect.outbound
        new = advance(outbound.state, effect.state)
        self.outbound_changes.append(OutboundChange(id=outbound.id, old=outbound.state, new=new))
        if self.tickets.ticket is not None:
            self.tickets.log(by=effect.by, what=f"mail to {outbound.recipient}: {outbound.state} → {new}", why="by hand")

    def fail_delivery(self, effect: FailDelivery) -> None:
        """Say that a mail of ours did not arrive: on its ticket and to the agents, or else to the admins."""
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

    def note_delay(self, effect: NoteDelay) -> None:
        """Say in the ticket's history that a mail of ours is late."""
        ticket = self.tickets.ticket
        if ticket is not None and effect.outbound.ticket_id == ticket.id:
            why = effect.bounce.diagnostic or effect.bounce.status or effect.bounce.action
            self.tickets.log(by="gateway", what=f"{effect.bounce.action}: mail to {effect.outbound.recipient}", why=why[:500])

    def _report_failed_answer(self, effect: FailDelivery, ticket: Ticket, reason: str) -> None:
        lost = next((post.text for post in self.tickets.posts if post.id == effect.outbound.post_id), "")
        self.tickets.note(AddNote(text=f"{effect.outbound.recipient}: {reason}", by="gateway"))
        if ticket.status is not TicketStatus.OPEN:
            self.tickets.set_status(SetStatus(status=TicketStatus.OPEN, by="gateway", why="the answer did not arrive"))
        self.mails.report_failure(effect, lost)

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
