"""`doctor` finds what is ill, from outside, and says so in words that an admin understands."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from gateway.cli.examining import Finding, Health, examine_listener, examine_smarthost, judge_record
from gateway.cli.exits import Exit
from gateway.config.dns_records import DnsRecord, HowTo
from gateway.evidence.answers import TEMPORARY, Answer, AnswerStatus
from gateway.relay.settings import SmarthostSettings
from gateway.smtp_in.settings import ListenSettings
from gateway.storage.database import Database
from tests.cli.conftest import Command
from tests.evidence.fake_dns import FakeDns
from tests.relay.servers import Listener, Script, ScriptedSession, closed_port

NOW = datetime(2026, 11, 2, tzinfo=UTC)
CONFIG = """
hostname: gw.firma.example
data: {folder}
listen: [{{smtp: "127.0.0.1:{door}"}}]
resolver: {{servers: ["{dns}"], timeout: 1s}}
smarthosts: {{main: {{host: 127.0.0.1, port: {smarthost}, security: none}}}}
agents: {{anna: {{name: Anna Arndt, addresses: [anna@firma.example]}}}}
queues: {{support: {{agents: [anna]}}}}
channels: {{support: {{address: support@firma.example, display_name: Support, queue: support, smarthosts: [main]}}}}
"""
ZONE = {
    "gw.firma.example": {"MX": ["10 gw.firma.example."], "A": ["192.0.2.1"], "TXT": ["v=spf1 a:gw.firma.example -all"]},
    "_dmarc.gw.firma.example": {"TXT": ["v=DMARC1; p=none"]},
    "_dmarc.firma.example": {"TXT": ["v=DMARC1; p=quarantine; rua=mailto:dmarc@firma.example"]},
}


@asynccontextmanager
async def serving(script: Script | None = None) -> AsyncIterator[int]:
    """Serve SMTP from a script on loopback; return the port."""
    listener = Listener(lambda: ScriptedSession(script or Script()))
    port = await listener.start(None)
    try:
        yield port
    finally:
        await listener.stop()


def record(value: str, kind: str = "TXT", how: HowTo = HowTo.PUBLISH) -> DnsRecord:
    return DnsRecord(name="gw.firma.example", type=kind, value=value, how=how, because="mail comes in here")


def found(*texts: str) -> Answer:
    return Answer(status=AnswerStatus.FOUND, texts=tuple(text.encode() for text in texts))


async def test_a_gateway_with_all_it_needs_is_well(tmp_path: Path, command: Command) -> None:
    await (await Database.open(data=tmp_path / "data")).close()
    file = tmp_path / "gateway.yaml"
    async with serving() as door, serving() as smarthost, FakeDns(dict(ZONE)) as dns:
        file.write_text(CONFIG.format(folder=tmp_path / "data", door=door, smarthost=smarthost, dns=dns.address))
        ran = await asyncio.to_thread(command, "-c", file, "doctor", "--json")
    assert {each["health"] for each in ran.answers} <= {"well", "doubtful"}, (
        ran.out
    )  # the disk of this machine may be nearly full
    assert [each["health"] for each in ran.answers if not each["subject"].startswith("folder")] == ["well"] * 9
    assert ran.code == Exit.OK


async def test_a_gateway_without_anything_is_ill_all_over(tmp_path: Path, command: Command) -> None:
    file = tmp_path / "gateway.yaml"
    async with FakeDns({}) as dns:
        file.write_text(CONFIG.format(folder=tmp_path / "data", door=closed_port(), smarthost=closed_port(), dns=dns.address))
        ran = await asyncio.to_thread(command, "-c", file, "doctor")
    assert ran.code == Exit.FAILED
    assert ran.err == ""
    assert "7 things ill" in ran.out
    for words in ("is the gateway running?", "cannot be looked at", "smarthost main", "there is none: mail comes in here"):
        assert words in ran.out


@pytest.mark.parametrize(
    ("wanted", "answer", "health", "says"),
    [
        (record("v=spf1 a:smtp.firma.example -all"), found("v=spf1 mx a:SMTP.firma.example ~all"), Health.WELL, "v=spf1 mx"),
        (
            record("v=spf1 a:smtp.firma.example -all"),
            found("v=spf1 mx -all"),
            Health.DOUBTFUL,
            "lacks a:smtp.firma.example, unless",
        ),
        (record("v=spf1 a:smtp.firma.example -all"), found("v=spf1 a -all", "v=spf1 mx -all"), Health.ILL, "2 records"),
        (record("v=spf1 a:smtp.firma.example -all"), found("something else"), Health.ILL, "there is none"),
        (record("v=spf1 a:smtp.firma.example ~all", how=HowTo.EXTEND), found(), Health.DOUBTFUL, "there is none"),
        (record("v=DKIM1; k=rsa; p=MIGf"), found("v=DKIM1; k=rsa; p=MI Gf"), Health.WELL, "p="),
        (record("v=DKIM1; k=rsa; p=MIGf"), found("k=rsa; p=MIGf"), Health.WELL, "p="),
        (record("v=DKIM1; k=rsa; p=MIGf"), found("v=DKIM1; k=rsa; p=AAAA"), Health.ILL, "lacks the key that we sign with"),
        (record("v=DMARC1; p=none"), found("v=DMARC1; p=reject"), Health.WELL, "p=reject"),
        (record("v=DMARC1; p=none"), Answer(status=AnswerStatus.NO_NAME), Health.DOUBTFUL, "there is none"),
        (record("v=DMARC1; p=none"), TEMPORARY, Health.DOUBTFUL, "the DNS does not answer"),
        (
            record("10 gw.firma.example.", "MX"),
            Answer(status=AnswerStatus.FOUND, hosts=("mx.firma.example",)),
            Health.DOUBTFUL,
            "mx.firma.example and not gw.firma.example",
        ),
        (record("192.0.2.1", "A"), Answer(status=AnswerStatus.NO_DATA), Health.ILL, "there is none"),
    ],
)
def test_records_are_compared_with_what_is_wanted(wanted: DnsRecord, answer: Answer, health: Health, says: str) -> None:
    finding = judge_record(wanted, answer)
    assert (finding.health, says in finding.says) == (health, True), finding


async def test_smarthost_that_refuses_the_login_is_ill_and_gets_no_mail() -> None:
    script = Script(replies={"EHLO": "250-me\r\n250 AUTH PLAIN", "GREETING": "554 go away"})
    async with serving(script) as port:
        settings = SmarthostSettings(host="127.0.0.1", port=port, security="none")
        finding = await examine_smarthost("main", settings, hostname="gw.firma.example")
    assert finding.health is Health.ILL
    assert "at connect" in finding.says
    assert "go away" in finding.says
    assert not any(line.startswith("MAIL") for line in script.heard)


async def test_password_that_only_the_service_can_read_is_not_tried() -> None:
    script = Script()
    async with serving(script) as port:
        given = SmarthostSettings(host="127.0.0.1", port=port, security="none")
        settings = given.model_copy(update={"username": "gw", "password": SecretStr("${credential:smarthost}")})
        finding = await examine_smarthost("main", settings, hostname="gw.firma.example")
    assert finding.health is Health.DOUBTFUL
    assert "the login was not tried" in finding.says
    assert not any("AUTH" in line for line in script.heard)


async def test_door_that_refuses_with_its_greeting_is_ill() -> None:
    async with serving(Script(replies={"GREETING": "421 later"})) as port:
        (finding,) = await examine_listener(ListenSettings(smtp=f"0.0.0.0:{port}"), hostname="gw.firma.example", now=NOW)
    assert finding == Finding(subject=f"listen 0.0.0.0:{port}", health=Health.ILL, says="421 later")


async def test_door_for_load_balancers_only_is_not_asked_for_a_greeting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = ListenSettings.model_validate(
            {"smtp": f"127.0.0.1:{silent.getsockname()[1]}", "proxy_networks": ["192.0.2.0/24"]}
        )
        (finding,) = await examine_listener(settings, hostname="gw.firma.example", now=NOW)
    assert finding.health is Health.WELL


def write_certificate(path: Path, name: str, days: int) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=90))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, None)
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


@pytest.mark.parametrize(
    ("name", "days", "health", "says"),
    [
        ("gw.firma.example", 60, Health.WELL, "until 2027-01-01"),
        ("*.firma.example", 60, Health.WELL, "until 2027-01-01"),
        ("gw.firma.example", 5, Health.DOUBTFUL, "until 2026-11-07"),
        ("gw.firma.example", -1, Health.ILL, "has expired on 2026-11-01"),
        ("mx.firma.example", 60, Health.DOUBTFUL, "is for mx.firma.example, not for gw.firma.example"),
    ],
)
async def test_certificates_end_and_bear_names(tmp_path: Path, name: str, days: int, health: Health, says: str) -> None:
    path = tmp_path / "fullchain.pem"
    write_certificate(path, name, days)
    settings = ListenSettings(smtp=f"127.0.0.1:{closed_port()}", certificate=path, key=path)
    door, certificate = await examine_listener(settings, hostname="gw.firma.example", now=NOW)
    assert door.health is Health.ILL
    assert (certificate.health, certificate.says) == (health, says)
