"""Which mails of the intake journal are not in the tables yet, and whether their bytes are there: part of `verify`."""

import asyncio
import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import select

from gateway.storage.engine import StorageEngine
from gateway.storage.faults import translated
from gateway.storage.folder import BlobFolder
from gateway.storage.journal import segments, set_aside_files
from gateway.storage.journal_reader import DIGEST, look_through
from gateway.storage.rows import ReceivedRow, table_of
from gateway.storage.sqlite_accepting import BODY, DELIVERY_KEY, AcceptedRow
from gateway.storage.transaction import Reader

_RECEIVED: Final = table_of(ReceivedRow)
_MOST_KEYS: Final = 500


class JournalCheck:
    """What was found; digests in lower-case hex."""

    def __init__(self, engine: StorageEngine, data: Path) -> None:
        """Take the engine that reads the tables, and the gateway's folder."""
        self._engine = engine
        self._data = data
        self._folder = BlobFolder(data)
        self.waiting: set[str] = set()
        """The delivery keys of mails that no row knows: a second copy is no second mail."""
        self.bodies: set[str] = set()
        """The large bodies that these name, and those of files set aside."""
        self.missing: set[str] = set()
        """Of these, what is gone."""
        self.damaged: set[str] = set()
        """Of these, what is not what was stored."""
        self.aside: tuple[Path, ...] = ()
        self.broken: list[Path] = []
        """Segments of which a part cannot be read."""

    async def run(self) -> None:
        """Look at all of it.

        Raises:
            StorageUnavailable: the database does not answer, or the disk fails.
        """
        with translated():
            for path in await asyncio.to_thread(segments, self._data):
                await self._check(path, is_aside=False)
            self.aside = await asyncio.to_thread(set_aside_files, self._data)
            for path in self.aside:
                await self._check(path, is_aside=True)

    async def _check(self, path: Path, *, is_aside: bool) -> None:
        looks = look_through(path)
        while (look := await asyncio.to_thread(next, looks, None)) is not None:
            if look.follows_damage and not is_aside and path not in self.broken:
                self.broken.append(path)
            known: set[str] = set()
            for start in range(0, len(look.rows), _MOST_KEYS):
                keys = [row[DELIVERY_KEY] for row in look.rows[start : start + _MOST_KEYS]]
                known |= await self._engine.read(partial(_known, keys=keys))
            unknown = [row for row in look.rows if row[DELIVERY_KEY] not in known]
            if not is_aside:
                self.waiting.update(row[DELIVERY_KEY] for row in unknown)
            for row in unknown:
                await asyncio.to_thread(self._check_body, row)

    def _check_body(self, row: AcceptedRow) -> None:
        """Look at a large body; what stands in the journal itself has its checksum there."""
        digest: str = row[DIGEST]
        if row[BODY] is not None or digest in self.bodies:
            return
        self.bodies.add(digest)
        try:
            with self._folder.path(digest).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                    self.damaged.add(digest)
        except FileNotFoundError:
            self.missing.add(digest)


def _known(tx: Reader, *, keys: Sequence[str]) -> set[str]:
    return set(tx.connection.scalars(select(_RECEIVED.c.delivery_key).where(_RECEIVED.c.delivery_key.in_(keys))))
