"""What trying to hand over a mail came to, and what follows from it. Pure: this module decides, the others only do.

A `Try` is one visit at one smarthost: how far it got and what it was told. `consequence` says what one try means, `judge` what
all tries of one round mean together. Only a 250 after the final dot means sent; whatever is not understood means deferred.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Final, assert_never

from gateway.mail.outbound import Attempt, Outcome


class Stage(StrEnum):
    """How far a try got before it ended: the last thing that was asked."""

    CONNECT = "connect"
    """The connection and the greeting."""
    HELLO = "hello"
    """EHLO, STARTTLS and the TLS handshake."""
    AUTH = "auth"
    OFFER = "offer"
    """What the server offers was compared with what the mail needs (SIZE, 8BITMIME, SMTPUTF8)."""
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    """The command, not yet the mail."""
    DOT = "dot"
    """The whole mail was written: from here on a silent server may have taken it."""
    UNKNOWN = "unknown"
    """Something failed on our side in a way that nobody foresaw."""


class Consequence(Enum):
    """What one try means for the mail."""

    SENT = "sent"
    REFUSED = "refused"
    """The mail or its recipient was refused for good: no other smarthost is asked."""
    POSTPONED = "postponed"
    """Later: the recipient is refused for now, or the server may have taken the mail without saying so."""
    UNREACHABLE = "unreachable"
    """This smarthost cannot take any mail now: the next one is asked at once."""
    MISCONFIGURED = "misconfigured"
    """This smarthost does not accept us: the next one is asked at once, and an admin has to look."""
    UNABLE = "unable"
    """This smarthost cannot take such a mail: the next one is asked at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One visit at one smarthost."""

    smarthost: str
    at: datetime
    stage: Stage
    code: int | None
    """The reply code that ended it; None where there was no reply."""
    reply: str
    """The server's words on one line, or what went wrong."""
    tls: str | None = None
    seconds: float = 0.0


_OK: Final = 250
_GOES_AWAY: Final = 421
_TOO_BIG: Final = 552
_NEEDS_LOGIN: Final = frozenset({530, 534, 535, 538})
_SYSTEM_TROUBLE: Final = re.compile(r"4\.3\.\d")
"""The smarthost itself is in trouble (RFC 3463 section 3.4): another one may take the mail."""
_RELAY_WORDS: Final = ("relay", "rcpthosts")


def consequence(visit: Try) -> Consequence:
    """Return what a try means."""
    code, stage = visit.code, visit.stage
    match stage:
        case Stage.DOT if code == _OK:
            return Consequence.SENT
        case Stage.CONNECT | Stage.HELLO | Stage.AUTH:
            return Consequence.MISCONFIGURED if _is_permanent(code) else Consequence.UNREACHABLE
        case Stage.OFFER:
            return Consequence.UNABLE
        case Stage.MAIL:
            return _about_sender(code)
        case Stage.RCPT | Stage.DATA | Stage.DOT:
            return _about_recipient(visit)
        case Stage.UNKNOWN:
            return Consequence.POSTPONED
    assert_never(stage)


def _about_sender(code: int | None) -> Consequence:
    if code == _TOO_BIG:
        return Consequence.REFUSED
    return Consequence.MISCONFIGURED if _is_permanent(code) else Consequence.UNREACHABLE


def _about_recipient(visit: Try) -> Consequence:
    if visit.code is None:
        return Consequence.POSTPONED if visit.stage is Stage.DOT else Consequence.UNREACHABLE
    if visit.code == _GOES_AWAY:
        return Consequence.UNREACHABLE
    if _is_permanent(visit.code):
        return Consequence.MISCONFIGURED if _is_about_us(visit) else Consequence.REFUSED
    return Consequence.UNREACHABLE if _SYSTEM_TROUBLE.match(visit.reply) else Consequence.POSTPONED


def _is_about_us(visit: Try) -> bool:
    """Tell whether a refusal means that we may not relay here, which is no fault of the recipient's."""
    says_relay = visit.stage is Stage.RCPT and any(word in visit.reply.lower() for word in _RELAY_WORDS)
    return visit.code in _NEEDS_LOGIN or says_relay


def _is_permanent(code: int | None) -> bool:
    return code is not None and 500 <= code <= 599  # noqa: PLR2004 RFC 5321 section 4.2.1


def asks_next(result: Consequence) -> bool:
    """Tell whether the next smarthost is to be asked at once."""
    match result:
        case Consequence.UNREACHABLE | Consequence.MISCONFIGURED | Consequence.UNABLE:
            return True
        case Consequence.SENT | Consequence.REFUSED | Consequence.POSTPONED:
            return False
    assert_never(result)


def judge(tries: Sequence[Try]) -> Outcome:
    """Return what one round of tries came to. Without any try, and whenever in doubt, the mail is deferred."""
    results = [consequence(visit) for visit in tries]
    if Consequence.SENT in results:
        return Outcome.SENT
    if Consequence.REFUSED in results:
        return Outcome.BOUNCED
    if results and all(result is Consequence.UNABLE for result in results):
        return Outcome.BOUNCED
    return Outcome.DEFERRED


def outcome_of(visit: Try) -> Outcome:
    """Return what one try alone came to."""
    match consequence(visit):
        case Consequence.SENT:
            return Outcome.SENT
        case Consequence.REFUSED | Consequence.UNABLE:
            return Outcome.BOUNCED
        case Consequence.POSTPONED | Consequence.UNREACHABLE | Consequence.MISCONFIGURED:
            return Outcome.DEFERRED


def attempt_of(visit: Try, outbound_id: int) -> Attempt:
    """Return a try as everybody else knows it."""
    return Attempt(
        outbound_id=outbound_id,
        at=visit.at,
        smarthost=visit.smarthost,
        outcome=outcome_of(visit),
        code=visit.code,
        reply=visit.reply,
        tls=visit.tls,
        seconds=visit.seconds,
    )
