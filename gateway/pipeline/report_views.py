"""Figures as a report shows them: shares for its bars, percentages for its promises. Pure."""

from gateway.figures import Dimension, Durations, Figures, Promises, Report, Section
from gateway.pipeline.policy import Policy
from gateway.pipeline.report_variables import FiguresView, ReportVariables, SectionView, SpeedView, WaitingView


def report_variables(report: Report, title: str, policy: Policy) -> ReportVariables:
    """Return what a report tells; agents and channels by the names that people know."""
    return ReportVariables(
        hostname=policy.hostname,
        title=title,
        since=report.since,
        until=report.until,
        total=_figures(report.total, "", report.total.new, report.total.open),
        sections=tuple(_section(section, policy) for section in report.sections if section.figures),
        suspended=tuple(
            WaitingView(
                channel=_name(Dimension.CHANNEL, each.channel, policy), reason=each.reason, waiting=each.waiting, new=each.new
            )
            for each in report.suspended
        ),
    )


def percent_kept(promises: Promises) -> int | None:
    """Return in how many of a hundred a promise was kept: 100 only where it always was."""
    known = promises.kept + promises.missed
    return promises.kept * 100 // known if known else None


def _section(section: Section, policy: Policy) -> SectionView:
    most_new = max((each.new for each in section.figures), default=0)
    most_open = max((each.open for each in section.figures), default=0)
    figures = sorted(section.figures, key=lambda each: (-each.new, -each.open, each.name or ""))
    return SectionView(
        dimension=section.dimension,
        figures=tuple(_figures(each, _name(section.dimension, each.name, policy), most_new, most_open) for each in figures),
    )


def _figures(figures: Figures, name: str, most_new: int, most_open: int) -> FiguresView:
    return FiguresView(
        name=name,
        new=figures.new,
        solved=figures.solved,
        open=figures.open,
        ages=figures.backlog,
        answer=_speed(figures.first_answer),
        resolution=_speed(figures.resolution),
        reaction_kept=percent_kept(figures.reaction_clock),
        resolution_kept=percent_kept(figures.resolution_clock),
        new_share=_share(figures.new, most_new),
        open_share=_share(figures.open, most_open),
    )


def _speed(durations: Durations) -> SpeedView:
    return SpeedView(count=durations.count, median=durations.median, ninetieth=durations.ninetieth)


def _share(number: int, most: int) -> int:
    return round(100 * number / most) if most else 0


def _name(dimension: Dimension, key: str | None, policy: Policy) -> str:
    if key is None:
        return ""
    if dimension is Dimension.AGENT and key in policy.agents:
        return policy.agents[key].name
    if dimension is Dimension.CHANNEL and key in policy.channels:
        return policy.channels[key].display_name
    return key
