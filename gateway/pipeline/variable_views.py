"""The small views that the variables of templates are made of: a channel, a ticket, a post, a person, and their like.

No view holds a link, a token of somebody else or anything that is not meant for the reader.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelView:
    """The support address a text speaks for."""

    name: str
    """The name customers see."""
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """A ticket, as agents see it."""

    number: str
    """Such as `2026-000123`, without brackets."""
    subject: str
    status: str
    """new, open, pending, on_hold, solved or closed; `words.status[ticket.status]` says it in the reader's language."""
    priority: str
    """low, normal, high or urgent; `words.priority[ticket.priority]` likewise."""
    queue: str
    requester_name: str
    """Empty where the mail gave none."""
    requester_address: str
    assignee: str | None = None
    """The agent's name."""
    clock: str | None = None
    """in_time, warning or late; `words.clock[ticket.clock]` says it in the reader's language. None where nothing is promised."""
    due: datetime | None = None
    """By when the next thing was promised; None while the clock stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentView:
    """An attachment in a list; `attachment.size | octets` writes the size for people."""

    filename: str
    size: int
    """Octets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostView:
    """One thing somebody said."""

    author_name: str
    """Empty where the mail gave none."""
    author_address: str
    text: str
    at: datetime
    """Aware; `post.at | when` writes it in the configured time zone."""
    assurance: str | None = None
    """proven, vouched, unproven or contradicted; None for posts of agents."""
    attachments: tuple[AttachmentView, ...] = ()
    part: str = ""
    """requester, cc or bcc: the part that its author plays; empty for agents and for whoever takes part no more."""
    is_note: bool = False
    """For agents only; the customer never sees it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One change of a ticket; `words.change[change.kind]` says in the reader's language what changed."""

    at: datetime
    by: str
    """The agent's name, or rule, clock, customer, gateway; `words.by[change.by] | default(change.by)` says it."""
    kind: str
    """status, assignee, queue, priority, category or tags."""
    old: str
    """Empty where there was none."""
    new: str
    """Empty where there is none any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """What is known of an author, for agents only."""

    is_vip: bool = False
    types: tuple[str, ...] = ()
    """The company's own words, the person's first, then their organisation's."""
    organisation: str = ""
    notes: tuple[str, ...] = ()
    """Lines."""
    maybe: str = ""
    """A person we know who may be the same one, `Kim <kim@kunde.example>`; empty where nobody is like them."""
    maybe_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendedView:
    """One line of a digest."""

    index: int
    """What the reader names it by: `accept 3`."""
    author: str
    subject: str
    reason: str
    """Such as contradicted_sender; `words.reason[entry.reason]` says it in the reader's language."""
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandView:
    """One command in a list."""

    usage: str
    """Such as `#assign <agent>`, in the reader's language."""
    also: tuple[str, ...]
    """Other words for it, with their `#`."""
    help: str
