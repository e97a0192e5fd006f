"""The section of the configuration that names lists of tickets for the command line."""

from typing import Annotated, Literal

from pydantic import Field

from gateway.section import ConfiguredAddress, Seconds, Section
from gateway.states import TicketStatus
from gateway.tickets import Priority


class ViewSettings(Section):
    """A list of tickets by name: `ticket-gateway tickets list --view NAME`. What is left out asks for nothing."""

    status: list[TicketStatus] = Field(default_factory=list)
    """With one of these; without any all but closed ones."""
    queue: str | None = None
    """In this queue."""
    assignee: str | None = None
    """Of this agent."""
    channel: str | None = None
    """That came in by this channel."""
    priority: list[Priority] = Field(default_factory=list)
    """With one of these."""
    tags: list[str] = Field(default_factory=list)
    """With all of these."""
    category: str | None = None
    """In this category."""
    requester: ConfiguredAddress | None = None
    """Of this customer."""
    text: str | None = None
    """With this somewhere in the subject."""
    newer_than: Seconds | None = None
    """Opened no longer ago than this."""
    late: bool = False
    """Whose time has run out."""
    unassigned: bool = False
    """That nobody has."""
    order: Literal["newest", "oldest", "updated", "waiting", "urgent", "due"] = "newest"
    """Which come first; `updated` is what changed last, `waiting` what changed longest ago, `due` what runs out next."""
    limit: Annotated[int, Field(ge=1)] = 50
    """At most so many."""
