"""Bytes that may be large: of a whole mail, or of one attachment."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Bytes that may be large: small ones in `body`, big ones in the file at `path` (exactly one of the two is set).

    `sha256` is the digest in lower-case hex, `size` in octets. The file is read-only and stays until storage removes it.
    """

    sha256: str
    size: int
    body: bytes | None = None
    path: Path | None = None

    @classmethod
    def of(cls, body: bytes) -> Self:
        """Hold bytes in memory."""
        return cls(sha256=hashlib.sha256(body).hexdigest(), size=len(body), body=body)

    def read(self) -> bytes:
        """Return all the bytes. Raises OSError when a file is gone."""
        if self.body is not None:
            return self.body
        assert self.path is not None  # noqa: S101 exactly one of the two is set
        return self.path.read_bytes()
