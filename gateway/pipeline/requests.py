"""What operators ask for on the command line: a stimulus like any mail, decided by one table.

`ALLOWED` says which request fits which state; everything else is refused with what would fit.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from gateway.errors import WrongCommand
from gateway.ids import format_id
from gateway.mail.outbound import OutboundMail
from gateway.mail.received import ReceivedMail
from gateway.pipeline.effects import Decision, Effect, MoveOutbound, RejectMail, ReleaseMail
from gateway.pipeline.gather import gather_ticket
from gateway.pipeline.reasons import Outcome, Reason
from gateway.states import OutboundState, ReceivedState
from gateway.storage.transaction import Reader
from gateway.tickets import Ticket, TraceLine


class Verb(StrEnum):
    """What can be asked for."""

    ACCEPT = "accept"
    """Take a suspended mail up again, with a waiver for what had held it."""
    REJECT = "reject"
    """Discard a suspended mail."""
    RETRY_FAILED = "retry failed"
    """Process a mail again that met a fault of ours."""
    RETRY = "retry"
    """Send a mail of ours now."""
    HOLD = "hold"
    """Do not send it until it is retried."""
    DROP = "drop"
    """Never send it."""


ALLOWED: Final[dict[Verb, frozenset[ReceivedState] | frozenset[OutboundState]]] = {
    Verb.ACCEPT: frozenset({ReceivedState.SUSPENDED}),
    Verb.REJECT: frozenset({ReceivedState.SUSPENDED, ReceivedState.FAILED}),
    Verb.RETRY_FAILED: frozenset({ReceivedState.FAILED}),
    Verb.RETRY: frozenset({OutboundState.QUEUED, OutboundState.HELD, OutboundState.BOUNCED}),
    Verb.HOLD: frozenset({OutboundState.QUEUED}),
    Verb.DROP: frozenset({OutboundState.QUEUED, OutboundState.HELD}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing an operator asks for."""

    verb: Verb
    mail_id: int
    """Of a received or an outbound mail, as the verb says."""
    by: str
    """Who asks: the account's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSubject:
    """What the request is about."""

    mail: ReceivedMail | OutboundMail
    ticket: Ticket | None = None

    @property
    def channel(self) -> str:
        """The channel that the mail belongs to."""
        return self.mail.channel


def gather_subject(tx: Reader, request: Request) -> RequestSubject:
    """Read the mail that a request is about.

    Raises:
        NotFound: there is none.
    """
    match request.verb:
        case Verb.ACCEPT | Verb.REJECT | Verb.RETRY_FAILED:
            return RequestSubject(mail=tx.received.get(request.mail_id))
        case Verb.RETRY | Verb.HOLD | Verb.DROP:
            outbound = tx.outbox.get(request.mail_id)
            return RequestSubject(mail=outbound, ticket=gather_ticket(tx, outbound.ticket_id))
        case _:
            assert_never(request.verb)


def decide_request(request: Request, subject: RequestSubject) -> Decision:
    """Return what a request does.

    Raises:
        WrongCommand: the mail is in no state in which that can be done.
    """
    mail = subject.mail
    if mail.state not in ALLOWED[request.verb]:
        fitting = ", ".join(sorted(verb for verb, states in ALLOWED.items() if mail.state in states)) or "nothing"
        message = f"{format_id(mail.id)} is {mail.state}: {request.verb} does not fit; what fits: {fitting}"
        raise WrongCommand(message)
    because = f"{request.by} asked for {request.verb}"
    return Decision(
        outcome=Outcome.RECORD,
        reason=Reason.OPERATOR_REQUEST,
        because=because,
        effects=_effects(request, mail),
        ticket=subject.ticket.number if subject.ticket else None,
        trace=(TraceLine(step="decide_request", hit=True, because=because),),
    )


def _effects(request: Request, mail: ReceivedMail | OutboundMail) -> tuple[Effect, ...]:
    """Return nothing where the mail is already as it was asked for."""
    by = f"operator {request.by}"  # an account of this machine may be called like an agent, and is none
    if isinstance(mail, ReceivedMail):
        if request.verb is Verb.REJECT:
            return (RejectMail(received_id=mail.id, by=by, old=mail.state),)
        return (ReleaseMail(received_id=mail.id, by=by, old=mail.state),)
    wanted = {Verb.HOLD: OutboundState.HELD, Verb.DROP: OutboundState.DROPPED}.get(request.verb, OutboundState.QUEUED)
    return (MoveOutbound(outbound=mail, state=wanted, by=by),)
