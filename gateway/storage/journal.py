"""The intake journal of SQLite: mail that has its 250 and is on its way into the tables.

Whoever takes mail appends it to a *segment*, a file of its own in the folder `journal`, and its client has the 250 when the
octets are on the disk. The process that writes the database reads the segments, stores what is new, and removes a segment once
all of it is in the tables. So no client waits for an index, for another writer, or for the desk.

Who appends to a segment holds its lock (flock). A segment that nobody holds gets no more mail: its writer has finished with it,
or is dead. What stands twice in segments, or in a segment and in the tables, is stored once, because the delivery key is unique.

A record is a head, the columns of the row as text between NULs, and the body as it came; a checksum covers both. Which columns
they are is part of the version in the head: who changes them gives a new version, and still reads what an older gateway left.

Behind a damaged place the next record is found by its magic. A stranger who writes one into a mail finds nobody who believes it:
in a body the magic never stands as it is.
"""

import fcntl
import hashlib
import os
import struct
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.storage.folder import sync_folder
from gateway.storage.sqlite_accepting import BODY, DELIVERY_KEY, ID, NAMES, AcceptedRow

FOLDER: Final = "journal"
"""Below the gateway's own folder."""

_MAGIC: Final = b"\x00tg1"
_BARE: Final = b"\x00tg"
_ESCAPED: Final = b"\x00tg0"
"""What stands for the one before in a body, and so the magic stands in none."""
_COLUMNS: Final = (
    "id", "delivery_key", "channel", "state", "received_at", "content_sha256", "envelope", "evidence",
    "author_key", "message_id", "subject", "deliveries", "size",
)  # fmt: skip
"""Of version 1. Texts in columns have no NULs; what is not there is an empty piece, and all else has an equals sign before it."""
_NUMBERS: Final = frozenset({"id", "deliveries", "size"})
_READ: Final = tuple((name, name in _NUMBERS) for name in _COLUMNS)
assert (*_COLUMNS, "body") == NAMES  # noqa: S101 otherwise this module needs another version
_HEAD: Final = struct.Struct(">4sIII")
"""Magic, octets of the columns, octets of the body, CRC-32 of both together that begins with both numbers."""
_NO_BODY: Final = 0xFFFFFFFF
"""In place of the body's size: it lies in the folder of large bodies."""
_ENDING: Final = ".segment"
_ASIDE: Final = ".aside"
BEGINNING: Final = ".beginning"
"""The ending of a segment until it is held and has its name."""
_PIECE: Final = 4 << 20
"""Octets read at once; a record is smaller by far, because large bodies are files."""


class Damaged(Exception):
    """What stands at a place of a segment is no record, and no beginning of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some records of a segment, one after the other."""

    rows: tuple[AcceptedRow, ...]
    end: int
    """Where the next one begins."""


def pack(row: AcceptedRow) -> bytes:
    """Return the record of a row."""
    body: bytes | None = row[BODY]
    if body is not None and _BARE in body:
        body = body.replace(_BARE, _ESCAPED)
    columns = "\0".join(["" if value is None else f"={value}" for value in row[:BODY]]).encode()
    size = _NO_BODY if body is None else len(body)
    octets = columns if body is None else columns + body
    return _HEAD.pack(_MAGIC, len(columns), size, zlib.crc32(octets, len(columns) ^ size)) + octets


def read_piece(path: Path, start: int) -> Piece:
    """Return the whole records from an offset on, as many as fit into 4 MiB; a record that is still being written is none yet.

    Raises:
        Damaged: at that offset stands something else.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        file.seek(start)
        octets = file.read(_PIECE)
        rows, place = _unpack_all(octets)
        if not rows and len(octets) == _PIECE:  # one record, to a great many recipients
            rows, place = _unpack_all(octets + file.read())
    return Piece(rows=rows, end=start + place)


def _unpack_all(octets: bytes) -> tuple[tuple[AcceptedRow, ...], int]:
    """Return the records that octets begin with, and where they end."""
    rows: list[AcceptedRow] = []
    place = 0
    try:
        while (found := _unpack(octets, place)) is not None:
            row, place = found
            rows.append(row)
    except Damaged:
        if not rows:
            raise
    return tuple(rows), place


def is_torn(path: Path, start: int) -> bool:
    """Tell whether the end of a segment is the beginning of a record, or nothing but zeros: its writer died, and said no 250.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        file.seek(start)
        octets = file.read()
    try:
        return not any(octets) or _unpack(octets, 0) is None
    except Damaged:
        return False


def find_record(path: Path, start: int) -> int | None:
    """Return where the next sound record begins behind a damaged place, or None where there is none."""
    octets = path.read_bytes()
    place = start
    while (place := octets.find(_MAGIC, place + 1)) >= 0:
        try:
            if _unpack(octets, place) is not None:
                return place
        except Damaged:
            continue
    return None


def _unpack(octets: bytes, start: int) -> tuple[AcceptedRow, int] | None:
    """Return the record at a place and where it ends; None where the octets end before it does."""
    rest = len(octets) - start
    if rest < _HEAD.size:
        if not _MAGIC.startswith(octets[start : start + len(_MAGIC)]) and any(octets[start:]):
            raise Damaged
        return None
    magic, columns, size, checksum = _HEAD.unpack_from(octets, start)
    if magic != _MAGIC:
        raise Damaged
    begin = start + _HEAD.size
    middle = begin + columns
    end = middle + (0 if size == _NO_BODY else size)
    if end > len(octets):
        return None
    view = memoryview(octets)
    if zlib.crc32(view[begin:end], columns ^ size) != checksum:
        raise Damaged
    try:
        pieces = octets[begin:middle].decode().split("\0")
        values = [
            (int(piece[1:]) if is_number else piece[1:]) if piece else None
            for (_, is_number), piece in zip(_READ, pieces, strict=True)
        ]
    except ValueError:
        raise Damaged from None
    body = None if size == _NO_BODY else octets[middle:end].replace(_ESCAPED, _BARE)
    return (*values, body), end


# -------------------------------------------------------------------------------------------------------- files


def make_folder(data: Path) -> Path:
    """Return the folder of the segments, made where it is missing, readable for nobody else. Raises OSError."""
    folder = data.absolute() / FOLDER
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(folder.parent)  # what is synced below a name that is not on the disk is nowhere
    return folder


def prepare_folder(data: Path) -> None:
    """Make the folder where it is missing, durably, and clear away what processes left that died while they began a segment.

    For a gateway that begins: nobody else has this folder, so what lies there belongs to the dead, however young. Raises OSError.
    """
    make_folder(data)
    sync_folder(data)
    remove_unfinished(data, older_than_seconds=0)


def segments(data: Path) -> tuple[Path, ...]:
    """Return the segments there are, oldest first. Raises OSError."""
    return _named(data, _ENDING)


def set_aside_files(data: Path) -> tuple[Path, ...]:
    """Return the files that hold what could not be read or stored: somebody has to look at them. Raises OSError."""
    return _named(data, _ASIDE)


def _named(data: Path, ending: str) -> tuple[Path, ...]:
    folder = data.absolute() / FOLDER
    try:
        return tuple(sorted(path for path in folder.iterdir() if path.suffix == ending))
    except FileNotFoundError:
        return ()


def name_segment(folder: Path, *, milliseconds: int, writer: str, number: int) -> Path:
    """Return the path of a new segment: names sort by time."""
    return folder / f"{milliseconds:014d}-{writer}-{number}{_ENDING}"


def set_aside(path: Path) -> Path:
    """Give a segment another name, under which nobody reads it any more; return that. Raises OSError."""
    aside = path.rename(path.with_suffix(_ASIDE))
    sync_folder(path.parent)
    return aside


def keep_record(data: Path, row: AcceptedRow) -> Path:
    """Put a record that no table takes into a file of its own; return its path. Raises OSError."""
    key = hashlib.sha256(row[DELIVERY_KEY].encode()).hexdigest()[:16]  # the same id may come again, but not with the same mail
    path = make_folder(data) / f"{row[ID]}-{key}{_ASIDE}"
    with path.open("wb") as file:
        file.write(pack(row))
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)
    return path


def remove_unfinished(data: Path, *, older_than_seconds: float) -> None:
    """Remove what processes left behind that died while they began a segment: there is no mail in it. Raises OSError."""
    newest = time.time() - older_than_seconds
    for path in _named(data, BEGINNING):
        with suppress(FileNotFoundError):
            if path.stat().st_ctime < newest:
                path.unlink()


@contextmanager
def held(path: Path) -> Iterator[int | None]:
    """Hold a segment's lock while the block lasts and give its size; None where its writer holds it. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield os.fstat(handle).st_size
    finally:
        os.close(handle)


def count_records(paths: Sequence[Path]) -> int:
    """Return how many mails stand in segments; those that are removed meanwhile count as none, what is damaged is passed over."""
    count = 0
    for path in paths:
        try:
            count += _count(path)
        except FileNotFoundError:
            continue
    return count


def _count(path: Path) -> int:
    count, place = 0, 0
    while True:
        try:
            piece = read_piece(path, place)
        except Damaged:
            following = find_record(path, place)
            if following is None:
                return count
            place = following
            continue
        if not piece.rows:
            return count
        count, place = count + len(piece.rows), piece.end
