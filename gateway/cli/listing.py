"""`tickets list`: what was asked for on the command line and what a view says become one filter."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.cli.looking import look_configured
from gateway.cli.show_tickets import show_tickets
from gateway.cli.spans import read_moment
from gateway.config.model import Config
from gateway.errors import InvalidAddress, NotFound, WrongCommand
from gateway.mail.addresses import Address
from gateway.pipeline.policy import Policy
from gateway.pipeline.view_settings import ViewSettings
from gateway.states import TicketStatus
from gateway.storage.ticket_list import TicketFilter, TicketOrder
from gateway.storage.transaction import Reader
from gateway.tickets import Priority, Ticket

_UNFINISHED = tuple(status for status in TicketStatus if status is not TicketStatus.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the options say; empty is nothing."""

    status: tuple[TicketStatus, ...] = ()
    queue: str | None = None
    assignee: str | None = None
    channel: str | None = None
    priority: tuple[Priority, ...] = ()
    tag: tuple[str, ...] = ()
    category: str | None = None
    requester: str | None = None
    text: str | None = None
    since: str | None = None
    until: str | None = None
    late: bool = False
    unassigned: bool = False
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    tickets: tuple[Ticket, ...]
    policy: Policy
    now: datetime


def list_wanted(path: Path, wanted: Wanted, *, view: str | None, as_json: bool) -> None:
    """Print the tickets that fit.

    Raises:
        NotFound: there is no such view.
        WrongCommand: an option makes no sense.
    """
    now = datetime.now(UTC)

    def work(tx: Reader, config: Config) -> _Found:
        return _Found(tickets=tx.tickets.list(make_filter(wanted, _view(config, view), now)), policy=config.policy(), now=now)

    found = look_configured(path, work)
    show_tickets(found.tickets, as_json=as_json, policy=found.policy, now=found.now)


def _view(config: Config, name: str | None) -> ViewSettings:
    if name is None:
        return ViewSettings()
    if name not in config.views:
        known = ", ".join(config.views) or "none"
        message = f"there is no view {name}; the configuration has: {known}"
        raise NotFound(message)
    return config.views[name]


def make_filter(wanted: Wanted, view: ViewSettings, now: datetime) -> TicketFilter:
    """Return what fits a view, or without one everything; options stand for what the view says of the same, tags come on top."""
    newer = now - timedelta(seconds=view.newer_than) if view.newer_than is not None else None
    made = TicketFilter(
        statuses=wanted.status or tuple(view.status) or _UNFINISHED,
        queue=wanted.queue or view.queue,
        assignee=wanted.assignee or view.assignee,
        channel=wanted.channel or view.channel,
        requester=_key(wanted.requester) if wanted.requester else view.requester.key if view.requester else None,
        tags=(*view.tags, *wanted.tag),
        category=wanted.category or view.category,
        priorities=wanted.priority or tuple(view.priority),
        text=wanted.text or view.text,
        created_since=read_moment(wanted.since, now) if wanted.since else newer,
        created_before=read_moment(wanted.until, now) if wanted.until else None,
        is_unassigned=wanted.unassigned or view.unassigned,
        late_at=now if wanted.late or view.late else None,
        order=TicketOrder(view.order),
    )
    return replace(made, limit=wanted.limit or view.limit)


def _key(text: str) -> str:
    try:
        return Address.parse(text).key
    except InvalidAddress:
        message = f"{text!r} is not a mail address"
        raise WrongCommand(message) from None
