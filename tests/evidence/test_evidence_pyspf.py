"""pyspf as a second opinion: on any records that two people could have published, both come to the same result."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
import spf

from gateway.evidence.resolver import Resolver
from gateway.evidence.settings import ResolverSettings
from gateway.evidence.spf import check_sender
from gateway.mail import Address
from tests.evidence.fake_dns import Behaviour, FakeDns, Records

NAMES = ("kunde.example", "a.example", "b.example", "c.example", "mail.kunde.example", "leer.example")
IPS = ("192.0.2.1", "192.0.2.77", "198.51.100.5", "203.0.113.9", "2001:db8::1")
Zone = dict[str, dict[str, list[str]]]


def any_zone(chance: random.Random) -> Zone:
    """Return records as people publish them, mistakes included."""
    zone: Zone = {}
    for name in NAMES:
        records: dict[str, list[str]] = {}
        if chance.random() < 0.6:
            records["A"] = chance.sample(IPS[:4], chance.randint(1, 2))
        if chance.random() < 0.2:
            records["AAAA"] = [IPS[4]]
        if chance.random() < 0.4:
            records["MX"] = [f"10 {chance.choice(NAMES)}."]
        if chance.random() < 0.85 and name != "leer.example":
            records["TXT"] = [any_record(chance) for _ in range(2 if chance.random() < 0.04 else 1)]
        zone[name] = records
    return zone


def any_record(chance: random.Random) -> str:
    terms = [any_term(chance) for _ in range(chance.randint(0, 4))]
    return " ".join(
        ["v=spf1", *terms, *([chance.choice(["-all", "~all", "?all", "+all", "all"])] if chance.random() < 0.8 else [])]
    )


def any_term(chance: random.Random) -> str:
    """Return a term; never an `include:` of the record's own name, which pyspf refuses before it looks at what stands left."""
    name, included = chance.choice(NAMES), chance.choice(NAMES[1:])
    mechanisms = (
        f"ip4:{chance.choice(IPS[:4])}",
        f"ip4:192.0.2.0/{chance.choice([8, 24, 32, 33])}",
        f"ip6:2001:db8::/{chance.choice([32, 64, 128])}",
        "a",
        f"a:{name}/{chance.choice([24, 32])}",
        "mx",
        f"mx:{name}",
        f"include:{included}",
        "exists:%{d}",
        "a:%{o}",
    )
    others = (f"redirect={name}", "unbekannt:x", "foo=bar", "ip4:", "include:", "exp=leer.example")
    if chance.random() < 0.2:
        return chance.choice(others)
    return chance.choice(["", "", "", "+", "-", "~", "?"]) + chance.choice(mechanisms)


def ask_pyspf(zone: Zone, ip: str, sender: str, helo: str, monkeypatch: pytest.MonkeyPatch) -> str:
    def look_up(name: str, kind: str, *_: Any) -> Iterator[tuple[tuple[str, str], Any]]:
        for value in zone.get(name.lower(), {}).get(kind, []):
            match kind:
                case "TXT":
                    yield (name, kind), (value.encode(),)
                case "MX":
                    preference, host = value.split(" ")
                    yield (name, kind), (int(preference), host.rstrip("."))
                case _:
                    yield (name, kind), value

    monkeypatch.setattr(spf, "DNSLookup", look_up)
    return str(spf.check2(i=ip, s=sender, h=helo)[0])


@pytest.mark.parametrize("seed", range(40))
async def test_both_come_to_the_same_result(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)  # noqa: S311 the same records every time
    for _ in range(10):
        zone = any_zone(chance)
        served: dict[str, Records | Behaviour] = {name: dict(records) for name, records in zone.items()}
        ip = chance.choice(IPS)
        expected = ask_pyspf(zone, ip, "kurt@kunde.example", "mail.kunde.example", monkeypatch)
        async with FakeDns(served) as server:
            resolver = Resolver(ResolverSettings(servers=[server.address], timeout=1))
            found = await check_sender(
                resolver, client_ip=ip, reverse_path=Address.of("kurt@kunde.example"), helo="mail.kunde.example"
            )
            await resolver.aclose()
        assert found.result == expected, f"{ip}: pyspf says {expected}, we say {found.result} ({found.because})\n{zone}"
