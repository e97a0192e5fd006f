"""The balance at the end: the ledger of whoever sent against the database of whoever said yes.

Reads the database with SQL of its own, so that a wrong reader of ours cannot agree with a wrong writer; then asks our
own `verify` for its opinion as well. The gateway must not run, or must be idle. What stands in the
intake journal and nowhere else counts as lost: `Site.wait_until_idle` waits until nothing does.
"""

import asyncio
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from gateway.storage.database import Database
from tests.crash.harness.ledger import Ledger
from tests.crash.harness.mails import PREFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What a comparison came to; everything but `acknowledged` should be empty."""

    acknowledged: int = 0
    lost: tuple[str, ...] = ()
    """Acknowledged, and the mail, its bytes or its ticket are not there: identity and what is missing."""
    duplicates: tuple[str, ...] = ()
    """More than one ticket, post or notification for one mail."""
    permanent_replies: tuple[str, ...] = ()
    """Refused for good, though all mails are good."""
    damage: tuple[str, ...] = ()
    """What `verify`, SQLite's own check, and a look at leftover files found."""

    @property
    def is_even(self) -> bool:
        """Tell whether nothing is wrong."""
        return not (self.lost or self.duplicates or self.permanent_replies or self.damage)

    def __add__(self, other: "Balance") -> "Balance":
        return Balance(
            acknowledged=self.acknowledged + other.acknowledged,
            lost=self.lost + other.lost,
            duplicates=self.duplicates + other.duplicates,
            permanent_replies=self.permanent_replies + other.permanent_replies,
            damage=self.damage + other.damage,
        )


@dataclass(slots=True)
class _Kept:
    """What the database knows of one identity."""

    rows: int = 0
    ticketed: int = 0
    digests: set[str] = field(default_factory=set)
    tickets: set[int] = field(default_factory=set)
    posts: int = 0


def balance(data: Path, ledger: Ledger, *, is_processed: bool = True) -> Balance:
    """Compare; where `is_processed` is False mails may still wait for their ticket, but must be there with all their bytes."""
    connection = sqlite3.connect(data / "gateway.sqlite", timeout=10)
    try:
        kept = _read(connection)
        damage = [str(row[0]) for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        damage += [f"foreign key of {row[0]}" for row in connection.execute("PRAGMA foreign_key_check")]
        doubled = [
            f"ticket {row[0]}: {row[3]} mails {row[1]} to {row[2]}"
            for row in connection.execute(
                "SELECT ticket_id, purpose, recipient_key, count(*) FROM outbound GROUP BY 1, 2, 3 HAVING count(*) > 1"
            )
        ]
        unheard = [
            f"ticket {row[0]}: nobody was notified"
            for row in connection.execute(
                "SELECT id FROM ticket WHERE NOT EXISTS"
                " (SELECT 1 FROM outbound WHERE ticket_id = ticket.id AND purpose = 'new_ticket')"
            )
        ]
        unknown = connection.execute(
            "SELECT count(*) FROM ticket WHERE NOT EXISTS (SELECT 1 FROM received WHERE ticket_id = ticket.id)"
        ).fetchone()[0]
    finally:
        connection.close()
    lost = [what for identity in sorted(ledger.accepted) for what in _missing(identity, kept, ledger, is_processed=is_processed)]
    duplicates = [what for identity in sorted(kept) for what in _doubled(identity, kept[identity])]
    if unknown:
        duplicates.append(f"{unknown} tickets come from no mail")
    damage += asyncio.run(_verify(data))
    return Balance(
        acknowledged=len(ledger.accepted),
        lost=tuple(lost + unheard),
        duplicates=tuple(duplicates + doubled),
        permanent_replies=tuple(ledger.refused),
        damage=tuple(damage),
    )


def leftovers(data: Path) -> tuple[str, ...]:
    """Return the files that lie in the spool although no mail is arriving, and in the intake journal although none waits.

    To be asked of a gateway that was started after the last death and stopped in order. What was set aside `verify` says.
    """
    spooled = [f"left in the spool: {path.name}" for path in sorted((data / "spool").iterdir())]
    journal = [path for path in sorted((data / "journal").glob("*")) if path.suffix != ".aside"]
    return (*spooled, *(f"left in the journal: {path.name}" for path in journal))


def _read(connection: sqlite3.Connection) -> dict[str, _Kept]:
    kept: dict[str, _Kept] = {}
    posts = Counter(row[0] for row in connection.execute("SELECT received_id FROM post WHERE received_id IS NOT NULL"))
    for received_id, subject, state, ticket, digest in connection.execute(
        "SELECT id, subject, state, ticket_id, content_sha256 FROM received"
    ):
        entry = kept.setdefault(str(subject).removeprefix(f"{PREFIX} "), _Kept())
        entry.rows += 1
        entry.ticketed += state == "ticketed"
        entry.digests.add(digest)
        entry.posts += posts[received_id]
        if ticket is not None:
            entry.tickets.add(ticket)
    return kept


def _missing(identity: str, kept: dict[str, _Kept], ledger: Ledger, *, is_processed: bool) -> list[str]:
    entry = kept.get(identity)
    if entry is None:
        return [f"{identity}: no mail"]
    missing = []
    if not entry.digests <= ledger.sent[identity]:
        missing.append(f"{identity}: other bytes than were sent")
    if is_processed and entry.ticketed != 1:
        missing.append(f"{identity}: {entry.ticketed} of {entry.rows} became a ticket")
    if is_processed and not (entry.tickets and entry.posts):
        missing.append(f"{identity}: {len(entry.tickets)} tickets, {entry.posts} posts")
    return missing


def _doubled(identity: str, entry: _Kept) -> list[str]:
    if entry.rows == 1 and entry.posts <= 1 and len(entry.tickets) <= 1:
        return []
    return [f"{identity}: {entry.rows} mails, {len(entry.tickets)} tickets, {entry.posts} posts"]


async def _verify(data: Path) -> list[str]:
    database = await Database.open(data=data, migrate=False, read_only=True)
    try:
        found = await database.verify()
    finally:
        await database.close()
    missing = [f"verify: bytes of {digest} are missing" for digest in found.missing]
    damaged = [f"verify: bytes of {digest} are damaged" for digest in found.damaged]
    return missing + damaged + [f"verify: set aside: {Path(name).name}" for name in found.aside]
