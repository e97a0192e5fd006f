"""How much one author wrote lately, and how often the same: what the rules against floods look at.

However much somebody writes, the question looks at a bounded number of entries of one index, and at no text: posts keep a digest.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from gateway.storage.rows import PostRow, table_of

_POST: Final = table_of(PostRow)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidLately:
    """How many mails of an author were taken; `alike` counts those with the likeness asked for."""

    in_hour: int = 0
    alike_in_hour: int = 0
    alike_in_week: int = 0
    alike_on_ticket_in_day: int = 0


NOTHING_SAID: Final = SaidLately()

_NEWEST: Final = (
    select(_POST.c.created_at, _POST.c.likeness, _POST.c.ticket_id)
    .where(_POST.c.author_key == bindparam("author_key"), _POST.c.created_at >= bindparam("week_ago"))
    .order_by(_POST.c.created_at.desc())
    .limit(bindparam("most"))
    .subquery("newest")
)
_IS_IN_HOUR: Final = _NEWEST.c.created_at >= bindparam("hour_ago")
_IS_ALIKE: Final = _NEWEST.c.likeness == bindparam("likeness")
_IS_HERE: Final = (_NEWEST.c.ticket_id == bindparam("ticket_id")) & (_NEWEST.c.created_at >= bindparam("day_ago"))
_SAID: Final = select(
    func.count().filter(_IS_IN_HOUR).label("in_hour"),
    func.count().filter(_IS_IN_HOUR, _IS_ALIKE).label("alike_in_hour"),
    func.count().filter(_IS_ALIKE).label("alike_in_week"),
    func.count().filter(_IS_HERE, _IS_ALIKE).label("alike_on_ticket_in_day"),
).select_from(_NEWEST)


def said_lately(
    connection: Connection, author_key: str, likeness: str, *, ticket_id: int | None, now: datetime, most: int
) -> SaidLately:
    """Count among the newest mails of an author, at most so many; nothing is like an empty likeness."""
    asked = {
        "author_key": author_key,
        "likeness": likeness or None,
        "ticket_id": ticket_id,
        "hour_ago": now - _HOUR,
        "day_ago": now - _DAY,
        "week_ago": now - _WEEK,
        "most": most,
    }
    row = connection.execute(_SAID, asked).one()
    return SaidLately(
        in_hour=row.in_hour,
        alike_in_hour=row.alike_in_hour,
        alike_in_week=row.alike_in_week,
        alike_on_ticket_in_day=row.alike_on_ticket_in_day,
    )
