"""From a mail and what is decided about it to a post of a ticket, with the attachments that belong to it."""

from datetime import datetime

from gateway.mail.content import Content
from gateway.mail.message import Attachment
from gateway.mail.reading import Reading
from gateway.mail.received import ReceivedMail
from gateway.pipeline.effects import AddPost
from gateway.tickets import Post, Side, StoredAttachment


def make_post(
    effect: AddPost, *, post_id: int, ticket_id: int, mail: ReceivedMail | None, reading: Reading | None, now: datetime
) -> tuple[Post, tuple[Content, ...]]:
    """Return the post, and the contents of its attachments."""
    message = reading.message if reading else None
    stored: list[StoredAttachment] = []
    contents: list[Content] = []
    for attachment in message.attachments if message and effect.with_attachments else ():
        stored.append(_stored(attachment))
        contents.append(attachment.content)
    if effect.with_raw_mail and mail is not None:
        raw = mail.content
        stored.append(StoredAttachment(filename="mail.eml", content_type="message/rfc822", size=raw.size, sha256=raw.sha256))
        contents.append(raw)
    post = Post(
        id=post_id,
        ticket_id=ticket_id,
        visibility=effect.visibility,
        side=effect.side,
        author=effect.author,
        agent=effect.agent,
        text=effect.text,
        quoted=effect.quoted,
        html=message.html if message and effect.side is Side.CUSTOMER else None,
        attachments=tuple(stored),
        received_id=mail.id if mail else None,
        message_id=message.message_id if message and _is_by_author(effect, reading) else None,
        created_at=now,
        likeness=effect.likeness,
    )
    return post, tuple(contents)


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
