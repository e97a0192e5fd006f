"""pyspf as a second opinion: on any records that two people could have published, both come to the same result."""

import asyncio
import random
import time

import pytest

from gateway.evidence.answers import RecordType
from gateway.evidence.resolver import Resolver
from gateway.evidence.settings import ResolverSettings
from gateway.evidence.spf import check_sender
from gateway.mail.addresses import Address
from tests.evidence.fake_dns import Behaviour, FakeDns, Records
from tests.evidence.judge import ask_pyspf

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
    """Return a term; never what pyspf alone refuses.

    That is an `include:` of the record's own name, before it looks at what stands left of it (RFC 7208 section 4.6), and an
    unknown modifier that stands twice (section 6: ignored, however often it appears).
    """
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
        "exists:%{l1r-}.%{d2}",
        "exists:%{ir}.%{v}.kunde.example",
        "a:%{h}",
        "ptr",
        "ptr:kunde.example",
    )
    others = (f"redirect={name}", "unbekannt:x", f"foo{chance.randrange(10_000)}=bar", "ip4:", "include:", "exp=leer.example")
    if chance.random() < 0.2:
        return chance.choice(others)
    return chance.choice(["", "", "", "+", "-", "~", "?"]) + chance.choice(mechanisms)


FAILING = [{"TXT": Behaviour.SERVFAIL}, {"*": Behaviour.SERVFAIL}, {"A": Behaviour.SERVFAIL, "AAAA": Behaviour.SERVFAIL}]
SENDERS = ("kurt@kunde.example", "kurt.kunde+x@kunde.example", "a=b/c@KUNDE.example", '"zwei worte"@kunde.example', "")


@pytest.mark.parametrize("seed", range(80))
async def test_both_come_to_the_same_result(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 the same records every time
    for _ in range(10):
        zone = any_zone(chance)
        served: dict[str, Records | Behaviour] = {name: dict(records) for name, records in zone.items()}
        if chance.random() < 0.2:
            served[chance.choice(NAMES)] = chance.choice(FAILING)
        ip, sender = chance.choice((*IPS, "::ffff:192.0.2.1")), chance.choice(SENDERS)
        path = Address.of(sender) if sender else None
        async with FakeDns(served) as server:
            resolver = Resolver(ResolverSettings(servers=[server.address], timeout=1))
            found = await check_sender(resolver, client_ip=ip, reverse_path=path, helo="mail.kunde.example")
            expected = await ask_pyspf(resolver, client_ip=ip, reverse_path=path, helo="mail.kunde.example")
            await resolver.aclose()
        told = f"{ip} {sender}: pyspf says {expected}, we say {found.result} ({found.because})\n{served}"
        assert found.result == expected, told


LONG = {
    "percents in a domain": b"v=spf1 a:" + b"%%." * 20_000 + b"example -all",
    "percents in a modifier": b"v=spf1 foo=" + b"%%." * 20_000 + b" -all",
    "open macros": b"v=spf1 a:" + b"%{" * 30_000 + b" -all",
    "macros": b"v=spf1 foo=" + b"%{d}" * 15_000 + b" -all",
    "modifiers": b"v=spf1 " + b" ".join(b"m%d=x" % i for i in range(8000)),
    "mechanisms": b"v=spf1 " + b"a " * 30_000 + b" -all",
    "networks": b"v=spf1 " + b"ip4:192.0.2.1 " * 4000 + b"-all",
    "dots": b"v=spf1 a:" + b"." * 60_000 + b" -all",
    "digits in a macro": b"v=spf1 a:%{d" + b"9" * 5000 + b"}.example -all",
    "digits in a prefix": b"v=spf1 a/" + b"9" * 5000 + b" -all",
}


@pytest.mark.parametrize("name", LONG)
async def test_no_record_of_a_stranger_keeps_us_busy_or_raises(name: str, fake_dns: FakeDns, resolver: Resolver) -> None:
    """The first two of them keep pyspf busy for half a minute each, and the last two make it raise ValueError."""
    fake_dns.zone["kunde.example"] = {"TXT": [LONG[name]]}
    await resolver.ask("kunde.example", RecordType.TXT)
    started = time.process_time()
    await check_sender(resolver, client_ip="192.0.2.1", reverse_path=Address.of("kurt@kunde.example"), helo="mail.kunde.example")
    assert time.process_time() - started < 2, "half a minute for code that is quadratic; 0.2 s here"


async def test_other_mails_go_on_while_the_longest_record_is_read(fake_dns: FakeDns, resolver: Resolver) -> None:
    fake_dns.zone["kunde.example"] = {"TXT": [LONG["mechanisms"]]}
    await resolver.ask("kunde.example", RecordType.TXT)
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.001)
            beats += 1

    heart = asyncio.create_task(beat())
    await check_sender(resolver, client_ip="192.0.2.1", reverse_path=Address.of("kurt@kunde.example"), helo="mail.kunde.example")
    heart.cancel()
    assert beats >= 2


NAMES_OF_STRANGERS = (
    "a" * 64 + ".example",
    'a"b.example',
    "a\\b.example",
    "a..example",
    ".",
    "\x00.example",
    "ä.example",
    "a\x7f.example",
)


@pytest.mark.parametrize("name", NAMES_OF_STRANGERS)
async def test_a_name_that_cannot_be_asked_about_raises_nothing_wherever_it_stands(
    name: str, fake_dns: FakeDns, resolver: Resolver
) -> None:
    async def check(domain: str, local: str = "kurt") -> str:
        found = await check_sender(resolver, client_ip="192.0.2.1", reverse_path=Address(local, domain), helo=name)
        return found.result.value

    assert await check(name) in {"none", "permerror"}
    for number, term in enumerate(("include", "a", "mx", "exists", "ptr")):
        fake_dns.zone[f"d{number}.example"] = {"TXT": [f"v=spf1 {term}:{name} ?all"]}
        assert await check(f"d{number}.example") in {"permerror", "neutral"}
    fake_dns.zone["macros.example"] = {"TXT": ["v=spf1 exists:%{l}.macros.example a:%{h} redirect=%{l}.example"]}
    assert await check("macros.example", local=name) == "permerror"
    assert all(asked.isascii() and '"' not in asked and "\x00" not in asked for asked, _ in fake_dns.questions)


@pytest.mark.parametrize(
    "client_ip", ["", "unknown", "192.0.2.1, 192.0.2.2", "::ffff:192.0.2.1%eth0", "1.2.3", "\x00", "9" * 5000]
)
async def test_an_odd_peer_address_raises_nothing(client_ip: str, fake_dns: FakeDns, resolver: Resolver) -> None:
    fake_dns.zone["kunde.example"] = {"TXT": ["v=spf1 ip4:192.0.2.1 -all"]}
    found = await check_sender(resolver, client_ip=client_ip, reverse_path=Address.of("kurt@kunde.example"), helo="h.example")
    assert found.result == ("pass" if client_ip.startswith("::ffff") else "none")
