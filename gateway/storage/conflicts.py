"""What an insertion does that finds its row there already: nothing, but where the row is a mere mark, fill it again."""

from typing import TypeVar

from sqlalchemy import Table, text
from sqlalchemy.dialects import postgresql, sqlite

from gateway.storage.rows import REFILLED_WHERE

InsertT = TypeVar("InsertT", sqlite.Insert, postgresql.Insert)


def ignoring(insert: InsertT, table: Table, unique: str) -> InsertT:
    """Return an insertion that leaves rows as they are whose `unique` column is taken."""
    where = table.info.get(REFILLED_WHERE)
    if where is None:
        return insert.on_conflict_do_nothing(index_elements=[unique])
    rest = {column.name: insert.excluded[column.name] for column in table.columns if column.name != unique}
    return insert.on_conflict_do_update(index_elements=[unique], set_=rest, where=text(where))
