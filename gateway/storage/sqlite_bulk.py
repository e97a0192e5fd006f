"""SQLite's own way to store and to look up many rows: one statement for up to 32 of them, straight through the driver.

Accepting a mail is mostly this. SQLAlchemy's execution costs more than the work itself, and for each row that the driver steps
over it gives the interpreter away and waits to have it back. So a statement's text is made once from the Core table, for each
number of rows, and the columns' own types still turn every value into what the column holds.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Column, Connection, Dialect, Table, select
from sqlalchemy.dialects import sqlite

from gateway.storage.conflicts import ignoring

ROWS: Final = 32
"""Rows of one statement: the driver keeps the prepared statements of all numbers up to this."""

_DIALECT: Final[Dialect] = sqlite.dialect()
Process = Callable[[Any], Any]


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Return the driver's own connection behind one of SQLAlchemy's."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 the only driver of this engine
    return driver


def insert_ignoring(connection: Connection, table: Table, unique: str, values: Sequence[dict[str, Any]]) -> None:
    """Insert rows that all have the same columns; those whose `unique` column is taken already are left out.

    Raises:
        sqlite3.Error: of what one statement held nothing was stored.
    """
    _run(driver_of(connection), _insert(table, unique, frozenset(values[0])), values)


def insert(connection: Connection, table: Table, values: Sequence[dict[str, Any]]) -> None:
    """Insert rows that all have the same columns.

    Raises:
        sqlite3.Error: of what one statement held nothing was stored.
    """
    _run(driver_of(connection), _insert(table, None, frozenset(values[0])), values)


def find(connection: Connection, key: Column[str], value: Column[Any], keys: Sequence[str]) -> dict[str, Any]:
    """Return the value beside each key that is there; keys are given, and values come back, as the columns hold them."""
    driver, texts = driver_of(connection), _select(key, value)
    found: dict[str, Any] = {}
    for start in range(0, len(keys), ROWS):
        wanted = keys[start : start + ROWS]
        found.update(driver.execute(texts[len(wanted) - 1], wanted))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Insert:
    """How rows with the same columns are inserted."""

    columns: tuple[tuple[str, Process | None], ...]
    """Each column's name, in the order of the parameters, and what makes its value one that the driver takes."""
    texts: tuple[str, ...]
    """The statement for one row, for two, and so on."""


def _run(driver: sqlite3.Connection, insert: _Insert, values: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(values), ROWS):
        rows = values[start : start + ROWS]
        parameters = [process(row[name]) if process else row[name] for row in rows for name, process in insert.columns]
        driver.execute(insert.texts[len(rows) - 1], parameters)


@cache
def _insert(table: Table, unique: str | None, names: frozenset[str]) -> _Insert:
    statement = sqlite.insert(table)
    if unique is not None:
        statement = ignoring(statement, table, unique)
    compiled = statement.compile(dialect=_DIALECT, column_keys=sorted(names))
    columns = tuple(
        (name, table.c[name].type.dialect_impl(_DIALECT).bind_processor(_DIALECT)) for name in compiled.positiontup or ()
    )
    row = f"({', '.join('?' * len(columns))})"
    head, tail = str(compiled).split(row)
    return _Insert(columns=columns, texts=tuple(head + ", ".join([row] * count) + tail for count in range(1, ROWS + 1)))


@cache
def _select(key: Column[str], value: Column[Any]) -> tuple[str, ...]:
    statements = (select(key, value).where(key.in_([""] * count)) for count in range(1, ROWS + 1))
    return tuple(str(s.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})) for s in statements)
