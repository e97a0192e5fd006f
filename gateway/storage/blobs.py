"""Bytes outside a transaction: put them before the rows that name them, get them, and check that all is there."""

import asyncio

from gateway.mail import Content
from gateway.storage.contents import LARGEST_INLINE
from gateway.storage.engine import StorageEngine
from gateway.storage.faults import translated


class BlobStore:
    """Content by its digest, small or large."""

    def __init__(self, engine: StorageEngine) -> None:
        self._engine = engine

    async def put(self, *contents: Content) -> None:
        """Make bytes durable; putting what is there already changes nothing.

        Raises:
            StorageUnavailable: no room, or the disk or the database fails.
        """
        for content in contents:
            await self.prepare(content)
        if contents:
            await self._engine.write(lambda tx: tx.contents.store(contents), urgent=False)

    async def prepare(self, content: Content) -> None:
        """Move a large body into the folder, so that the transaction that names it is short.

        Raises:
            StorageUnavailable: no room, or the disk fails.
        """
        if self._engine.folder is not None and content.size > LARGEST_INLINE:
            with translated():
                await asyncio.to_thread(self._engine.folder.put, content)

    async def get(self, sha256: str) -> Content:
        """Return the bytes with that digest.

        Raises:
            NotFound: no such content.
        """
        return await self._engine.read(lambda tx: tx.contents.get(sha256))

    async def discard_spooled(self, content: Content) -> None:
        """Remove a spooled file whose bytes are stored elsewhere now."""
        if self._engine.folder is not None and content.path is not None:
            await asyncio.to_thread(self._engine.folder.discard_spooled, content)
