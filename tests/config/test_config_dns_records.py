"""The records that the DNS must have follow from the configuration; what only the admin knows stays open."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from gateway.config import load_text
from gateway.config.dns_records import DnsRecord, HowTo, find_gaps, wanted_records
from gateway.config.model import Config

SMALL = """
hostname: {hostname}
data: /nowhere
listen: [{listen}]
smarthosts:
  main: {{host: {smarthost}, security: none}}
  second: {{host: 192.0.2.25, security: none}}
agents: {{anna: {{name: Anna Arndt, addresses: [anna@firma.example]}}}}
queues: {{support: {{agents: [anna]}}}}
channels:
  support: {{address: support@firma.example, display_name: Support, queue: support, smarthosts: [main], {channel}}}
{more}
"""


def load(
    *,
    hostname: str = "gw.firma.example",
    listen: str = '{smtp: "0.0.0.0:25"}',
    smarthost: str = "smtp.firma.example",
    channel: str = "",
    more: str = "",
) -> Config:
    text = SMALL.format(hostname=hostname, listen=listen, smarthost=smarthost, channel=channel, more=more)
    return load_text(text, file="gateway.yaml").config


def records(config: Config, *keys: tuple[str, str]) -> dict[tuple[str, str], DnsRecord]:
    found = wanted_records(config, keys)
    assert len({(each.name, each.type) for each in found}) == len(found)
    return {(each.name, each.type): each for each in found}


def spf(config: Config, domain: str = "gw.firma.example") -> str:
    return records(config)[domain, "TXT"].value


def test_mail_for_our_name_comes_here() -> None:
    found = records(load())
    assert found["gw.firma.example", "MX"].value == "10 gw.firma.example."
    assert found["gw.firma.example", "A"].how is HowTo.COMPLETE


@pytest.mark.parametrize(
    ("listen", "kind", "value"),
    [('{smtp: "9.9.9.9:25"}', "A", "9.9.9.9"), ('{smtp: "[2620:fe::fe]:25"}', "AAAA", "2620:fe::fe")],
)
def test_listener_on_a_public_address_says_where_we_are(listen: str, kind: str, value: str) -> None:
    found = records(load(listen=listen))[("gw.firma.example", kind)]
    assert (found.value, found.how) == (value, HowTo.PUBLISH)


def test_behind_a_front_mail_server_only_the_admin_knows_where_mail_goes() -> None:
    found = records(load(listen='{lmtp: "127.0.0.1:2424"}'))
    assert found["gw.firma.example", "MX"].how is HowTo.COMPLETE
    assert ("gw.firma.example", "A") not in found


@pytest.mark.parametrize(
    ("smarthost", "word"),
    [
        ("smtp.firma.example", "a:smtp.firma.example"),
        ("smtp.office365.com", "include:spf.protection.outlook.com"),
        ("smtp-relay.gmail.com", "include:_spf.google.com"),
        ("notoutlook.com", "a:notoutlook.com"),
        ("198.51.100.7", "ip4:198.51.100.7"),
        ("127.0.0.1", "a:gw.firma.example"),
        ("localhost", "a:gw.firma.example"),
    ],
)
def test_smarthosts_may_use_our_bounce_addresses_and_nobody_else(smarthost: str, word: str) -> None:
    assert spf(load(smarthost=smarthost)) == f"v=spf1 {word} -all"


def test_every_smarthost_of_every_channel_is_allowed_once() -> None:
    more = "  info: {address: info@firma.example, display_name: Info, queue: support, smarthosts: [second, main]}"
    assert spf(load(more=more)) == "v=spf1 a:smtp.firma.example ip4:192.0.2.25 -all"


def test_reverse_path_on_the_channels_address_extends_the_companys_own_record() -> None:
    found = records(load(channel="reverse_path: address, also: [hilfe@alt.example]"))
    assert ("gw.firma.example", "TXT") not in found
    for domain in ("firma.example", "alt.example"):
        assert (found[domain, "TXT"].value, found[domain, "TXT"].how) == ("v=spf1 a:smtp.firma.example ~all", HowTo.EXTEND)


def test_names_of_other_scripts_stand_as_a_labels() -> None:
    found = records(load(hostname="gw.müller.example"))
    assert found["gw.xn--mller-kva.example", "MX"].value == "10 gw.xn--mller-kva.example."


def test_signing_key_has_its_record_and_lets_our_name_reject_forgeries(tmp_path: Path) -> None:
    key = tmp_path / "dkim.pem"
    octets = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key.write_bytes(octets)
    config = load(more=f"signing: [{{domain: gw.firma.example, selector: gw2026, key: {key}}}]")
    found = records(config, ("gw2026._domainkey.gw.firma.example", "v=DKIM1; k=ed25519; p=AAAA"))
    assert found["gw2026._domainkey.gw.firma.example", "TXT"].value == "v=DKIM1; k=ed25519; p=AAAA"
    assert found["_dmarc.gw.firma.example", "TXT"].value == "v=DMARC1; p=reject"


def test_without_a_key_our_name_rejects_nothing_yet() -> None:
    found = records(load())
    assert found["_dmarc.gw.firma.example", "TXT"].value == "v=DMARC1; p=none"
    assert found["_dmarc.firma.example", "TXT"].how is HowTo.EXTEND


@pytest.mark.parametrize(
    ("hostname", "channel", "has_gap"),
    [
        ("gw.firma.example", "", False),
        ("gw.other.example", "", True),
        ("gw.other.example", "reverse_path: address", False),
        ("gwfirma.example", "", True),
    ],
)
def test_answers_that_only_the_smarthost_can_authenticate_are_named(hostname: str, channel: str, has_gap: bool) -> None:  # noqa: FBT001 a column of the table
    gaps = find_gaps(load(hostname=hostname, channel=channel))
    assert bool(gaps) is has_gap
    assert all("firma.example" in gap for gap in gaps)
