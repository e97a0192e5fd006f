"""How many automatic mails went where lately: what the caps against loops and floods look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, bindparam, cast, func, literal, null, select, union_all

from gateway.mail.addresses import Address
from gateway.mail.outbound import Purpose
from gateway.storage.columns import index_key
from gateway.storage.rows import OutboundRow, table_of

_OUTBOUND: Final = table_of(OutboundRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """An automatic mail that may go out."""

    recipient: Address
    channel: str
    ticket_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticCounts:
    """How many such mails were queued lately, whatever became of them."""

    recipient: int
    domain: int
    """To any address of the recipient's domain, the recipient's own included."""
    channel: int
    ticket: int
    """To this recipient for this ticket; 0 where the mail has none."""


def _counting(what: str, column: ColumnElement[Any], name: str, *also: ColumnElement[Any]) -> Select[Any]:
    ticket = also[0] if also else cast(null(), BigInteger)
    return (
        select(literal(what).label("what"), column.label("value"), ticket.label("ticket_id"), func.count().label("number"))
        .where(
            column.in_(bindparam(name, expanding=True)),
            _OUTBOUND.c.purpose.in_(bindparam("purposes", expanding=True)),
            _OUTBOUND.c.created_at >= bindparam("since"),
            *(each.is_not(null()) for each in also),
        )
        .group_by(column, *also)
    )


_COUNTS: Final = union_all(
    _counting("domain", _OUTBOUND.c.recipient_domain, "domains"),
    _counting("channel", _OUTBOUND.c.channel, "channels"),
    _counting("recipient", _OUTBOUND.c.recipient_key, "recipients"),
    _counting("ticket", _OUTBOUND.c.recipient_key, "recipients", _OUTBOUND.c.ticket_id),
)


def automatic_counts(
    connection: Connection, addressed: Sequence[Addressed], *, since: datetime, purposes: Sequence[Purpose]
) -> tuple[AutomaticCounts, ...]:
    """Return for each mail that may go out how many of these purposes were queued since then, with one statement for all."""
    if not addressed:
        return ()
    keys = [index_key(each.recipient.key) for each in addressed]
    domains = [index_key(each.recipient.key.rpartition("@")[2]) for each in addressed]
    wanted = {
        "recipients": sorted(set(keys)),
        "domains": sorted(set(domains)),
        "channels": sorted({each.channel for each in addressed}),
        "purposes": list(purposes),
        "since": since,
    }
    found = {(row.what, row.value, row.ticket_id): int(row.number) for row in connection.execute(_COUNTS, wanted)}
    return tuple(
        AutomaticCounts(
            recipient=found.get(("recipient", key, None), 0),
            domain=found.get(("domain", domain, None), 0),
            channel=found.get(("channel", each.channel, None), 0),
            ticket=found.get(("ticket", key, each.ticket_id), 0) if each.ticket_id is not None else 0,
        )
        for each, key, domain in zip(addressed, keys, domains, strict=True)
    )
