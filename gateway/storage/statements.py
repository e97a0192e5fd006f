"""The few statements that the two engines spell alike and SQLAlchemy spells apart."""

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Row

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row of whatever columns were asked for."""


def insert_ignoring(connection: Connection, table: Table, unique: str, values: Sequence[dict[str, Any]]) -> None:
    """Insert rows in bulk; those whose `unique` column is taken already are left out."""
    if values:
        connection.execute(_insert_ignoring(table, unique, is_lite=is_sqlite(connection)), values)


@cache
def _insert_ignoring(table: Table, unique: str, *, is_lite: bool) -> Executable:
    if is_lite:
        return sqlite.insert(table).on_conflict_do_nothing(index_elements=[unique])
    return postgresql.insert(table).on_conflict_do_nothing(index_elements=[unique])


def update_each(connection: Connection, statement: Executable, rows: Sequence[dict[str, Any]]) -> bool:
    """Run an update once for each row of parameters, all with the same names; tell whether each of them changed one row."""
    if connection.dialect.supports_sane_multi_rowcount:
        return connection.execute(statement, rows).rowcount == len(rows)
    return all(connection.execute(statement, row).rowcount == 1 for row in rows)


def is_sqlite(connection: Connection) -> bool:
    """Tell which engine this is."""
    return connection.dialect.name == "sqlite"
