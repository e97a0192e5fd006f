"""`dns-records` prints lines that go into a zone file as they are."""

from pathlib import Path

import dns.zone
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.cli.exits import Exit
from tests.cli.conftest import Command

CONFIG = """
hostname: gw.other.example
data: {folder}
listen: [{{smtp: "127.0.0.1:0"}}]
smarthosts: {{main: {{host: 127.0.0.1, security: none}}}}
agents: {{anna: {{name: Anna Arndt, addresses: [anna@firma.example]}}}}
queues: {{support: {{agents: [anna]}}}}
channels: {{support: {{address: support@firma.example, display_name: Support, queue: support, smarthosts: [main]}}}}
signing: [{{domain: gw.other.example, selector: gw2026, key: {folder}/dkim.pem}}]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (tmp_path / "dkim.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    file = tmp_path / "gateway.yaml"
    file.write_text(CONFIG.format(folder=tmp_path))
    return file


def test_a_name_server_reads_the_lines(config: Path, command: Command) -> None:
    ran = command("-c", config, "dns-records")
    assert ran.code == Exit.OK
    zone = dns.zone.from_text(f"$TTL 3600\n{ran.out}", origin="example.", check_origin=False, relativize=False)
    (key,) = zone.find_rdataset("gw2026._domainkey.gw.other.example.", "TXT")
    assert len(key.strings) == 2
    assert b"".join(key.strings).startswith(b"v=DKIM1; k=rsa; p=")
    assert str(next(iter(zone.find_rdataset("gw.other.example.", "MX")))) == "10 gw.other.example."


def test_what_to_complete_is_a_comment(config: Path, command: Command) -> None:
    assert "\n; gw.other.example. IN A <the address" in command("-c", config, "dns-records").out


def test_answers_without_proof_are_said_on_standard_error(config: Path, command: Command) -> None:
    assert "answers from firma.example pass DMARC only where the smarthost signs" in command("-c", config, "dns-records").err


def test_programs_get_an_object_for_each_record(config: Path, command: Command) -> None:
    answers = command("-c", config, "dns-records", "--json").answers
    assert {(each["type"], each["how"]) for each in answers} >= {("MX", "publish"), ("A", "complete"), ("TXT", "extend")}
    assert all(set(each) == {"name", "type", "value", "how", "because"} for each in answers)
