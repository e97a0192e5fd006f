"""The few statements that the two engines spell alike and SQLAlchemy spells apart."""

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import Column, Connection, Executable, Select, Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Row

from gateway.storage import sqlite_bulk
from gateway.storage.conflicts import ignoring

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row of whatever columns were asked for."""


def insert_ignoring(connection: Connection, table: Table, unique: str, values: Sequence[dict[str, Any]]) -> None:
    """Insert rows in bulk; those whose `unique` column is taken already are left out."""
    if not values:
        return
    if is_sqlite(connection):
        sqlite_bulk.insert_ignoring(connection, table, unique, values)
    else:
        connection.execute(_insert_ignoring(table, unique), values)


def insert_rows(connection: Connection, table: Table, values: Sequence[dict[str, Any]]) -> None:
    """Insert rows in bulk that all have the same columns."""
    if not values:
        return
    if is_sqlite(connection):
        sqlite_bulk.insert(connection, table, values)
    else:
        connection.execute(table.insert(), values)


@cache
def _insert_ignoring(table: Table, unique: str) -> Executable:
    return ignoring(postgresql.insert(table), table, unique)


def find(connection: Connection, key: Column[str], value: Column[Any], keys: Sequence[str]) -> dict[str, Any]:
    """Return the value beside each key that is there; the keys are given as their column holds them."""
    if is_sqlite(connection):
        return sqlite_bulk.find(connection, key, value, keys)
    return {row[0]: row[1] for row in connection.execute(_find(key, value), {"keys": keys})}


@cache
def _find(key: Column[str], value: Column[Any]) -> Select[str, Any]:
    return select(key, value).where(key.in_(bindparam("keys", expanding=True)))


def update_each(connection: Connection, statement: Executable, rows: Sequence[dict[str, Any]]) -> bool:
    """Run an update once for each row of parameters, all with the same names; tell whether each of them changed one row."""
    if connection.dialect.supports_sane_multi_rowcount:
        return connection.execute(statement, rows).rowcount == len(rows)
    return all(connection.execute(statement, row).rowcount == 1 for row in rows)


def is_sqlite(connection: Connection) -> bool:
    """Tell which engine this is."""
    return connection.dialect.name == "sqlite"


def upsert(connection: Connection, table: Table, values: Sequence[dict[str, Any]]) -> None:
    """Insert rows in bulk; one whose primary key is there already is replaced."""
    if values:
        connection.execute(_upsert(table, is_lite=is_sqlite(connection)), values)


@cache
def _upsert(table: Table, *, is_lite: bool) -> Executable:
    insert = (sqlite.insert if is_lite else postgresql.insert)(table)
    keys = [column.name for column in table.primary_key]
    rest = {column.name: insert.excluded[column.name] for column in table.columns if column.name not in keys}
    return insert.on_conflict_do_update(index_elements=keys, set_=rest) if rest else insert.on_conflict_do_nothing()
