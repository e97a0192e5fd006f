"""Bytes outside a transaction: put them before the rows that name them, get them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from gateway.mail.content import Content
from gateway.storage.contents import LARGEST_INLINE
from gateway.storage.engine import StorageEngine
from gateway.storage.faults import translated
from gateway.storage.folder import discard_spooled
from gateway.storage.work import store_contents


class BlobStore:
    """Content by its digest, small or large."""

    def __init__(self, engine: StorageEngine, spool: Path) -> None:
        self._engine = engine
        self._spool = spool

    async def put(self, *contents: Content) -> None:
        """Make bytes durable; putting what is there already changes nothing.

        Raises:
            StorageUnavailable: no room, or the disk or the database fails.
        """
        await self.prepare(contents)
        await self._engine.write(partial(store_contents, tuple(self.lightened(contents))), urgent=False)

    def lightened(self, contents: Sequence[Content]) -> Sequence[Content]:
        """Name prepared bodies by their file instead of carrying them: the work may have to travel to another process."""
        folder = self._engine.folder
        if folder is None:
            return contents
        return [replace(c, body=None, path=folder.path(c.sha256)) if _is_heavy(c) else c for c in contents]

    async def prepare(self, contents: Sequence[Content]) -> None:
        """Move large bodies into the folder, so that the transaction that names them is short.

        Raises:
            StorageUnavailable: no room, or the disk fails.
        """
        folder = self._engine.folder
        large = {content.sha256: content for content in contents if content.size > LARGEST_INLINE}
        if folder is not None and large:
            with translated():
                done = await asyncio.gather(
                    *(asyncio.to_thread(folder.put, content) for content in large.values()), return_exceptions=True
                )
                for error in filter(None, done):
                    raise error

    async def get(self, sha256: str) -> Content:
        """Return the bytes with that digest.

        Raises:
            NotFound: no such content.
        """
        return await self._engine.read(lambda tx: tx.contents.get(sha256))

    async def discard_spooled(self, contents: Sequence[Content]) -> None:
        """Remove spooled files whose bytes are stored elsewhere now."""
        spooled = [content for content in contents if content.path is not None]
        if spooled:
            await asyncio.to_thread(discard_spooled, self._spool, spooled)


def _is_heavy(content: Content) -> bool:
    return content.size > LARGEST_INLINE and content.body is not None
