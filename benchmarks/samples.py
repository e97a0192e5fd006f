"""What a measure is, what a round of it found, and what many rounds come to."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One line of the table."""

    name: str
    what: str
    unit: str
    goal: float
    """A ratio where there is a peer, otherwise a figure of our own."""
    aim: float | None = None
    is_less_better: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one round found."""

    measure: str
    ours: float
    peer: float | None = None


Take = Callable[[Sequence[str], int], Iterator[Sample]]
"""Takes the measures that are wanted, in so many rounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Measures that share their servers."""

    measures: tuple[Measure, ...]
    take: Take


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the rounds of a measure come to."""

    measure: str
    ours: float
    """The median."""
    peer: float | None
    unit: str
    ratio: float | None
    """The median of the ratios of the rounds, ours to the peer's of the same round."""
    rounds: int
    spread: float
    """How far the rounds lie apart, as a share of the median: of the ratios, or of ours where there is no peer."""

    def as_dict(self) -> dict[str, object]:
        """Return it as it stands in results.json."""
        return asdict(self)


def summarise(measure: Measure, samples: Sequence[Sample]) -> Result:
    """Take the medians of at least one sample."""
    ratios = [sample.ours / sample.peer for sample in samples if sample.peer]
    peers = [sample.peer for sample in samples if sample.peer is not None]
    ours = [sample.ours for sample in samples]
    compared = ratios or ours
    middle = statistics.median(compared)
    return Result(
        measure=measure.name,
        ours=round(statistics.median(ours), 3),
        peer=round(statistics.median(peers), 3) if peers else None,
        unit=measure.unit,
        ratio=round(statistics.median(ratios), 3) if ratios else None,
        rounds=len(samples),
        spread=round((max(compared) - min(compared)) / middle, 3) if middle else 0.0,
    )


def verdict(measure: Measure, result: Result) -> str:
    """Return `aim`, `goal` or `short`."""
    figure = result.ours if result.ratio is None else result.ratio

    def reaches(limit: float) -> bool:
        return figure <= limit if measure.is_less_better else figure >= limit

    if measure.aim is not None and reaches(measure.aim):
        return "aim"
    return "goal" if reaches(measure.goal) else "short"
