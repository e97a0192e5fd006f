"""Keeps the desk process (`desk.py`). While none is there, mail waits in the database."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from gateway.app import Gateway
from gateway.config.model import Config
from gateway.desk import Orders
from gateway.errors import StorageUnavailable
from gateway.keeper import Keeper, command_of
from gateway.line import Line
from gateway.storage.settings import SQLITE
from gateway.storage.sqlite_remote import forward_wakeups, serve_writes

log: Final = structlog.get_logger()

COMMAND: Final = command_of("gateway.desk")


class DeskKeeper(Keeper):
    """Keeps one desk process for a front."""

    name = "desk"

    def __init__(self, *, log_level: str = "info", command: Sequence[str] = COMMAND, does_send: bool = True) -> None:
        """Take how to start one; without `does_send` what it makes stays queued."""
        super().__init__(log_level=log_level, command=command, own_session=True)
        self._does_send = does_send

    def orders(self, gateway: Gateway, config: Config) -> object:
        """Return what a new desk is told."""
        return Orders(config=config, node=gateway.node, does_send=self._does_send)

    def attend(self, gateway: Gateway, line: Line) -> asyncio.Task[None] | None:
        """Write what it wants to be written, and wake it."""
        if gateway.config.database != SQLITE:
            return None
        serve_writes(gateway.database.engine, line)
        return asyncio.create_task(forward_wakeups(gateway.database.engine, line), name="wakeups")

    async def clear_away(self, gateway: Gateway) -> None:
        """Leave everything to the next desk, which takes up what this one held."""

    def note_death(self, *, code: int | None, age: float, again_in: float) -> None:
        """Log that the desk died."""
        log.error("desk.died", code=code, age=age, again_in=again_in)

    def note_failure(self, error: StorageUnavailable) -> None:
        """Log that no desk can begin; its own log has the details."""
        log.error("desk.failed", error=str(error))

    def note_replacement(self) -> None:
        """Log that another desk has begun."""
        log.info("desk.replaced")
