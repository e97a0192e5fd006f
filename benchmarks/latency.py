"""How long a client waits from connecting to its 250 while everything is at work, against our own handler that does nothing.

Arrivals do not wait for answers. Their rate is half of what the whole gateway takes all the way per second on this machine, from
the greeting to the smarthost, found first in the same run; pipeline and relay are at work behind it. The handler that does
nothing speaks the same SMTP at the same rate, but asks nobody and keeps nothing.
"""

import json
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.loads import prepare_signed
from benchmarks.mails import names, signed_mails
from benchmarks.programs import module, run, working_folder
from benchmarks.report import OUT
from benchmarks.samples import Group, Measure, Sample
from benchmarks.site import Site, running_names, running_site, running_smarthost
from benchmarks.ticketing import make_tickets

_SECONDS: Final = 6
_SIZE: Final = 2_000
_CALIBRATION: Final = 300
_LOADS: Final = (0.25, 0.5, 0.75, 0.9)
CURVE: Final = OUT / "latency.json"
"""p50 and p99 at several loads, for the plot."""


def _latencies(site: Site, per_second: float, folder: Path) -> tuple[float, float]:
    """Return p50 and p99 in milliseconds."""
    prepared = prepare_signed(folder, size=_SIZE, mails=max(50, int(per_second * _SECONDS)))
    words = run(module("benchmarks.arrivals", str(site.port), str(per_second), str(prepared))).split()
    prepared.unlink()
    cuts = statistics.quantiles(map(float, words), n=100)
    return cuts[49], cuts[98]


def _most_per_second(site: Site, folder: Path) -> float:
    """Return how many mails per second go all the way: accepted, a ticket, its notifications with the smarthost."""
    site.wait_until_idle()
    begun = time.monotonic()
    make_tickets(site, list(signed_mails(_SIZE, _CALIBRATION)), folder / "mails")
    site.wait_until_sent()
    return _CALIBRATION / (time.monotonic() - begun)


def _take(wanted: Sequence[str], rounds: int) -> Iterator[Sample]:
    with ExitStack() as stack:
        folder = stack.enter_context(working_folder())
        dns = stack.enter_context(running_names(folder / "names", names()))
        smarthost = stack.enter_context(running_smarthost(folder / "smarthost"))
        whole = stack.enter_context(running_site(folder / "whole", dns=dns, smarthost=smarthost))
        nothing = stack.enter_context(running_site(folder / "nothing", "--no-checks", "--no-pipeline", "--no-store"))
        make_tickets(whole, list(signed_mails(_SIZE, 50)), folder / "mails")
        most = _most_per_second(whole, folder)
        for number in range(rounds):
            pair = (whole, nothing) if number % 2 else (nothing, whole)
            found = {site.port: _latencies(site, most / 2, folder) for site in pair}
            for place, name in enumerate(("latency_p50", "latency_p99")):
                if name in wanted:
                    yield Sample(measure=name, ours=found[whole.port][place], peer=found[nothing.port][place])
            whole.wait_until_idle()
        curve = [(load, most * load, *_latencies(whole, most * load, folder)) for load in _LOADS]
        OUT.mkdir(exist_ok=True)
        CURVE.write_text(json.dumps([dict(zip(("load", "per_second", "p50", "p99"), one, strict=True)) for one in curve]))


GROUP: Final = Group(
    measures=(
        Measure(name="latency_p50", what="connect → 250 at half load, median", unit="ms", goal=2.0, is_less_better=True),
        Measure(name="latency_p99", what="connect → 250 at half load, 99 %", unit="ms", goal=4.0, is_less_better=True),
    ),
    take=_take,
)
