"""A ticket as it will be after some effects: enough of them to ask rules and triggers about it. Pure; nothing is written."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from gateway.pipeline.effects import (
    AddPost,
    Assign,
    ChangeTags,
    MoveToQueue,
    OpenTicket,
    SetCategory,
    SetPriority,
    SetStatus,
    WaitUntil,
)
from gateway.pipeline.policy import Policy
from gateway.pipeline.ticket_sheet import TicketSheet, outlook
from gateway.states import allowed_from
from gateway.tickets import Side, Ticket, Visibility


def rehearse(
    ticket: Ticket | None, effects: Iterable[object], *, policy: Policy, now: datetime, channel: str = ""
) -> Ticket | None:
    """Return the ticket after the effects that say something of it; others are passed over."""

    def perform(sheet: TicketSheet) -> None:
        for effect in effects:
            _perform(sheet, effect, channel, now)

    return outlook(ticket, perform, policy=policy, now=now)


def _perform(sheet: TicketSheet, effect: object, channel: str, now: datetime) -> None:  # noqa: C901, PLR0912 one case for each
    if isinstance(effect, OpenTicket):
        sheet.open(effect, number="", channel=channel)
        return
    if sheet.ticket is None:
        return
    match effect:
        case SetStatus():
            if effect.status is sheet.ticket.status or effect.status in allowed_from(sheet.ticket.status):
                sheet.set_status(effect)
        case WaitUntil():
            sheet.wait_until(effect)
        case Assign():
            sheet.assign(effect)
        case MoveToQueue():
            if effect.queue in sheet.policy.queues:
                sheet.move_to_queue(effect)
        case SetPriority():
            sheet.set_priority(effect)
        case SetCategory():
            sheet.set_category(effect)
        case ChangeTags():
            sheet.change_tags(effect)
        case AddPost(side=Side.AGENT, visibility=Visibility.PUBLIC) if sheet.ticket.first_answered_at is None:
            sheet.ticket = replace(sheet.ticket, first_answered_at=now)
        case _:
            pass
