"""What the company's own spam filter said of a mail, where it may be believed.

Only of mail that a declared forwarder or our own front MTA handed over, and only the fields that this last hop wrote: those above
the second Received field. A sender could place some there, too, so the worst score counts: nobody can talk their own down.
"""

from collections.abc import Iterator
from typing import Final

from gateway.mail.envelope import Door
from gateway.mail.message import Message
from gateway.mail.received import ReceivedMail

_FIELDS: Final = frozenset({"x-spam-score", "x-rspamd-score", "x-spam-status", "x-spamd-result"})
_TRUSTED_HOPS: Final = 1
_MOST_FIELDS: Final = 100
_LONGEST: Final = 400


def is_handed_over(mail: ReceivedMail) -> bool:
    """Tell whether a declared forwarder, or our own front MTA, handed a mail over, so that what it wrote may be believed."""
    return mail.evidence.through is not None or mail.envelope.door in {Door.LMTP, Door.INJECT}


def read_spam_score(message: Message) -> float | None:
    """Return the highest score that the last hop wrote; None where it wrote none."""
    return max(_scores(message), default=None)


def _scores(message: Message) -> Iterator[float]:
    hops = 0
    for header in message.headers[:_MOST_FIELDS]:
        name = header.name.lower()
        hops += name == "received"
        if hops > _TRUSTED_HOPS:
            return
        if name in _FIELDS and (score := _number_in(name, header.value[:_LONGEST])) is not None:
            yield score


def _number_in(name: str, value: str) -> float | None:
    """Read `7.1`, `Yes, score=7.1 required=5.0` (also `hits=`), or `default: True [7.10 / 15.00]`."""
    match name:
        case "x-spam-status":
            words = value.replace(",", " ").split()
            found = next((w.partition("=")[2] for w in words if w.lower().startswith(("score=", "hits="))), "")
        case "x-spamd-result":
            found = value.partition("[")[2].partition("/")[0]
        case _:
            found = next(iter(value.split()), "")
    try:
        score = float(found)
    except ValueError:
        return None
    return score if abs(score) < 1e6 else None  # noqa: PLR2004 infinity and the like are no scores
