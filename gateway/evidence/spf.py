"""SPF (RFC 7208): may this address send for this domain? Every limit of section 4.6.4 holds.

`check_sender` and `check_helo` are the two questions; `check_host` is the function of section 4. DNS goes through the
resolver that is given; nothing raises, odd addresses and names included.
"""

import asyncio
import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gateway.evidence.answers import Answer, AnswerStatus, RecordType, absolute_name
from gateway.evidence.resolver import Dns
from gateway.evidence.spf_macros import MacroContext, expand
from gateway.evidence.spf_record import Directive, MalformedRecord, Record, has_macro, parse_record
from gateway.mail.addresses import Address, ascii_domain
from gateway.mail.evidence import SpfEvidence, SpfResult, SpfScope

MAX_LOOKUPS: Final = 10
MAX_VOID_LOOKUPS: Final = 2
MAX_EXCHANGES: Final = 10
MAX_POINTERS: Final = 10
MAX_NAME: Final = 253
LONG_RECORD: Final = 8192
"""Octets from which on a record is read in a thread: no honest one has as many, and other sessions go on."""

_REMEMBERED: Final = 1024
"""Records, names and client addresses that are not read again."""

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_QUALIFIED: Final = {"+": SpfResult.PASS, "-": SpfResult.FAIL, "~": SpfResult.SOFTFAIL, "?": SpfResult.NEUTRAL}


class _Stop(Exception):
    """The evaluation ends here, with this result."""

    def __init__(self, result: SpfResult, because: str) -> None:
        super().__init__(because)
        self.result = result
        self.because = because


@dataclass(slots=True)
class _Query:
    """What one evaluation knows and has spent; all its includes and redirects share it."""

    dns: Dns
    ip: IpAddress
    sender: Address
    helo: str
    lookups: int = 0
    void_lookups: int = 0

    async def ask(self, name: str, kind: RecordType) -> Answer:
        """Ask for a mechanism. Raises _Stop: the DNS failed, or too many names were empty."""
        answer = await self.dns.ask(name, kind)
        if answer.status is AnswerStatus.TEMPORARY:
            raise _Stop(SpfResult.TEMPERROR, f"the DNS did not answer about {name}")
        if answer.status is AnswerStatus.INVALID and absolute_name(name) is not None:
            raise _Stop(SpfResult.PERMERROR, f"the DNS entry of {name} makes no sense")
        self.count_void(answer)
        return answer

    def count_void(self, answer: Answer) -> None:
        """Count a name that does not exist. Raises _Stop: it is one too many."""
        self.void_lookups += answer.is_void
        if self.void_lookups > MAX_VOID_LOOKUPS:
            raise _Stop(SpfResult.PERMERROR, "more than two of its names do not exist")

    def count_lookup(self) -> None:
        """Count a term that asks the DNS. Raises _Stop: it is one too many."""
        self.lookups += 1
        if self.lookups > MAX_LOOKUPS:
            raise _Stop(SpfResult.PERMERROR, "its record needs more than ten lookups")


@lru_cache(_REMEMBERED)
def read_ip(text: str | None) -> IpAddress | None:
    """Read a client address; IPv4 inside IPv6 becomes IPv4, a zone is dropped, anything else is None."""
    if text is None:
        return None
    try:
        address = ipaddress.ip_address(text.strip().removeprefix("[").removesuffix("]").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


async def check_sender(dns: Dns, *, client_ip: str | None, reverse_path: Address | None, helo: str | None) -> SpfEvidence:
    """Check the reverse-path, or the HELO name where it is null (RFC 7208 section 2.4)."""
    if reverse_path is None or not reverse_path.domain:
        return await check_helo(dns, client_ip=client_ip, helo=helo)
    ip = read_ip(client_ip)
    domain = ascii_domain(reverse_path.domain)
    if ip is None:
        because = "the client's address is not known"
        return SpfEvidence(result=SpfResult.NONE, domain=domain, scope=SpfScope.MFROM, because=because)
    sender = Address(reverse_path.local or "postmaster", domain)
    result, because = await check_host(dns, ip=ip, sender=sender, helo=helo or "")
    return SpfEvidence(result=result, domain=domain, scope=SpfScope.MFROM, because=because)


async def check_helo(dns: Dns, *, client_ip: str | None, helo: str | None) -> SpfEvidence:
    """Check the HELO name (RFC 7208 section 2.3)."""
    ip = read_ip(client_ip)
    domain = ascii_domain(helo) if helo else None
    if ip is None or domain is None:
        because = "the client's address is not known" if ip is None else "the client gave no name"
        return SpfEvidence(result=SpfResult.NONE, domain=domain, scope=SpfScope.HELO, because=because)
    result, because = await check_host(dns, ip=ip, sender=Address("postmaster", domain), helo=helo or "")
    return SpfEvidence(result=result, domain=domain, scope=SpfScope.HELO, because=because)


async def check_host(dns: Dns, *, ip: IpAddress, sender: Address, helo: str) -> tuple[SpfResult, str]:
    """Evaluate the SPF policy of the sender's domain (RFC 7208 section 4); returns the result and the deciding fact."""
    query = _Query(dns, ip, sender, helo)
    try:
        return await _check_domain(query, sender.domain)
    except _Stop as stop:
        return stop.result, stop.because


async def _check_domain(query: _Query, domain: str) -> tuple[SpfResult, str]:
    """Evaluate one domain's record; the include and redirect recursion is bounded by the lookup count."""
    if len(domain) > MAX_NAME or not _could_have_record(domain):
        return SpfResult.NONE, f"{domain[:MAX_NAME]} is no domain that could have a record"
    answer = await query.dns.ask(domain, RecordType.TXT)
    if answer.status is AnswerStatus.TEMPORARY:
        raise _Stop(SpfResult.TEMPERROR, f"the DNS did not answer about {domain}")
    if answer.status is AnswerStatus.INVALID:
        raise _Stop(SpfResult.PERMERROR, f"the DNS entry of {domain} makes no sense")
    texts = [text for text in answer.texts if text.lower() == b"v=spf1" or text[:7].lower() == b"v=spf1 "]
    if not texts:
        return SpfResult.NONE, f"{domain} has no SPF record"
    if len(texts) > 1:
        raise _Stop(SpfResult.PERMERROR, f"{domain} has more than one SPF record")
    try:
        record = _parse_short(texts[0]) if len(texts[0]) <= LONG_RECORD else await asyncio.to_thread(parse_record, texts[0])
    except MalformedRecord as problem:
        raise _Stop(SpfResult.PERMERROR, f"the SPF record of {domain} is malformed: {problem}") from None
    return await _evaluate(query, record, domain)


_parse_short: Final = lru_cache(_REMEMBERED)(parse_record)


@lru_cache(_REMEMBERED)
def _could_have_record(domain: str) -> bool:
    """Tell whether a domain that is not too long is well-formed (RFC 7208 section 4.3)."""
    labels = domain.removesuffix(".").split(".")
    return not domain.startswith("[") and len(labels) > 1 and all(0 < len(label) < 64 for label in labels)  # noqa: PLR2004 RFC 1035


async def _evaluate(query: _Query, record: Record, domain: str) -> tuple[SpfResult, str]:
    for directive in record.directives:
        if await _matches(query, directive, domain):
            result = _QUALIFIED[directive.qualifier]
            return result, f"{query.ip} matches {directive.text} of {domain}"
    if record.redirect is None:
        return SpfResult.NEUTRAL, f"no part of the SPF record of {domain} matches {query.ip}"
    query.count_lookup()
    target = await _expand(query, record.redirect, domain)
    result, because = await _check_domain(query, target)
    if result is SpfResult.NONE:
        return SpfResult.PERMERROR, f"{domain} redirects to {target}, which has no SPF record"
    return result, because


async def _expand(query: _Query, spec: str | None, domain: str) -> str:
    """Return the name a term speaks of. Names that are too long lose labels at the left (RFC 7208 section 7.3)."""
    if spec is None:
        return domain
    validated = "unknown"
    if has_macro(spec, "p"):
        validated = await _validated_name(query, domain)
    context = MacroContext(ip=query.ip, sender=query.sender, helo=query.helo, domain=domain, validated=validated)
    name = expand(spec, context).removesuffix(".")
    while len(name) > MAX_NAME and "." in name:
        name = name.partition(".")[2]
    return name


async def _matches(query: _Query, directive: Directive, domain: str) -> bool:
    if directive.mechanism == "all":
        return True
    if directive.network is not None:
        return query.ip in directive.network
    query.count_lookup()
    target = await _expand(query, directive.spec, domain)
    match directive.mechanism:
        case "include":
            matches = await _includes(query, target, domain)
        case "a":
            matches = await _has_address(query, target, directive)
        case "mx":
            matches = await _has_exchange(query, target, directive)
        case "ptr":
            wanted = target.lower()
            matches = any(name == wanted or name.endswith("." + wanted) for name in await _validated_names(query))
        case _:
            matches = bool((await query.ask(target, RecordType.A)).hosts)
    return matches


async def _includes(query: _Query, target: str, domain: str) -> bool:
    """Evaluate another record in place (RFC 7208 section 5.2)."""
    result, because = await _check_domain(query, target)
    match result:
        case SpfResult.PASS:
            return True
        case SpfResult.FAIL | SpfResult.SOFTFAIL | SpfResult.NEUTRAL:
            return False
        case SpfResult.NONE:
            raise _Stop(SpfResult.PERMERROR, f"{domain} includes {target}, which has no SPF record")
        case SpfResult.TEMPERROR | SpfResult.PERMERROR:
            raise _Stop(result, because)


def _address_type(ip: IpAddress) -> RecordType:
    return RecordType.A if ip.version == 4 else RecordType.AAAA  # noqa: PLR2004 the older protocol


def _covers(query: _Query, host: str, directive: Directive) -> bool:
    prefix = directive.prefix4 if query.ip.version == 4 else directive.prefix6  # noqa: PLR2004 the older protocol
    return query.ip in ipaddress.ip_network(f"{host}/{prefix}", strict=False)


async def _has_address(query: _Query, name: str, directive: Directive) -> bool:
    answer = await query.ask(name, _address_type(query.ip))
    return any(_covers(query, host, directive) for host in answer.hosts)


async def _has_exchange(query: _Query, name: str, directive: Directive) -> bool:
    """Evaluate mx; more than ten exchanges are a permanent error (RFC 7208 section 4.6.4)."""
    exchanges = (await query.ask(name, RecordType.MX)).hosts
    if len(exchanges) > MAX_EXCHANGES:
        raise _Stop(SpfResult.PERMERROR, f"{name} has more than ten mail exchanges")
    for exchange in exchanges:
        if exchange and await _has_address(query, exchange, directive):
            return True
    return False


async def _validated_names(query: _Query) -> list[str]:
    """Return the client's names that lead back to it (RFC 7208 section 5.5); DNS errors only leave names out."""
    answer = await query.dns.ask(query.ip.reverse_pointer, RecordType.PTR)
    query.count_void(answer)
    validated: list[str] = []
    for name in answer.hosts[:MAX_POINTERS]:
        addresses = await query.dns.ask(name, _address_type(query.ip))
        query.count_void(addresses)
        if any(read_ip(host) == query.ip for host in addresses.hosts):
            validated.append(name.lower())
    return validated


async def _validated_name(query: _Query, domain: str) -> str:
    """Return the value of the macro p (RFC 7208 section 7.3)."""
    names = await _validated_names(query)
    wanted = domain.lower()
    within = [name for name in names if name.endswith("." + wanted)]
    return wanted if wanted in names else (within or names or ["unknown"])[0]
