"""What both engines offer to `Database`: a read, a write, an acceptance. Each is one transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from gateway.storage.accepting import Acceptance
from gateway.storage.folder import BlobFolder
from gateway.storage.transaction import Reader, Topic, Writer

T = TypeVar("T")
Clock = Callable[[], datetime]


class StorageEngine(Protocol):
    """SQLite or PostgreSQL."""

    @property
    def folder(self) -> BlobFolder | None:
        """Where large bodies lie; None where the database holds them."""
        ...

    async def read(self, work: Callable[[Reader], T]) -> T:
        """Run `work` on one consistent picture."""
        ...

    async def write(self, work: Callable[[Writer], T], *, urgent: bool) -> T:
        """Run `work` in a transaction of its own or one it shares; return once that is durable."""
        ...

    async def accept(self, acceptances: Sequence[Acceptance]) -> tuple[int, ...]:
        """Store mails; many callers share one commit."""
        ...

    async def wait_for(self, topic: Topic, timeout: float) -> None:  # noqa: ASYNC109 waiting in vain is no error here
        """Return when something was committed for the topic, or after `timeout` seconds."""
        ...

    async def close(self) -> None:
        """Finish what was begun and let go of everything."""
        ...
