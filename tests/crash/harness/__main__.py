"""`make crash`: the whole harness with a progress bar, and its report. Ends with 1 when anything was lost, doubled or refused."""

import argparse
import shutil
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.crash.harness import power, strace
from tests.crash.harness.books import Balance
from tests.crash.harness.report import OUT, SHORT, WHOLE, Report, crash


class Bars:
    """A bar for each part."""

    def __init__(self, progress: Progress) -> None:
        """Take rich's display."""
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def begin(self, part: str, total: int | None) -> None:
        """Show a part."""
        self._tasks[part] = self._progress.add_task(part, total=total)

    def advance(self, part: str) -> None:
        """Move its bar."""
        self._progress.advance(self._tasks[part])

    def end(self, part: str) -> None:
        """Fill its bar."""
        task = self._tasks[part]
        self._progress.update(task, total=self._progress.tasks[task].completed)
        self._progress.console.print(f"{part}: {self._progress.tasks[task].completed:.0f}")


def main() -> int:
    """Run a form and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.harness", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the form that CI runs")
    parser.add_argument("--keep", action="store_true", help="keep the folders of the gateways, to look into")
    options = parser.parse_args()
    console = Console()
    if (reason := strace.why_not()) is not None:
        console.print(reason)
        return 69
    if (reason := power.why_not()) is not None:
        console.print(f"no power cuts: {reason}")
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    began = time.monotonic()
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as progress:
        report, found = crash(SHORT if options.short else WHOLE, folder, Bars(progress))
    _print(console, report, found, seconds=time.monotonic() - began)
    if options.keep or not found.is_even:
        console.print(f"the folders are in {folder}")
    else:
        shutil.rmtree(folder)
    return 0 if found.is_even else 1


def _print(console: Console, report: Report, found: Balance, *, seconds: float) -> None:
    table = Table("what", "how many")
    for name, count in asdict(report).items():
        table.add_row(name.replace("_", " "), str(count))
    console.print(table, f"in {seconds / 60:.0f} minutes; {OUT / 'report.json'}")
    for line in (*found.lost, *found.duplicates, *found.permanent_replies, *found.damage):
        console.print(line, highlight=False)


if __name__ == "__main__":
    sys.exit(main())
