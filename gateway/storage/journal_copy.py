"""The intake journal's part of a backup (`backup.py`).

Mail moves from the journal into the tables and never back, so the journal is taken first: a mail that has its 250 is then in what
was taken, or in the picture of the tables that is made later. Of what was taken only that is kept which those tables do not know.
So a person who was erased in between is not brought back by a segment: the row that remembers the delivery stays as it was, and
the bytes are left out.
"""

import os
import shutil
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.storage.folder import sync_file, sync_folder
from gateway.storage.journal import make_folder, pack, segments, set_aside_files
from gateway.storage.journal_reader import DIGEST, look_through
from gateway.storage.sqlite_accepting import BODY, DELIVERY_KEY, AcceptedRow

_UNFINISHED: Final = "journal.unfinished"
_MOST_KEYS: Final = 500


class JournalCopy:
    """What stood in the journal at one moment. Blocking; all of it raises OSError."""

    def __init__(self, data: Path, to: Path) -> None:
        """Take the gateway's folder and that of the backup."""
        self._data = data
        self._to = to
        self._taken = to / _UNFINISHED
        """A folder like the gateway's own, with nothing but the journal in it."""
        self._kept: set[Path] = set()
        self.waiting = 0
        """Mails that were kept: the tables of the backup do not know them."""
        self.aside = 0
        """Files set aside."""

    def take(self) -> None:
        """Copy what stands in the journal now."""
        shutil.rmtree(self._taken, ignore_errors=True)
        folder = make_folder(self._taken)
        for path in segments(self._data):
            with suppress(FileNotFoundError):  # all of it is in the tables, or it was set aside and is found below
                _copy(path, folder / path.name)
        for path in set_aside_files(self._data):
            with suppress(FileNotFoundError):
                _copy(path, folder / path.name)

    def bodies(self, tables: sqlite3.Connection) -> frozenset[str]:
        """Return the digests of the large bodies that mails name which these tables do not know."""
        return frozenset(
            row[DIGEST]
            for path in (*segments(self._taken), *set_aside_files(self._taken))
            for look in look_through(path)
            for row in _unknown(look.rows, tables)
            if row[BODY] is None
        )

    def put(self, tables: sqlite3.Connection) -> None:
        """Put into place what the tables of the backup do not know; what the older backup had stays beside it for now."""
        folder = make_folder(self._to)
        moment = time.time_ns() // 1_000_000
        for path in segments(self._taken):
            target = folder / f"{path.stem}-{moment}{path.suffix}"  # the older backup's part of this segment is another
            if self._keep_unknown(path, target, tables):
                self._kept.add(target)
        for path in set_aside_files(self._taken):
            self.aside += 1
            self._kept.add(path.rename(folder / path.name))
        for path in self._kept:
            sync_file(path)
        sync_folder(folder)

    def tidy(self) -> None:
        """Remove what the older backup had, and what we do not need any more."""
        for path in (*segments(self._to), *set_aside_files(self._to)):
            if path not in self._kept:
                path.unlink(missing_ok=True)
        shutil.rmtree(self._taken, ignore_errors=True)

    def _keep_unknown(self, path: Path, target: Path, tables: sqlite3.Connection) -> bool:
        """Write the mails that the tables do not know, or the whole segment where it is damaged; tell whether it was kept."""
        count, is_damaged = 0, False
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for look in look_through(path):
                unknown = _unknown(look.rows, tables)
                file.writelines(map(pack, unknown))
                count += len(unknown)
                is_damaged = is_damaged or look.follows_damage
        if is_damaged:
            path.rename(target)
        elif not count:
            target.unlink()
        self.waiting += count
        return is_damaged or count > 0


def _unknown(rows: Sequence[AcceptedRow], tables: sqlite3.Connection) -> list[AcceptedRow]:
    known: set[str] = set()
    for start in range(0, len(rows), _MOST_KEYS):
        keys = [row[DELIVERY_KEY] for row in rows[start : start + _MOST_KEYS]]
        text = f"SELECT delivery_key FROM received WHERE delivery_key IN ({', '.join('?' * len(keys))})"  # noqa: S608 marks only
        known.update(key for (key,) in tables.execute(text, keys))
    return [row for row in rows if row[DELIVERY_KEY] not in known]


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as old, os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as new:
        shutil.copyfileobj(old, new)
