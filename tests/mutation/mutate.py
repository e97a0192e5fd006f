"""`make mutate`: switch one thing off, play the journeys in which it matters, and expect one of them to end otherwise.

Whatever can be switched off without any journey noticing is a survivor: nobody would see it break. First every journey is
played once, watched, which says where each mutant matters; then each mutant is played against those journeys until one fails.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import structlog
from rich.console import Console
from rich.progress import track
from rich.table import Table

from gateway.pipeline.settings import ParseSettings
from gateway.pipeline.worker import Workers
from gateway.storage.database import Database
from tests.journeys.stage import Stage, load_yaml, make_policy
from tests.mutation.mutants import Mutant, all_mutants

JOURNEYS = Path(__file__).parent.parent / "journeys"
OUT = Path(__file__).parent / "out" / "mutants.json"
_LONGEST_SECONDS = 60.0


async def play(folder: Path, workers: Workers) -> Any:
    """Return what happens in a story, or the error that ended it."""
    given = load_yaml(folder / "given.yaml")
    with tempfile.TemporaryDirectory() as data:
        database = await Database.open(data=Path(data))
        try:
            stage = Stage(folder=folder, database=database, workers=workers, policy=make_policy(given.get("desk", {})))
            return [await stage.play(step) for step in given["steps"]]
        except Exception as error:  # noqa: BLE001 a journey that breaks has noticed the mutant
            return f"{type(error).__name__}: {error}"
        finally:
            await database.close()


async def notices(folder: Path, workers: Workers) -> bool:
    """Tell whether a story ends otherwise than it says."""
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            happened = await play(folder, workers)
    except TimeoutError:
        return True
    return bool(load_yaml(folder / "expect.yaml") != happened)


async def where_it_matters(mutants: list[Mutant], stories: list[Path], workers: Workers) -> dict[str, list[Path]]:
    """Return the stories in which each mutant would change something, short ones first."""
    matters: dict[str, list[Path]] = defaultdict(list)
    for story in track(stories, description="watching"):
        seen: set[str] = set()
        undo = [mutant.watch(seen.add) for mutant in mutants]
        try:
            if await notices(story, workers):
                Console(stderr=True).print(f"{story.name} does not end as it says, even without a mutant: it tells nothing")
                continue
        finally:
            for restore in reversed(undo):
                restore()
        for name in seen:
            matters[name].append(story)
    return {name: sorted(found, key=lambda s: len(load_yaml(s / "given.yaml")["steps"])) for name, found in matters.items()}


async def killer_of(mutant: Mutant, stories: list[Path], workers: Workers) -> str | None:
    """Return the first story that notices the mutant."""
    undo = mutant.install()
    try:
        for story in stories:
            if await notices(story, workers):
                return story.name
    finally:
        undo()
    return None


async def main(wanted: str) -> int:
    """Play all of it; return the number of survivors, at most 1."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    mutants = [mutant for mutant in all_mutants() if wanted in mutant.name]
    if not mutants:
        Console(stderr=True).print(f"no mutant's name holds {wanted!r}")
        return 1
    stories = sorted(path.parent for path in JOURNEYS.glob("*/expect.yaml"))
    results = []
    async with Workers(ParseSettings()) as workers:
        matters = await where_it_matters(mutants, stories, workers)
        for mutant in track(mutants, description="mutants "):
            candidates = matters.get(mutant.name, [])
            killer = await killer_of(mutant, candidates, workers)
            results.append({"mutant": mutant.name, "killed_by": killer, "stories": len(candidates)})
    survivors = [result for result in results if result["killed_by"] is None]
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps({"mutants": len(results), "survivors": survivors, "results": results}, indent=1) + "\n", "utf-8")
    table = Table("mutant", "stories in which it matters", title=f"{len(survivors)} of {len(results)} mutants survive")
    for survivor in survivors:
        table.add_row(str(survivor["mutant"]), str(survivor["stories"]))
    Console(stderr=True).print(table)
    return min(len(survivors), 1)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("wanted", nargs="?", default="", help="only mutants whose name holds this")
    sys.exit(asyncio.run(main(arguments.parse_args().wanted)))
