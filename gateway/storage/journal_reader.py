"""Looks at the intake journal (`journal.py`) and changes nothing: for `verify`, `backup`, `doctor`, and for tidying up."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.storage.journal import Damaged, Piece, find_record, is_torn, read_piece, segments, set_aside_files
from gateway.storage.sqlite_accepting import BODY, ID, NAMES, AcceptedRow

DIGEST: Final = NAMES.index("content_sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Some records of a segment, one after the other."""

    rows: tuple[AcceptedRow, ...]
    follows_damage: bool = False
    """What stands before them, or at the end where there are none, is no record and no beginning of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedBodies:
    """The large bodies that the journal's records name: no row may know them yet."""

    digests: frozenset[str]
    is_all: bool
    """False where a part of the journal cannot be read: nobody knows what that names."""


def look_through(path: Path) -> Iterator[Look]:
    """Yield the whole records of a segment or a file set aside; one that is removed meanwhile ends. Blocking; raises OSError."""
    place, follows_damage = 0, False
    try:
        while True:
            piece = read_or_skip(path, place)
            if piece is None:
                following = find_record(path, place)
                if following is None:
                    yield Look(rows=(), follows_damage=True)
                    return
                place, follows_damage = following, True
            elif not piece.rows:
                return
            else:
                yield Look(rows=piece.rows, follows_damage=follows_damage)
                place, follows_damage = piece.end, False
    except FileNotFoundError:  # all of it is in the tables
        return


def read_or_skip(path: Path, place: int) -> Piece | None:
    """Return the records that follow, none at the end; None where that place is damaged. Blocking; raises OSError.

    A torn end is an end. A damaged length looks like one, but then there is mail behind it.
    """
    try:
        piece = read_piece(path, place)
    except Damaged:
        return Piece(rows=(), end=place) if find_record(path, place) is None and is_torn(path, place) else None
    if piece.rows or path.stat().st_size == place or find_record(path, place) is None:
        return piece
    return None


def waits_since(data: Path, moment: float) -> bool:
    """Tell whether a segment got its last mail before a moment (seconds since 1970). Blocking; raises OSError."""
    for path in segments(data):
        with suppress(FileNotFoundError):
            if path.stat().st_ctime < moment:
                return True
    return False


def named_bodies(data: Path) -> NamedBodies:
    """Return which large bodies the segments and the files set aside name. Blocking; raises OSError."""
    digests: set[str] = set()
    is_all = True
    for path in (*segments(data), *set_aside_files(data)):
        for look in look_through(path):
            is_all = is_all and not look.follows_damage
            digests |= {row[DIGEST] for row in look.rows if row[BODY] is None}
    return NamedBodies(digests=frozenset(digests), is_all=is_all)


def holds_mail(data: Path, received_id: int) -> bool:
    """Tell whether a mail stands in a segment. Blocking; raises OSError."""
    return any(row[ID] == received_id for path in segments(data) for look in look_through(path) for row in look.rows)
