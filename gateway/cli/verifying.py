"""`verify`: reads every stored byte and compares it with its digest, while the gateway runs."""

import asyncio
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.cli.accounts import become_owner
from gateway.cli.exits import Exit
from gateway.cli.output import counted, print_json, print_text
from gateway.config import load_config
from gateway.storage.database import Database
from gateway.storage.verification import Verification


def verify(path: Path, *, as_json: bool) -> int:
    """Print what was found; return the exit code."""
    found = asyncio.run(_verify(path))
    if as_json:
        print_json(asdict(found) | {"is_sound": found.is_sound})
    else:
        print_text(tell(found))
    return Exit.OK if found.is_sound else Exit.FAILED


def tell(found: Verification) -> str:
    """Return what was found, for people."""
    bodies = "1 stored body" if found.checked == 1 else f"{found.checked} stored bodies"
    lines = [f"{bodies} read."]
    lines += [
        f"LOST     {digest}: a row or a mail in the intake journal names these bytes, and they are gone"
        for digest in found.missing
    ]
    lines += [f"DAMAGED  {digest}: the bytes are not what was stored" for digest in found.damaged]
    if found.orphans:
        lines.append(
            f"{counted(len(found.orphans), 'file')} without a row: they do no harm, and the running gateway removes them."
        )
    if found.waiting:
        mails = counted(found.waiting, "mail")
        lines.append(f"{mails} in the intake journal, safe and not in the database yet: that happens while the gateway runs.")
    lines += [
        f"BROKEN   {path}: a part of this segment cannot be read; a gateway that runs sets it aside" for path in found.broken
    ]
    lines += [f"ASIDE    {path}: mail that could not be read or stored" for path in found.aside]
    if found.aside:
        lines.append("What to do about files set aside: docs/admins.md, *What was set aside*.")
    if found.missing or found.damaged:
        lines.append("Restore what is lost from a backup.")
    if found.is_sound:
        lines.append("Everything is there.")
    return "\n".join(lines) + "\n"


async def _verify(path: Path) -> Verification:
    config = load_config(path, needs_secrets=False)
    become_owner(config)
    database = await Database.open(data=config.data, database=config.database, migrate=False, read_only=True)
    try:
        total = await database.read(lambda tx: tx.contents.count())
        with _bar() as bar:
            task = bar.add_task("reading", total=total)
            return await database.verify(lambda checked: bar.update(task, completed=checked))
    finally:
        await database.close()


def _bar() -> "AbstractContextManager[Progress]":
    """Return a bar on standard error, which shows on a terminal only."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not Console(stderr=True).is_terminal)
