"""Plays random histories (`python -m tests.histories.run --count 10000`) and prints the whole history of one that breaks."""

import argparse
import asyncio
import multiprocessing
import random
import shutil
import sys
import tempfile
from pathlib import Path

import structlog
from rich.progress import Progress

from gateway.pipeline.worker import Workers
from gateway.storage.database import Database
from tests.histories.histories import DESKS, Broken, Witness
from tests.histories.inline import InlineWorkers
from tests.journeys.stage import make_policy


async def play_history(seed: int, data: Path, *, length: int, workers: Workers | None = None) -> int:
    """Play one history on a database of its own; return how many mails it sent.

    Raises:
        Broken: something forbidden happened; the message tells the whole history.
    """
    database = await Database.open(data=data)
    try:
        witness = Witness(
            folder=data,
            database=database,
            workers=workers or InlineWorkers(),
            policy=make_policy(DESKS[seed % len(DESKS)]),
            chance=random.Random(seed),  # noqa: S311 the same history for the same seed
        )
        await witness.live(length)
        await witness.check_tickets()
        return len(witness.sent)
    finally:
        await database.close()


def play_some(seeds: range) -> tuple[int, int, str | None]:
    """Play histories in this process; return how many were played, how many mails they sent, and what broke."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    base = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))  # noqa: S108 nothing of it must last
    sent = 0
    try:
        for played, seed in enumerate(seeds):
            try:
                sent += asyncio.run(play_history(seed, base / str(seed), length=16))
            except Broken as broken:
                return played, sent, f"seed {seed}: {broken}"
            except Exception as error:  # noqa: BLE001 which history it was is what matters
                return played, sent, f"seed {seed}: {type(error).__name__}: {error}"
            shutil.rmtree(base / str(seed))
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return len(seeds), sent, None


def main() -> int:
    """Play all; return 1 where one broke."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=10_000)
    arguments.add_argument("--first", type=int, default=0, help="the seed to begin with")
    arguments.add_argument("--processes", type=int, default=2)
    wanted = arguments.parse_args()
    chunks = [
        range(start, min(start + 25, wanted.first + wanted.count))
        for start in range(wanted.first, wanted.first + wanted.count, 25)
    ]
    played = sent = 0
    broken: list[str] = []
    with Progress() as progress, multiprocessing.Pool(wanted.processes) as pool:
        task = progress.add_task("histories", total=wanted.count)
        for number, mails, what in pool.imap_unordered(play_some, chunks):
            played, sent = played + number, sent + mails
            progress.update(task, completed=played)
            if what is not None:
                broken.append(what)
                print(what, file=sys.stderr)  # noqa: T201 for whoever waits
    print(f"{played} histories, {sent} mails looked at, {len(broken)} broken")  # noqa: T201
    return min(len(broken), 1)


if __name__ == "__main__":
    sys.exit(main())
