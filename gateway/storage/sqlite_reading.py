"""SQLite opened for reading only, beside the gateway that writes it: for commands that look and change nothing.

This is aiosqlite, as everything would be where speed does not count: it crosses threads for every statement, which costs four
times what a whole read costs in the reading threads of `sqlite.py`.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.errors import StorageUnavailable, WrongCommand
from gateway.storage import schema
from gateway.storage.accepting import Acceptance
from gateway.storage.faults import translated
from gateway.storage.folder import BlobFolder
from gateway.storage.transaction import Reader, Topic, Writer
from gateway.storage.wakeups import Wakeups

T = TypeVar("T")


class SqliteReadingEngine:
    """The embedded engine without its writing half."""

    def __init__(self, data: Path, path: Path) -> None:
        self.folder = BlobFolder(data)
        file = f"file:{quote(str(path.absolute()))}"
        self._engine = create_async_engine(URL.create("sqlite+aiosqlite", database=file, query={"mode": "ro", "uri": "true"}))
        self._wakeups = Wakeups()

    @classmethod
    async def open(cls, data: Path, path: Path) -> "SqliteReadingEngine":
        """Open a database that exists.

        Raises:
            StorageUnavailable: there is none, or its schema is not the one of this program.
        """
        if not await asyncio.to_thread(path.is_file):
            message = f"there is no database {path}"
            raise StorageUnavailable(message)
        engine = cls(data, path)
        try:
            with translated():
                async with engine._engine.connect() as connection:
                    await connection.run_sync(schema.require_newest)
        except BaseException:
            await engine.close()
            raise
        return engine

    async def read(self, work: Callable[[Reader], T]) -> T:
        """Run `work` on one consistent picture."""

        def run(connection: Connection) -> T:
            connection.exec_driver_sql("BEGIN")
            return work(Reader(connection, self.folder))

        with translated():
            async with self._engine.connect() as connection:
                return await connection.run_sync(run)

    async def write(self, work: Callable[[Writer], T], *, urgent: bool) -> T:
        """Refuse."""
        del work, urgent
        raise WrongCommand("the database was opened for reading only")

    async def accept(self, acceptances: Sequence[Acceptance]) -> tuple[int, ...]:
        """Refuse."""
        del acceptances
        raise WrongCommand("the database was opened for reading only")

    async def wait_for(self, topic: Topic, timeout: float) -> None:  # noqa: ASYNC109 waiting in vain is no error here
        """Wait in vain: what other processes commit is not heard."""
        await self._wakeups.wait_for(topic, timeout)

    async def close(self) -> None:
        """Let go of the file."""
        await self._engine.dispose()
