"""Somebody else's mail that a person forwarded: inline under a note, or attached."""

from gateway.mail import Forwarded, Message


def find_forwarded(message: Message) -> Forwarded | None:
    """Return the outermost mail that was forwarded, the note above it, and how sure that is; None when there is none."""
    del message
    return None
