"""Is everything there? Every row has its bytes, all bytes have their row, and the bytes are what their digest says."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from gateway.storage.contents import CheckedContent, Condition
from gateway.storage.engine import StorageEngine
from gateway.storage.faults import translated
from gateway.storage.folder import SPOOL, remove_stale_files
from gateway.storage.journal import remove_unfinished
from gateway.storage.journal_check import JournalCheck
from gateway.storage.journal_reader import named_bodies
from gateway.storage.transaction import Reader, Writer

_PAGE: Final = 100
GRACE_SECONDS: Final = 3600.0
"""A file younger than this may belong to a commit that is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a check of all bytes came to; digests in lower-case hex."""

    checked: int
    missing: tuple[str, ...]
    """A row or a mail in the intake journal names them, and nobody has them: a mail or an attachment is lost."""
    damaged: tuple[str, ...]
    """The bytes are not what was stored."""
    orphans: tuple[str, ...]
    """No row names them: somebody died in between. They do no harm."""
    waiting: int = 0
    """Mails in the intake journal: they have their 250, and get into the tables as soon as a gateway runs."""
    aside: tuple[str, ...] = ()
    """Files of the intake journal with what could not be read or stored: somebody has to look at them."""
    broken: tuple[str, ...] = ()
    """Segments of the intake journal of which a part cannot be read; the next gateway that runs sets them aside."""

    @property
    def is_sound(self) -> bool:
        """Tell whether nothing is lost."""
        return not (self.missing or self.damaged or self.aside or self.broken)


async def verify(engine: StorageEngine, data: Path, on_progress: Callable[[int], None]) -> Verification:
    """Read all bytes and compare them with their digests; `on_progress` gets the number that was checked so far.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    checked, after = 0, ""
    missing: list[str] = []
    damaged: list[str] = []
    while page := await engine.read(partial(_check_page, after=after)):
        missing += [found.sha256 for found in page if found.condition is Condition.MISSING]
        damaged += [found.sha256 for found in page if found.condition is Condition.DAMAGED]
        checked, after = checked + len(page), page[-1].sha256
        on_progress(checked)
    journal = JournalCheck(engine, data)
    await journal.run()
    return Verification(
        checked=checked + len(journal.bodies),
        missing=tuple(dict.fromkeys([*missing, *sorted(journal.missing)])),
        damaged=tuple(dict.fromkeys([*damaged, *sorted(journal.damaged)])),
        orphans=tuple(await _find_orphans(engine, data)),
        waiting=len(journal.waiting),
        aside=tuple(map(str, journal.aside)),
        broken=tuple(map(str, journal.broken)),
    )


async def remove_orphans(engine: StorageEngine, data: Path) -> int:
    """Remove files that no row names and that nobody is storing or receiving now; return how many.

    Raises:
        StorageUnavailable: the database does not answer, or the disk fails.
    """
    with translated():
        removed = await asyncio.to_thread(remove_stale_files, data / SPOOL, older_than_seconds=GRACE_SECONDS)
        await asyncio.to_thread(remove_unfinished, data, older_than_seconds=GRACE_SECONDS)
    orphans = iter(await _find_orphans(engine, data))
    while some := list(islice(orphans, _PAGE)):
        removed += await engine.write(partial(_remove, digests=some), urgent=False)
    return removed


async def _find_orphans(engine: StorageEngine, data: Path) -> list[str]:
    """Return old files that neither a row nor the intake journal names; none while a part of the journal cannot be read."""
    folder = engine.folder
    if folder is None:
        return []
    with translated():
        old = iter(await asyncio.to_thread(lambda: list(folder.digests(older_than_seconds=GRACE_SECONDS))))
        journal = await asyncio.to_thread(named_bodies, data)  # before the rows: mail moves from there into the tables
    if not journal.is_all:
        return []
    orphans: list[str] = []
    while some := list(islice(old, _PAGE)):
        orphans += await engine.read(partial(_unnamed, digests=some))
    return [digest for digest in orphans if digest not in journal.digests]


def _check_page(tx: Reader, *, after: str) -> Sequence[CheckedContent]:
    return tx.contents.check(after=after, limit=_PAGE)


def _unnamed(tx: Reader, *, digests: Sequence[str]) -> list[str]:
    return tx.contents.without_row(digests)


def _remove(tx: Writer, *, digests: Sequence[str]) -> int:
    """Remove what is still old: whoever accepts the same bytes again touches their file, and its row comes later."""
    return tx.contents.remove_orphans(digests, older_than_seconds=GRACE_SECONDS)
