"""Tickets, participants, posts and attachments, from their rows and into them."""

from typing import Any

from gateway.mail.addresses import Address, Mailbox
from gateway.people import NO_CLOCK
from gateway.storage.statements import AnyRow
from gateway.tickets import Participant, Post, StoredAttachment, Ticket


def make_ticket(row: AnyRow, participants: tuple[Participant, ...]) -> Ticket:
    """Return the ticket of a row."""
    return Ticket(
        id=row.id,
        number=row.number,
        subject=row.subject,
        status=row.status,
        priority=row.priority,
        queue=row.queue,
        channel=row.channel,
        requester=Mailbox(row.requester_name, Address.of(row.requester_address)),
        answer_from=Address.of(row.answer_from),
        language=row.language,
        created_at=row.created_at,
        updated_at=row.updated_at,
        assignee=row.assignee,
        participants=participants,
        category=row.category,
        tags=row.tags,
        merged_into=row.merged_into,
        first_answered_at=row.first_answered_at,
        solved_at=row.solved_at,
        wait_until=row.wait_until,
        clock=row.clock or NO_CLOCK,
        announced=row.announced or (),
        version=row.version,
    )


def ticket_values(ticket: Ticket) -> dict[str, Any]:
    """Return what a ticket's row holds."""
    clock = ticket.clock
    return {
        "id": ticket.id,
        "number": ticket.number,
        "subject": ticket.subject,
        "status": ticket.status,
        "priority": ticket.priority,
        "queue": ticket.queue,
        "channel": ticket.channel,
        "requester_name": ticket.requester.name,
        "requester_address": str(ticket.requester.address),
        "requester_key": ticket.requester.address.key,
        "answer_from": str(ticket.answer_from),
        "language": ticket.language,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "assignee": ticket.assignee,
        "category": ticket.category,
        "tags": ticket.tags,
        "merged_into": ticket.merged_into,
        "first_answered_at": ticket.first_answered_at,
        "solved_at": ticket.solved_at,
        "wait_until": ticket.wait_until,
        "clock": None if clock == NO_CLOCK else clock,
        "late_at": min((due for due in (clock.reaction_due_at, clock.resolution_due_at) if due is not None), default=None),
        "announced": ticket.announced or None,
        "version": ticket.version,
    }


def make_participant(row: AnyRow) -> Participant:
    """Return the participant of a row."""
    return Participant(
        mailbox=Mailbox(row.name, Address.of(row.address)),
        part=row.part,
        added_by=row.added_by,
        since_post_id=row.since_post_id,
    )


def make_post(row: AnyRow, attachments: tuple[StoredAttachment, ...]) -> Post:
    """Return the post of a row."""
    return Post(
        id=row.id,
        ticket_id=row.ticket_id,
        visibility=row.visibility,
        side=row.side,
        author=Mailbox(row.author_name, Address.of(row.author_address)),
        text=row.text,
        created_at=row.created_at,
        agent=row.agent,
        html=row.html,
        attachments=attachments,
        received_id=row.received_id,
        message_id=row.message_id,
        quoted=row.quoted,
        likeness=row.likeness,
    )


def post_values(post: Post) -> dict[str, Any]:
    """Return what a post's row holds."""
    return {
        "id": post.id,
        "ticket_id": post.ticket_id,
        "visibility": post.visibility,
        "side": post.side,
        "author_name": post.author.name,
        "author_address": str(post.author.address),
        "text": post.text,
        "created_at": post.created_at,
        "agent": post.agent,
        "html": post.html,
        "received_id": post.received_id,
        "message_id": post.message_id,
        "quoted": post.quoted,
        "author_key": post.author.address.key if post.likeness is not None else None,
        "likeness": post.likeness,
    }


def make_attachment(row: AnyRow) -> StoredAttachment:
    """Return the attachment of a row."""
    return StoredAttachment(
        filename=row.filename,
        content_type=row.content_type,
        size=row.size,
        sha256=row.sha256,
        content_id=row.content_id,
        inline=row.inline,
    )


def attachment_values(post_id: int, position: int, attachment: StoredAttachment) -> dict[str, Any]:
    """Return what an attachment's row holds."""
    return {
        "post_id": post_id,
        "position": position,
        "filename": attachment.filename,
        "content_type": attachment.content_type,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "content_id": attachment.content_id,
        "inline": attachment.inline,
    }
