"""What is stored of a mail before its 250, and the rows that are made of it.

Nothing here touches the database: whoever takes mail makes the rows, and another process may write them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.mail.received import ReceivedMail
from gateway.storage.contents import columns_of
from gateway.storage.folder import BlobFolder
from gateway.storage.sqlite_accepting import AcceptedRow, bind_row


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A mail for one channel, to be stored before its 250."""

    mail: ReceivedMail
    delivery_key: str
    """The same for a second copy of the same delivery: that one inserts nothing."""
    author_key: str | None = None
    """`Address.key` of the author, where there is exactly one."""
    message_id: str | None = None
    """Without angle brackets."""
    subject: str | None = None
    """As far as it could be read this early; for lists only."""


def row_of(acceptance: Acceptance) -> dict[str, Any]:
    """Return a mail as the columns of `received` take it, without its bytes."""
    mail = acceptance.mail
    return {
        "id": mail.id,
        "delivery_key": acceptance.delivery_key,
        "channel": mail.channel,
        "state": mail.state,
        "received_at": mail.envelope.received_at,
        "content_sha256": mail.content.sha256,
        "envelope": mail.envelope,
        "evidence": mail.evidence,
        "author_key": acceptance.author_key,
        "message_id": acceptance.message_id,
        "subject": acceptance.subject,
        "deliveries": 0,
    }


def rows_of(acceptances: Sequence[Acceptance], folder: BlobFolder) -> list[AcceptedRow]:
    """Return mails as SQLite stores them; this may be done in another process than the one that writes.

    Raises:
        OSError: the bytes cannot be read or written.
    """
    return [bind_row(row_of(acceptance) | columns_of(acceptance.mail.content, folder)) for acceptance in acceptances]
