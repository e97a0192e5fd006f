"""Brings the mail of the intake journal (`journal.py`) into the tables; part of the process that writes SQLite.

What fails is tried again, and stays in the journal meanwhile. A segment is removed only when all of it is in the tables and
nobody holds it, so a process that dies anywhere in between does no harm: the next one reads again, and stores what is not there.
"""

import asyncio
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from gateway.errors import StorageUnavailable, TransientError
from gateway.ids import format_id
from gateway.storage.faults import translated
from gateway.storage.journal import Damaged, Piece, find_record, held, is_torn, keep_record, read_piece, segments, set_aside
from gateway.storage.sqlite import SqliteEngine
from gateway.storage.sqlite_accepting import ID, AcceptedRow

log: Final = structlog.get_logger()

_LOOKING_SECONDS: Final = 1.0
"""When nobody rings: for segments that were closed meanwhile, and for what could not be stored before."""
_GATHERING_SECONDS: Final = 0.3
_GATHERING_SECONDS_PER_MAIL: Final = 0.005
"""The more there was, the longer the next may gather: many mails in one transaction cost half of what they cost apart."""


class JournalImporter:
    """Reads all segments of a folder; only one may be at work there."""

    def __init__(self, data: Path, engine: SqliteEngine, *, new_id: Callable[[], int]) -> None:
        """Take the gateway's folder, the engine that writes its database, and what makes ids."""
        self._new_id = new_id
        self._data = data
        self._engine = engine
        self._bell = asyncio.Event()
        self._places: dict[Path, int] = {}
        """Where the next record of a segment begins."""
        self._wounded: set[Path] = set()
        """Segments of which a part could not be read: they are set aside, not removed."""
        self._is_stopping = False

    def ring(self) -> None:
        """Say that there is more."""
        self._bell.set()

    async def run(self) -> None:
        """Store what comes, until stopped."""
        while not self._is_stopping:
            self._bell.clear()
            try:
                count = await self.store_all()
            except TransientError as error:
                log.warning("journal.deferred", error=str(error))
                await asyncio.sleep(_LOOKING_SECONDS)
            else:
                await asyncio.sleep(min(_GATHERING_SECONDS, count * _GATHERING_SECONDS_PER_MAIL))
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOKING_SECONDS):
                    await self._bell.wait()

    def stop(self) -> None:
        """Finish the round that is under way, and begin no other: one that is cancelled would go on in its thread."""
        self._is_stopping = True
        self.ring()

    async def store_all(self) -> int:
        """Store what stands in the journal at this moment; return how many mails were read.

        Raises:
            StorageUnavailable: the disk or the database does not take it now.
        """
        count = 0
        with translated():
            there = await asyncio.to_thread(segments, self._data)
        self._places = {path: place for path, place in self._places.items() if path in there}
        for path in there:
            count += await self._store_segment(path)
        return count

    async def _store_segment(self, path: Path) -> int:
        count = 0
        while True:
            try:
                piece = await self._read(path)
            except StorageUnavailable as error:  # the next look tries again; others can do without this one
                log.warning("journal.deferred", segment=path.name, error=str(error))
                return count
            if not piece.rows:
                return count
            await self._store(piece.rows)
            count += len(piece.rows)
            self._places[path] = piece.end

    async def _read(self, path: Path) -> Piece:
        """Return what follows in a segment; one that is finished is removed."""
        with translated():
            return await asyncio.to_thread(self._read_or_remove, path, self._places.get(path, 0))

    async def _store(self, rows: Sequence[AcceptedRow]) -> None:
        try:
            ids = await self._engine.accept_rows(rows)
        except StorageUnavailable:
            raise
        except Exception:  # noqa: BLE001 one mail must not stop the others, and none may be forgotten: also where an id is taken
            if len(rows) > 1:
                for row in rows:
                    await self._store((row,))
            else:
                await self._rescue(rows[0], fault=traceback.format_exc())
            return
        for row, stored in zip(rows, ids, strict=True):
            if row[ID] != stored:
                log.info("mail.second_copy", id=format_id(row[ID]), first=format_id(stored))

    async def _rescue(self, row: AcceptedRow, *, fault: str) -> None:
        """Do what can be done for a mail that no table takes: another id where its own is taken, else a file of its own."""
        if await self._engine.read(lambda tx: bool(tx.received.get_all([row[ID]]))):
            other = self._new_id()
            log.warning("journal.id_taken", id=format_id(row[ID]), stored_as=format_id(other))
            await self._store(((other, *row[ID + 1 :]),))
            return
        with translated():
            kept = await asyncio.to_thread(keep_record, self._data, row)
        log.error("journal.unstorable", id=format_id(row[ID]), file=kept.name, fault=fault)

    # ------------------------------------------------------------------------------------------------- in a thread

    def _read_or_remove(self, path: Path, place: int) -> Piece:
        try:
            if (piece := self._read_rows(path, place)).rows:
                return piece
            with held(path) as size:
                if size is None or self._read_rows(path, place).rows:  # its writer wrote more meanwhile: the next look finds it
                    return Piece(rows=(), end=place)
                return self._end(path, place, size)
        except FileNotFoundError:  # a dying process of ours was faster
            return Piece(rows=(), end=place)

    def _read_rows(self, path: Path, place: int) -> Piece:
        """Return the records that follow; none where the place is damaged, or half written: then its writer will say more."""
        try:
            return read_piece(path, place)
        except Damaged:
            return Piece(rows=(), end=place)

    def _end(self, path: Path, place: int, size: int) -> Piece:
        """Remove a segment that gets no more mail; go on behind a damaged place if there is mail behind it."""
        following = find_record(path, place) if place < size else None
        if place < size and following is None and is_torn(path, place):
            log.warning("journal.torn", segment=path.name, at=place, octets=size - place)
        elif place < size:  # a damaged length looks like a torn end, but then there is mail behind it
            self._wounded.add(path)
            log.error("journal.damaged", segment=path.name, at=place, octets=(following or size) - place)
            if following is not None:
                return read_piece(path, following)
        if path in self._wounded:
            self._wounded.discard(path)
            log.error("journal.set_aside", file=set_aside(path).name)
        else:
            path.unlink()
        return Piece(rows=(), end=place)
