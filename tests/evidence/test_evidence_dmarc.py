"""DMARC: the tree walk of RFC 9989, its own examples, and what a record asks for."""

from dataclasses import dataclass

import pytest

from gateway.evidence.dmarc import TreeWalker, names_to_ask
from gateway.evidence.resolver import Resolver
from gateway.mail.evidence import Assurance, DmarcPolicy, DmarcResult, SpfResult, SpfScope
from tests.evidence.fake_dns import Behaviour, FakeDns, Records
from tests.evidence.world import DIRECT, EVIL_IP, KUNDE_IP, World, signer


def test_a_walk_asks_eight_names_at_most_as_in_the_example_of_the_rfc() -> None:
    assert names_to_ask("a.b.c.d.e.f.g.h.i.j.mail.example.com") == [
        "a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "g.h.i.j.mail.example.com",
        "h.i.j.mail.example.com",
        "i.j.mail.example.com",
        "j.mail.example.com",
        "mail.example.com",
        "example.com",
        "com",
    ]
    assert names_to_ask("a.mail.example.com") == ["a.mail.example.com", "mail.example.com", "example.com", "com"]


@pytest.mark.parametrize(
    ("records", "organisational"),
    [
        ({"mail.example.com": "v=DMARC1; p=none", "example.com": "v=DMARC1; p=none"}, "example.com"),
        ({"mail.example.com": "v=DMARC1; p=none; psd=n", "example.com": "v=DMARC1; p=none"}, "mail.example.com"),
        ({"com": "v=DMARC1; psd=y; p=reject"}, "example.com"),
        ({}, "a.mail.example.com"),
        ({"a.mail.example.com": "v=DMARC1; p=none; psd=y", "example.com": "v=DMARC1; p=none"}, "a.mail.example.com"),
        ({"example.com": "v=DMARC1; p=none; psd=y"}, "mail.example.com"),
        ({"com": "v=DMARC1; p=none"}, "com"),
        ({"example.com": "v=DMARC1; p=none; psd=u"}, "example.com"),
        ({"example.com": "something else"}, "a.mail.example.com"),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_the_organisational_domain_is_found_by_walking_up(
    records: dict[str, str], organisational: str, resolver: Resolver, fake_dns: FakeDns
) -> None:
    fake_dns.zone.update({f"_dmarc.{name}": {"TXT": [text]} for name, text in records.items()})
    walk = await TreeWalker(resolver).walk("a.mail.example.com")
    assert walk.organisational_domain == organisational


@dataclass(frozen=True)
class Asked:
    name: str
    own: str | None
    above: str | None
    policy: DmarcPolicy
    has_record: bool = True
    exists: bool = True


NONE, QUARANTINE, REJECT = DmarcPolicy.NONE, DmarcPolicy.QUARANTINE, DmarcPolicy.REJECT
ASKED = [
    Asked("own policy", "v=DMARC1; p=reject", None, REJECT),
    Asked("own policy over the one above", "v=DMARC1; p=none", "v=DMARC1; p=reject", NONE),
    Asked("own sp is for others", "v=DMARC1; p=none; sp=reject", None, NONE),
    Asked("inherited p", None, "v=DMARC1; p=reject", REJECT),
    Asked("inherited sp", None, "v=DMARC1; p=reject; sp=quarantine", QUARANTINE),
    Asked("np where the name is missing", None, "v=DMARC1; p=none; sp=quarantine; np=reject", REJECT, exists=False),
    Asked("np does not touch names that are there", None, "v=DMARC1; p=none; sp=quarantine; np=reject", QUARANTINE),
    Asked("sp stands in for np", None, "v=DMARC1; p=none; sp=quarantine", QUARANTINE, exists=False),
    Asked("testing", "v=DMARC1; p=reject; t=y", None, QUARANTINE),
    Asked("testing a mild policy", "v=DMARC1; p=quarantine; t=y", None, NONE),
    Asked("not testing", "v=DMARC1; p=reject; t=n", None, REJECT),
    Asked("pct=0 of RFC 7489", "v=DMARC1; p=reject; pct=0", None, QUARANTINE),
    Asked("pct=50 of RFC 7489", "v=DMARC1; p=reject; pct=50", None, REJECT),
    Asked("odd case and spaces", "v = DMARC1 ;P=Reject ; fo=1", None, REJECT),
    Asked("no policy, but reports", "v=DMARC1; rua=mailto:d@kunde.example", None, NONE),
    Asked("no policy, no reports", "v=DMARC1", None, NONE, has_record=False),
    Asked("broken policy, but reports", "v=DMARC1; p=refuse; rua=mailto:d@kunde.example", None, NONE),
    Asked("broken sp, no reports", "v=DMARC1; p=reject; sp=refuse", None, NONE, has_record=False),
    Asked("version in another case", "v=dmarc1; p=reject", None, NONE, has_record=False),
    Asked("version is not first", "p=reject; v=DMARC1", None, NONE, has_record=False),
    Asked("nothing", None, None, NONE, has_record=False),
]


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.name)
async def test_what_a_domain_asks_for(asked: Asked, resolver: Resolver, fake_dns: FakeDns) -> None:
    if asked.own:
        fake_dns.zone["_dmarc.shop.kunde.example"] = {"TXT": [asked.own]}
    if asked.above:
        fake_dns.zone["_dmarc.kunde.example"] = {"TXT": [asked.above]}
    if asked.exists:
        fake_dns.zone["shop.kunde.example"] = {"A": ["198.51.100.1"]}
        fake_dns.zone["kunde.example"] = {"A": ["198.51.100.1"]}
    elif asked.own is None:
        fake_dns.zone["kunde.example"] = {"A": ["198.51.100.1"]}
    found = await TreeWalker(resolver).discover("shop.kunde.example")
    assert (found.policy, found.record is not None) == (asked.policy, asked.has_record)


async def test_two_records_of_one_name_are_no_record(resolver: Resolver, fake_dns: FakeDns) -> None:
    fake_dns.zone["_dmarc.kunde.example"] = {"TXT": ["v=DMARC1; p=reject", "v=DMARC1; p=none", "v=spf1 -all"]}
    assert (await TreeWalker(resolver).discover("kunde.example")).record is None


async def test_other_texts_beside_the_record_do_not_matter(resolver: Resolver, fake_dns: FakeDns) -> None:
    fake_dns.zone["_dmarc.kunde.example"] = {"TXT": ["hello", "v=DMARC1; p=reject"]}
    assert (await TreeWalker(resolver).discover("kunde.example")).policy is REJECT


@pytest.mark.parametrize("behaviour", [Behaviour.SERVFAIL, Behaviour.REFUSED])
async def test_a_dns_failure_is_temporary_and_never_contradicts(behaviour: Behaviour, world: World) -> None:
    world.set("_dmarc.kunde.example", behaviour)
    evidence = await world.observe(DIRECT, client_ip=EVIL_IP)
    assert evidence.dmarc.result is DmarcResult.TEMPERROR
    assert evidence.assurance is Assurance.UNPROVEN


async def test_a_failing_spf_question_is_temporary_and_never_contradicts(world: World) -> None:
    world.set("kunde.example", Behaviour.SERVFAIL)
    evidence = await world.observe(DIRECT, client_ip=EVIL_IP)
    assert (evidence.spf.result, evidence.dmarc.result) == (SpfResult.TEMPERROR, DmarcResult.TEMPERROR)
    assert evidence.assurance is Assurance.UNPROVEN


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=DMARC1; p=reject", DmarcResult.PASS),
        ("v=DMARC1; p=reject; adkim=r", DmarcResult.PASS),
        ("v=DMARC1; p=reject; adkim=s", DmarcResult.FAIL),
    ],
)
async def test_strict_alignment_wants_the_very_domain(record: str, result: DmarcResult, world: World) -> None:
    world.set("_dmarc.kunde.example", {"TXT": [record]})
    mail = DIRECT.replace(b"kurt@kunde.example", b"kurt@shop.kunde.example", 1)
    evidence = await world.observe(signer().sign(mail), client_ip=EVIL_IP)
    assert evidence.dmarc.result is result
    assert [d.aligned for d in evidence.dkim] == [result is DmarcResult.PASS]


@pytest.mark.parametrize(("record", "result"), [("aspf=r", DmarcResult.PASS), ("aspf=s", DmarcResult.FAIL)])
async def test_strict_spf_alignment_too(record: str, result: DmarcResult, world: World) -> None:
    world.set("_dmarc.kunde.example", {"TXT": ["v=DMARC1; p=reject; " + record]})
    world.set("bounce.kunde.example", {"TXT": ["v=spf1 ip4:198.51.100.7 -all"]})
    evidence = await world.observe(DIRECT, mail_from="x@bounce.kunde.example")
    assert evidence.dmarc.result is result


async def test_without_any_record_alignment_means_the_same_domain(world: World) -> None:
    mail = DIRECT.replace(b"kurt@kunde.example", b"kurt@shop.laden.example", 1)
    evidence = await world.observe(signer("laden.example").sign(mail), mail_from="x@laden.example")
    assert (evidence.dmarc.result, evidence.assurance) == (DmarcResult.NONE, Assurance.UNPROVEN)
    assert [d.aligned for d in evidence.dkim] == [False]


async def test_domains_under_one_public_suffix_are_strangers(world: World) -> None:
    world.set("_dmarc.example", {"TXT": ["v=DMARC1; p=none; psd=y"]})
    world.set("_dmarc.leise.example", {"TXT": ["v=DMARC1; p=none"]})
    evidence = await world.observe(signer("leise.example").sign(DIRECT), client_ip=EVIL_IP)
    assert [d.aligned for d in evidence.dkim] == [False]


async def test_a_public_suffix_asks_for_domains_without_a_record(world: World) -> None:
    world.set("_dmarc.example", {"TXT": ["v=DMARC1; p=reject; sp=quarantine; psd=y"]})
    mail = DIRECT.replace(b"kunde.example", b"laden.example", 1)
    evidence = await world.observe(mail, client_ip=EVIL_IP)
    assert (evidence.dmarc.policy, evidence.assurance) == (QUARANTINE, Assurance.CONTRADICTED)


async def test_a_bounce_is_measured_by_the_name_of_its_server(world: World) -> None:
    mail = DIRECT.replace(b"kurt@kunde.example", b"MAILER-DAEMON@mail.kunde.example", 1)
    evidence = await world.observe(mail, mail_from=None, client_ip=KUNDE_IP)
    assert (evidence.spf.scope, evidence.spf.result, evidence.spf.domain) == (SpfScope.HELO, SpfResult.PASS, "mail.kunde.example")
    assert evidence.assurance is Assurance.PROVEN


@pytest.mark.parametrize(
    "field",
    [
        b"From: kurt@kunde.example, chef@kunde.example",
        b"From: Team: kurt@kunde.example, chef@kunde.example;",
        b"From: undisclosed-recipients:;",
        b"From: <kurt@kunde.example> <chef@firma.example>",
        b"From: kurt@kunde.example chef@firma.example",
        b"From: chef@firma.example\rFrom: kurt@kunde.example",
        b"From: chef@firma.example\x00@kunde.example",
        b"From: kurt at kunde.example",
        b"From: <@evil.example:kurt@kunde.example>",
        b'From: "kurt@kunde.example',
        b"From: kurt@[198.51.100.7]",
        b"From: kurt@localhost",
        b"From: k\xfcrt@kunde.example",
        b"From: kurt@k\xfcnde.example",
        b"From:",
        b"X-From: kurt@kunde.example",
        b"From: a@kunde.example\r\nFrom: a@kunde.example",
    ],
)
async def test_from_that_is_not_one_mailbox_is_authenticated_by_nothing(field: bytes, world: World) -> None:
    mail = DIRECT.replace(b"From: Kurt Kunde <kurt@kunde.example>", field)
    evidence = await world.observe(signer().sign(mail))
    assert (evidence.dmarc.result, evidence.dmarc.domain) == (DmarcResult.NONE, None)
    assert evidence.assurance is Assurance.UNPROVEN


@pytest.mark.parametrize(
    "field",
    [
        b"From: kurt@kunde.example",
        b"From:kurt@KUNDE.example",
        b"from: =?utf-8?q?Kurt?=\r\n <kurt@kunde.example>",
        b'From: "Kunde, Kurt (@evil.example)" <kurt@kunde.example>',
        b"From: kurt@kunde.example (Kurt (der \\) Kunde))",
        b"From: chef@firma.example <kurt@kunde.example>",
        b'From: "k u r t"@kunde.example',
        b"From : Kurt Kunde <kurt@kunde.example>",
        b"From: K\xfcrt <kurt@kunde.example>",
    ],
)
async def test_from_with_one_mailbox_is_read_however_it_is_written(field: bytes, world: World) -> None:
    mail = DIRECT.replace(b"From: Kurt Kunde <kurt@kunde.example>", field)
    evidence = await world.observe(mail)
    assert (evidence.dmarc.domain, evidence.assurance) == ("kunde.example", Assurance.PROVEN)


async def test_a_silent_server_of_the_forgers_does_not_save_a_forgery(world: World) -> None:
    for name in ("s1._domainkey.evil.example", "_dmarc.evil.example"):
        world.set(name, Behaviour.SERVFAIL)
    evidence = await world.observe(signer("evil.example").sign(DIRECT), client_ip=EVIL_IP)
    assert (evidence.dmarc.result, evidence.assurance) == (DmarcResult.FAIL, Assurance.CONTRADICTED)


async def test_a_silent_server_of_the_authors_own_leaves_everything_open(world: World) -> None:
    world.set("s1._domainkey.shop.kunde.example", Behaviour.SERVFAIL)
    evidence = await world.observe(signer("shop.kunde.example").sign(DIRECT), client_ip=EVIL_IP)
    assert (evidence.dmarc.result, evidence.assurance) == (DmarcResult.TEMPERROR, Assurance.UNPROVEN)


@pytest.mark.parametrize("records", [{"TXT": ["hello"]}, {"MX": ["10 mail.kunde.example."]}, {}])
async def test_np_is_about_names_that_do_not_exist_and_not_about_names_without_addresses(
    records: Records, resolver: Resolver, fake_dns: FakeDns
) -> None:
    fake_dns.zone["_dmarc.kunde.example"] = {"TXT": ["v=DMARC1; p=none; sp=quarantine; np=reject"]}
    fake_dns.zone["shop.kunde.example"] = records
    assert (await TreeWalker(resolver).discover("shop.kunde.example")).policy is QUARANTINE
    assert (await TreeWalker(resolver).discover("nobody.kunde.example")).policy is REJECT


async def test_a_name_above_names_that_exist_exists(resolver: Resolver, fake_dns: FakeDns) -> None:
    fake_dns.zone["_dmarc.kunde.example"] = {"TXT": ["v=DMARC1; p=none; sp=quarantine; np=reject"]}
    fake_dns.zone["a.shop.kunde.example"] = {"A": ["198.51.100.1"]}
    assert (await TreeWalker(resolver).discover("shop.kunde.example")).policy is QUARANTINE
