"""Migrations: applied on start by one writer, and agreeing with the models."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from gateway.errors import StorageUnavailable
from gateway.storage import schema
from gateway.storage.database import Database
from gateway.storage.migrations.comparison import is_ours
from gateway.storage.rows import Row
from gateway.storage.transaction import Reader, Writer

if TYPE_CHECKING:
    from tests.storage.conftest import Make


def _connection(tx: Reader) -> Connection:
    return tx.contents._connection


def _differences(tx: Reader) -> list[object]:
    options = {"include_object": is_ours, "compare_type": True, "render_as_batch": True}
    context = MigrationContext.configure(_connection(tx), opts=options)
    return list(compare_metadata(context, Row.metadata))


async def test_migrations_and_models_agree(database: Database) -> None:
    assert await database.read(_differences) == []


async def test_missing_column_would_be_noticed(database: Database) -> None:
    def drop(tx: Writer) -> list[object]:
        _connection(tx).execute(text("ALTER TABLE ticket DROP COLUMN category"))
        return _differences(tx)

    assert len(await database.write(drop)) == 1


def test_newest_migration_is_the_one_the_program_needs() -> None:
    config = Config()
    config.set_main_option("script_location", "gateway.storage:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


async def test_database_is_brought_up_to_date_once_and_then_left_alone(url: str, make: "Make", tmp_path: Path) -> None:
    acceptance = make.acceptance()
    first = await Database.open(data=tmp_path, database=url)
    await first.accept([acceptance])
    await first.close()
    again = await Database.open(data=tmp_path, database=url)
    assert await again.read(lambda tx: tx.received.get(acceptance.mail.id)) == acceptance.mail
    await again.close()


async def test_gateways_that_start_together_migrate_once(url: str, tmp_path: Path) -> None:
    opened = await asyncio.gather(*(Database.open(data=tmp_path, database=url) for _ in range(4)))
    for database in opened:
        assert await database.read(lambda tx: schema.revision(_connection(tx))) == schema.HEAD
        await database.close()


async def test_without_migrating_an_empty_database_is_refused_and_stays_empty(url: str, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="schema none"):
        await Database.open(data=tmp_path, database=url, migrate=False)
    database = await Database.open(data=tmp_path, database=url)
    await database.close()


async def test_database_of_a_newer_program_is_refused(database: Database, url: str, tmp_path: Path) -> None:
    newer = text("UPDATE alembic_version SET version_num = '9999'")
    await database.write(lambda tx: _connection(tx).execute(newer).rowcount)
    for migrate in (True, False):
        with pytest.raises(StorageUnavailable, match="9999"):
            await Database.open(data=tmp_path, database=url, migrate=migrate)


async def test_whole_schema_can_be_taken_back(database: Database) -> None:
    def take_back(tx: Writer) -> list[str]:
        config = Config()
        config.set_main_option("script_location", "gateway.storage:migrations")
        config.attributes["connection"] = _connection(tx)
        command.downgrade(config, "base")
        return inspect(_connection(tx)).get_table_names()

    assert await database.write(take_back) == ["alembic_version"]
