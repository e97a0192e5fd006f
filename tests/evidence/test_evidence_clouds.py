"""Mail that Google and Microsoft 365 forward, in the shape they give it: proven by what survives, vouched by their seal."""

import pytest

from gateway.evidence.settings import ForwarderSettings
from gateway.mail.evidence import Assurance
from tests.evidence.fake_dns import FakeDns
from tests.evidence.world import CLOUD_IP, DIRECT, EVIL_IP, KUNDE_IP, World, key_record, rsa_pem, sealed, signer

GOOGLE = ForwarderSettings(preset="google", reverse_path_domains=["firma.example"])
MICROSOFT = ForwarderSettings(preset="microsoft365", reverse_path_domains=["firma.example"])
CAF = "support+caf_=support-firma=gw.firma.example@firma.example"
SRS = "bounces+SRS=nTGPV=2T@firma.example"
GOOGLE_SAYS = (
    "dkim={dkim} header.i=@kunde.example header.s=s1 header.b=abc; spf={spf} (google.com: domain of kurt@kunde.example designates"
    " 198.51.100.7 as permitted sender) smtp.mailfrom=kurt@kunde.example; dmarc={dmarc} (p=REJECT sp=REJECT dis=NONE)"
    " header.from=kunde.example"
)
MICROSOFT_SAYS = (
    "spf={spf} (sender ip is 198.51.100.7) smtp.rcpttodomain=firma.example smtp.mailfrom=kunde.example; dmarc={dmarc} (p=reject"
    " sp=reject pct=100) action=none header.from=kunde.example; dkim={dkim} (signature was verified) header.d=kunde.example;"
    " arc=none (0)"
)
PASSED = {"dkim": "pass", "spf": "pass", "dmarc": "pass"}
FAILED = {"dkim": "none", "spf": "fail", "dmarc": "fail"}
GOOGLE_TOP = (
    b"Received: by mail-ed1-f50.google.com with SMTP id 4fb4\r\n        for <support-firma@gw.firma.example>; Mon\r\n"
    b"X-Forwarded-To: support-firma@gw.firma.example\r\nX-Forwarded-For: support@firma.example support-firma@gw.firma.example\r\n"
    b"Delivered-To: support@firma.example\r\n"
)
GOOGLE_BELOW = (
    b"Return-Path: <kurt@kunde.example>\r\n"
    b"Received: from mail.kunde.example (mail.kunde.example. [198.51.100.7])\r\n        by mx.google.com with ESMTPS; Mon\r\n"
    b"Received-SPF: pass (google.com: domain of kurt@kunde.example designates 198.51.100.7) client-ip=198.51.100.7;\r\n"
)


@pytest.fixture(autouse=True)
def clouds(world: World) -> FakeDns:
    """Give Microsoft its SPF record and its key, too."""
    world.set("spf.protection.outlook.com", {"TXT": ["v=spf1 ip4:198.51.100.200 -all"]})
    world.set("arc._domainkey.microsoft.com", {"TXT": [key_record(rsa_pem())]})
    return world.dns


@pytest.mark.parametrize(("dkim", "assurance"), [("aligned", Assurance.PROVEN), ("none", Assurance.VOUCHED)])
async def test_google_forwards_our_tenants_mail(dkim: str, assurance: Assurance, world: World) -> None:
    mail = signer().sign(DIRECT) if dkim == "aligned" else DIRECT
    forwarded = GOOGLE_TOP + sealed(GOOGLE_BELOW + mail, "google.com", GOOGLE_SAYS.format(**PASSED))
    evidence = await world.observe(
        forwarded, client_ip=CLOUD_IP, helo="mail-ed1-f50.google.com", mail_from=CAF, forwarders=[GOOGLE]
    )
    assert evidence.assurance is assurance
    assert evidence.arc.trusted_sealer == "google.com"
    assert evidence.through is not None
    assert (evidence.through.forwarder, evidence.through.client_ip) == ("google", None)
    assert evidence.through.mail_from == "kurt@kunde.example"


async def test_microsoft_forwards_our_tenants_mail(world: World) -> None:
    forwarded = sealed(DIRECT, "microsoft.com", MICROSOFT_SAYS.format(**PASSED))
    evidence = await world.observe(forwarded, client_ip=CLOUD_IP, mail_from=SRS, forwarders=[MICROSOFT])
    assert (evidence.assurance, evidence.arc.trusted_sealer) == (Assurance.VOUCHED, "microsoft.com")


@pytest.mark.parametrize(
    ("client_ip", "mail_from", "declared"),
    [
        (CLOUD_IP, "bounces+SRS=x=2T@evil.example", [MICROSOFT]),
        (EVIL_IP, SRS, [MICROSOFT]),
        (CLOUD_IP, SRS, []),
        (CLOUD_IP, SRS, [ForwarderSettings(preset="microsoft365")]),
        (CLOUD_IP, CAF, [GOOGLE]),
    ],
    ids=["another tenant", "not from the cloud", "not declared", "no tenant named", "another cloud's seal"],
)
async def test_a_clouds_seal_counts_only_for_our_own_tenants_mail_from_that_cloud(
    client_ip: str, mail_from: str, declared: list[ForwarderSettings], world: World
) -> None:
    forwarded = sealed(DIRECT, "microsoft.com", MICROSOFT_SAYS.format(**PASSED))
    evidence = await world.observe(forwarded, client_ip=client_ip, mail_from=mail_from, forwarders=declared)
    assert evidence.assurance in {Assurance.CONTRADICTED, Assurance.UNPROVEN}


async def test_a_forgery_that_the_cloud_let_through_is_not_vouched_for(world: World) -> None:
    forged = DIRECT.replace(b"kurt@kunde.example", b"anna@firma.example", 1)
    said = MICROSOFT_SAYS.format(**FAILED).replace("kunde.example", "firma.example")
    evidence = await world.observe(
        sealed(forged, "microsoft.com", said), client_ip=CLOUD_IP, mail_from=SRS, forwarders=[MICROSOFT]
    )
    assert evidence.spf.result == "pass", "the tenant's own domain, which the forwarder wrote"
    assert evidence.assurance is Assurance.UNPROVEN


async def test_a_cloud_preset_takes_the_channels_own_domain_as_the_tenants(world: World) -> None:
    declared = [ForwarderSettings(preset="microsoft365").for_tenant("firma.example")]
    forwarded = sealed(DIRECT, "microsoft.com", MICROSOFT_SAYS.format(**PASSED))
    evidence = await world.observe(forwarded, client_ip=CLOUD_IP, mail_from=SRS, forwarders=declared)
    assert evidence.assurance is Assurance.VOUCHED


async def test_what_was_changed_below_the_seal_is_not_vouched_for(world: World) -> None:
    forwarded = sealed(DIRECT, "microsoft.com", MICROSOFT_SAYS.format(**PASSED)).replace(b"4711", b"4712")
    evidence = await world.observe(forwarded, client_ip=CLOUD_IP, mail_from=SRS, forwarders=[MICROSOFT])
    assert (evidence.arc.result, evidence.assurance) == ("fail", Assurance.UNPROVEN)


async def test_mail_of_the_cloud_that_was_not_forwarded_is_judged_by_itself(world: World) -> None:
    evidence = await world.observe(signer().sign(DIRECT), client_ip=KUNDE_IP, forwarders=[GOOGLE, MICROSOFT])
    assert (evidence.through, evidence.assurance) == (None, Assurance.PROVEN)
