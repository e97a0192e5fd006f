"""Bytes inside a transaction: small bodies in their row, large ones in the blob folder or, on PostgreSQL, in chunks.

Everything that has bytes (received mail, outbound mail, attachments) names them by digest, and the row of that digest must exist
first: the database itself refuses anything else.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, select, update

from gateway.errors import NotFound
from gateway.mail.content import Content
from gateway.storage.cache import BlobCache
from gateway.storage.folder import BlobFolder
from gateway.storage.rows import BlobChunkRow, ContentRow, table_of
from gateway.storage.statements import insert_ignoring

LARGEST_INLINE: Final = 64 * 1024
"""Octets; more goes to the blob store."""

_PIECE: Final = 256 * 1024
_CONTENT: Final = table_of(ContentRow)
_CHUNK: Final = table_of(BlobChunkRow)
_IS_THERE: Final = _CONTENT.c.size >= 0


class Condition(StrEnum):
    """What became of stored bytes."""

    SOUND = "sound"
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedContent:
    """A row of the content table whose bytes were looked at."""

    sha256: str
    condition: Condition


class Contents:
    """The bytes of one transaction."""

    def __init__(self, connection: Connection, place: BlobFolder | BlobCache) -> None:
        """Take the folder of large bodies, or where to copy them from the database that holds them."""
        self._connection = connection
        self._folder = self.folder = place if isinstance(place, BlobFolder) else None
        self._cache = place if isinstance(place, BlobCache) else None

    def count(self) -> int:
        """Return how many different bodies are stored."""
        return self._connection.scalar(select(func.count()).select_from(_CONTENT).where(_IS_THERE)) or 0

    def get(self, sha256: str) -> Content:
        """Return the content with that digest.

        Raises:
            NotFound: no such content.
        """
        row = self._connection.execute(select(_CONTENT).where(_CONTENT.c.sha256 == sha256, _IS_THERE)).one_or_none()
        if row is None:
            raise NotFound(sha256)
        return self.of_row(row.sha256, row.size, row.body)

    def of_row(self, sha256: str, size: int, body: bytes | None) -> Content:
        """Return what a row of the content table holds or points to; a file may be gone an hour later."""
        if body is not None:
            return Content(sha256=sha256, size=size, body=body)
        if self._folder is not None:
            return Content(sha256=sha256, size=size, path=self._folder.path(sha256))
        if self._cache is not None:
            with suppress(OSError):
                return Content(sha256=sha256, size=size, path=self._cache.get(sha256, size, self._chunks(sha256)))
        return Content(sha256=sha256, size=size, body=b"".join(self._chunks(sha256)))

    def _chunks(self, sha256: str) -> Iterator[bytes]:
        """Yield what the database holds, piece by piece, so that never more than one is in memory."""
        one = select(_CHUNK.c.piece).where(_CHUNK.c.sha256 == sha256, _CHUNK.c.position == bindparam("wanted"))
        position = 0
        while (piece := self._connection.scalar(one, {"wanted": position})) is not None:
            yield piece
            position += 1

    def store(self, contents: Iterable[Content]) -> None:
        """Store what is not stored yet. A large body that is not in the folder already is put there now, which is slow.

        Raises:
            OSError: the bytes cannot be read or written.
        """
        unique = {content.sha256: content for content in contents}
        if not unique:
            return
        small = [(digest, c.size, c.read()) for digest, c in sorted(unique.items()) if c.size <= LARGEST_INLINE]
        if small:
            values = [{"sha256": digest, "size": size, "body": body} for digest, size, body in small]
            insert_ignoring(self._connection, _CONTENT, "sha256", values)
        for _, content in sorted(unique.items()):
            if content.size > LARGEST_INLINE:
                self._store_large(content)

    def _store_large(self, content: Content) -> None:
        row = {"sha256": content.sha256, "size": content.size, "body": None}
        if self._folder is not None:
            if not self._folder.has(content.sha256):
                self._folder.put(content)
            insert_ignoring(self._connection, _CONTENT, "sha256", [row])
            return
        exists = select(_CONTENT.c.sha256).where(_CONTENT.c.sha256 == content.sha256, _IS_THERE)
        if self._connection.scalar(exists) is not None:
            return
        insert_ignoring(self._connection, _CONTENT, "sha256", [row])
        # Whoever came second waited for the first one's commit above and finds its pieces here.
        if self._connection.scalar(select(_CHUNK.c.position).where(_CHUNK.c.sha256 == content.sha256).limit(1)) is None:
            for position, piece in enumerate(_pieces(content)):
                chunk = {"sha256": content.sha256, "position": position, "piece": piece}
                self._connection.execute(_CHUNK.insert(), chunk)

    def require(self, digests: Iterable[str]) -> None:
        """Make sure that the digests are stored.

        Raises:
            NotFound: one is not.
        """
        wanted = sorted(set(digests))
        if not wanted:
            return
        found = set(self._connection.scalars(select(_CONTENT.c.sha256).where(_CONTENT.c.sha256.in_(wanted), _IS_THERE)))
        missing = [digest for digest in wanted if digest not in found]
        if missing:
            message = f"no content is stored under {', '.join(missing)}"
            raise NotFound(message)

    def check(self, *, after: str, limit: int) -> tuple[CheckedContent, ...]:
        """Read the bytes of up to `limit` rows whose digest follows `after`, in the order of digests."""
        query = select(_CONTENT).where(_CONTENT.c.sha256 > after, _IS_THERE).order_by(_CONTENT.c.sha256).limit(limit)
        rows = self._connection.execute(query).all()
        return tuple(
            CheckedContent(sha256=row.sha256, condition=_look_at(row.sha256, self._stored(row.sha256, row.size, row.body)))
            for row in rows
        )

    def _stored(self, sha256: str, size: int, body: bytes | None) -> Iterator[bytes]:
        if body is None and self._folder is None:
            return self._chunks(sha256)
        return _pieces(self.of_row(sha256, size, body))

    def without_row(self, digests: Sequence[str]) -> list[str]:
        """Return those that no row names."""
        named = set(self._connection.scalars(select(_CONTENT.c.sha256).where(_CONTENT.c.sha256.in_(digests), _IS_THERE)))
        return [digest for digest in digests if digest not in named]

    def lock(self, digests: Sequence[str]) -> None:
        """Let nobody store these or refer to them until the end of this transaction."""
        query = select(_CONTENT.c.sha256).where(_CONTENT.c.sha256.in_(sorted(digests))).order_by(_CONTENT.c.sha256)
        self._connection.execute(query.with_for_update()).all()

    def forget(self, digests: Sequence[str]) -> None:
        """Erase bytes that no row refers to; in a folder they are orphans from now on."""
        self._connection.execute(update(_CONTENT).where(_CONTENT.c.sha256.in_(digests)).values(size=-1, body=None))
        self._connection.execute(delete(_CHUNK).where(_CHUNK.c.sha256.in_(digests)))

    def remove_orphans(self, digests: Sequence[str], *, older_than_seconds: float = 0.0) -> int:
        """Remove blobs that no row names and that have lain there for so long; return how many no row names.

        This is safe only where rows are written, too: whoever stores the same bytes in the next moment looks for the file
        there, in `store`, and does not find it any more.
        """
        if self._folder is None:
            return 0
        orphans = self.without_row(digests)
        for digest in orphans:
            self._folder.remove(digest, older_than_seconds=older_than_seconds)
        return len(orphans)


def _look_at(sha256: str, pieces: Iterator[bytes]) -> Condition:
    digest, size = hashlib.sha256(), 0
    try:
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
    except FileNotFoundError:
        return Condition.MISSING
    if digest.hexdigest() == sha256:
        return Condition.SOUND
    return Condition.DAMAGED if size else Condition.MISSING


def _pieces(content: Content) -> Iterator[bytes]:
    if content.body is not None:
        view = memoryview(content.body)
        yield from (bytes(view[start : start + _PIECE]) for start in range(0, len(view), _PIECE))
    elif content.path is not None:
        with content.path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece


def columns_of(content: Content, folder: BlobFolder) -> dict[str, int | bytes | None]:
    """Return `size` and `body` of a content's row, once its bytes are where they belong.

    Raises:
        OSError: the bytes cannot be read or written.
    """
    if content.size <= LARGEST_INLINE:
        return {"size": content.size, "body": content.read()}
    if not folder.has(content.sha256):
        folder.put(content)
    return {"size": content.size, "body": None}
