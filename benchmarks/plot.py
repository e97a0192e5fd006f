"""Draws what the last runs found: throughput by size, latency by load, cost by size of the database.

Nothing else here needs matplotlib, so it is not among the locked packages: `pip install --target FOLDER matplotlib`, then
`PYTHONPATH=FOLDER python -m benchmarks.plot [FILE.png]`.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks.growth import CURVE as GROWTH
from benchmarks.latency import CURVE as LATENCY
from benchmarks.report import OUT, RESULTS

_OURS: Final = "#2563eb"
_PEER: Final = "#9ca3af"


def main() -> int:
    """Write the picture; return 69 (sysexits: unavailable) where matplotlib or results are missing."""
    try:
        from matplotlib import pyplot as plt  # type: ignore[import-not-found]  # noqa: PLC0415 optional
    except ImportError:
        print("matplotlib is not installed: pip install matplotlib", file=sys.stderr)
        return 69
    if not RESULTS.exists():
        print("there are no results yet: make bench", file=sys.stderr)
        return 69
    results = {one["measure"]: one for one in json.loads(RESULTS.read_text())}
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(16, 5), constrained_layout=True)
    _draw_throughput(left, results)
    _draw_latency(middle)
    _draw_growth(right)
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT / "performance.png"
    figure.savefig(target, dpi=120)
    print(target)
    return 0


def _draw_throughput(axes: Any, results: dict[str, dict[str, Any]]) -> None:  # noqa: ANN401 matplotlib's
    found = [one for name, one in results.items() if name.startswith(("accept", "ticket"))]
    places = range(len(found))
    axes.barh([p - 0.2 for p in places], [one["ours"] for one in found], 0.4, label="ours", color=_OURS)
    axes.barh([p + 0.2 for p in places], [one["peer"] for one in found], 0.4, label="peer", color=_PEER)
    axes.set_yticks(list(places), [one["measure"] for one in found])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("mails or tickets per second")
    axes.set_title("Throughput by size")
    axes.legend()


def _draw_latency(axes: Any) -> None:  # noqa: ANN401 matplotlib's
    if LATENCY.exists():
        points = json.loads(LATENCY.read_text())
        for name, colour in (("p50", _OURS), ("p99", "#dc2626")):
            axes.plot([one["load"] * 100 for one in points], [one[name] for one in points], marker="o", label=name, color=colour)
        axes.legend()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("load, % of the most tickets per second")
    axes.set_ylabel("connect → 250, ms")
    axes.set_title("Latency by load")


def _draw_growth(axes: Any) -> None:  # noqa: ANN401 matplotlib's
    if GROWTH.exists():
        points = sorted((int(count), cost) for count, cost in json.loads(GROWTH.read_text()).items())
        axes.plot([count for count, _ in points], [cost for _, cost in points], marker="o", color=_OURS)
        axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("tickets in the database")
    axes.set_ylabel("a mail to its ticket, ms")
    axes.set_title("Cost by size of the database")


if __name__ == "__main__":
    sys.exit(main())
