"""What the drivers raise, in our own words: `StorageUnavailable` and `ConcurrentChange`; what is our own fault stays as it is."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.errors import ConcurrentChange, GatewayError, StorageUnavailable

_SQLITE_UNAVAILABLE: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)
_SQLITE_TAKEN: Final = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})
_PRIMARY_CODE: Final = 0xFF

_POSTGRESQL_TAKEN: Final = frozenset({"23505", "40001", "40P01"})  # unique violation, serialization failure, deadlock
_POSTGRESQL_UNAVAILABLE_CLASSES: Final = frozenset({"08", "53", "57", "58", "55", "XX"})
_POSTGRESQL_UNAVAILABLE: Final = frozenset({"25006"})  # a read-only transaction: a standby that takes no writes


@contextmanager
def translated() -> Iterator[None]:
    """Raise what the drivers raise as errors of ours."""
    try:
        yield
    except GatewayError:
        raise
    except (SQLAlchemyError, sqlite3.Error, OSError, TimeoutError) as error:
        raise translate(error) from error


def translate(error: Exception) -> Exception:
    """Return our error for a driver's, or the same when it is a fault of ours."""
    match error:
        case GatewayError():
            return error
        case DBAPIError() if error.connection_invalidated:
            return StorageUnavailable(str(error.orig))
        case DBAPIError():
            return _by_code(error.orig) or error
        case PoolTimeout() | OSError() | TimeoutError():
            return StorageUnavailable(str(error) or type(error).__name__)
        case _:
            return _by_code(error) or error


def _by_code(cause: BaseException | None) -> GatewayError | None:
    match cause:
        case sqlite3.Error():
            return _of_sqlite(cause)
        case OSError():
            return StorageUnavailable(str(cause))
        case _:
            return _of_postgresql(cause)


def _of_sqlite(cause: sqlite3.Error) -> GatewayError | None:
    code = getattr(cause, "sqlite_errorcode", 0)
    if code in _SQLITE_TAKEN:
        return ConcurrentChange(str(cause))
    return StorageUnavailable(str(cause)) if code & _PRIMARY_CODE in _SQLITE_UNAVAILABLE else None


def _of_postgresql(cause: BaseException | None) -> GatewayError | None:
    state = getattr(cause, "sqlstate", None)
    if state is None:
        return StorageUnavailable(str(cause)) if "closed" in str(cause) else None  # asyncpg's InterfaceError
    if state in _POSTGRESQL_TAKEN:
        return ConcurrentChange(str(cause))
    is_unavailable = state in _POSTGRESQL_UNAVAILABLE or state[:2] in _POSTGRESQL_UNAVAILABLE_CLASSES
    return StorageUnavailable(str(cause)) if is_unavailable else None
