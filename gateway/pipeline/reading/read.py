"""Understanding a parsed mail: what the person wrote, and whether it was a person. Pure; never raises on any mail.

Start with `read_message`; each question has a module of its own.
"""

from collections.abc import Sequence
from typing import Final

from gateway.mail.message import Message
from gateway.mail.reading import Kind, Reading
from gateway.pipeline.marker import find_markers
from gateway.pipeline.reading.bounce import read_bounces
from gateway.pipeline.reading.circumstances import Circumstances
from gateway.pipeline.reading.fingerprints import Fingerprint
from gateway.pipeline.reading.forwarded import find_forwarded, says_forward
from gateway.pipeline.reading.kind import detect_kind
from gateway.pipeline.reading.lines import Lines
from gateway.pipeline.reading.lists import find_form_sender, find_original_author
from gateway.pipeline.reading.recipients import find_original_recipients
from gateway.pipeline.reading.reply import split_lines
from gateway.pipeline.reading.subjects import Prefix, read_prefix

__all__ = ["Circumstances", "read_message"]

_NOWHERE: Final = Circumstances()
_NEVER_FORWARDED: Final = frozenset(
    {Kind.BOUNCE, Kind.FEEDBACK_REPORT, Kind.RECEIPT, Kind.LOOP, Kind.AUTO_REPLY, Kind.OUT_OF_OFFICE}
)
"""What programs attach is no forward of a person."""


def read_message(
    message: Message, circumstances: Circumstances = _NOWHERE, *, fingerprints: Sequence[Fingerprint] = ()
) -> Reading:
    """Read everything a mail says."""
    bounces = read_bounces(message, has_null_reverse_path=circumstances.reverse_path_is_null)
    kind, because, respond = detect_kind(message, circumstances, bounces)
    prefix = read_prefix(message.subject)
    is_answer = bool(message.in_reply_to or message.references) or prefix is Prefix.ANSWER
    lines = Lines(message.text)
    return Reading(
        message=message,
        reply=split_lines(
            lines,
            message.html,
            marker=_choose_marker(message, circumstances),
            fingerprints=fingerprints,
            is_answer=is_answer,
            is_forward=says_forward(message, lines),
        ),
        forwarded=None if kind in _NEVER_FORWARDED else find_forwarded(message, lines),
        original_recipients=find_original_recipients(message, circumstances),
        kind=kind,
        kind_because=because,
        respond=respond,
        bounces=bounces,
        original_author=find_original_author(message, circumstances),
        form_sender=find_form_sender(message, circumstances),
    )


def _choose_marker(message: Message, circumstances: Circumstances) -> str | None:
    """Return the token whose marker line shows where our own mail begins in this one.

    That of the mail it answers, if the headers tell; a marker of an older mail stands somewhere below, inside the quotation.
    """
    if not circumstances.own_marker_ids:
        return None
    found = [token for _, token in find_markers(message.text) if token in circumstances.own_marker_ids]
    answered = [token for token in circumstances.own_marker_ids if any(token in each.lower() for each in message.in_reply_to)]
    return next((token for token in found if not answered or token in answered), None)
