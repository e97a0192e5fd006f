"""Asks the database how much automatic mail went a way lately, before one more goes there."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway.mail.addresses import Address
from gateway.pipeline.facts import AUTOMATIC_PURPOSES, Traffic
from gateway.pipeline.loops import breaker_keys
from gateway.storage.automatic import Addressed
from gateway.storage.transaction import Reader


def gather_traffic(tx: Reader, ways: Sequence[tuple[Address, str]], *, now: datetime) -> tuple[Traffic, ...]:
    """Return the automatic mail of the last hour for each way: to whom, and on which channel."""
    addressed = tuple(Addressed(recipient=to, channel=channel) for to, channel in ways)
    counts = tx.outbox.automatic_counts(addressed, since=now - timedelta(hours=1), purposes=AUTOMATIC_PURPOSES)
    return tuple(
        Traffic(
            to=to,
            channel=channel,
            to_correspondent=count.recipient,
            to_domain=count.domain,
            on_channel=count.channel,
            open_breakers=_open_breakers(tx, to, channel) if count.channel else frozenset(),
        )
        for (to, channel), count in zip(ways, counts, strict=True)
    )


def _open_breakers(tx: Reader, to: Address, channel: str) -> frozenset[str]:
    """Return the keys of the breakers that stand before an automatic mail and are open."""
    return frozenset(key for key in breaker_keys(to, channel).values() if tx.timers.get(key) is not None)
