"""What must hold of any mail at all: signatures break when they should and only then, nothing raises, nothing takes long."""

import contextlib
import functools
import hashlib
import re
import time
from collections.abc import Callable
from pathlib import Path

import dkim
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.evidence import rewriting
from gateway.evidence.assurance import ROWS, table
from gateway.evidence.canonical import BodyWish, Canonical, canonical_body, hash_bodies
from gateway.evidence.dkim import read_signatures, verify_signatures, wished_bodies
from gateway.evidence.headers import HeaderBlock, read_author
from gateway.evidence.keys import PublicKey, UnusableKey, read_key
from gateway.evidence.received import read_received
from gateway.evidence.results import read_results
from gateway.evidence.rewriting import undo_rewriting
from gateway.evidence.settings import ForwarderSettings
from gateway.evidence.signature import HeaderPool
from gateway.evidence.spf_record import MalformedRecord, parse_record
from gateway.evidence.words import authentication_results, tell_story
from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.envelope import Envelope
from gateway.mail.evidence import DkimResult
from tests.evidence.world import DIRECT, NOW, RECEIVED_BY_FORWARDER, World, key_record, rsa_pem, sealed, signer

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
BODY_BYTES = st.text(alphabet=" \t\r\nab.", max_size=60).map(str.encode)


@functools.cache
def public_key() -> PublicKey:
    return read_key(key_record(rsa_pem()).encode(), "rsa")


@functools.cache
def signed_mail() -> bytes:
    return signer().sign(DIRECT)


def results_of(mail: bytes) -> list[DkimResult]:
    """Evaluate the signatures of a mail whose key is always the same, without any DNS."""
    block = HeaderBlock.read(mail)
    readings = read_signatures(block)
    bodies = hash_bodies(mail, block.body_start, wished_bodies(readings))
    keys: list[PublicKey | UnusableKey | None] = [public_key() for _ in readings]
    return [d.result for d in verify_signatures(readings, keys, HeaderPool(block), bodies, NOW)]


@QUICK
@given(st.data())
def test_flipping_any_signed_octet_breaks_the_signature(data: st.DataObject) -> None:
    header = dkim.sign(DIRECT, b"s1", b"kunde.example", rsa_pem(), canonicalize=(b"simple", b"simple"))
    mail = header + DIRECT
    assert results_of(mail) == [DkimResult.PASS]
    signed = [m.span() for m in re.finditer(rb"(?m)^(?:From|Subject|Date|To): .*|^Guten.*|^Kurt", mail)]
    start, end = data.draw(st.sampled_from(signed))
    position = data.draw(st.integers(start, end - 1))
    flipped = mail[:position] + bytes([mail[position] ^ data.draw(st.sampled_from([1, 2, 4, 32, 64]))]) + mail[position + 1 :]
    assert DkimResult.PASS not in results_of(flipped)


@QUICK
@given(
    st.permutations([b"From", b"To", b"Subject", b"Date", b"Message-ID"]), st.sampled_from([b"\r\n ", b"\r\n\t", b" ", b"\t \t"])
)
def test_any_order_and_folding_that_the_rfc_allows_keeps_it(order: list[bytes], fold: bytes) -> None:
    mail = signed_mail()
    head, _, body = mail.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head)
    signature, others = fields[0], {one.partition(b":")[0]: one for one in fields[1:]}
    changed = [re.sub(rb"(?<=\w) (?=[\w<])", lambda _: fold, others[name]) for name in order]
    changed = [one.partition(b":")[0].upper() + b" :" + one.partition(b":")[2] + b" \t" for one in changed]
    again = b"\r\n".join([b"Received: from x by y; z", *changed[:2], signature, *changed[2:], b"X-New: 1"]) + b"\r\n\r\n" + body
    assert results_of(again) == [DkimResult.PASS]


@QUICK
@given(BODY_BYTES, st.sampled_from([b"simple", b"relaxed"]))
def test_bodies_are_canonical_as_dkimpy_has_them(body: bytes, form: bytes) -> None:
    body = re.sub(rb"(?<!\r)\n", b"\r\n", body) + b"\r\n"
    policy = dkim.canonicalization.CanonicalizationPolicy.from_c_value(form + b"/" + form)
    assert canonical_body(body, Canonical(form.decode())) == policy.canonicalize_body(body)


def test_a_body_hashes_the_same_whole_or_in_pieces() -> None:
    body = b"".join(b"line %d \t x  \r\n" % i + b"\r\n" * (i % 7) for i in range(60_000)) + b"\r\n" * 200_000
    wish = BodyWish(Canonical.RELAXED)
    found = hash_bodies(body, 0, {wish})[wish]
    expected = re.sub(rb"[ \t]+\r\n", b"\r\n", body).replace(b"\t", b" ")
    expected = re.sub(rb" +", b" ", expected).rstrip(b"\r\n") + b"\r\n"
    assert (found.digest, found.total) == (hashlib.sha256(expected).digest(), len(expected))


PIECES = [
    *(
        b"From: ",
        b"a@kunde.example",
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b":",
        b";",
        b"=",
        b"(",
        b")",
        b'"',
        b"\\",
        b"<",
        b">",
        b",",
    ),
    *(b"ARC-Seal: i=1; cv=none; a=rsa-sha256;", b"ARC-Message-Signature: i=1;", b"ARC-Authentication-Results: i=1; x", b"\x00"),
    *(b"Received: from a (b [192.0.2.1]) by c; d", b"Authentication-Results: mx.firma.example; spf=pass", b"\xff", b"\xc3\xa4"),
    *(b"DKIM-Signature: v=1; a=rsa-sha256; d=kunde.example; s=s1; h=from; bh=AA==; b=AA==", b"l=99999999", b"@", b"[", b"]"),
    b"i=99999999999999999999;",
]
ANY_MAIL = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=8)), max_size=40).map(b"".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mail=ANY_MAIL)
async def test_no_bytes_raise_and_every_evidence_can_be_told(mail: bytes, world: World) -> None:
    evidence = await world.observe(mail)
    assert tell_story(evidence)
    value = authentication_results(evidence, "gw.firma.example")
    assert value.isascii()
    assert re.search(r"\n(?!\t)", value) is None


@QUICK
@given(st.text(max_size=80))
def test_no_text_makes_a_reader_raise(text: str) -> None:
    read_received(text)
    read_results(text)
    undo_rewriting(Address.of(text))
    read_author(HeaderBlock.read(b"From: " + text.encode("utf-8", "replace") + b"\r\n\r\n"))


@QUICK
@given(
    st.lists(
        st.sampled_from(["SRS0", "srs1", "prvs", "btv1", "+caf_", "bounces+srs", "+", "-", "/", '"', "a", "=", "0f0f0f"]),
        max_size=9,
    )
)
def test_an_address_without_an_equals_sign_is_of_no_rewritten_form(pieces: list[str]) -> None:
    local = "".join(pieces)
    names = ("_SRS0", "_SRS1", "_BATV", "_BATV_OLD", "_GOOGLE", "_MICROSOFT")
    if any(getattr(rewriting, name).fullmatch(text) for name in names for text in (local, local.strip('"'))):
        assert "=" in local
    if "=" not in local:
        address = Address(local, "kunde.example")
        assert undo_rewriting(address) == rewriting.Rewritten(original=address, by_forwarder=False)
        assert not rewriting.is_srs(address)


@QUICK
@given(st.one_of(st.binary(max_size=60), st.text(alphabet="apx4ip:/%{}dlsr.-~+ ", max_size=40).map(str.encode)))
def test_an_spf_record_is_read_or_refused(record: bytes) -> None:
    with contextlib.suppress(MalformedRecord):
        parse_record(b"v=spf1 " + record)


MEGABYTES = 2_000_000
PLAIN = (b"Guten Tag, ich habe eine Frage zu meiner Rechnung.\r\n" * (MEGABYTES // 52 + 1))[:MEGABYTES]
BOMBS: dict[str, Callable[[bytes], bytes]] = {
    "spaces": lambda head: head + b"\r\n" + b" " * MEGABYTES,
    "spaces and a letter": lambda head: head + b"\r\n" + b" " * MEGABYTES + b"x\r\n",
    "long lines of spaces": lambda head: head + b"\r\n" + (b" " * 998 + b"\r\n") * (MEGABYTES // 1000),
    "one-byte lines": lambda head: head + b"\r\n" + b"x\r\n" * (MEGABYTES // 3),
    "empty lines": lambda head: head + b"\r\n" + b"\r\n" * (MEGABYTES // 2),
    "bare line feeds": lambda head: head + b"\r\n" + b"x\n" * (MEGABYTES // 2),
    "carriage returns": lambda head: head + b"\r\n" + b"\r" * MEGABYTES,
    "tabs between": lambda head: head + b"\r\n" + b"\t \t x" * (MEGABYTES // 5),
}
HEADER_BOMBS = {
    "10,000 headers": b"X-A: b\r\n" * 10_000,
    "a header of spaces": b"X-A:" + b" " * 500_000 + b"\r\n",
    "a folded header": b"X-A: b\r\n" + b" \r\n" * 150_000,
    "10,000 Received": b"Received: from a (b [192.0.2.1]) by c; d\r\n" * 10_000,
    "brackets in Received": b"Received: from " + b"([" * 200_000 + b"\r\n",
    "results": b"Authentication-Results: x" + b"; dkim=pass header.d=a.example" * 15_000 + b"\r\n",
    "10,000 signatures": b"DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=s1; h=from; bh=AA==; b=AA==\r\n" * 5_000,
    "names to sign": b"DKIM-Signature: v=1; a=rsa-sha256; d=kunde.example; s=s1; h=from"
    + b":x" * 200_000
    + b"; bh=AA==; b=AA==\r\n",
    "seals": b"ARC-Seal: i=1\r\nARC-Message-Signature: i=1\r\nARC-Authentication-Results: i=1\r\n" * 5_000,
    "quotes": b"Cc: " + b'"\\' * 200_000 + b"\r\n",
}


async def _seconds(world: World, mail: bytes) -> float:
    """Return the best of three, with DNS answers remembered."""
    await world.observe(b"From: kurt@kunde.example\r\n\r\n")
    best = 99.0
    for _ in range(3):
        started = time.process_time()
        await world.observe(mail)
        best = min(best, time.process_time() - started)
    return best


@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_hostile_body_costs_about_as_much_as_a_plain_one(bomb: str, world: World) -> None:
    header = b"".join(
        dkim.sign(DIRECT, b"s1", b"kunde.example", rsa_pem(), canonicalize=(b"relaxed", form)) for form in (b"simple", b"relaxed")
    )
    head = header + DIRECT.partition(b"\r\n\r\n")[0] + b"\r\n"
    plain = await _seconds(world, head + b"\r\n" + PLAIN)
    assert await _seconds(world, BOMBS[bomb](head)) < 6 * plain + 0.2


@pytest.mark.parametrize("bomb", HEADER_BOMBS)
async def test_a_hostile_header_is_read_in_linear_time(bomb: str, world: World) -> None:
    text = HEADER_BOMBS[bomb]
    half = await _seconds(world, text[: len(text) // 2] + b"\r\n" + DIRECT)
    assert await _seconds(world, text + DIRECT) < 4 * half + 0.3


async def test_a_hostile_from_is_read_in_linear_time(world: World) -> None:
    for piece in (b".", b"(", b'"', b"<", b"@", b",", b"a ", b"\\", b"a@b.example,", b"=?utf-8?q?"):
        mail = b"From: " + piece * (200_000 // len(piece)) + b"\r\n\r\n"
        assert await _seconds(world, mail) < 10, piece


async def test_a_spooled_mail_has_the_same_evidence_as_one_in_memory(world: World, tmp_path: Path) -> None:
    mail = signer().sign(DIRECT + b"x" * 300_000 + b"\r\n")
    file = tmp_path / "mail"
    file.write_bytes(mail)
    spooled = Content(sha256="", size=len(mail), path=file)
    envelope = Envelope(reverse_path=None, recipients=(), received_at=NOW, client_ip="192.0.2.66", helo="x.example")
    (first, second) = [await world.observer.observe(envelope, c, {"a": []}, now=NOW) for c in (Content.of(mail), spooled)]
    assert first == second
    assert [d.result for d in first["a"].dkim] == [DkimResult.PASS]


async def test_an_empty_mail_is_a_mail(world: World) -> None:
    evidence = await world.observe(b"")
    assert (evidence.spf.domain, evidence.dkim, evidence.dmarc.domain) == ("kunde.example", (), None)


async def test_channels_share_the_questions_but_not_the_assurance(world: World) -> None:
    envelope = Envelope(
        reverse_path=Address("kurt", "kunde.example"),
        recipients=(),
        received_at=NOW,
        client_ip="203.0.113.5",
        helo="mx.firma.example",
    )
    forwarders = {"open": [ForwarderSettings(networks=["203.0.113.0/24"])], "closed": []}
    found = await world.observer.observe(envelope, Content.of(RECEIVED_BY_FORWARDER + DIRECT), forwarders, now=NOW)
    assert (found["open"].assurance, found["closed"].assurance) == ("proven", "contradicted")
    assert len(world.dns.questions) == len(set(world.dns.questions))


async def test_the_story_names_the_forwarder_the_hop_and_the_word(world: World) -> None:
    mx = ForwarderSettings(networks=["203.0.113.0/24"], authserv_id="mx.firma.example")
    mail = RECEIVED_BY_FORWARDER + signer().sign(DIRECT)
    story = tell_story(await world.observe(mail, client_ip="203.0.113.5", forwarders=[mx]))
    assert story[:3] == (
        "Forwarded by mx.firma.example (declared).",
        "The hop before it, 198.51.100.7, may send for kunde.example (SPF).",
        "DKIM of kunde.example holds.",
    )
    assert story[-1].startswith("So: proven, because ")


async def test_a_seal_that_dkimpy_would_accept_is_accepted(world: World) -> None:
    mail = sealed(sealed(DIRECT, "siegel.example", "dmarc=pass"), "evil.example", "arc=pass")
    record = key_record(rsa_pem()).encode()
    assert dkim.arc_verify(mail, dnsfunc=lambda *_, **__: record)[0] == b"pass"
    assert (await world.observe(mail)).arc.result == "pass"
    for broken in (
        mail.replace(b"i=1; siegel", b"i=1; segiel"),
        mail.replace(b"cv=none", b"cv=pass"),
        mail.replace(b"Guten", b"Huten"),
    ):
        assert dkim.arc_verify(broken, dnsfunc=lambda *_, **__: record)[0] == b"fail"
        assert (await world.observe(broken)).arc.result == "fail"


def test_the_documentation_shows_the_table_that_decides() -> None:
    text = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text()
    assert table() in text
    assert ROWS[-1].when in text
