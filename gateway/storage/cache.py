"""Copies of large bodies that PostgreSQL holds, so that nobody needs 25 MB of memory to hand a mail on.

A node may lose them at any time: what is not there is written again. A copy that nobody asked for in an hour is removed.
"""

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.storage.folder import remove_stale_files

_KEPT_SECONDS: Final = 3600.0


class BlobCache:
    """A folder of copies, named by their digest."""

    def __init__(self, data: Path) -> None:
        """Take the gateway's folder; `cache` is made in it."""
        self._root = data.absolute() / "cache"

    def get(self, sha256: str, size: int, pieces: Iterable[bytes]) -> Path:
        """Return the file with those bytes, made from the pieces where it is not there or was cut short.

        Raises:
            OSError: there is no room, or the folder takes nothing.
        """
        path = self._root / sha256
        with suppress(FileNotFoundError):
            os.utime(path)  # somebody asked for it
            if path.stat().st_size == size:
                return path
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        remove_stale_files(self._root, older_than_seconds=_KEPT_SECONDS)
        handle, name = tempfile.mkstemp(prefix="copying-", dir=self._root)
        try:
            with os.fdopen(handle, "wb") as file:
                file.writelines(pieces)
            Path(name).rename(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return path
