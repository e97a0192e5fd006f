"""The words everybody shares about reports: how much came, how much was done, how fast, and what waits.

Times are wall-clock seconds, not business time: what was promised in business time is judged by the clock alone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

AGE_BOUNDS: Final = (timedelta(days=1), timedelta(days=3), timedelta(days=7), timedelta(days=30))
"""Where one age of the backlog ends and the next begins."""


class Dimension(StrEnum):
    """What tickets are counted by."""

    CHANNEL = "channel"
    ADDRESS = "address"
    """The address the customer wrote to."""
    QUEUE = "queue"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """How long something took, in seconds; None where it never happened."""

    count: int = 0
    median: float | None = None
    ninetieth: float | None = None
    """Nine of ten took no longer (interpolated between neighbours)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """What was promised, and whether it was kept."""

    kept: int = 0
    missed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of one channel, address, queue or agent, or of all together."""

    name: str | None
    """None: all together; the empty string is what no agent has."""
    new: int
    """Tickets made in the span."""
    solved: int
    """Tickets solved or closed in the span, and not taken up again since."""
    backlog: tuple[int, ...]
    """Tickets that are neither solved nor closed, by their age at the end of the span: one number more than `AGE_BOUNDS`."""
    first_answer: Durations
    """Of tickets that an agent first answered in the span."""
    resolution: Durations
    """Of those in `solved`."""
    reaction_clock: Promises
    """Of tickets first answered in the span, and of those that wait too long for it. Known only while a ticket has a clock."""
    resolution_clock: Promises
    """Of tickets solved in the span, and of those that wait too long for it."""

    @property
    def open(self) -> int:
        """The whole backlog."""
        return sum(self.backlog)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendedFigures:
    """Mail that waits for a person now."""

    channel: str
    reason: str
    waiting: int
    new: int
    """Of these, received in the span."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The figures by one dimension, the names in order."""

    dimension: Dimension
    figures: tuple[Figures, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What happened from `since` on and before `until`."""

    since: datetime
    until: datetime
    total: Figures
    sections: tuple[Section, ...]
    """One for each dimension, in their order."""
    suspended: tuple[SuspendedFigures, ...]
    """The most frequent first."""
