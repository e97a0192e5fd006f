"""How much at once: connections, octets in flight, the pace of a sender, and one log line per burst of refusals.

Pure counting: the time is always an argument, in seconds of a clock that never steps back.
"""

import ipaddress
from collections import Counter
from dataclasses import dataclass
from typing import Final

import structlog

from gateway.smtp_in.settings import LimitSettings, Network
from gateway.smtp_in.shared_counts import Number, SharedCounts

log: Final = structlog.get_logger()

BURST_SECONDS: Final = 60.0
_IPV6_HOST_BITS: Final = 64
_MAPPED: Final = "::ffff:"


def plain_ip(peer: str) -> str:
    """Return an address as it is compared and stored: IPv4 inside IPv6 (RFC 4291 section 2.5.5.2) and zones unwrapped."""
    if ":" not in peer:
        return peer
    address = peer.partition("%")[0]
    if address.lower().startswith(_MAPPED) and "." in address:
        return address[len(_MAPPED) :]
    return address


def client_network(ip: str) -> str:
    """Return the network that stands for one client: /24 of IPv4, /64 of IPv6."""
    if ":" not in ip:
        return ip.rpartition(".")[0]
    try:
        return f"{int(ipaddress.IPv6Address(ip)) >> _IPV6_HOST_BITS:x}::"
    except ValueError:
        return ip


def is_within(ip: str | None, networks: tuple[Network, ...]) -> bool:
    """Tell whether an address lies in one of the networks."""
    if not networks or ip is None:
        return False
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return any(address in network for network in networks)


class Connections:
    """Counts connections, in all and per network of clients; with those of other processes where there are any."""

    __slots__ = ("_limits", "_per_network", "_shared", "_uncounted", "total")

    def __init__(self, limits: LimitSettings, shared: SharedCounts | None = None) -> None:
        self._per_network: Counter[str] = Counter()
        self._shared = shared
        self.total = 0
        self.reconfigure(limits)

    def reconfigure(self, limits: LimitSettings) -> None:
        """Take other limits for connections from now on."""
        self._limits = limits
        self._uncounted = tuple(limits.uncounted_networks)

    @property
    def is_full(self) -> bool:
        """Tell whether not one more fits in."""
        elsewhere = self._shared.others(Number.CONNECTIONS) if self._shared is not None else 0
        return self.total + elsewhere >= self._limits.connections

    def count(self, change: int) -> None:
        """Count a connection, or one less."""
        self.total += change
        if self._shared is not None:
            self._shared.write(Number.CONNECTIONS, self.total)

    def admit(self, ip: str | None) -> bool:
        """Count a client for its network, and tell whether the network may have one more; `release` it in any case."""
        if ip is None:
            return True
        network = client_network(ip)
        self._per_network[network] += 1
        count = self._per_network[network] if self._shared is None else self._shared.add_network(network, 1)
        return count <= self._limits.connections_per_network or is_within(ip, self._uncounted)

    def release(self, ip: str | None) -> None:
        """Count a client of a network no longer."""
        if ip is None:
            return
        network = client_network(ip)
        self._per_network[network] -= 1
        if self._per_network[network] <= 0:
            del self._per_network[network]
        if self._shared is not None:
            self._shared.add_network(network, -1)


class InFlight:
    """The octets of all mails that are arriving: in all, and of these in memory; with those of other processes."""

    __slots__ = ("_limits", "_shared", "in_memory", "total")

    def __init__(self, limits: LimitSettings, shared: SharedCounts | None = None) -> None:
        self._limits = limits
        self._shared = shared
        self.total = 0
        self.in_memory = 0

    def reconfigure(self, limits: LimitSettings) -> None:
        """Take other limits from now on."""
        self._limits = limits

    def count(self, *, octets: int, in_memory: int) -> None:
        """Count octets that have come, or have gone, and how many more or less of them are in memory."""
        self.total += octets
        self.in_memory += in_memory
        if self._shared is not None:
            self._shared.write(Number.IN_FLIGHT, self.total)
            self._shared.write(Number.IN_MEMORY, self.in_memory)

    def has_room_for(self, octets: int) -> bool:
        """Tell whether that many more may arrive."""
        elsewhere = self._shared.others(Number.IN_FLIGHT) if self._shared is not None else 0
        return self.total + elsewhere + octets <= self._limits.in_flight

    @property
    def is_memory_short(self) -> bool:
        """Tell whether everything that can must go to disk."""
        elsewhere = self._shared.others(Number.IN_MEMORY) if self._shared is not None else 0
        return self.in_memory + elsewhere > self._limits.in_memory

    def must_spool(self, octets: int) -> bool:
        """Tell whether a mail of which that many octets are in memory must go to disk."""
        return octets > self._limits.spool_above or self.is_memory_short


class Pace:
    """Whether a sender makes progress: at least so many octets in every window, however slow the single read is.

    An honest slow sender passes for hours; one that only keeps the connection alive does not pass the first window.
    """

    __slots__ = ("_octets", "_since")

    def __init__(self, *, now: float, octets: int) -> None:
        """Begin the first window at `now`, with `octets` received before."""
        self._since = now
        self._octets = octets

    def is_too_slow(self, *, now: float, octets: int, limits: LimitSettings) -> bool:
        """Tell whether the window that ends now saw too little; `octets` counts from the start of the connection."""
        seconds = now - self._since
        if seconds < limits.progress_window:
            return False
        if octets - self._octets < limits.progress * seconds:
            return True
        self._since, self._octets = now, octets
        return False


@dataclass(slots=True)
class _Burst:
    since: float
    count: int = 0


class Refusals:
    """Counts refusals for good, and logs each limit once when a burst begins and once, with its size, when it ends."""

    __slots__ = ("_bursts", "counts")

    def __init__(self) -> None:
        self._bursts: dict[str, _Burst] = {}
        self.counts: Counter[str] = Counter()
        """How often each limit was reached since the start."""

    def note(self, limit: str, *, now: float, client_ip: str | None) -> None:
        """Count a refusal because of a limit, such as `connections`."""
        self.counts[limit] += 1
        burst = self._bursts.get(limit)
        if burst is None:
            self._bursts[limit] = _Burst(since=now)
            log.warning("session.refused", limit=limit, client_ip=client_ip)
        else:
            burst.count += 1

    def sweep(self, *, now: float) -> None:
        """Log what came after the first of a burst, and forget the bursts that are over."""
        for limit, burst in list(self._bursts.items()):
            if now - burst.since < BURST_SECONDS:
                continue
            if not burst.count:
                del self._bursts[limit]
                continue
            log.warning("session.refused", limit=limit, count=burst.count, seconds=round(now - burst.since))
            self._bursts[limit] = _Burst(since=now)
