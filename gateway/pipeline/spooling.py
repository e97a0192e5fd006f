"""Bytes that are too large to be handed from process to process in memory: a file of the spool, until storage has moved it."""

import hashlib
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import Final

from gateway.mail.content import Content

SPOOL_OCTETS: Final = 65_536
"""Bytes above this go to a file where there is a spool: storage keeps them as a file, too, and then has only to move it."""
HELD: Final = "held-"
"""What the names of such files begin with."""


def hold(body: bytes, spool: Path | None, *, held_as: str = HELD) -> Content:
    """Keep bytes in memory, or big ones in a read-only file of their own, whose name begins with `held_as`.

    Raises:
        OSError: there is no room, or no such folder.
    """
    if spool is None or len(body) <= SPOOL_OCTETS:
        return Content.of(body)
    handle, name = mkstemp(prefix=held_as, dir=spool)
    path = Path(name)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 it is open already
            file.write(body)
        path.chmod(0o400)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return Content(sha256=hashlib.sha256(body).hexdigest(), size=len(body), path=path)


def discard_held(spool: Path, held_as: str) -> None:
    """Remove all files whose names begin so; what cannot be removed now is by the house-keeping."""
    for path in spool.glob(f"{held_as}*"):
        with suppress(OSError):
            path.unlink(missing_ok=True)
