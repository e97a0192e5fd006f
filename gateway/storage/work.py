"""Units of work with a name, so that they can cross from the desk process to the one that writes (`functools.partial` of them).

Each takes the transaction last. A lambda would do as well wherever the database is in the same process.
"""

from collections.abc import Sequence
from datetime import datetime

from gateway.mail.content import Content
from gateway.storage.transaction import Writer
from gateway.tickets import Changes


def apply_changes(changes: Changes, tx: Writer) -> None:
    """Write all that one stimulus changes."""
    tx.apply(changes)


def store_contents(contents: Sequence[Content], tx: Writer) -> None:
    """Store bytes under their digest."""
    tx.contents.store(contents)


def claim_received(
    limit: int, now: datetime, lease_seconds: float, node: str, series: str, in_stock: int, tx: Writer
) -> tuple[tuple[int, ...], int, int]:
    """Lease undecided mails, and reserve a ticket number for each beyond those in stock.

    Returns:
        The ids of the mails, the first number and how many there are.
    """
    ids = tx.received.lease(limit=limit, now=now, lease_seconds=lease_seconds, node=node)
    count = max(0, len(ids) - in_stock)
    return ids, tx.numbers.reserve(series, count) if count else 0, count


def lease_due(limit: int, now: datetime, lease_seconds: float, node: str, tx: Writer) -> tuple[int, ...]:
    """Lease mails that are due to be sent."""
    return tx.outbox.lease_due(now=now, limit=limit, lease_seconds=lease_seconds, node=node)


def release_leases(node: str, now: datetime, tx: Writer) -> int:
    """Void what a dead process of this node held; return how many mails of ours go back into the outbox."""
    tx.received.release_leases(node)
    return tx.outbox.release_leases(node, now=now)


def reclaim_lost(now: datetime, tx: Writer) -> int:
    """Put mails back into the outbox whose sender's lease is over."""
    return tx.outbox.reclaim_lost(now)


def reserve_numbers(series: str, count: int, tx: Writer) -> int:
    """Reserve ticket numbers; return the first."""
    return tx.numbers.reserve(series, count)


def return_numbers(series: str, first: int, count: int, tx: Writer) -> bool:
    """Take back reserved numbers where they are still the last ones; return whether they were."""
    return tx.numbers.give_back(series, first, count)


def put_back(ids: Sequence[int], node: str, until: datetime, tx: Writer) -> int:
    """Let go of undecided mails before their lease is over: somebody may try again after `until`."""
    return tx.received.put_back(ids, node=node, until=until)
