"""Looking through a declared forwarder at the hop before it.

Only the topmost run of Received fields is believed: the first one was written by the declared forwarder itself, and each
further one by a machine that the one above it names as its own. The first client that is none of them is the hop before.
Everything that stands below the field that names it may have been written by anybody.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.evidence.headers import Field, HeaderBlock, read_mailboxes
from gateway.evidence.received import Hop, read_received
from gateway.evidence.resolver import Dns
from gateway.evidence.results import AuthenticationResults, read_results
from gateway.evidence.rewriting import is_srs, undo_rewriting
from gateway.evidence.settings import ForwarderSettings
from gateway.evidence.spf import check_host, read_ip
from gateway.mail.addresses import Address
from gateway.mail.envelope import Envelope
from gateway.mail.evidence import SpfEvidence, SpfResult

MAX_HOPS: Final = 30
MAX_RESULTS: Final = 10
LOCAL_DELIVERY: Final = "local delivery"
"""What the mail server in front of a local door is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """How a mail came through a forwarder. `position` is the index of the Received field that ends the trusted run."""

    forwarder: ForwarderSettings | None
    """None is our own mail server in front of a local door."""
    label: str
    hop: Hop | None
    """The hop before; None where it cannot be told."""
    position: int | None
    is_submission: bool
    """A user of the forwarder handed the mail in after logging in: nothing was forwarded."""
    unlisted: str | None = None
    """The private address where the trail ends, because no forwarder lists it."""

    @property
    def why_unknown(self) -> str:
        """Say why the hop before is not known."""
        unknown = "who had handed it over there is not known"
        return f"{unknown}: {self.unlisted} is a private address that no forwarder lists" if self.unlisted else unknown

    @property
    def is_shared(self) -> bool:
        """Tell whether it is a cloud, whose Received fields prove nothing to us."""
        return self.forwarder is not None and self.forwarder.is_shared


class Pathfinder:
    """Finds out for one mail and one channel through which declared forwarder it came."""

    def __init__(self, block: HeaderBlock, forwarders: Sequence[ForwarderSettings], dns: Dns) -> None:
        self._block = block
        self._forwarders = forwarders
        self._dns = dns
        self._passed: ForwarderSettings | None = None
        self._unlisted: str | None = None
        self.is_uncertain = False
        """The DNS did not answer whether some address is a declared forwarder's: nothing may be contradicted."""

    async def find(self, envelope: Envelope, spf: SpfEvidence) -> Passage | None:
        """Tell through which forwarder the mail came, if any, and who had handed it to that one."""
        if not self._forwarders and not envelope.door.is_local:
            return None
        forwarder = await self._recognise(envelope, spf)
        if forwarder is None and not envelope.door.is_local:
            return None
        if forwarder is not None and forwarder.is_shared:
            return Passage(forwarder=forwarder, label=forwarder.label, hop=None, position=None, is_submission=False)
        hop, position = await self._walk()
        passed = forwarder or self._passed
        is_submission = hop is not None and hop.is_submission
        return Passage(
            forwarder=passed,
            label=passed.label if passed else LOCAL_DELIVERY,
            hop=None if is_submission else hop,
            position=position,
            is_submission=is_submission,
            unlisted=self._unlisted,
        )

    async def _recognise(self, envelope: Envelope, spf: SpfEvidence) -> ForwarderSettings | None:
        """Return the forwarder that handed us the mail: known by its address, or by an SRS domain that SPF confirms.

        A shared cloud is looked for before any SRS domain, because that domain's SPF record may list the whole cloud.
        """
        for forwarder in sorted(self._forwarders, key=lambda f: f.is_shared):
            is_ours = not forwarder.is_shared or has_domain(envelope, forwarder.tenant_domains)
            if is_ours and await self._sends_from(envelope.client_ip, forwarder):
                return forwarder
        path = envelope.reverse_path
        if path is None or not is_srs(path):
            return None
        owners = (f for f in self._forwarders if not f.is_shared and has_domain(envelope, frozenset(f.srs_domains)))
        owner = next(owners, None)
        if owner is not None and spf.result is SpfResult.TEMPERROR:
            self.is_uncertain = True
        return owner if spf.result is SpfResult.PASS else None

    async def _sends_from(self, client_ip: str | None, forwarder: ForwarderSettings) -> bool:
        """Tell whether an address is the forwarder's, by its networks or its SPF record."""
        ip = read_ip(client_ip)
        if ip is None:
            return False
        if in_networks(ip, forwarder):
            return True
        for domain in forwarder.all_spf_domains:
            result, _ = await check_host(self._dns, ip=ip, sender=Address("postmaster", domain), helo=domain)
            if result is SpfResult.PASS:
                return True
            if result is SpfResult.TEMPERROR:
                self.is_uncertain = True
        return False

    async def _walk(self) -> tuple[Hop | None, int | None]:
        """Go down the Received fields while they are the forwarders' own.

        Returns the hop before and where it stands; (None, position) where the trail ends without one. A login among the
        forwarder's own machines is nothing, unless the trail ends there: then it was somebody in the office. A private address
        that nobody listed may be a machine of the forwarder's, or a proxy that hides the whole world: the trail ends there.
        """
        places = [(i, one) for i, one in enumerate(self._block.fields) if one.name == b"received"][:MAX_HOPS]
        for number, (position, one) in enumerate(places, 1):
            hop = read_received(one.unfolded)
            if not hop.has_client:
                continue
            if hop.ip is None:
                return None, position
            is_last_login = hop.is_submission and number == len(places)
            if is_last_login or not await self._is_inside(hop.ip):
                if is_private(ipaddress.ip_address(hop.ip)) and not is_last_login:
                    self._unlisted = hop.ip
                    return None, position
                return hop, position
        return None, places[-1][0] if places else None

    async def _is_inside(self, client_ip: str) -> bool:
        ip = ipaddress.ip_address(client_ip)
        own = [f for f in self._forwarders if not f.is_shared]
        listed = next((f for f in own if in_networks(ip, f)), None)
        if listed is None and not ip.is_loopback:
            for forwarder in own:
                if await self._sends_from(client_ip, forwarder):
                    listed = forwarder
                    break
            else:
                return False
        self._passed = self._passed or listed
        return True


def in_networks(ip: ipaddress.IPv4Address | ipaddress.IPv6Address, forwarder: ForwarderSettings) -> bool:
    """Tell whether an address lies in a forwarder's networks."""
    return any(ip.version == network.version and ip in network for network in forwarder.networks)


def has_domain(envelope: Envelope, domains: frozenset[str]) -> bool:
    """Tell whether the reverse-path lies in one of these domains."""
    if envelope.reverse_path is None:
        return False
    domain = envelope.reverse_path.domain
    return any(domain == wanted or domain.endswith("." + wanted) for wanted in domains)


_PRIVATE: Final = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "fc00::/7", "fe80::/10"),
    )
)


def is_private(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Tell whether an address is a network's own (RFC 1918, 3927, 6598, 4193, 4291); documentation networks are not meant."""
    return any(ip.version == network.version and ip in network for network in _PRIVATE)


@dataclass(frozen=True, slots=True)
class SenderBefore:
    """The reverse-path before the forwarder. `is_known` is False where nobody says what it was; None is the null one."""

    address: Address | None
    is_known: bool


def sender_before(
    envelope: Envelope,
    passage: Passage,
    block: HeaderBlock,
    sealed: AuthenticationResults | None,
    author_domain: str | None,
) -> SenderBefore:
    """Return the reverse-path that the forwarder had been given, un-rewritten.

    One in the forwarder's own domain may be the forwarding mailbox; but who writes as the forwarder's domain has to be measured
    by it.
    """
    if envelope.reverse_path is None:
        return SenderBefore(address=None, is_known=True)
    rewritten = undo_rewriting(envelope.reverse_path)
    if rewritten.by_forwarder and rewritten.original is not None:
        return SenderBefore(address=rewritten.original, is_known=True)
    settings = passage.forwarder
    own = frozenset() if settings is None else settings.tenant_domains
    may_be_mailbox = has_domain(envelope, own) and envelope.reverse_path.domain != author_domain
    if not rewritten.by_forwarder and not may_be_mailbox:
        return SenderBefore(address=rewritten.original, is_known=True)
    return _from_headers(passage, block) or _from_seal(sealed) or SenderBefore(address=None, is_known=False)


def trusted_fields(passage: Passage, block: HeaderBlock) -> tuple[Field, ...]:
    """Return the fields that stand above the one that tells of the hop before: the forwarder's own."""
    return () if passage.position is None else block.fields[: passage.position]


def _from_headers(passage: Passage, block: HeaderBlock) -> SenderBefore | None:
    for one in trusted_fields(passage, block):
        if one.name == b"return-path":
            if one.unfolded.replace(" ", "") == "<>":
                return SenderBefore(address=None, is_known=True)
            mailboxes = read_mailboxes(one.unfolded) or []
            if len(mailboxes) == 1:
                return SenderBefore(address=undo_rewriting(mailboxes[0]).original, is_known=True)
        if one.name == b"received-spf":
            for word in one.unfolded.replace(";", " ").split():
                if word.lower().startswith("envelope-from="):
                    address = Address.of(word.partition("=")[2].strip('"<>'))
                    if address.domain:
                        return SenderBefore(address=undo_rewriting(address).original, is_known=True)
    return None


def _from_seal(sealed: AuthenticationResults | None) -> SenderBefore | None:
    spf = sealed.first("spf") if sealed else None
    text = spf.properties.get("smtp.mailfrom") if spf else None
    if not text or "@" not in text:
        return None
    return SenderBefore(address=undo_rewriting(Address.of(text)).original, is_known=True)


def own_results(passage: Passage, block: HeaderBlock) -> tuple[AuthenticationResults, ...]:
    """Return the forwarder's own Authentication-Results: a listed id, and above the hop before (RFC 8601 section 5)."""
    settings = passage.forwarder
    if settings is None or settings.is_shared or not settings.authserv_id:
        return ()
    fields = [one for one in trusted_fields(passage, block) if one.name == b"authentication-results"]
    results = [read_results(one.unfolded) for one in fields[:MAX_RESULTS]]
    return tuple(r for r in results if r.authserv_id in settings.authserv_id)
