"""What the template of the weekly report may name."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedView:
    """How long something took."""

    count: int
    median: float | None
    """Seconds by the clock on the wall; `speed.median | duration` writes them for people. None where it never happened."""
    ninetieth: float | None
    """Nine of ten took no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresView:
    """The figures of one channel, address, queue or agent, or of all together."""

    name: str
    """Empty: all together, or what nobody has."""
    new: int
    solved: int
    open: int
    ages: tuple[int, ...]
    """The open ones by age: up to one day, three, seven, thirty, and older."""
    answer: SpeedView
    resolution: SpeedView
    reaction_kept: int | None
    """In how many of a hundred the first answer came in time; None where nothing was promised."""
    resolution_kept: int | None
    """Likewise for the solution."""
    new_share: int
    """0 to 100: how long the bar is beside that of the busiest one."""
    open_share: int
    """Likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """The figures by one dimension."""

    dimension: str
    """channel, address, queue or agent; `words.dimension[section.dimension]` says it in the reader's language."""
    figures: tuple[FiguresView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingView:
    """Suspended mail of one channel and reason."""

    channel: str
    reason: str
    """As the trace has it, such as stranger_on_ticket."""
    waiting: int
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportVariables:
    """To whoever wants it: the figures of a week."""

    hostname: str
    title: str
    """The report's name in the configuration."""
    since: datetime
    until: datetime
    total: FiguresView
    sections: tuple[SectionView, ...]
    suspended: tuple[WaitingView, ...]
