"""Which records the DNS must have for a configuration: where mail for us goes, and who may send in whose name. Pure.

What only the admin knows (addresses of machines, who else sends for a domain) stays open: `HowTo` says what to do with a record.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.config.model import Config
from gateway.evidence.settings import CLOUD_SPF_DOMAIN
from gateway.mail.addresses import ascii_domain
from gateway.mail.envelope import Door
from gateway.pipeline.settings import ChannelSettings

_CLOUDS: Final = {
    ".office365.com": CLOUD_SPF_DOMAIN["microsoft365"],
    ".outlook.com": CLOUD_SPF_DOMAIN["microsoft365"],
    ".gmail.com": CLOUD_SPF_DOMAIN["google"],
    ".google.com": CLOUD_SPF_DOMAIN["google"],
}
"""Smarthosts of these names send from the addresses that this domain lists."""
_LOOPBACK: Final = frozenset({"localhost", "localhost.localdomain"})


class HowTo(StrEnum):
    """What to do with a record."""

    PUBLISH = "publish"
    EXTEND = "extend"
    """Put it into the record that is there; without one, publish it."""
    COMPLETE = "complete"
    """Publish it with what only the admin knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsRecord:
    """One record of the DNS."""

    name: str
    """As A-labels, without the dot at the end."""
    type: str
    value: str
    """As it stands in the zone; of a TXT record the text itself. Where it is to be completed, what belongs there."""
    how: HowTo
    because: str


def wanted_records(config: Config, keys: Iterable[tuple[str, str]]) -> tuple[DnsRecord, ...]:
    """Return the records, those of our own name first; `keys` are name and text of what the signing keys need."""
    return (*_ways_to_us(config), *_senders(config), *_keys(keys), *_policies(config))


def find_gaps(config: Config) -> tuple[str, ...]:
    """Say which answers nothing here authenticates: whoever checks DMARC has only the smarthost's word for them."""
    signed = {ascii_domain(each.domain) for each in config.signing}
    hostname = ascii_domain(config.hostname)
    gaps = []
    for channel in config.channels.values():
        for domain in _author_domains(channel):
            aligned = channel.reverse_path == "address" or hostname == domain or hostname.endswith(f".{domain}")
            if domain not in signed and not aligned:
                gaps.append(
                    f"answers from {domain} pass DMARC only where the smarthost signs for it: their bounce addresses are on "
                    f"{hostname}; otherwise give `signing` a key for {domain}, or set `reverse_path: address`"
                )
    return tuple(dict.fromkeys(gaps))


def _ways_to_us(config: Config) -> Iterator[DnsRecord]:
    hostname = ascii_domain(config.hostname)
    because = f"agents' answers, bounces and forwarding rules go to addresses on {hostname}"
    if not any(each.door is Door.SMTP for each in config.listen):
        value = "10 <the mail server that hands mail to this gateway>"
        yield DnsRecord(name=hostname, type="MX", value=value, how=HowTo.COMPLETE, because=because)
        return
    yield DnsRecord(name=hostname, type="MX", value=f"10 {hostname}.", how=HowTo.PUBLISH, because=because)
    addresses = [address for each in config.listen if each.smtp and (address := _public_address(each.smtp))]
    for address in dict.fromkeys(addresses):
        kind = "A" if address.version == 4 else "AAAA"  # noqa: PLR2004 the protocol's own number
        yield DnsRecord(name=hostname, type=kind, value=str(address), how=HowTo.PUBLISH, because="mail comes in here")
    if not addresses:
        value = "<the address by which the Internet reaches this machine's port 25>"
        yield DnsRecord(name=hostname, type="A", value=value, how=HowTo.COMPLETE, because="mail comes in here")


def _public_address(listening: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address of a listener, where it says one that others can reach."""
    try:
        address = ipaddress.ip_address(listening.rpartition(":")[0].strip("[]"))
    except ValueError:
        return None
    return address if address.is_global else None


def _senders(config: Config) -> Iterator[DnsRecord]:
    """Say by SPF who may use our reverse-paths."""
    hostname = ascii_domain(config.hostname)
    mechanisms: dict[str, list[str]] = {}
    for channel in config.channels.values():
        domains = (hostname,) if channel.reverse_path == "verp" else _author_domains(channel)
        for domain in domains:
            mechanisms.setdefault(domain, []).extend(
                _mechanism(config.smarthosts[key].host, hostname) for key in channel.smarthosts
            )
    for domain, allowed in sorted(mechanisms.items(), key=lambda item: (item[0] != hostname, item[0])):
        words = " ".join(dict.fromkeys(allowed))
        is_ours = domain == hostname
        yield DnsRecord(
            name=domain,
            type="TXT",
            value=f"v=spf1 {words} {'-all' if is_ours else '~all'}",
            how=HowTo.PUBLISH if is_ours else HowTo.EXTEND,
            because=f"reverse-paths are on {domain}; where a smarthost hands mail on, its operator says what to include",
        )


def _mechanism(host: str, hostname: str) -> str:
    """Return the word of SPF (RFC 7208 section 5) that allows a smarthost."""
    host = ascii_domain(host)
    cloud = next((domain for ending, domain in _CLOUDS.items() if f".{host}".endswith(ending)), None)
    if cloud is not None:
        return f"include:{cloud}"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"a:{hostname if host in _LOOPBACK else host}"
    return f"a:{hostname}" if address.is_loopback else f"ip{address.version}:{address}"


def _keys(keys: Iterable[tuple[str, str]]) -> Iterator[DnsRecord]:
    for name, text in keys:
        because = "what leaves is signed with this key"
        yield DnsRecord(name=ascii_domain(name), type="TXT", value=text, how=HowTo.PUBLISH, because=because)


def _policies(config: Config) -> Iterator[DnsRecord]:
    """Say by DMARC what becomes of mail in our name that nothing proves."""
    signed = {ascii_domain(each.domain) for each in config.signing}
    hostname = ascii_domain(config.hostname)
    policy = "reject" if hostname in signed else "none"
    yield DnsRecord(
        name=f"_dmarc.{hostname}",
        type="TXT",
        value=f"v=DMARC1; p={policy}",
        how=HowTo.PUBLISH,
        because="notifications to agents come from it; with a key for it in `signing` the policy can be `reject`",
    )
    authors = sorted({domain for channel in config.channels.values() for domain in _author_domains(channel)} - {hostname})
    for domain in authors:
        because = "answers come from it; where there is a record, leave that as it is"
        yield DnsRecord(name=f"_dmarc.{domain}", type="TXT", value="v=DMARC1; p=none", how=HowTo.EXTEND, because=because)


def _author_domains(channel: ChannelSettings) -> Sequence[str]:
    return tuple(dict.fromkeys(ascii_domain(address.domain) for address in (channel.address, *channel.also)))
