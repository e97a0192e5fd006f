"""What a million tickets cost: accepting and processing a mail, and finding a word, beside a database of a thousand."""

import asyncio
import json
import os
import shutil
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.filling import filled_data, vocabulary
from benchmarks.mails import names, signed_mails
from benchmarks.programs import working_folder
from benchmarks.report import OUT
from benchmarks.samples import Group, Measure, Sample
from benchmarks.site import Site, running_names, running_site
from benchmarks.ticketing import make_tickets
from gateway.storage.database import Database
from gateway.storage.transaction import Reader

_SMALL: Final = 1_000
_MANY: Final = 1_000_000
_MAILS: Final = 300
_COMMON: Final = 100
_QUERIES: Final = 400
CURVE: Final = OUT / "growth.json"
"""Milliseconds a mail at each size of the database, for the plot."""


def _take(wanted: Sequence[str], rounds: int) -> Iterator[Sample]:
    with ExitStack() as stack:
        folder = stack.enter_context(working_folder())
        dns = stack.enter_context(running_names(folder / "names", names()))
        for count in (_SMALL, _MANY):
            (folder / str(count)).mkdir()
            shutil.copytree(filled_data(count), folder / str(count) / "data")
        os.sync()  # otherwise each commit waits for gigabytes that have nothing to do with it
        if "growth_1m" in wanted:
            yield from _costs(folder, dns, rounds)
        if "search_p99_1m_ms" in wanted:
            times = asyncio.run(_search_times(folder / str(_MANY) / "data", rounds))
            for found in times:
                yield Sample(measure="search_p99_1m_ms", ours=statistics.quantiles(found, n=100)[98])


def _costs(folder: Path, dns: int, rounds: int) -> Iterator[Sample]:
    costs: dict[int, list[float]] = {_SMALL: [], _MANY: []}
    with ExitStack() as stack:
        sites = {n: stack.enter_context(running_site(folder / str(n), "--no-relay", dns=dns)) for n in costs}
        for site in sites.values():
            make_tickets(site, list(signed_mails(2_000, 100)), folder / "mails")
        for number in range(rounds):
            for count in sorted(costs, reverse=bool(number % 2)):
                costs[count].append(_milliseconds_a_mail(sites[count], folder))
            yield Sample(measure="growth_1m", ours=costs[_MANY][-1], peer=costs[_SMALL][-1])
    OUT.mkdir(exist_ok=True)
    CURVE.write_text(json.dumps({count: statistics.median(found) for count, found in costs.items()}))


def _milliseconds_a_mail(site: Site, folder: Path) -> float:
    return 1000 / make_tickets(site, list(signed_mails(2_000, _MAILS)), folder / "mails")


async def _search_times(data: Path, rounds: int) -> list[list[float]]:
    """Return for each round how many milliseconds each search took: the commonest words, others of all ranks, and pairs."""
    words = vocabulary()
    rare = words[_COMMON :: len(words) // (_QUERIES - 2 * _COMMON)]
    queries = [*words[:_COMMON], *rare, *(f"{one} {words[5]}" for one in words[10 : 10 + _COMMON])]
    database = await Database.open(data=data, migrate=False, read_only=True)
    try:
        found = []
        for _ in range(rounds):
            times = []
            for query in queries:
                begun = time.perf_counter()
                await database.read(partial(_find, query))
                times.append((time.perf_counter() - begun) * 1000)
            found.append(times)
        return found
    finally:
        await database.close()


def _find(query: str, tx: Reader) -> int:
    return len(tx.search.find(query))


GROUP: Final = Group(
    measures=(
        Measure(name="growth_1m", what="cost of a mail at 1 M tickets, peer: at 1 k", unit="ms", goal=1.2, is_less_better=True),
        Measure(name="search_p99_1m_ms", what="search in 1 M posts, any word, 99 %", unit="ms", goal=50, is_less_better=True),
    ),
    take=_take,
)
