"""`python -m benchmarks [--rounds N] [MEASURE…]`: takes all measures or those named, prints a table, writes out/results.json."""

import argparse
import os
import sys
from collections import defaultdict

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import accepting, crowd, growth, latency, memory, ticketing
from benchmarks.programs import Unavailable
from benchmarks.report import RESULTS, print_markdown, print_table, write_results
from benchmarks.samples import Result, Sample, summarise

GROUPS = (accepting.GROUP, ticketing.GROUP, latency.GROUP, memory.GROUP, crowd.GROUP, growth.GROUP)
MEASURES = {measure.name: measure for group in GROUPS for measure in group.measures}
_ROUNDS = 5


def main() -> int:
    """Take measures; return 0 when all that were wanted could be taken, whatever they found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=", ".join(MEASURES))
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.add_argument("--markdown", action="store_true", help="print the table for docs/performance.md, too")
    options = parser.parse_args()
    unknown = [name for name in options.measures if name not in MEASURES]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    console, load = Console(width=None if sys.stdout.isatty() else 140), os.getloadavg()[0]
    wanted = set(options.measures or MEASURES)
    results, problems = _take_all(wanted, options.rounds, console)
    write_results(results)
    print_table(MEASURES, results, console, load)
    console.print(f"written to {RESULTS}")
    if options.markdown:
        print(print_markdown(MEASURES, results))
    for problem in problems:
        console.print(f"[red]not measured:[/] {problem}")
    return 1 if problems else 0


def _take_all(wanted: set[str], rounds: int, console: Console) -> tuple[list[Result], list[str]]:
    samples: dict[str, list[Sample]] = defaultdict(list)
    problems: list[str] = []
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, disable=not sys.stdout.isatty()) as progress:
        for group in GROUPS:
            names = [measure.name for measure in group.measures if measure.name in wanted]
            if not names:
                continue
            task = progress.add_task(names[0], total=len(names) * rounds)
            try:
                for sample in group.take(names, rounds):
                    samples[sample.measure].append(sample)
                    progress.update(task, advance=1, description=sample.measure)
            except (Unavailable, RuntimeError, OSError, TimeoutError) as error:
                problems.append(f"{', '.join(names)}: {error}")
    return [summarise(MEASURES[name], samples[name]) for name in MEASURES if samples[name]], problems


if __name__ == "__main__":
    sys.exit(main())
