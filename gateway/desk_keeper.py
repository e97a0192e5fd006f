"""Keeps the desk process (`desk.py`). While none is there, mail waits in the intake journal or in the database."""

from collections.abc import Sequence
from typing import Final

import structlog

from gateway.app import Gateway
from gateway.config.model import Config
from gateway.desk import Orders
from gateway.errors import StorageUnavailable
from gateway.keeper import Keeper, command_of
from gateway.line import Line, Subject

log: Final = structlog.get_logger()

COMMAND: Final = command_of("gateway.desk")


class DeskKeeper(Keeper):
    """Keeps one desk process for a front."""

    name = "desk"

    def __init__(
        self,
        *,
        log_level: str = "info",
        command: Sequence[str] = COMMAND,
        does_process: bool = True,
        does_send: bool = True,
    ) -> None:
        """Take how to start one; for measures it may leave mail undecided, or leave queued what it makes."""
        super().__init__(log_level=log_level, command=command, own_session=True)
        self._does_process = does_process
        self._does_send = does_send

    def orders(self, gateway: Gateway, config: Config) -> object:
        """Return what a new desk is told."""
        return Orders(config=config, node=gateway.node, does_process=self._does_process, does_send=self._does_send)

    def attend(self, line: Line) -> None:
        """Nothing: it has the database itself."""

    def tell_of_mail(self) -> None:
        """Say that there is mail in the intake journal; a desk that is not there now looks for it when it begins."""
        self.tell(Subject.MAIL)

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
