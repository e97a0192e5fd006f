"""The table that a run prints, and `out/results.json`."""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.samples import Measure, Result, verdict

OUT: Final = Path(__file__).parent / "out"
RESULTS: Final = OUT / "results.json"
_COLOURS: Final = {"aim": "green", "goal": "cyan", "short": "red"}


def write_results(results: Sequence[Result]) -> None:
    """Write results; those of measures that were not taken this time stay as they are."""
    OUT.mkdir(exist_ok=True)
    kept = {one["measure"]: one for one in json.loads(RESULTS.read_text())} if RESULTS.exists() else {}
    kept |= {result.measure: result.as_dict() for result in results}
    RESULTS.write_text(json.dumps(list(kept.values()), indent=1) + "\n")


def print_table(measures: Mapping[str, Measure], results: Sequence[Result], console: Console, load_before: float) -> None:
    """Print one line for each result, and the circumstances."""
    table = Table(title=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load before {load_before:.1f}")
    for heading in ("measure", "what"):
        table.add_column(heading)
    for heading in ("ours", "peer", "unit", "ratio", "goal", "rounds", "spread"):
        table.add_column(heading, justify="right")
    for result in results:
        measure = measures[result.measure]
        colour = _COLOURS[verdict(measure, result)]
        sign = "≤" if measure.is_less_better else "≥"
        table.add_row(
            result.measure,
            measure.what,
            f"{result.ours:,g}",
            "" if result.peer is None else f"{result.peer:,g}",
            result.unit,
            "" if result.ratio is None else f"[{colour}]{result.ratio:.2f}[/]",
            f"[{colour}]{sign} {measure.goal:g}[/]",
            str(result.rounds),
            f"{result.spread:.0%}",
        )
    console.print(table)


def print_markdown(measures: Mapping[str, Measure], results: Sequence[Result]) -> str:
    """Return the same table as Markdown, for docs/performance.md."""
    lines = ["| measure | what | ours | peer | unit | ratio | wanted | spread |", "|---|---|---|---|---|---|---|---|"]
    for result in results:
        measure = measures[result.measure]
        peer = "" if result.peer is None else f"{result.peer:,.4g}"
        ratio = "" if result.ratio is None else f"{result.ratio:.2f}"
        reached = "" if verdict(measure, result) != "short" else " (short)"
        wanted = f"{'≤' if measure.is_less_better else '≥'} {measure.goal:g}{reached}"
        cells = (f"`{result.measure}`", measure.what, f"{result.ours:,.4g}", peer, result.unit, ratio, wanted)
        lines.append(f"| {' | '.join(cells)} | {result.spread:.0%} |")
    return "\n".join(lines)
