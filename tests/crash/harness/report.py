"""The report of a run, and what the two forms consist of.

The short form fits into `make check`, the whole one is `make crash`. Both do all four parts; they differ in how often.
"""

import json
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from tests.crash.harness import power, strace
from tests.crash.harness.books import Balance
from tests.crash.harness.kills import kill_at_random
from tests.crash.harness.points import FAILURES, KILL, LARGE, SMALL, Role, Sweep, Sweeper
from tests.crash.harness.site import Nursery, Surroundings

OUT: Final = Path(__file__).parents[1] / "out"
_LANES: Final = 3
"""Gateways at a time: starting one keeps a core busy, but half of the time is waiting for a segment to be closed and removed."""
_KILLED: Final = 2
"""Gateways that share the kills at random."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How much is done."""

    kills: int
    power_cuts: int
    sweeps: tuple[Sweep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run came to; written to `out/report.json`."""

    kills: int = 0
    syscall_points: int = 0
    """System calls at which the process was killed."""
    injected_faults: int = 0
    """System calls that failed with ENOSPC or EIO."""
    missed_points: int = 0
    """System calls of the recorded mail that nobody made again where they were waited for: no fault happened there."""
    power_cuts: int = 0
    acknowledged: int = 0
    lost: int = 0
    duplicates: int = 0
    permanent_replies: int = 0
    sweeps: tuple[str, ...] = ()
    """The sweeps that went on until no call was left, and in which a fault really happened."""
    damage: int = 0
    """What `verify`, SQLite's own check, and a look at leftover files found wrong."""

    def write(self, folder: Path = OUT) -> None:
        """Write it as JSON."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.json").write_text(json.dumps(asdict(self), indent=2) + "\n")


class Progress(Protocol):
    """Somebody who shows how far it has come."""

    def begin(self, part: str, total: int | None) -> None:
        """Hear that a part begins; None where nobody knows how long it is."""

    def advance(self, part: str) -> None:
        """Hear that one more of a part is done."""

    def end(self, part: str) -> None:
        """Hear that a part is done."""


def _sweeps(*, stride: int, large_stride: int, large_whole: int) -> tuple[Sweep, ...]:
    acting = (*strace.WRITING, *strace.TALKING)
    kill, failure = (KILL,), FAILURES
    return (
        Sweep(name="kill-small", octets=SMALL, faults=kill, calls=acting, stride=stride, whole=large_whole, mails=2),
        Sweep(name="kill-large", octets=LARGE, faults=kill, calls=acting, stride=large_stride, whole=large_whole),
        Sweep(
            name="kill-desk-small",
            octets=SMALL,
            faults=kill,
            calls=acting,
            stride=large_stride,
            whole=large_whole,
            role=Role.DESK,
        ),
        Sweep(
            name="kill-desk-large",
            octets=LARGE,
            faults=kill,
            calls=acting,
            stride=large_stride,
            whole=large_whole,
            role=Role.DESK,
        ),
        Sweep(name="kill-worker", octets=SMALL, faults=kill, calls=(*acting, *strace.LISTENING), role=Role.WORKER),
        Sweep(name="kill-composer", octets=LARGE, faults=kill, calls=(*acting, *strace.LISTENING), role=Role.COMPOSER),
        Sweep(name="fail-small", octets=SMALL, faults=failure, calls=strace.WRITING, stride=stride, mails=2),
        Sweep(name="fail-large", octets=LARGE, faults=failure, calls=strace.WRITING, stride=large_stride, whole=large_whole),
        Sweep(
            name="fail-desk-large",
            octets=LARGE,
            faults=failure,
            calls=strace.WRITING,
            stride=large_stride,
            whole=large_whole,
            role=Role.DESK,
        ),
        Sweep(name="fail-worker", octets=LARGE, faults=failure, calls=strace.WRITING, role=Role.WORKER),
        Sweep(name="fail-composer", octets=LARGE, faults=failure, calls=strace.WRITING, role=Role.COMPOSER),
    )


SHORT: Final = Form(kills=50, power_cuts=3, sweeps=_sweeps(stride=12, large_stride=40, large_whole=4))
WHOLE: Final = Form(
    kills=1000,
    power_cuts=200,
    sweeps=(
        *_sweeps(stride=1, large_stride=1, large_whole=1),
        Sweep(name="kill-listening", octets=SMALL, faults=(KILL,), calls=strace.LISTENING),
    ),
)


def crash(form: Form, folder: Path, progress: Progress) -> tuple[Report, Balance]:
    """Do everything that a form asks for, in new folders, and write the report."""
    with Surroundings() as surroundings, Nursery() as nursery, ThreadPoolExecutor(_LANES) as lanes:
        run = _Run(folder, surroundings, nursery, progress)
        parts: list[Future[tuple[Report, Balance]]] = []
        if form.power_cuts and power.why_not() is None:
            parts.append(lanes.submit(run.cut, form.power_cuts))
        if form.kills:
            parts += [lanes.submit(run.kill, number, form.kills // _KILLED) for number in range(_KILLED)]
        parts += [lanes.submit(run.sweep, sweep) for sweep in form.sweeps]
        done = [_result(part) for part in parts]
    return _sum(done)


def _result(part: "Future[tuple[Report, Balance]]") -> tuple[Report, Balance]:
    """Wait for a part; one that could not go on is damage, and says why."""
    try:
        return part.result()
    except Exception as error:  # noqa: BLE001 the other parts go on, and the report must be written
        return Report(), Balance(damage=(f"a part could not go on: {type(error).__name__}: {error}",))


class _Run:
    """One run: each part gets a folder of its own."""

    def __init__(self, folder: Path, surroundings: Surroundings, nursery: Nursery, progress: Progress) -> None:
        self._folder = folder
        self._surroundings = surroundings
        self._nursery = nursery
        self._progress = progress

    def kill(self, number: int, kills: int) -> tuple[Report, Balance]:
        name = f"kills-{number}"
        self._progress.begin(name, kills)
        found = kill_at_random(
            self._folder / name,
            kills=kills,
            name=name,
            surroundings=self._surroundings,
            nursery=self._nursery,
            on_kill=lambda: self._progress.advance(name),
        )
        self._progress.end(name)
        return Report(kills=kills), found

    def sweep(self, sweep: Sweep) -> tuple[Report, Balance]:
        name = sweep.name
        self._progress.begin(name, None)
        sweeper = Sweeper(self._folder / name, sweep, surroundings=self._surroundings, nursery=self._nursery)
        swept = sweeper.run(lambda: self._progress.advance(name))
        self._progress.end(name)
        is_kill = sweep.faults == (KILL,)
        points = Report(syscall_points=swept.points) if is_kill else Report(injected_faults=swept.points)
        return replace(points, missed_points=len(swept.missed), sweeps=(name,) if swept.points else ()), swept.balance

    def cut(self, cuts: int) -> tuple[Report, Balance]:
        name = "power-cuts"
        self._progress.begin(name, cuts)
        found = power.cut_power(
            self._folder / name,
            cuts=cuts,
            name=name,
            surroundings=self._surroundings,
            nursery=self._nursery,
            on_cut=lambda: self._progress.advance(name),
        )
        self._progress.end(name)
        return Report(power_cuts=cuts), found


def _sum(done: list[tuple[Report, Balance]]) -> tuple[Report, Balance]:
    found = sum((balance for _, balance in done), Balance())
    counted = Report(
        kills=sum(report.kills for report, _ in done),
        syscall_points=sum(report.syscall_points for report, _ in done),
        injected_faults=sum(report.injected_faults for report, _ in done),
        missed_points=sum(report.missed_points for report, _ in done),
        power_cuts=sum(report.power_cuts for report, _ in done),
        sweeps=tuple(name for report, _ in done for name in report.sweeps),
    )
    report = replace(
        counted,
        acknowledged=found.acknowledged,
        lost=len(found.lost),
        duplicates=len(found.duplicates),
        permanent_replies=len(found.permanent_replies),
        damage=len(found.damage),
    )
    report.write()
    return report, found
