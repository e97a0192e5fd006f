"""Keeps the porters (`porter.py`): those that take mail beside the front, or none where one process is enough.

All of them accept from the same sockets, which are the front's: what one does not take another does, also where a porter is dead
or systemd has passed the sockets. They count connections and octets together (`smtp_in/shared_counts.py`).
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Self

import structlog

from gateway.app import Gateway
from gateway.config.model import Config
from gateway.errors import StorageUnavailable
from gateway.keeper import Keeper, command_of
from gateway.line import Line, Subject
from gateway.porter import PorterOrders
from gateway.smtp_in.listeners import Listener
from gateway.smtp_in.shared_counts import SharedCounts
from gateway.smtp_in.spool import files_of_process, remove_files

log: Final = structlog.get_logger()

COMMAND: Final = command_of("gateway.porter")


class PorterKeeper(Keeper):
    """Keeps one porter for a front."""

    name = "porter"

    def __init__(
        self,
        listeners: Sequence[Listener],
        shared: SharedCounts,
        own: int,
        *,
        on_accepted: Callable[[], None],
        log_level: str,
        command: Sequence[str],
    ) -> None:
        """Take the front's listeners, the porter's number, from 1 on, and whom to tell of mail in the intake journal."""
        self._on_accepted = on_accepted
        self._listeners = tuple((listener.settings, listener.socket.fileno()) for listener in listeners)
        self._shared = shared
        self._own = own
        descriptors = (shared.descriptor, *(descriptor for _, descriptor in self._listeners))
        super().__init__(log_level=log_level, command=command, own_session=False, descriptors=descriptors)

    def orders(self, gateway: Gateway, config: Config) -> object:
        """Return what a new porter is told."""
        return PorterOrders(
            config=config,
            ids_node=gateway.ids.node + self._own,
            listeners=self._listeners,
            counts=self._shared.descriptor,
            counts_key=self._shared.key,
            processes=self._shared.processes,
            own=self._own,
        )

    def attend(self, line: Line) -> None:
        """Hear of the mail that it accepts."""
        line.on_news(Subject.MAIL, lambda _nothing: self._on_accepted())

    async def clear_away(self, gateway: Gateway) -> None:
        """Count what the dead one had no longer, and remove the mails that it had half received."""
        self._shared.forget(self._own)
        await asyncio.to_thread(remove_files, files_of_process(gateway.spool, self._own))

    def note_death(self, *, code: int | None, age: float, again_in: float) -> None:
        """Log that a porter died."""
        log.error("porter.died", porter=self._own, code=code, age=age, again_in=again_in)

    def note_failure(self, error: StorageUnavailable) -> None:
        """Log that a porter cannot begin; its own log has the details."""
        log.error("porter.failed", porter=self._own, error=str(error))

    def note_replacement(self) -> None:
        """Log that another porter has begun."""
        log.info("porter.replaced", porter=self._own)


class Porters:
    """All porters of a front."""

    def __init__(self, keepers: Sequence[PorterKeeper], shared: SharedCounts | None = None) -> None:
        """Use `of`."""
        self.keepers = tuple(keepers)
        self.shared = shared
        """What the front counts with them, where there are any."""
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    def of(
        cls,
        listeners: Sequence[Listener],
        *,
        processes: int,
        on_accepted: Callable[[], None],
        log_level: str = "info",
        command: Sequence[str] = COMMAND,
    ) -> Self:
        """Return the porters for so many accepting processes, of which the front is one. Raises OSError."""
        if processes <= 1:
            return cls(())
        shared = SharedCounts.make(processes)
        keepers = [
            PorterKeeper(listeners, shared, own, on_accepted=on_accepted, log_level=log_level, command=command)
            for own in range(1, processes)
        ]
        return cls(keepers, shared)

    async def hire(self) -> None:
        """Start the processes, which import what they need while we go on. Raises StorageUnavailable."""
        for keeper in self.keepers:
            await keeper.hire()

    async def start(self, gateway: Gateway) -> None:
        """Have them begin to take mail. Raises StorageUnavailable when one cannot."""
        for keeper in self.keepers:
            await keeper.start(gateway)
            self._tasks.append(asyncio.create_task(keeper.run(), name="porter"))

    async def wait(self) -> None:
        """Wait for ever; an error of a keeper is raised."""
        await asyncio.gather(asyncio.Event().wait(), *map(asyncio.shield, self._tasks))

    async def drain(self, seconds: float) -> None:
        """Have them take no more mail, finish what is under way, and end."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(keeper.drain(seconds) for keeper in self.keepers))

    async def dismiss(self) -> None:
        """End them at once."""
        for keeper in self.keepers:
            await keeper.dismiss()
