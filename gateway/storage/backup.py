"""A copy of all that must survive, made while the gateway runs: intake journal, SQLite database, and the large bodies they name.

The copy is a data folder as the gateway's own. It may be made into the same folder again and again: bodies never change, so only
new ones are copied. The new database takes its place last and in one step; whatever interrupts us leaves the older copy whole.
The journal is taken first, because mail moves from there into the database (`journal_copy.py`).
"""

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from gateway.errors import StorageUnavailable, WrongCommand
from gateway.mail.content import Content
from gateway.storage.faults import translated
from gateway.storage.folder import BlobFolder, remove_stale_files, sync_file, sync_folder
from gateway.storage.journal_copy import JournalCopy
from gateway.storage.sqlite import FILE_NAME

MARK: Final = "BACKUP.txt"
"""The file by which we know a folder of ours; nothing is removed from any other."""
_MARK_TEXT: Final = """\
A backup of ticket-gateway, written by `ticket-gateway backup`. To restore it: stop the gateway, put a copy of this folder where
`data` of its configuration points, give it to the gateway's account, and start the gateway.
"""
_UNFINISHED: Final = f"{FILE_NAME}.unfinished"
_PAGES: Final = 2_000
_MOST_TRIES: Final = 3

OnProgress = Callable[[str, int, int], None]
"""Gets what is done now, how much of it is done, and how much it is in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup holds; digests in lower-case hex."""

    database_octets: int
    bodies: int
    """Large bodies, all together."""
    copied: int
    """Of these, new in this folder."""
    removed: int
    """Bodies that the gateway does not have any more, and now the backup does not have either."""
    missing: tuple[str, ...] = ()
    """A row names them, and the gateway has lost them."""
    damaged: tuple[str, ...] = ()
    """The gateway's own bytes are not what was stored."""
    waiting: int = 0
    """Mails that were on their way into the database: they lie in the backup's own intake journal."""
    aside: int = 0
    """Files of the intake journal that were set aside."""

    @property
    def is_whole(self) -> bool:
        """Tell whether everything is in it."""
        return not self.missing and not self.damaged


def make_backup(data: Path, to: Path, on_progress: OnProgress = lambda _what, _done, _all: None) -> Backup:
    """Copy the data folder of a gateway, running or not. Blocking.

    Raises:
        WrongCommand: `to` is no place for a backup.
        StorageUnavailable: there is no database, it cannot be copied, or it is damaged; or another backup is being made there.
        OSError: the copy cannot be written.
    """
    _require_place(data, to)
    if not (data / FILE_NAME).is_file():
        message = f"there is no database {data / FILE_NAME}"
        raise StorageUnavailable(message)
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone_in(to):
        return _make_backup(data, to, on_progress)


def _make_backup(data: Path, to: Path, on_progress: OnProgress) -> Backup:
    ours, theirs = BlobFolder(data), BlobFolder(to)
    theirs.create()
    remove_stale_files(theirs.spool, older_than_seconds=0)
    journal = JournalCopy(data, to)
    journal.take()
    on_progress("journal", 1, 1)
    copied: set[str] = set()
    tries = 0
    while True:
        named = _copy_database(data / FILE_NAME, to / _UNFINISHED, on_progress) | _waiting_bodies(journal, to / _UNFINISHED)
        missing, damaged = _copy_bodies(named, ours, theirs, copied, on_progress)
        tries += 1
        if tries == _MOST_TRIES or missing <= _named_bodies(data / FILE_NAME) | _waiting_bodies(journal, data / FILE_NAME):
            break  # otherwise somebody erased a person meanwhile, and the copy must not know that person either
    with _reading(to / _UNFINISHED) as tables:
        journal.put(tables)
    for ending in ("-wal", "-shm"):  # of a gateway that somebody had let run on the older copy
        (to / f"{FILE_NAME}{ending}").unlink(missing_ok=True)
    (to / _UNFINISHED).rename(to / FILE_NAME)
    sync_folder(to)
    journal.tidy()
    unnamed = [digest for digest in theirs.digests(older_than_seconds=0) if digest not in named]
    for digest in unnamed:
        theirs.remove(digest)
    return Backup(
        database_octets=(to / FILE_NAME).stat().st_size,
        bodies=len(named) - len(missing),
        copied=len(copied & named),
        removed=len(unnamed),
        missing=tuple(sorted(missing)),
        damaged=tuple(sorted(damaged)),
        waiting=journal.waiting,
        aside=journal.aside,
    )


def _require_place(data: Path, to: Path) -> None:
    source, target = data.resolve(), to.resolve()
    if source == target or source in target.parents or target in source.parents:
        message = f"{to} is the gateway's own folder, or one lies in the other: choose another place"
        raise WrongCommand(message)
    if to.exists() and not (to / MARK).exists() and (not to.is_dir() or any(to.iterdir())):
        message = f"{to} holds something else than a backup: choose a new or an empty folder"
        raise WrongCommand(message)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Mark a folder as a backup, and let nobody else make one in it meanwhile."""
    with (folder / MARK).open("w", encoding="utf-8") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"another backup is being made in {folder}"
            raise StorageUnavailable(message) from None
        mark.write(_MARK_TEXT)
        mark.flush()
        yield


def _copy_database(source: Path, target: Path, on_progress: OnProgress) -> frozenset[str]:
    """Copy one consistent picture of a database; return the digests of the bodies that lie beside it."""
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

    def tell(_status: int, remaining: int, total: int) -> None:
        on_progress("database", total - remaining, total)

    try:
        with _reading(source) as old, closing(sqlite3.connect(target, isolation_level=None)) as new:
            old.backup(new, pages=_PAGES, progress=tell)
            new.execute("PRAGMA journal_mode=DELETE")  # one file, complete without others beside it
            problems = [row[0] for row in new.execute("PRAGMA integrity_check(3)") if row[0] != "ok"]
            named = frozenset(_bodies_of(new))
    except sqlite3.Error as error:
        message = f"{source} cannot be copied to {target}: {error}"
        raise StorageUnavailable(message) from error
    if problems:
        message = f"{source} is damaged: {'; '.join(problems)}"
        raise StorageUnavailable(message)
    sync_file(target)
    return named


def _copy_bodies(
    named: frozenset[str], ours: BlobFolder, theirs: BlobFolder, copied: set[str], on_progress: OnProgress
) -> tuple[frozenset[str], frozenset[str]]:
    """Copy the bodies that are not there yet; return which are missing, and which are not what they should be."""
    missing: set[str] = set()
    damaged: set[str] = set()
    for number, digest in enumerate(sorted(named), start=1):
        if not theirs.has(digest):
            path = ours.path(digest)
            try:
                theirs.put(Content(sha256=digest, size=path.stat().st_size, path=path))
            except FileNotFoundError:
                missing.add(digest)
                continue
            copied.add(digest)
            if _digest_of(theirs.path(digest)) != digest:
                damaged.add(digest)
                theirs.remove(digest)
        on_progress("bodies", number, len(named))
    return frozenset(missing), frozenset(damaged)


def _named_bodies(database: Path) -> frozenset[str]:
    with translated(), _reading(database) as connection:
        return frozenset(_bodies_of(connection))


def _waiting_bodies(journal: JournalCopy, database: Path) -> frozenset[str]:
    with translated(), _reading(database) as connection:
        return journal.bodies(connection)


def _bodies_of(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield the digest of each body that lies in the folder; a size below 0 marks what was erased."""
    for (digest,) in connection.execute("SELECT sha256 FROM content WHERE body IS NULL AND size >= 0"):
        yield digest


@contextmanager
def _reading(database: Path) -> Iterator[sqlite3.Connection]:
    """Hold one picture of a database: without it a copy would begin anew whenever somebody writes, and never end."""
    uri = f"file:{quote(str(database.absolute()))}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        connection.execute("PRAGMA busy_timeout=10000")
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield connection


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
