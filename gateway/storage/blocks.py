"""Blocks and absences: whose mail is suspended, and which agent is away.

A block is found by looking up every value that would match (the address, each domain from the author's upwards, each network that
holds the client), so the cost is that of a few dozen looks into an index, however many blocks there are.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, TypeAlias

from sqlalchemy import Connection, and_, bindparam, delete, func, or_, select

from gateway.mail.addresses import ascii_domain
from gateway.people import Absence, Block, BlockKind
from gateway.storage.columns import clean_text, index_key
from gateway.storage.people_rows import AbsenceRow, BlockRow
from gateway.storage.rows import table_of
from gateway.storage.statements import AnyRow, upsert

_BLOCK: Final = table_of(BlockRow)
_ABSENCE: Final = table_of(AbsenceRow)
_MOST_LABELS: Final = 32
"""Of a hostile domain; real ones have a handful."""
_MAPPED_BITS: Final = 96
"""Before an IPv4 address in an IPv6 one (RFC 4291 section 2.5.5.2)."""


Sender: TypeAlias = tuple[str | None, tuple[str, ...]]
"""The author's `Address.key`, and the IP addresses that the mail came from."""

_ANY: Final = select(func.min(_BLOCK.c.kind))
_MATCHING: Final = select(_BLOCK).where(
    or_(*(and_(_BLOCK.c.kind == kind, _BLOCK.c.lookup.in_(bindparam(f"{kind}_lookups", expanding=True))) for kind in BlockKind))
)


class BlockReader:
    """Reads blocks and absences."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def block_matching(self, author_key: str | None, client_ips: Sequence[str] = ()) -> Block | None:
        """Return the block that fits best: the address, else the nearest domain, else the smallest network.

        `author_key` is `Address.key`, whose domain counts with all domains above it; `client_ips` are the client's and, where
        there is one, that of the hop before a declared forwarder. What is no IP address matches nothing.
        """
        return self.blocks_matching([(author_key, tuple(client_ips))])[0]

    def blocks_matching(self, senders: Sequence[Sender]) -> tuple[Block | None, ...]:
        """Return for each sender the block that fits best, with one statement for all; with none where nothing is blocked."""
        if self._connection.scalar(_ANY) is None:
            return (None,) * len(senders)
        best_first = [_lookups_of(*sender) for sender in senders]
        wanted = {kind: {lookup for lookups in best_first for k, lookup in lookups if k is kind} for kind in BlockKind}
        rows = self._connection.execute(_MATCHING, {f"{kind}_lookups": sorted(found) for kind, found in wanted.items()})
        found = {(row.kind, row.lookup): _make_block(row) for row in rows}
        return tuple(next((found[each] for each in lookups if each in found), None) for lookups in best_first)

    def blocks(self) -> tuple[Block, ...]:
        """Return every block, newest first."""
        return tuple(map(_make_block, self._connection.execute(select(_BLOCK).order_by(_BLOCK.c.at.desc(), _BLOCK.c.value))))

    def absences(self) -> dict[str, Absence]:
        """Return by agent who is away; one that is over by its own `until` still stands here until somebody removes it."""
        return {
            row.agent: Absence(agent=row.agent, since=row.since, by=row.by, until=row.until)
            for row in self._connection.execute(select(_ABSENCE))
        }


class BlockWriter(BlockReader):
    """Changes blocks and absences."""

    def block(self, blocks: Sequence[Block]) -> None:
        """Block these; one of the same kind and value is replaced.

        Raises:
            ValueError: the value of a network is none.
        """
        upsert(self._connection, _BLOCK, [_values(block) for block in blocks])

    def lift(self, blocks: Sequence[Block]) -> None:
        """Let mail of these in again; one that does not stand is as good as lifted."""
        for block in blocks:
            where = _BLOCK.c.kind == block.kind, _BLOCK.c.lookup == _lookup(block.kind, block.value)
            self._connection.execute(delete(_BLOCK).where(*where))

    def leave(self, absences: Sequence[Absence]) -> None:
        """Note who is away; one of the same agent is replaced."""
        rows = [{"agent": a.agent, "since": a.since, "by": a.by, "until": a.until} for a in absences]
        upsert(self._connection, _ABSENCE, rows)

    def come_back(self, agents: Sequence[str]) -> None:
        """Note who is back."""
        if agents:
            self._connection.execute(delete(_ABSENCE).where(_ABSENCE.c.agent.in_(agents)))


def _lookup(kind: BlockKind, value: str) -> str:
    """Return the form that is compared."""
    match kind:
        case BlockKind.ADDRESS:
            return index_key(value)
        case BlockKind.DOMAIN:
            return index_key(ascii_domain(value))
        case BlockKind.NETWORK:
            network = ip_network(value.strip(), strict=False)
            first = network.network_address
            if isinstance(first, IPv6Address) and first.ipv4_mapped is not None and network.prefixlen >= _MAPPED_BITS:
                return _network_lookup(4, int(first.ipv4_mapped), network.prefixlen - _MAPPED_BITS)
            return _network_lookup(network.version, int(first), network.prefixlen)


def _lookups_of(author_key: str | None, client_ips: Sequence[str]) -> list[tuple[BlockKind, str]]:
    """Return all that would match a sender, the best first."""
    return [
        *((BlockKind.ADDRESS, index_key(key)) for key in (author_key,) if key),
        *((BlockKind.DOMAIN, lookup) for lookup in _domains(author_key)),
        *((BlockKind.NETWORK, lookup) for ip in client_ips for lookup in _networks(ip)),
    ]


def _domains(author_key: str | None) -> list[str]:
    """Return the domain of an address and all above it, the nearest first."""
    _, at, domain = (author_key or "").rpartition("@")
    if not at or not domain:
        return []
    labels = domain.split(".")
    starts = (0, *range(max(1, len(labels) - _MOST_LABELS), len(labels)))
    return [index_key(".".join(labels[start:])) for start in starts]


def _networks(client_ip: str) -> list[str]:
    """Return every network that holds an address, the smallest first."""
    try:
        ip = ip_address(client_ip)
    except ValueError:
        return []
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    bits = 32 if isinstance(ip, IPv4Address) else 128
    number = int(ip)
    return [_network_lookup(ip.version, number >> (bits - length) << (bits - length), length) for length in range(bits, -1, -1)]


def _network_lookup(version: int, number: int, length: int) -> str:
    return f"{version}:{number:x}/{length}"


def _values(block: Block) -> dict[str, object]:
    return {
        "kind": block.kind,
        "lookup": _lookup(block.kind, block.value),
        "value": clean_text(block.value),
        "at": block.at,
        "by": block.by,
        "why": block.why,
    }


def _make_block(row: AnyRow) -> Block:
    return Block(kind=row.kind, value=row.value, at=row.at, by=row.by, why=row.why)
