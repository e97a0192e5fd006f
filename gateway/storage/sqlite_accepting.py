"""How SQLite stores a batch of accepted mails: by one statement for up to 32 of them, through the driver.

The driver gives the interpreter away several times for each statement, and a busy event loop gives it back late. So there is one
statement, into a view of this connection alone, and its trigger writes both tables; of a second copy of a delivery it writes
neither. A content of negative size is one that was erased.

The process that accepts mail makes the rows (`bind_row`): they stand in the intake journal as the columns will hold them.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Dialect, TypeDecorator
from sqlalchemy.dialects import sqlite

from gateway.storage.rows import ContentRow, ReceivedRow, table_of
from gateway.storage.sqlite_bulk import ROWS, Process, driver_of

_RECEIVED: Final = table_of(ReceivedRow)
_CONTENT: Final = table_of(ContentRow)
_DIALECT: Final[Dialect] = sqlite.dialect()
_BESIDE: Final = ("size", "body")
"""What the row of a content has beside its digest."""
_OWN: Final = (
    "id", "delivery_key", "channel", "state", "received_at", "content_sha256", "envelope", "evidence",
    "author_key", "message_id", "subject", "deliveries",
)  # fmt: skip
NAMES: Final = (*_OWN, *_BESIDE)
"""The values of an `AcceptedRow`, in their order."""

AcceptedRow = tuple[Any, ...]
"""A mail and its content as the columns hold them."""
ID: Final = NAMES.index("id")
DELIVERY_KEY: Final = NAMES.index("delivery_key")
BODY: Final = NAMES.index("body")
"""The last one."""


def _process_of(name: str) -> Process | None:
    """Return what makes a value one of a column; where that is our own function only, without SQLAlchemy's around it."""
    kind = (_CONTENT if name in _BESIDE else _RECEIVED).c[name].type
    if isinstance(kind, TypeDecorator) and kind.impl_instance.dialect_impl(_DIALECT).bind_processor(_DIALECT) is None:
        return partial(kind.process_bind_param, dialect=_DIALECT)
    process: Process | None = kind.dialect_impl(_DIALECT).bind_processor(_DIALECT)
    return process


_PROCESSES: Final = tuple((name, _process_of(name)) for name in NAMES)
_ROW: Final = f"({', '.join('?' * len(NAMES))})"
_TEXTS: Final = tuple(
    f"INSERT INTO accepting ({', '.join(NAMES)}) VALUES {', '.join([_ROW] * count)}"  # noqa: S608 the names are our own
    for count in range(1, ROWS + 1)
)


def bind_row(values: Mapping[str, Any]) -> AcceptedRow:
    """Return a row of received mail, with the `size` and the `body` of its content, as the columns hold it."""
    return tuple(process(values[name]) if process else values[name] for name, process in _PROCESSES)


def insert_received(connection: Connection, rows: Sequence[AcceptedRow]) -> bool:
    """Store new rows of received mail and their contents.

    Returns:
        True where every mail and every content was new.

    Raises:
        sqlite3.Error: of what one statement held nothing was stored.
    """
    driver = driver_of(connection)
    before = driver.total_changes
    for start in range(0, len(rows), ROWS):
        some = rows[start : start + ROWS]
        _execute(driver, _TEXTS[len(some) - 1], [value for row in some for value in row])
    return driver.total_changes - before == len(rows) * 2


def _execute(driver: sqlite3.Connection, text: str, parameters: Sequence[Any]) -> None:
    try:
        driver.execute(text, parameters)
    except sqlite3.OperationalError as error:
        if "no such table: accepting" not in str(error):
            raise
        _make_view(driver)
        driver.execute(text, parameters)


def _make_view(driver: sqlite3.Connection) -> None:
    driver.execute(f"CREATE TEMP VIEW accepting ({', '.join(NAMES)}) AS SELECT {', '.join('0' * len(NAMES))}")
    trigger = f"""
        CREATE TEMP TRIGGER accept INSTEAD OF INSERT ON accepting
        WHEN NOT EXISTS (SELECT 1 FROM {_RECEIVED.name} WHERE delivery_key = NEW.delivery_key)
        BEGIN
            INSERT INTO {_CONTENT.name} (sha256, size, body) VALUES (NEW.content_sha256, NEW.size, NEW.body)
                ON CONFLICT (sha256) DO UPDATE SET size = excluded.size, body = excluded.body WHERE {_CONTENT.name}.size < 0;
            INSERT INTO {_RECEIVED.name} ({", ".join(_OWN)}) VALUES ({", ".join(f"NEW.{name}" for name in _OWN)});
        END"""  # noqa: S608 the names are our own
    driver.execute(trigger)
