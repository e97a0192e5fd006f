"""DKIM: what holds, what does not, and the word for each."""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dkim
import pytest

from gateway.mail.evidence import Assurance, DkimResult, DmarcResult
from tests.evidence.fake_dns import Behaviour
from tests.evidence.world import DIRECT, EVIL_IP, NOW, World, ed25519_pem, key_record, rsa_pem, signer, timed

KEY_NAME = "s1._domainkey.kunde.example"

# RFC 8463 appendix A.
RFC_8463_ED25519 = (
    b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    b" d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    b" subject : date : message-id : from : subject : date;\r\n"
    b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    b" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    b" Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
)
RFC_8463_RSA = (
    b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
    b" d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
    b" date : message-id : from : subject : date;\r\n"
    b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    b" b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
    b" DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
    b" dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
)
RFC_8463_MAIL = (
    b"From: Joe SixPack <joe@football.example.com>\r\n"
    b"To: Suzie Q <suzie@shopping.example.net>\r\n"
    b"Subject: Is dinner ready?\r\n"
    b"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    b"\r\n"
    b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
)
RFC_8463_RSA_KEY = (
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx"
    "/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
)


async def test_the_example_of_rfc_8463_holds_with_both_its_signatures(world: World) -> None:
    world.set(
        "brisbane._domainkey.football.example.com",
        {"TXT": ["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]},
    )
    world.set("test._domainkey.football.example.com", {"TXT": [RFC_8463_RSA_KEY]})
    evidence = await world.observe(RFC_8463_ED25519 + RFC_8463_RSA + RFC_8463_MAIL)
    assert [(d.result, d.selector, d.aligned) for d in evidence.dkim] == [
        (DkimResult.PASS, "brisbane", True),
        (DkimResult.PASS, "test", True),
    ]


@pytest.mark.parametrize("forms", [(h, b) for h in (b"simple", b"relaxed") for b in (b"simple", b"relaxed")])
async def test_what_dkimpy_signs_holds(forms: tuple[bytes, bytes], world: World) -> None:
    header = dkim.sign(DIRECT, b"s1", b"kunde.example", rsa_pem(), canonicalize=forms)
    evidence = await world.observe(header + DIRECT, client_ip=EVIL_IP)
    assert [(d.result, d.because) for d in evidence.dkim] == [(DkimResult.PASS, "DKIM of kunde.example holds")]
    assert evidence.assurance is Assurance.PROVEN


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
async def test_what_we_sign_holds_for_dkimpy_and_for_us(kind: str, world: World) -> None:
    signing = signer(pem=rsa_pem() if kind == "rsa" else ed25519_pem())
    name, record = signing.dns_record
    world.set(name, {"TXT": [record]})
    signed = signing.sign(DIRECT, now=NOW)
    if kind == "rsa":  # its Ed25519 needs a library that we do not
        assert dkim.verify(signed, dnsfunc=lambda *_, **__: record.encode())
    evidence = await world.observe(signed, client_ip=EVIL_IP)
    assert [d.result for d in evidence.dkim] == [DkimResult.PASS]


@dataclass(frozen=True)
class Odd:
    name: str
    record: str | Behaviour | None
    result: DkimResult
    because: str


GOOD = key_record(rsa_pem())
ODD_KEYS = [
    Odd("no record", None, DkimResult.PERMERROR, "no key"),
    Odd("servfail", Behaviour.SERVFAIL, DkimResult.TEMPERROR, "did not answer"),
    Odd("refused", Behaviour.REFUSED, DkimResult.TEMPERROR, "did not answer"),
    Odd("revoked", "v=DKIM1; p=", DkimResult.PERMERROR, "revoked"),
    Odd("other version", GOOD.replace("DKIM1", "DKIM2"), DkimResult.PERMERROR, "version"),
    Odd("other type", GOOD.replace("k=rsa", "k=ed25519"), DkimResult.PERMERROR, "algorithm"),
    Odd("not for mail", GOOD + "; s=tlsrpt", DkimResult.PERMERROR, "not for mail"),
    Odd("only sha1", GOOD + "; h=sha1", DkimResult.PERMERROR, "SHA-256"),
    Odd("no base64", "v=DKIM1; p=!!!!", DkimResult.PERMERROR, "base64"),
    Odd("no key in it", "v=DKIM1; p=AAAA", DkimResult.PERMERROR, "cannot be read"),
    Odd("768 bits", "weak", DkimResult.POLICY, "768 bits"),
    Odd("testing", GOOD + "; t=y", DkimResult.PASS, "testing"),
    Odd("strict and equal", GOOD + "; t=s", DkimResult.PASS, "holds"),
    Odd("without version and type", GOOD.replace("v=DKIM1; k=rsa; ", ""), DkimResult.PASS, "holds"),
    Odd("services and hashes listed", GOOD + "; s=web : email; h=sha1:sha256; n=note", DkimResult.PASS, "holds"),
    Odd("another key", key_record(rsa_pem(2048, 1)), DkimResult.FAIL, "headers were changed"),
]


@pytest.mark.parametrize("odd", ODD_KEYS, ids=lambda odd: odd.name)
async def test_a_key_decides_what_its_signature_is_worth(odd: Odd, world: World) -> None:
    record = odd.record
    if record == "weak":
        record = "v=DKIM1; p=" + weak_key()
    world.set(KEY_NAME, record if isinstance(record, Behaviour) else {"TXT": [record] if record else []})
    if record is None:
        del world.dns.zone[KEY_NAME]
    evidence = await world.observe(signer().sign(DIRECT), client_ip=EVIL_IP)
    (found,) = evidence.dkim
    assert (found.result, odd.because in found.because) == (odd.result, True), found
    assert found.is_testing is (odd.name == "testing")
    assert (evidence.dmarc.result is DmarcResult.TEMPERROR) is (odd.result is DkimResult.TEMPERROR)


def weak_key() -> str:
    """Return an RSA key of 768 bits, put together by hand: the library makes none that small."""
    modulus = (1 << 767) + 12_345
    numbers = _der(0x02, b"\x00" + modulus.to_bytes(96)) + _der(0x02, (65_537).to_bytes(3))
    identifier = _der(0x30, bytes.fromhex("06092a864886f70d010101") + b"\x05\x00")
    info = _der(0x30, identifier + _der(0x03, b"\x00" + _der(0x30, numbers)))
    return base64.b64encode(info).decode()


def _der(tag: int, content: bytes) -> bytes:
    length = bytes([len(content)]) if len(content) < 128 else b"\x81" + bytes([len(content)])
    return bytes([tag]) + length + content


async def test_two_keys_of_one_name_are_no_key(world: World) -> None:
    world.set(KEY_NAME, {"TXT": [GOOD, key_record(rsa_pem(2048, 1))]})
    (found,) = (await world.observe(signer().sign(DIRECT))).dkim
    assert found.result is DkimResult.PERMERROR


def tagged(**changes: str | None) -> bytes:
    """Sign the usual mail by dkimpy, and change tags afterwards; None takes one out."""
    header: bytes = dkim.sign(DIRECT, b"s1", b"kunde.example", rsa_pem(), canonicalize=(b"relaxed", b"relaxed"))
    for name, value in changes.items():
        tag = b"" if value is None else name.encode() + b"=" + value.encode() + b";"
        header = re.sub(rb"([ :;])" + name.encode() + rb"=[^;]*;", rb"\1" + tag, header, count=1)
    return header + DIRECT


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"a": "rsa-sha1"}, DkimResult.POLICY),
        ({"a": "rsa-md5"}, DkimResult.PERMERROR),
        ({"v": "2"}, DkimResult.PERMERROR),
        ({"v": None}, DkimResult.PERMERROR),
        ({"bh": None}, DkimResult.PERMERROR),
        ({"h": "to : subject"}, DkimResult.PERMERROR),
        ({"h": ""}, DkimResult.PERMERROR),
        ({"d": 'kunde"\x00.example'}, DkimResult.PERMERROR),
        ({"d": "a" * 64 + ".example"}, DkimResult.PERMERROR),
        ({"s": "x y"}, DkimResult.PERMERROR),
        ({"c": "nofws"}, DkimResult.PERMERROR),
        ({"q": "dns/other"}, DkimResult.PERMERROR),
        ({"t": "yesterday"}, DkimResult.PERMERROR),
        ({"bh": "AAAA"}, DkimResult.FAIL),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_signature_that_is_malformed_or_outdated_proves_nothing(
    changes: dict[str, str | None], result: DkimResult, world: World
) -> None:
    evidence = await world.observe(tagged(**changes), client_ip=EVIL_IP)
    assert [d.result for d in evidence.dkim] == [result]
    assert evidence.assurance is Assurance.CONTRADICTED


@pytest.mark.parametrize(
    "extra", ["i=kurt@evil.example", "i=@kunde.example.evil.example", "i=nobody", "d=evil.example", "x=1; t=5"]
)
async def test_contradicting_tags_make_a_signature_malformed(extra: str, world: World) -> None:
    signed = tagged().replace(b"v=1;", b"v=1; " + re.sub(r"t=5$", "t=5", extra).encode() + b";", 1)
    evidence = await world.observe(signed, client_ip=EVIL_IP)
    assert [d.result for d in evidence.dkim] == [DkimResult.PERMERROR]


async def test_an_identity_in_a_subdomain_is_fine_unless_the_key_forbids_it(world: World) -> None:
    header = dkim.sign(DIRECT, b"s1", b"kunde.example", rsa_pem(), identity=b"kurt@sub.kunde.example")
    (found,) = (await world.observe(header + DIRECT)).dkim
    assert found.result is DkimResult.PASS


async def test_an_identity_in_a_subdomain_is_refused_by_a_strict_key(world: World) -> None:
    world.set(KEY_NAME, {"TXT": [GOOD + "; t=s"]})
    header = dkim.sign(DIRECT, b"s1", b"kunde.example", rsa_pem(), identity=b"kurt@sub.kunde.example")
    (found,) = (await world.observe(header + DIRECT)).dkim
    assert found.result is DkimResult.PERMERROR


async def test_a_signature_lives_by_the_clock_that_is_given(world: World) -> None:
    made = datetime(2026, 5, 1, tzinfo=UTC)
    signed = timed(DIRECT, made=made, until=made + timedelta(days=7))
    for days, result, because in (
        (-1, DkimResult.PERMERROR, "the signature was made in the future"),
        (0, DkimResult.PASS, "DKIM of kunde.example holds"),
        (6, DkimResult.PASS, "DKIM of kunde.example holds"),
        (8, DkimResult.PERMERROR, "the signature has expired"),
    ):
        (found,) = (await world.observe(signed, now=made + timedelta(days=days))).dkim
        assert (found.result, found.because) == (result, because)


async def test_an_appended_body_is_not_authenticated_by_a_signature_with_a_length(world: World) -> None:
    header = dkim.sign(DIRECT, b"s1", b"kunde.example", rsa_pem(), canonicalize=(b"relaxed", b"relaxed"), length=True)
    assert [d.result for d in (await world.observe(header + DIRECT, client_ip=EVIL_IP)).dkim] == [DkimResult.PASS]
    evidence = await world.observe(header + DIRECT + b"<h1>Pay here</h1>\r\n", client_ip=EVIL_IP)
    (found,) = evidence.dkim
    assert (found.result, "leaves out" in found.because) == (DkimResult.POLICY, True)
    assert evidence.assurance is Assurance.CONTRADICTED
    shorter = (header + DIRECT).replace(b"\r\nKurt\r\n", b"")
    assert [d.result for d in (await world.observe(shorter, client_ip=EVIL_IP)).dkim] == [DkimResult.FAIL]


@pytest.mark.parametrize("field", [b"Subject: Lies mich", b"To: chef@firma.example", b"Date: Tue, 02 Jun 2026 13:00:00 +0200"])
async def test_a_second_field_cannot_ride_on_a_signature_of_the_first(field: bytes, world: World) -> None:
    header = dkim.sign(DIRECT, b"s1", b"kunde.example", rsa_pem(), include_headers=[b"from", b"subject", b"to", b"date"])
    evidence = await world.observe(field + b"\r\n" + header + DIRECT, client_ip=EVIL_IP)
    (found,) = evidence.dkim
    assert (found.result, "second" in found.because) == (DkimResult.POLICY, True)
    assert evidence.assurance is Assurance.CONTRADICTED


async def test_a_second_from_field_authenticates_nobody(world: World) -> None:
    evidence = await world.observe(b"From: chef@firma.example\r\n" + signer().sign(DIRECT))
    assert (evidence.dmarc.domain, evidence.assurance) == (None, Assurance.UNPROVEN)
    assert "more than one From" in evidence.because


async def test_every_signature_is_listed_from_the_top_down_to_the_cap(world: World) -> None:
    signed = signer().sign(signer("evil.example").sign(DIRECT))
    evidence = await world.observe(signed, client_ip=EVIL_IP)
    assert [(d.domain, d.result, d.aligned) for d in evidence.dkim] == [
        ("kunde.example", DkimResult.PASS, True),
        ("evil.example", DkimResult.PASS, False),
    ]
    many = DIRECT
    for _ in range(40):
        many = b"DKIM-Signature: nonsense\r\n" + many
    assert len((await world.observe(many)).dkim) == 16


async def test_a_domain_can_sign_what_its_subdomain_wrote(world: World) -> None:
    mail = DIRECT.replace(b"kurt@kunde.example", b"kurt@shop.kunde.example", 1)
    evidence = await world.observe(signer().sign(mail), client_ip=EVIL_IP)
    assert (evidence.dmarc.result, evidence.assurance) == (DmarcResult.PASS, Assurance.PROVEN)
