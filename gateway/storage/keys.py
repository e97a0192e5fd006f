"""The secrets that tokens are made with, and the counters that number tickets."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.storage.rows import CounterRow, TokenKeyRow, table_of
from gateway.storage.statements import insert_ignoring, is_sqlite

_KEY: Final = table_of(TokenKeyRow)
_COUNTER: Final = table_of(CounterRow)
KEY_IDS: Final = 32
"""A token has five bits for the id of its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenKey:
    """One secret."""

    id: int
    secret: bytes = field(repr=False)
    created_at: datetime


class KeyReader:
    """Reads the secrets."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> tuple[TokenKey, ...]:
        """Return every secret that tokens may have been made with, newest last."""
        rows = self._connection.execute(select(_KEY).order_by(_KEY.c.created_at, _KEY.c.key_id))
        return tuple(TokenKey(id=row.key_id, secret=row.secret, created_at=row.created_at) for row in rows)


class KeyWriter(KeyReader):
    """Makes secrets."""

    def ensure(self, now: datetime, make_secret: Callable[[], bytes]) -> tuple[TokenKey, ...]:
        """Make the first secret if there is none yet; return all."""
        if not self._connection.scalar(select(func.count()).select_from(_KEY)):
            row: dict[str, Any] = {"key_id": 0, "secret": make_secret(), "created_at": now}
            insert_ignoring(self._connection, _KEY, "key_id", [row])
        return self.all()

    def rotate(self, now: datetime, make_secret: Callable[[], bytes]) -> TokenKey:
        """Make a new secret; of 32 the oldest is replaced, and its tokens become hints."""
        existing = self.all()
        key_id = (existing[-1].id + 1) % KEY_IDS if existing else 0
        row: dict[str, Any] = {"key_id": key_id, "secret": make_secret(), "created_at": now}
        self._connection.execute(_KEY.delete().where(_KEY.c.key_id == key_id))
        self._connection.execute(_KEY.insert(), row)
        return TokenKey(id=key_id, secret=row["secret"], created_at=now)


class Numbers:
    """Counters; a number that was reserved and is neither used nor given back is a gap, never used twice."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reserve(self, series: str, count: int = 1) -> int:
        """Reserve `count` numbers of a series that starts at 1; return the first."""
        insert = (sqlite.insert if is_sqlite(self._connection) else postgresql.insert)(_COUNTER)
        statement = insert.on_conflict_do_update(
            index_elements=["series"], set_={"next_number": _COUNTER.c.next_number + count}
        ).returning(_COUNTER.c.next_number)
        following = self._connection.execute(statement, {"series": series, "next_number": 1 + count}).scalar_one()
        return int(following) - count

    def give_back(self, series: str, first: int, count: int) -> bool:
        """Make reserved numbers the next ones again, where nobody has reserved any since; return whether that was so."""
        change = _COUNTER.update().where(_COUNTER.c.series == series, _COUNTER.c.next_number == first + count)
        return self._connection.execute(change.values(next_number=first)).rowcount == 1
