"""What `tickets` prints."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from gateway.cli.looking import look, look_configured
from gateway.cli.output import counted, print_fields, print_heading, print_json, print_rich, print_rows, print_text_block
from gateway.cli.plain import plain, plain_fields
from gateway.config.model import Config
from gateway.errors import NotFound
from gateway.ids import format_id
from gateway.mail.outbound import OutboundMail
from gateway.people import ClockState
from gateway.pipeline.clocks import clock_state, next_due
from gateway.pipeline.policy import Policy
from gateway.storage.received import ReceivedTrace
from gateway.storage.tickets import TicketFilter
from gateway.storage.transaction import Reader
from gateway.tickets import HistoryLine, Post, Side, Ticket, Visibility

_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeTicket:
    """A ticket and everything about it."""

    ticket: Ticket
    posts: tuple[Post, ...]
    history: tuple[HistoryLine, ...]
    outbound: tuple[OutboundMail, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What became of one received mail on a ticket, and why."""

    received_id: int
    author: str
    trace: ReceivedTrace


def show_tickets(tickets: Sequence[Ticket], *, as_json: bool, policy: Policy | None = None, now: datetime | None = None) -> None:
    """Print a list of tickets; with a policy also how each stands with its clock."""
    states = [clock_state(ticket, policy, now) if policy is not None and now is not None else None for ticket in tickets]
    if as_json:
        for ticket, state in zip(tickets, states, strict=True):
            print_json(describe_ticket(ticket) | ({"clock_state": plain(state)} if policy is not None else {}))
        return
    rows = (_row(ticket, state) for ticket, state in zip(tickets, states, strict=True))
    columns = ("number", "status", "priority", "clock", "queue", "agent", "requester", "changed", "subject")
    print_rows(
        counted(len(tickets), "ticket"), columns, rows, empty="No tickets.", spare=("priority", "agent", "queue", "changed")
    )


def _row(ticket: Ticket, state: ClockState | None) -> tuple[str, ...]:
    about = ticket.number, ticket.status.value, ticket.priority.value, _clock(ticket, state), ticket.queue, ticket.assignee or ""
    return (*about, str(ticket.requester.address), when(ticket.updated_at), ticket.subject)


def _clock(ticket: Ticket, state: ClockState | None) -> str:
    """Return how a ticket stands with its clock: `late since …`, `due …`, `stands`; nothing where nothing is promised."""
    if state is None:
        return ""
    due = next_due(ticket)
    word = {ClockState.LATE: "late since", ClockState.WARNING: "soon,", ClockState.IN_TIME: "due"}[state]
    return f"{word} {when(due)}" if due is not None else "late, stands" if state is ClockState.LATE else "stands"


def when(moment: datetime) -> str:
    """Return a moment in this machine's time zone."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def describe_ticket(ticket: Ticket) -> dict[str, Any]:
    """Return a ticket for JSON."""
    return plain_fields(ticket)


def read_whole(tx: Reader, number: str) -> WholeTicket:
    """Return a ticket with everything about it. Raises NotFound."""
    ticket = tx.tickets.by_number(number)
    if ticket is None:
        message = f"there is no ticket {number}"
        raise NotFound(message)
    return _whole(tx, ticket)


def _whole(tx: Reader, ticket: Ticket) -> WholeTicket:
    return WholeTicket(
        ticket=ticket,
        posts=tx.tickets.posts(ticket.id),
        history=tx.tickets.history(ticket.id),
        outbound=tx.outbox.of_ticket(ticket.id),
    )


def describe_whole(whole: WholeTicket) -> dict[str, Any]:
    """Return a whole ticket for JSON."""
    return {
        "ticket": describe_ticket(whole.ticket),
        "posts": [plain_fields(post) for post in whole.posts],
        "history": [{"at": plain(line.at), "by": line.by, "what": line.what, "why": line.why} for line in whole.history],
        "outbound": [describe_outbound(mail) for mail in whole.outbound],
    }


def describe_outbound(mail: OutboundMail) -> dict[str, Any]:
    """Return an outbound mail for JSON, without its content."""
    keys = ("purpose", "channel", "recipient", "message_id", "state", "created_at", "attempts", "next_attempt_at", "last_reply")
    return {"id": format_id(mail.id)} | {key: plain(getattr(mail, key)) for key in keys}


def show_whole(path: Path, number: str, *, as_json: bool) -> None:
    """Print one ticket."""
    now = datetime.now(UTC)

    def work(tx: Reader, config: Config) -> tuple[WholeTicket, tuple[Decided, ...], ClockState | None]:
        found = read_whole(tx, number)
        return found, _decided(tx, found.posts), clock_state(found.ticket, config.policy(), now)

    whole, decided, state = look_configured(path, work)
    if as_json:
        print_json(describe_whole(whole) | {"decisions": [_describe_decided(each) for each in decided]})
    else:
        print_whole(whole, clock=_clock(whole.ticket, state), decided=decided)


def _decided(tx: Reader, posts: Sequence[Post]) -> tuple[Decided, ...]:
    """Return why each mail that is a post became one, oldest first."""
    author_of = {post.received_id: str(post.author.address) for post in posts if post.received_id is not None}
    found = []
    for received_id, author in author_of.items():
        with suppress(NotFound):  # of an erased person
            found.append(Decided(received_id=received_id, author=author, trace=tx.received.trace(received_id)))
    return tuple(found)


def _describe_decided(decided: Decided) -> dict[str, Any]:
    return {
        "received": format_id(decided.received_id),
        "author": decided.author,
        "reason": decided.trace.reason,
        "because": decided.trace.because,
    }


def print_whole(whole: WholeTicket, *, clock: str = "", decided: Sequence[Decided] = ()) -> None:
    """Draw one ticket."""
    ticket = whole.ticket
    print_heading(f"{ticket.number}  {ticket.subject}")
    print_fields(
        {
            "status": f"{ticket.status}, priority {ticket.priority}",
            "queue": ticket.queue + (f", {ticket.assignee}" if ticket.assignee else ""),
            "requester": str(ticket.requester),
            "answers from": str(ticket.answer_from),
            "others": ", ".join(str(p.mailbox) for p in ticket.participants[1:]) or "nobody",
            "opened": when(ticket.created_at),
            **({"clock": clock} if clock else {}),
        }
    )
    for post in whole.posts:
        kind = "note" if post.visibility is Visibility.INTERNAL else "answer" if post.side is Side.AGENT else "mail"
        print_heading(f"{when(post.created_at)}  {kind} of {post.author}")
        print_text_block(post.text)
        for attachment in post.attachments:
            print_text_block(f"attached: {attachment.filename or attachment.content_type} ({attachment.size:,} octets)")
    rows = ((format_id(m.id), m.purpose.value, str(m.recipient), m.state.value, m.last_reply or "") for m in whole.outbound)
    print_rich("")
    print_rows(
        "What went out",
        ("id", "purpose", "recipient", "state", "last words"),
        rows,
        empty="Nothing went out.",
        spare=("purpose",),
    )
    lines = ((when(line.at), line.by, line.what, line.why) for line in whole.history)
    print_rows("What changed", ("when", "by", "what", "why"), lines, empty="Nothing changed.")
    if decided:
        why = ((format_id(d.received_id), d.author, d.trace.reason or "", d.trace.because or "") for d in decided)
        columns = ("id", "author", "reason", "because")
        print_rows("Why (`suspended show ID` shows every step)", columns, why, empty="", spare=("author",))


def export(path: Path, numbers: Sequence[str]) -> None:
    """Print whole tickets, one JSON object per line."""
    wholes = (look(path, partial(read_whole, number=number)) for number in numbers) if numbers else _all_whole(path)
    for whole in wholes:
        print_json(describe_whole(whole))


def _all_whole(path: Path) -> Iterator[WholeTicket]:
    """Yield every ticket, a page at a time, so that any number of them fits into memory."""
    page = look(path, partial(_read_page, after=None))
    while page:
        yield from page
        page = look(path, partial(_read_page, after=page[-1].ticket.id))


def _read_page(tx: Reader, *, after: int | None) -> tuple[WholeTicket, ...]:
    return tuple(_whole(tx, ticket) for ticket in tx.tickets.list(TicketFilter(limit=_PAGE, after=after)))
