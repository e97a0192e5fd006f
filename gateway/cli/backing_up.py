"""`backup`: copies what must survive while the gateway runs."""

import asyncio
from dataclasses import asdict
from pathlib import Path

from rich.progress import TaskID

from gateway.cli.accounts import become_owner
from gateway.cli.exits import Exit
from gateway.cli.output import counted, print_error, print_json, print_text, progress_bar
from gateway.cli.verifying import tell as tell_verified
from gateway.config import load_config
from gateway.errors import WrongCommand
from gateway.storage.backup import Backup, make_backup
from gateway.storage.database import Database
from gateway.storage.settings import SQLITE
from gateway.storage.verification import Verification


def back_up(path: Path, to: Path, *, read: bool, as_json: bool) -> int:
    """Make a backup and print what it holds; return the exit code."""
    config = load_config(path, needs_secrets=False)
    if config.database != SQLITE:
        raise WrongCommand("everything is in PostgreSQL, bodies included: back it up with pg_dump")
    become_owner(config)
    try:
        made = _make(config.data, to)
    except OSError as error:
        print_error(f"{error.filename or to}: {error.strerror or error}")
        return Exit.CANNOT_WRITE
    verified = asyncio.run(_verify(to)) if read else None
    if as_json:
        found = {"verified": asdict(verified) | {"is_sound": verified.is_sound}} if verified is not None else {}
        print_json({"folder": str(to), **asdict(made), "is_whole": made.is_whole, **found})
    else:
        print_text(tell(made, to) + (tell_verified(verified) if verified is not None else ""))
    return Exit.OK if made.is_whole and (verified is None or verified.is_sound) else Exit.FAILED


def tell(made: Backup, to: Path) -> str:
    """Return what a backup holds, for people."""
    files = f"{counted(made.bodies, 'file')} of large bodies, {made.copied} new, {made.removed} removed that nobody has any more"
    lines = [f"{to}: a database of {made.database_octets / 1_000_000:.1f} MB, {files}."]
    if made.waiting:
        mails = counted(made.waiting, "mail")
        lines.append(f"{mails} in its intake journal: a gateway that starts on it takes that into the database.")
    if made.aside:
        lines.append(f"{counted(made.aside, 'file')} that the intake journal set aside: see `ticket-gateway verify`.")
    lines += [
        f"LOST     {digest}: a row or a mail in the intake journal names these bytes, and they are gone"
        for digest in made.missing
    ]
    lines += [f"DAMAGED  {digest}: the bytes are not what was stored" for digest in made.damaged]
    return "\n".join(lines) + "\n"


def _make(data: Path, to: Path) -> Backup:
    with progress_bar() as bar:
        tasks: dict[str, TaskID] = {}

        def tell_progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what)
            bar.update(tasks[what], completed=done, total=total)

        return make_backup(data, to, tell_progress)


async def _verify(folder: Path) -> Verification:
    database = await Database.open(data=folder, migrate=False, read_only=True)
    try:
        return await database.verify()
    finally:
        await database.close()
