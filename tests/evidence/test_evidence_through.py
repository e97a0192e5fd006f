"""Through a forwarder of each make, honest and hostile: what it wrote itself counts, and nothing that a client could write."""

import asyncio
import time

import pytest

from gateway.evidence.settings import ForwarderSettings
from gateway.mail.evidence import Assurance, Evidence, SpfResult
from tests.evidence.world import DIRECT, EVIL_IP, FORWARDER_IP, KUNDE_IP, World, signer

MX = ForwarderSettings(networks=["203.0.113.0/24"], srs_domains=["firma.example"], authserv_id="mx.firma.example")
RECEIVED = {
    "postfix": (
        "from {helo} ({rdns} [{ip}])\r\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n"
        "\tby mx.firma.example (Postfix) with ESMTPS id 4X2z\r\n\tfor <support@firma.example>; Mon,  1 Jun 2026 13:00:01 +0200"
    ),
    "sendmail": (
        "from {helo} ({rdns} [{ip}] (may be forged))\r\n\tby mx.firma.example (8.17.1/8.17.1) with ESMTPS id 351B;\r\n"
        "\tMon, 1 Jun 2026 13:00:01 +0200"
    ),
    "exim": (
        "from {rdns} ([{ip}]:4711 helo={helo})\r\n\tby mx.firma.example with esmtps (TLS1.3) (Exim 4.96)\r\n"
        "\t(envelope-from <kurt@kunde.example>) id 1q;\r\n\tMon, 01 Jun 2026 13:00:01 +0200"
    ),
    "exim without reverse DNS": (
        "from [{ip}] (port=4711 helo={helo})\r\n\tby mx.firma.example with esmtp (Exim 4.96) id 1q;\r\n"
        "\tMon, 01 Jun 2026 13:00:01 +0200"
    ),
    "exchange": (
        "from {helo} ({ip}) by mx.firma.example\r\n (10.0.0.4) with Microsoft SMTP Server (version=TLS1_2,\r\n"
        " cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.2.1118.40; Mon, 1 Jun 2026 13:00:01 +0200"
    ),
    "google": (
        "from {helo} ({rdns}. [{ip}])\r\n        by mx.firma.example with ESMTPS id a1-20020a05\r\n"
        "        for <support@firma.example>\r\n        (version=TLS1_3 cipher=X bits=256/256);\r\n"
        "        Mon, 01 Jun 2026 04:00:01 -0700 (PDT)"
    ),
    "qmail": "from {rdns} (HELO {helo}) ({ip})\r\n  by mx.firma.example with ESMTPS; 1 Jun 2026 11:00:01 -0000",
}
SRS = "SRS0=Ab12=TT=kunde.example=kurt@firma.example"


def received(make: str, ip: str, helo: str = "mail.kunde.example", rdns: str = "mail.kunde.example") -> bytes:
    return f"Received: {RECEIVED[make].format(ip=ip, helo=helo, rdns=rdns)}\r\n".encode()


@pytest.mark.parametrize("path", [SRS, "kurt@kunde.example", "prvs=0123456789=kurt@kunde.example"], ids=["srs", "plain", "batv"])
@pytest.mark.parametrize("make", RECEIVED)
async def test_the_hop_before_a_forwarder_of_any_make_is_seen(make: str, path: str, world: World) -> None:
    mail = received(make, KUNDE_IP) + DIRECT
    evidence = await world.observe(mail, client_ip=FORWARDER_IP, helo="mx.firma.example", mail_from=path, forwarders=[MX])
    assert evidence.through is not None
    assert (evidence.through.client_ip, evidence.through.helo) == (KUNDE_IP, "mail.kunde.example")
    assert (evidence.through.mail_from, evidence.assurance) == ("kurt@kunde.example", Assurance.PROVEN)


@pytest.mark.parametrize(
    "helo", ["mail.kunde.example", "[198.51.100.7]", "198.51.100.7", "helo=198.51.100.7", "[[198.51.100.7]]"]
)
@pytest.mark.parametrize("make", RECEIVED)
async def test_a_forger_before_a_forwarder_of_any_make_is_seen_whatever_the_forger_says_and_writes(
    make: str, helo: str, world: World
) -> None:
    forged = b"".join(received(each, KUNDE_IP) for each in RECEIVED)
    mail = received(make, EVIL_IP, helo) + b"Received-SPF: pass client-ip=198.51.100.7\r\n" + forged + DIRECT
    evidence = await world.observe(mail, client_ip=FORWARDER_IP, helo="mx.firma.example", mail_from=SRS, forwarders=[MX])
    assert evidence.through is not None
    assert (evidence.through.client_ip, evidence.through.spf.result) == (EVIL_IP, SpfResult.FAIL)
    assert evidence.assurance is Assurance.CONTRADICTED


async def test_a_server_with_the_postfix_preset_is_seen_through_like_any_other(world: World) -> None:
    declared = [ForwarderSettings(preset="postfix", networks=["203.0.113.0/24"])]
    for ip, assurance in ((KUNDE_IP, Assurance.PROVEN), (EVIL_IP, Assurance.CONTRADICTED)):
        evidence = await world.observe(received("postfix", ip) + DIRECT, client_ip=FORWARDER_IP, forwarders=declared)
        assert evidence.assurance is assurance


async def judge_results(said: str, world: World) -> Evidence:
    """Let the declared forwarder say this about a mail whose way there cannot be read."""
    mail = f"Authentication-Results: {said}\r\nReceived: from x by mx.firma.example; Mon\r\n".encode() + DIRECT
    return await world.observe(mail, client_ip=FORWARDER_IP, forwarders=[MX])


PASS = "dmarc=pass header.from=kunde.example"


@pytest.mark.parametrize(
    "said",
    [
        f'mx.firma.example; dkim=fail reason="; {PASS}" header.d=evil.example',
        f"mx.firma.example; dkim=fail (bad; {PASS}) header.d=evil.example",
        f"mx.firma.example; dkim=fail (a (nested; {PASS}) comment) header.d=evil.example",
        f"mx.firma.example; dkim=fail (a \\) quoted; {PASS}) header.d=evil.example",
        f'mx.firma.example; spf=pass smtp.mailfrom="x; {PASS};"@evil.example',
        f'mx.firma.example; spf=pass smtp.mailfrom="x\\"; {PASS};"@evil.example',
        f"mx.firma.example; dkim=fail (never closed; {PASS}",
        f'mx.firma.example; dkim=fail reason="never closed; {PASS}',
        f"mx.firma.example.evil.example; {PASS}",
        f"evil.example; x=y mx.firma.example; {PASS}",
        f"(mx.firma.example) evil.example; {PASS}",
        "mx.firma.example; dmarc=pass header.from=evil.example header.from=kunde.example",
        "mx.firma.example; spf=pass smtp.mailfrom=kunde.example@evil.example",
        "mx.firma.example; spf=pass smtp.helo=kunde.example",
        "mx.firma.example; dmarc=passing header.from=kunde.example",
        "mx.firma.example; x-dmarc=pass header.from=kunde.example",
        f"mx.firma.example; none; {'(' * 5000}{PASS}",
        f"mx.firma.example; {'x=y; ' * 4000}{PASS}",
    ],
    ids=lambda said: said[:60],
)
async def test_what_a_sender_can_put_into_a_forwarders_own_results_does_not_vouch(said: str, world: World) -> None:
    assert (await judge_results(said, world)).assurance is Assurance.UNPROVEN


async def test_a_forwarders_own_results_vouch_among_all_that(world: World) -> None:
    said = f'MX.Firma.Example 1 (a (b) c);\r\n dkim=fail (x; y) reason="a; b";\r\n\tspf=none; {PASS} (p=reject)'
    assert (await judge_results(said, world)).assurance is Assurance.VOUCHED


@pytest.mark.parametrize("piece", ["(", "(()", '"', "; dmarc=", "\\", "a=b.c ", "; ", "((a) "])
async def test_results_of_a_megabyte_are_read_in_no_time(piece: str, world: World) -> None:
    started = time.process_time()
    await judge_results("mx.firma.example; " + piece * (900_000 // len(piece)), world)
    assert time.process_time() - started < 2, "0.1 s here"


async def test_a_mail_of_many_megabytes_lets_others_work_while_it_is_verified(world: World) -> None:
    signed = signer().sign(DIRECT)
    mail = signed + b"  a  b \t\r\n" * 3_000_000
    await world.observe(signed)
    gaps: list[float] = []

    async def beat() -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.002)
            now = time.monotonic()
            gaps.append(now - last)
            last = now

    heart = asyncio.create_task(beat())
    started = time.monotonic()
    await world.observe(mail)
    whole = time.monotonic() - started
    heart.cancel()
    assert len(gaps) > 3
    assert max(gaps) < whole / 2
