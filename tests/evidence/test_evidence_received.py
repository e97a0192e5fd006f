"""Reading Received in each dialect, and reverse-paths that somebody rewrote."""

import pytest

from gateway.evidence.received import read_received
from gateway.evidence.rewriting import undo_rewriting
from gateway.evidence.settings import ForwarderSettings
from gateway.mail.addresses import Address
from gateway.mail.envelope import Door
from gateway.mail.evidence import Assurance, DmarcResult, SpfResult
from tests.evidence.fake_dns import Behaviour
from tests.evidence.world import DIRECT, EVIL_IP, FORWARDER_IP, RECEIVED_BY_FORWARDER, World

DIALECTS = [
    # Postfix
    (
        (
            "from mail.kunde.example (mail.kunde.example [198.51.100.7]) (using TLSv1.3 with cipher X (256/256 bits))"
            " (No client certificate requested) by mx.firma.example (Postfix) with ESMTPS id 4X2 for <a@b>; Mon, 1 Jun 2026"
        ),
        ("mail.kunde.example", "198.51.100.7", "mx.firma.example"),
    ),
    (
        "from foo (unknown [198.51.100.7]) by mx.firma.example (Postfix) with SMTP id 1; Mon",
        ("foo", "198.51.100.7", "mx.firma.example"),
    ),
    ("from foo (foo.example [IPv6:2001:db8::7]) by mx (Postfix) with ESMTP id 1; Mon", ("foo", "2001:db8::7", "mx")),
    ("from [203.0.113.9] (unknown [198.51.100.7]) by mx (Postfix) with ESMTP id 1; Mon", ("[203.0.113.9]", "198.51.100.7", "mx")),
    # Sendmail
    (
        "from mail.kunde.example (host7.kunde.example [198.51.100.7] (may be forged)) by mx (8.17.1/8.17.1) with ESMTP id 1; Mon",
        ("mail.kunde.example", "198.51.100.7", "mx"),
    ),
    ("from foo ([198.51.100.7]) by mx (8.14.4/8.14.4) with ESMTP id x; Mon", ("foo", "198.51.100.7", "mx")),
    # Exim
    (
        "from mail.kunde.example ([198.51.100.7]) by mx with esmtps (Exim 4.96) id 1; Mon",
        ("mail.kunde.example", "198.51.100.7", "mx"),
    ),
    ("from [198.51.100.7] (helo=foo.example) by mx with esmtp (Exim 4.96) id 1; Mon", ("foo.example", "198.51.100.7", "mx")),
    ("from [198.51.100.7] (port=4711 helo=foo.example) by mx with esmtp (Exim) id 1; Mon", ("foo.example", "198.51.100.7", "mx")),
    (
        "from rdns.kunde.example ([198.51.100.7]:4711 helo=foo.example) by mx with esmtp (Exim 4.96) id 1; Mon",
        ("foo.example", "198.51.100.7", "mx"),
    ),
    (
        "from rdns.example ([198.51.100.7] helo=[203.0.113.9]) by mx with esmtp (Exim) id 1; Mon",
        ("[203.0.113.9]", "198.51.100.7", "mx"),
    ),
    ("from [198.51.100.7] (helo=[203.0.113.9]) by mx with esmtp (Exim) id 1; Mon", ("[203.0.113.9]", "198.51.100.7", "mx")),
    # Exchange, Microsoft 365
    (
        (
            "from mail.kunde.example (198.51.100.7) by AM1.mail.protection.outlook.com (10.152.0.1) with Microsoft SMTP Server"
            " (version=TLS1_3, cipher=X) id 15.20.1.1 via Frontend Transport; Mon"
        ),
        ("mail.kunde.example", "198.51.100.7", "am1.mail.protection.outlook.com"),
    ),
    (
        (
            "from AM1.eurprd.prod.outlook.com (2603:10a6:20b::14) by AM2.eurprd.prod.outlook.com (2603:10a6:20b::15) with"
            " Microsoft SMTP Server (version=TLS1_2) id 15.20; Mon"
        ),
        ("am1.eurprd.prod.outlook.com", "2603:10a6:20b::14", "am2.eurprd.prod.outlook.com"),
    ),
    # Google
    (
        "from mail.kunde.example (mail.kunde.example. [198.51.100.7]) by mx.google.com with ESMTPS id abc (version=TLS1_3); Mon",
        ("mail.kunde.example", "198.51.100.7", "mx.google.com"),
    ),
    ("by 2002:a05:6a00:1 with SMTP id x; Mon", (None, None, "2002:a05:6a00:1")),
    # qmail
    (
        "from unknown (HELO mail.kunde.example) (198.51.100.7) by mx with SMTP; 1 Jun 2026",
        ("mail.kunde.example", "198.51.100.7", "mx"),
    ),
    ("from mail.kunde.example (198.51.100.7) by mx with SMTP; 1 Jun 2026", ("mail.kunde.example", "198.51.100.7", "mx")),
    ("from unknown (HELO foo) (ident@198.51.100.7) by mx with SMTP; 1 Jun 2026", ("foo", "198.51.100.7", "mx")),
    ("(qmail 84124 invoked from network); 7 Mar 2026", (None, None, None)),
    # what says nothing
    ("from foo by mx; Mon", ("foo", None, "mx")),
    ("", (None, None, None)),
    ("((((((", (None, None, None)),
    ("from (((( by )))) [x] ]]", ("[x]", None, None)),
]


@pytest.mark.parametrize(("value", "expected"), DIALECTS, ids=lambda value: str(value)[:50])
def test_every_dialect_tells_who_handed_the_mail_over(value: str, expected: tuple[str | None, str | None, str | None]) -> None:
    hop = read_received(value)
    assert (hop.helo, hop.ip, hop.by) == expected


@pytest.mark.parametrize("protocol", ["ESMTPSA", "ESMTPA", "esmtpsa", "UTF8SMTPSA"])
def test_a_client_that_had_logged_in_is_a_user_of_that_server(protocol: str) -> None:
    assert read_received(f"from laptop (x [198.51.100.7]) by mx (Postfix) with {protocol} id 1; Mon").is_submission


def test_a_name_cannot_pose_as_a_login() -> None:
    assert not read_received("from ESMTPSA (x [198.51.100.7]) by mx (Postfix) with ESMTPS id 1; Mon").is_submission
    assert not read_received("from with.example (with [198.51.100.7]) by mx with ESMTP id ESMTPSA; Mon").is_submission


@pytest.mark.parametrize(
    ("rewritten", "original"),
    [
        ("SRS0=Ab1+=TT=kunde.example=kurt@firma.example", "kurt@kunde.example"),
        ("srs0=ab1=tt=KUNDE.example=Kurt.K@firma.example", "Kurt.K@kunde.example"),
        ("SRS0+Ab1=TT=kunde.example=kurt=x@firma.example", "kurt=x@kunde.example"),
        ("SRS1=Xy2=first.example==Ab1=TT=kunde.example=kurt@firma.example", "kurt@kunde.example"),
        ("SRS0=Ab1=TT=kunde.example=prvs=0123456789=kurt@firma.example", "kurt@kunde.example"),
        ("prvs=0123456789=kurt@kunde.example", "kurt@kunde.example"),
        ("prvs=kurt/0123456789@kunde.example", "kurt@kunde.example"),
        ("support+caf_=gw=gw.firma.example@firma.example", None),
        ("bounces+SRS=nTGPV=2T@firma.example", None),
        ("SRS1=broken@firma.example", "SRS1=broken@firma.example"),
        ("kurt+tag=x@kunde.example", "kurt+tag=x@kunde.example"),
    ],
)
def test_a_rewritten_reverse_path_is_read_back(rewritten: str, original: str | None) -> None:
    found = undo_rewriting(Address.of(rewritten)).original
    assert (str(found) if found else None) == original


MX = ForwarderSettings(networks=["203.0.113.0/24"], srs_domains=["firma.example"], authserv_id="mx.firma.example")


async def test_the_hop_before_a_forwarder_is_told(world: World) -> None:
    path = "SRS0=Ab1=TT=kunde.example=kurt@firma.example"
    evidence = await world.observe(
        RECEIVED_BY_FORWARDER + DIRECT, client_ip=FORWARDER_IP, helo="mx.firma.example", mail_from=path, forwarders=[MX]
    )
    through = evidence.through
    assert through is not None
    assert (through.forwarder, through.client_ip, through.helo) == ("mx.firma.example", "198.51.100.7", "mail.kunde.example")
    assert (through.mail_from, through.spf.result, through.spf.domain) == ("kurt@kunde.example", SpfResult.PASS, "kunde.example")
    assert (evidence.spf.result, evidence.spf.domain) == (SpfResult.PASS, "firma.example")


async def test_a_null_reverse_path_stays_null_through_a_forwarder(world: World) -> None:
    mail = RECEIVED_BY_FORWARDER + DIRECT.replace(b"kurt@kunde.example", b"MAILER-DAEMON@mail.kunde.example", 1)
    evidence = await world.observe(mail, client_ip=FORWARDER_IP, helo="mx.firma.example", mail_from=None, forwarders=[MX])
    assert evidence.through is not None
    assert (evidence.through.mail_from, evidence.through.spf.domain) == ("", "mail.kunde.example")
    assert evidence.assurance is Assurance.PROVEN


@pytest.mark.parametrize("path", ["support+caf_=gw=gw.firma.example@firma.example", "support@firma.example"])
async def test_a_forwarding_mailbox_is_not_the_sender_whom_an_inner_return_path_names(path: str, world: World) -> None:
    mail = b"Return-Path: <kurt@kunde.example>\r\n" + RECEIVED_BY_FORWARDER + DIRECT
    evidence = await world.observe(mail, client_ip=FORWARDER_IP, mail_from=path, forwarders=[MX])
    assert evidence.through is not None
    assert (evidence.through.mail_from, evidence.assurance) == ("kurt@kunde.example", Assurance.PROVEN)


async def test_a_return_path_below_the_hop_before_is_anybodys(world: World) -> None:
    mail = RECEIVED_BY_FORWARDER + b"Return-Path: <kurt@kunde.example>\r\n" + DIRECT
    path = "support+caf_=gw=gw.firma.example@firma.example"
    evidence = await world.observe(mail, client_ip=FORWARDER_IP, mail_from=path, forwarders=[MX])
    assert evidence.through is not None
    assert (evidence.through.mail_from, evidence.assurance) == (None, Assurance.UNPROVEN)


async def test_received_spf_above_the_hop_before_names_the_sender(world: World) -> None:
    said = b'Received-SPF: Pass (mx.firma.example: ok) client-ip=198.51.100.7; envelope-from="kurt@kunde.example"; helo=x\r\n'
    path = "support@firma.example"
    evidence = await world.observe(said + RECEIVED_BY_FORWARDER + DIRECT, client_ip=FORWARDER_IP, mail_from=path, forwarders=[MX])
    assert evidence.through is not None
    assert (evidence.through.mail_from, evidence.assurance) == ("kurt@kunde.example", Assurance.PROVEN)


async def test_our_own_front_server_counts_as_a_forwarder_at_a_local_door(world: World) -> None:
    local = b"Received: from localhost (localhost [127.0.0.1]) by mx.firma.example (Postfix) with LMTP id 9; Mon\r\n"
    evidence = await world.observe(
        local + RECEIVED_BY_FORWARDER + DIRECT, client_ip=None, helo=None, door=Door.INJECT, forwarders=[]
    )
    assert evidence.through is not None
    assert (evidence.through.forwarder, evidence.through.client_ip) == ("local delivery", "198.51.100.7")
    assert (evidence.spf.result, evidence.assurance) == (SpfResult.NONE, Assurance.PROVEN)


def hop(by: str, ip: str, protocol: str = "ESMTPS") -> bytes:
    return f"Received: from x.example (x.example [{ip}]) by {by} (Postfix) with {protocol} id 1; Mon\r\n".encode()


async def test_a_login_among_the_forwarders_own_machines_is_no_submission(world: World) -> None:
    mail = hop("relay.firma.example", "10.0.0.9", "ESMTPSA") + hop("mx.firma.example", EVIL_IP) + DIRECT
    forged = mail.replace(b"kurt@kunde.example", b"anna@firma.example", 1)
    inside = ForwarderSettings(networks=["203.0.113.0/24", "10.0.0.0/8"])
    evidence = await world.observe(forged, client_ip=FORWARDER_IP, mail_from="anna@firma.example", forwarders=[inside])
    assert evidence.through is not None
    assert (evidence.through.client_ip, evidence.assurance) == (EVIL_IP, Assurance.CONTRADICTED)


@pytest.mark.parametrize("protocol", ["ESMTPS", "ESMTPSA"])
@pytest.mark.parametrize("ip", ["10.0.0.9", "172.17.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "fd00::1", "fe80::1"])
async def test_a_private_address_that_nobody_listed_may_hide_the_whole_world(ip: str, protocol: str, world: World) -> None:
    forged = hop("mx.firma.example", ip, protocol) + hop("mx.firma.example", "198.51.100.7") + DIRECT
    evidence = await world.observe(forged, client_ip=FORWARDER_IP, forwarders=[MX])
    assert evidence.through is not None
    assert (evidence.through.client_ip, evidence.assurance) == (None, Assurance.UNPROVEN)
    assert f"{ip} is a private address that no forwarder lists" in evidence.through.spf.because
    network = ForwarderSettings(networks=["203.0.113.0/24", ip])
    listed = await world.observe(forged, client_ip=FORWARDER_IP, forwarders=[network])
    assert listed.assurance is Assurance.PROVEN


async def test_a_colleague_in_the_office_who_logged_in_is_a_user_of_the_server(world: World) -> None:
    mail = hop("mx.firma.example", "10.0.0.77", "ESMTPSA") + DIRECT.replace(b"kurt@kunde.example", b"anna@firma.example", 1)
    evidence = await world.observe(mail, client_ip=FORWARDER_IP, mail_from="anna@firma.example", forwarders=[MX])
    assert (evidence.through, evidence.assurance) == (None, Assurance.PROVEN)


async def test_a_forwarder_whose_addresses_the_dns_does_not_tell_leaves_everything_open(world: World) -> None:
    world.set("hoster.example", Behaviour.SERVFAIL)
    forwarders = [ForwarderSettings(spf_domain="hoster.example")]
    evidence = await world.observe(RECEIVED_BY_FORWARDER + DIRECT, client_ip=EVIL_IP, forwarders=forwarders)
    assert (evidence.dmarc.result, evidence.assurance) == (DmarcResult.FAIL, Assurance.UNPROVEN)


async def test_results_about_another_author_do_not_vouch(world: World) -> None:
    for said in ("dmarc=pass", "dmarc=pass header.from=evil.example", "spf=pass smtp.mailfrom=evil.example", "arc=pass"):
        mail = f"Authentication-Results: mx.firma.example; {said}\r\n".encode() + hop("mx.firma.example", "?") + DIRECT
        evidence = await world.observe(mail, client_ip=FORWARDER_IP, forwarders=[MX])
        assert evidence.assurance is Assurance.UNPROVEN, said


@pytest.mark.parametrize(
    "said",
    [
        "dkim=pass (2048-bit key; unprotected) header.d=kunde.example header.i=@kunde.example header.b=abc",
        "spf=pass (sender IP is 198.51.100.7) smtp.mailfrom=kurt@kunde.example",
        "auth=none; iprev=pass; dmarc = pass (p=reject (odd; comment)) header.from = kunde.example",
    ],
)
async def test_results_are_read_however_they_are_written(said: str, world: World) -> None:
    mail = f"Authentication-Results: mx.firma.example 1;\r\n {said}\r\n".encode() + hop("mx.firma.example", "?") + DIRECT
    evidence = await world.observe(mail, client_ip=FORWARDER_IP, forwarders=[MX])
    assert evidence.assurance is Assurance.VOUCHED


async def test_a_header_longer_than_anybody_needs_names_no_author(world: World) -> None:
    evidence = await world.observe(b"X: y\r\n" * 200_000 + DIRECT)
    assert (evidence.dmarc.domain, evidence.assurance) == (None, Assurance.UNPROVEN)
