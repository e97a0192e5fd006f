"""How SQLite stores a batch of accepted mails: by one statement, which begins and commits by itself where nothing else waits.

The driver gives the interpreter away several times for each statement, and the event loop, which is busy answering clients, gives
it back late: waiting for that cost more than the commit. So there is one statement, into a view of this connection alone, and its
trigger writes both tables; of a second copy of a delivery it writes neither. A content of negative size is one that was erased.
"""

import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Dialect
from sqlalchemy.dialects import sqlite

from gateway.storage.rows import ContentRow, ReceivedRow, table_of
from gateway.storage.sqlite_bulk import ROWS, Process, driver_of

_RECEIVED: Final = table_of(ReceivedRow)
_CONTENT: Final = table_of(ContentRow)
_DIALECT: Final[Dialect] = sqlite.dialect()
_BESIDE: Final = ("size", "body")
"""What the row of a content has beside its digest."""


def insert_received(connection: Connection, rows: Sequence[dict[str, Any]]) -> bool:
    """Store new rows of received mail, each with the `size` and the `body` of its content beside its own columns.

    Returns:
        True where every mail and every content was new.

    Raises:
        sqlite3.Error: of what one statement held nothing was stored.
    """
    driver, names = driver_of(connection), tuple(rows[0])
    processes, texts = _processes(names), _texts(names)
    before = driver.total_changes
    for start in range(0, len(rows), ROWS):
        some = rows[start : start + ROWS]
        parameters = [process(row[name]) if process else row[name] for row in some for name, process in processes]
        _execute(driver, texts[len(some) - 1], parameters, names)
    return driver.total_changes - before == len(rows) * 2


def _execute(driver: sqlite3.Connection, text: str, parameters: Sequence[Any], names: Sequence[str]) -> None:
    try:
        driver.execute(text, parameters)
    except sqlite3.OperationalError as error:
        if "no such table: accepting" not in str(error):
            raise
        _make_view(driver, names)
        driver.execute(text, parameters)


def _make_view(driver: sqlite3.Connection, names: Sequence[str]) -> None:
    own = [name for name in names if name not in _BESIDE]
    driver.execute(f"CREATE TEMP VIEW accepting ({', '.join(names)}) AS SELECT {', '.join('0' * len(names))}")
    trigger = f"""
        CREATE TEMP TRIGGER accept INSTEAD OF INSERT ON accepting
        WHEN NOT EXISTS (SELECT 1 FROM {_RECEIVED.name} WHERE delivery_key = NEW.delivery_key)
        BEGIN
            INSERT INTO {_CONTENT.name} (sha256, size, body) VALUES (NEW.content_sha256, NEW.size, NEW.body)
                ON CONFLICT (sha256) DO UPDATE SET size = excluded.size, body = excluded.body WHERE {_CONTENT.name}.size < 0;
            INSERT INTO {_RECEIVED.name} ({", ".join(own)}) VALUES ({", ".join(f"NEW.{name}" for name in own)});
        END"""  # noqa: S608 the names are our own
    driver.execute(trigger)


@cache
def _processes(names: tuple[str, ...]) -> tuple[tuple[str, Process | None], ...]:
    columns = {name: (_CONTENT if name in _BESIDE else _RECEIVED).c[name] for name in names}
    return tuple((name, column.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)) for name, column in columns.items())


@cache
def _texts(names: tuple[str, ...]) -> tuple[str, ...]:
    row = f"({', '.join('?' * len(names))})"
    head = f"INSERT INTO accepting ({', '.join(names)}) VALUES "  # noqa: S608 the names are our own
    return tuple(head + ", ".join([row] * count) for count in range(1, ROWS + 1))
