"""Reading the database for a command: opened read-only beside the running gateway, which does not notice."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from gateway.cli.accounts import become_owner
from gateway.config import load_config
from gateway.config.model import Config
from gateway.errors import NotFound, WrongCommand
from gateway.ids import format_id, parse_id
from gateway.storage.database import Database
from gateway.storage.journal_reader import holds_mail
from gateway.storage.settings import SQLITE
from gateway.storage.transaction import Reader

T = TypeVar("T")


def look(path: Path, work: Callable[[Reader], T]) -> T:
    """Run `work` on one consistent picture of the configured database.

    Raises:
        ConfigError: the configuration is wrong.
        StorageUnavailable: there is no database yet, or it does not answer.
    """
    return look_configured(path, lambda tx, _: work(tx))


def look_configured(path: Path, work: Callable[[Reader, Config], T]) -> T:
    """Run `work` likewise, with the configuration.

    Raises:
        ConfigError: the configuration is wrong.
        StorageUnavailable: there is no database yet, or it does not answer.
    """
    config = load_config(path, needs_secrets=False)
    become_owner(config)

    async def open_and_read() -> T:
        database = await Database.open(data=config.data, database=config.database, migrate=False, read_only=True)
        try:
            return await database.read(lambda tx: work(tx, config))
        finally:
            await database.close()

    return asyncio.run(open_and_read())


def look_at_mail(path: Path, received_id: int, work: Callable[[Reader], T]) -> T:
    """Run `work` about a received mail likewise; where there is no such mail, say why it may be in the log all the same.

    Raises:
        NotFound: it is not in the database.
    """
    try:
        return look(path, work)
    except NotFound:
        config = load_config(path, needs_secrets=False)
        name = format_id(received_id)
        if config.database == SQLITE and holds_mail(config.data, received_id):
            message = f"{name} waits in the intake journal: it is safe there, and can be seen as soon as the gateway runs"
        else:
            message = f"there is no received mail {name}; if the log has its id, mail.second_copy there says what it is a copy of"
        raise NotFound(message) from None


def read_id(text: str) -> int:
    """Read an id as people see it.

    Raises:
        WrongCommand: it is none.
    """
    number = parse_id(text)
    if number is None:
        message = f"{text!r} is not an id; they have 13 letters and digits, as the lists show them"
        raise WrongCommand(message)
    return number
