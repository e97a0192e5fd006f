"""What `report` prints."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.cli.looking import look
from gateway.cli.output import clean, print_heading, print_json, print_rich, print_rows
from gateway.cli.plain import plain, plain_fields
from gateway.cli.spans import read_moment
from gateway.errors import WrongCommand
from gateway.figures import AGE_BOUNDS, Dimension, Durations, Figures, Promises, Report

if TYPE_CHECKING:
    from rich.table import Table

_TITLES: Final = {
    Dimension.CHANNEL: "By channel",
    Dimension.ADDRESS: "By the address that the customer wrote to",
    Dimension.QUEUE: "By queue",
    Dimension.AGENT: "By agent",
}
_BAR: Final = 24
_SHORT_BAR: Final = 12
_HOUR: Final = 3600
_DAY: Final = 86_400


def make_report(path: Path, *, since: str, until: str | None) -> Report:
    """Return the figures of a span.

    Raises:
        WrongCommand: the span has no beginning before its end.
    """
    now = datetime.now(UTC)
    start, end = read_moment(since, now), read_moment(until, now) if until is not None else now
    if start >= end:
        message = "--since must be before --until"
        raise WrongCommand(message)
    return look(path, lambda tx: tx.reports.make(since=start, until=end))


def show_report(report: Report, by: Sequence[Dimension], *, as_json: bool) -> None:
    """Print figures: tables and bars, or one JSON object."""
    if as_json:
        print_json(describe_report(report, by))
        return
    span = f"{report.since.astimezone():%Y-%m-%d %H:%M} to {report.until.astimezone():%Y-%m-%d %H:%M}"
    print_heading(f"Report from {span}")
    print_rich(_overview(report.total), "")
    if report.total.open:
        print_rich(_ages(report.total))
    for section in report.sections:
        if section.dimension in by and section.figures:
            _print_section(section.dimension, section.figures)
    rows = [(each.channel, each.reason or "no reason", str(each.waiting), str(each.new)) for each in report.suspended]
    print_rows("Suspended mail", ("channel", "why", "waiting", "new"), rows, empty="No mail is suspended.")


def describe_report(report: Report, by: Sequence[Dimension]) -> dict[str, Any]:
    """Return figures for JSON; durations are seconds by the clock on the wall."""
    return {
        "since": plain(report.since),
        "until": plain(report.until),
        "total": _describe(report.total),
        "by": {
            section.dimension.value: [_describe(each) for each in section.figures]
            for section in report.sections
            if section.dimension in by
        },
        "suspended": [plain_fields(each) for each in report.suspended],
    }


def _describe(figures: Figures) -> dict[str, Any]:
    return {
        "name": figures.name,
        "new": figures.new,
        "solved": figures.solved,
        "open": figures.open,
        "open_by_age": dict(zip(_age_labels(), figures.backlog, strict=True)),
        "first_answer": plain_fields(figures.first_answer),
        "resolution": plain_fields(figures.resolution),
        "reaction_clock": plain_fields(figures.reaction_clock),
        "resolution_clock": plain_fields(figures.resolution_clock),
    }


def _overview(total: Figures) -> "Table":
    from rich.table import Table  # noqa: PLC0415 slow to import
    from rich.text import Text  # noqa: PLC0415 slow to import

    grid = Table.grid(padding=(0, 2))
    grid.add_row(Text("tickets", style="dim"), f"{total.new} new, {total.solved} solved, {total.open} open")
    grid.add_row(Text("first answer", style="dim"), _speed(total.first_answer), _in_time(total.reaction_clock))
    grid.add_row(Text("solution", style="dim"), _speed(total.resolution), _in_time(total.resolution_clock))
    return grid


def _ages(total: Figures) -> "Table":
    """Draw the backlog as bars."""
    from rich import box  # noqa: PLC0415 slow to import
    from rich.table import Table  # noqa: PLC0415 slow to import
    from rich.text import Text  # noqa: PLC0415 slow to import

    table = Table(title="Open by age", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.show_header = False
    most = max(total.backlog)
    for label, number in zip(_age_labels(), total.backlog, strict=True):
        table.add_row(label, Text(str(number), justify="right"), _bar(number, most))
    return table


def _print_section(dimension: Dimension, figures: Sequence[Figures]) -> None:
    most = max(each.new for each in figures)
    columns = ("name", "new", "", "solved", "open", "older", "answer", "90 %", "kept", "solution", "90 % ", "kept ")
    rows = [
        (
            clean(each.name or "nobody"),
            str(each.new),
            _bar(each.new, most, length=_SHORT_BAR),
            str(each.solved),
            str(each.open),
            str(sum(each.backlog[2:])),
            written(each.first_answer.median),
            written(each.first_answer.ninetieth),
            _kept(each.reaction_clock),
            written(each.resolution.median),
            written(each.resolution.ninetieth),
            _kept(each.resolution_clock),
        )
        for each in sorted(figures, key=lambda each: (-each.new, -each.open, each.name or ""))
    ]
    print_rows(_TITLES[dimension], columns, rows, empty="", spare=("90 % ", "90 %", "older", ""))


def _bar(number: int, most: int, *, length: int = _BAR) -> str:
    """Draw a bar in eighths of a character."""
    eighths = round(number / most * length * 8) if most else 0
    return "█" * (eighths // 8) + ("▏▎▍▌▋▊▉"[eighths % 8 - 1] if eighths % 8 else "")


def _speed(durations: Durations) -> str:
    if not durations.count:
        return "never"
    return f"{written(durations.median)} (nine of ten within {written(durations.ninetieth)})"


def _in_time(promises: Promises) -> str:
    kept = _kept(promises)
    return f"{kept} in time" if kept else ""


def _kept(promises: Promises) -> str:
    known = promises.kept + promises.missed
    return f"{promises.kept * 100 // known} %" if known else ""


def written(seconds: float | None) -> str:
    """Write a duration: `12m`, `3h 05m`, `2.5d`."""
    if seconds is None:
        return ""
    if seconds < _HOUR:
        return f"{round(seconds / 60)}m"
    if seconds < 2 * _DAY:
        return f"{int(seconds // _HOUR)}h {int(seconds % _HOUR // 60):02}m"
    return f"{seconds / _DAY:.1f}d"


def _age_labels() -> tuple[str, ...]:
    days = [bound.days for bound in AGE_BOUNDS]
    return (*(f"up to {day} day{'s' if day > 1 else ''}" for day in days), "older")
