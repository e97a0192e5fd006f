"""What opendmarc says of the matrix, with the DKIM results of opendkim: every difference has its reason, or is a defect."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.evidence.fake_dns import Behaviour, Records
from tests.evidence.filters import Filters, start_filters
from tests.evidence.test_evidence_scenarios import DECLARED, MX, ROWS, arrive
from tests.evidence.world import DIRECT, EVIL_IP, KUNDE_IP, World, key_record, rsa_pem, signer


@pytest.fixture
async def filters(world: World) -> AsyncIterator[Filters]:
    async with start_filters(world.dns) as found:
        yield found


def said(results: bytes, method: str) -> str:
    """Return the first result of a method in Authentication-Results."""
    found = re.search(rf"[;\s]{method}=([a-z]+)".encode(), results)
    return found[1].decode() if found else "-"


async def test_opendkim_and_opendmarc_say_the_same_of_every_row_of_the_matrix(filters: Filters, world: World) -> None:
    different: list[str] = []
    compared = 0
    for row in ROWS:
        arrival = arrive(row)
        if arrival.client_ip is None:
            continue
        compared += 1
        ip, helo, path = arrival.client_ip, arrival.helo or "", arrival.mail_from
        signed, judged = await filters.judge(arrival.content, client_ip=ip, helo=helo, mail_from=path)
        declared = DECLARED.get(row.route, [MX])
        evidence = await world.observe(arrival.content, client_ip=ip, helo=helo, mail_from=path, forwarders=declared)
        theirs = (said(judged.results(), "spf"), said(signed, "dkim"), said(judged.results(), "dmarc"))
        first = evidence.dkim[0].result.value if evidence.dkim else "none"
        ours = (evidence.spf.result.value, first, evidence.dmarc.result.value)
        if ours != theirs:
            different.append(f"{row}: we {ours}, they {theirs}")
    assert not different, "\n".join(different)
    assert compared > 90


@dataclass(frozen=True, kw_only=True)
class Special:
    """A mail of which the two may differ; `why` says why, wherever they do."""

    ours: str
    opendmarc: str
    why: str = ""
    author: str = "kurt@kunde.example"
    mail: bytes = DIRECT
    signed_by: str | None = None
    mail_from: str = "x@evil.example"
    client_ip: str = EVIL_IP
    zone: Mapping[str, Records | Behaviour] = field(default_factory=dict)

    def content(self) -> bytes:
        mail = self.mail.replace(b"kurt@kunde.example", self.author.encode(), 1)
        return signer(self.signed_by).sign(mail) if self.signed_by else mail


def record(text: str) -> Records:
    return {"TXT": [text]}


HERE: Records = {"A": ["198.51.100.9"]}
SHOP: Mapping[str, Records | Behaviour] = {"shop.kunde.example": HERE}
SPECIALS = {
    "subdomain signed by its parent": Special(
        author="a@shop.kunde.example", zone=SHOP, signed_by="kunde.example", ours="pass", opendmarc="pass"
    ),
    "the same, adkim=s": Special(
        author="a@shop.kunde.example",
        zone={**SHOP, "_dmarc.kunde.example": record("v=DMARC1; p=reject; adkim=s")},
        signed_by="kunde.example",
        ours="fail",
        opendmarc="fail",
    ),
    "reverse-path in a subdomain": Special(
        mail_from="x@bounce.kunde.example",
        client_ip=KUNDE_IP,
        zone={"bounce.kunde.example": record("v=spf1 ip4:198.51.100.7 -all")},
        ours="pass",
        opendmarc="pass",
    ),
    "the same, aspf=s": Special(
        mail_from="x@bounce.kunde.example",
        client_ip=KUNDE_IP,
        zone={
            "bounce.kunde.example": record("v=spf1 ip4:198.51.100.7 -all"),
            "_dmarc.kunde.example": record("v=DMARC1; p=reject; aspf=s"),
        },
        ours="fail",
        opendmarc="pass",
        why="strict alignment means the very same name; opendmarc lets a subdomain pass",
    ),
    "record between author and organisation": Special(
        author="a@x.abt.laden.example",
        zone={"x.abt.laden.example": HERE, "_dmarc.abt.laden.example": record("v=DMARC1; p=reject")},
        ours="fail",
        opendmarc="none",
        why="the tree walk finds it; RFC 7489 asks only at the author's name and at the organisational domain",
    ),
    "psd=n at a subdomain": Special(
        author="a@shop.kunde.example",
        zone={**SHOP, "_dmarc.shop.kunde.example": record("v=DMARC1; p=reject; psd=n")},
        signed_by="kunde.example",
        ours="fail",
        opendmarc="pass",
        why="psd=n makes the subdomain an organisation of its own; RFC 7489 does not know it",
    ),
    "psd=y at a public suffix": Special(
        author="a@laden.co.uk",
        zone={"laden.co.uk": HERE, "_dmarc.co.uk": record("v=DMARC1; p=reject; psd=y")},
        ours="fail",
        opendmarc="none",
        why="RFC 9989 asks public suffixes too",
    ),
    "neighbours under a public suffix of the list": Special(
        author="a@eins.co.uk",
        zone={
            "eins.co.uk": HERE,
            "_dmarc.eins.co.uk": record("v=DMARC1; p=reject"),
            "s1._domainkey.zwei.co.uk": record(key_record(rsa_pem())),
        },
        signed_by="zwei.co.uk",
        ours="fail",
        opendmarc="fail",
    ),
    "t=y": Special(zone={"_dmarc.kunde.example": record("v=DMARC1; p=reject; t=y")}, ours="fail", opendmarc="fail"),
    "pct=0": Special(zone={"_dmarc.kunde.example": record("v=DMARC1; p=reject; pct=0")}, ours="fail", opendmarc="fail"),
    "only reports": Special(
        zone={"_dmarc.kunde.example": record("v=DMARC1; rua=mailto:d@kunde.example")},
        ours="fail",
        opendmarc="permerror",
        why="without p= but with rua= a record means p=none (RFC 9989, and RFC 7489 already)",
    ),
    "two records": Special(
        zone={"_dmarc.kunde.example": {"TXT": ["v=DMARC1; p=reject", "v=DMARC1; p=none"]}},
        ours="none",
        opendmarc="fail",
        why="two records are no record; opendmarc takes one of them",
    ),
    "SERVFAIL for the record": Special(
        zone={"_dmarc.kunde.example": Behaviour.SERVFAIL},
        ours="temperror",
        opendmarc="none",
        why="a failure is no answer: nothing is known then",
    ),
    "SERVFAIL for SPF": Special(
        mail_from="kurt@kunde.example",
        zone={"kunde.example": Behaviour.SERVFAIL},
        ours="temperror",
        opendmarc="fail",
        why="what did not answer might have authenticated the author, and is asked again another time",
    ),
    "SERVFAIL for the key": Special(
        signed_by="kunde.example",
        zone={"s1._domainkey.kunde.example": Behaviour.SERVFAIL},
        ours="temperror",
        opendmarc="fail",
        why="likewise",
    ),
    "second From field": Special(
        mail=b"From: chef@firma.example\r\n" + DIRECT,
        ours="none",
        opendmarc="fail",
        why="it judges the topmost; nobody is the author here, and such a mail is suspended",
    ),
    "two mailboxes in From": Special(
        author="kurt@kunde.example>, <chef@firma.example",
        ours="none",
        opendmarc="-",
        why="it says nothing; nobody is the author here",
    ),
    "name that looks like an address": Special(
        mail=DIRECT.replace(b"Kurt Kunde", b'"chef@firma.example"'), ours="fail", opendmarc="fail"
    ),
}


def agreement_table() -> str:
    """Return the table of agreement as `docs/evidence.md` shows it."""
    lines = ["| mail | here | opendmarc | why |", "|---|---|---|---|"]
    lines.extend(f"| {name} | {s.ours} | {s.opendmarc} | {s.why} |" for name, s in SPECIALS.items())
    return "\n".join(lines)


def test_the_documentation_shows_what_opendmarc_says() -> None:
    assert agreement_table() in (Path(__file__).parents[2] / "docs" / "evidence.md").read_text()


def test_every_difference_from_opendmarc_has_its_reason() -> None:
    assert [name for name, s in SPECIALS.items() if (s.ours != s.opendmarc) is not bool(s.why)] == []


@pytest.mark.parametrize("name", SPECIALS)
async def test_opendmarc_agrees_on_policies_except_where_we_know_why(name: str, world: World) -> None:
    special = SPECIALS[name]
    for domain, records in special.zone.items():
        world.set(domain, records)
    async with start_filters(world.dns) as filters:
        _, judged = await filters.judge(
            special.content(), client_ip=special.client_ip, helo="mail.evil.example", mail_from=special.mail_from
        )
    evidence = await world.observe(
        special.content(), client_ip=special.client_ip, helo="mail.evil.example", mail_from=special.mail_from
    )
    assert evidence.dmarc.result == special.ours, evidence.dmarc
    assert said(judged.results(), "dmarc") == special.opendmarc, judged
