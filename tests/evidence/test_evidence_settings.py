"""What an admin writes about forwarders and the resolver, and what is refused."""

import pytest
from pydantic import ValidationError

from gateway.evidence.settings import ForwarderSettings, ResolverSettings, parse_server


def test_one_value_needs_no_brackets_and_domains_are_compared_in_lower_case() -> None:
    forwarder = ForwarderSettings.model_validate({"networks": "203.0.113.0/24", "authserv_id": "MX.Firma.example."})
    assert [str(network) for network in forwarder.networks] == ["203.0.113.0/24"]
    assert forwarder.authserv_id == ["mx.firma.example"]


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ({"name": "our mail server", "networks": "203.0.113.0/24"}, "our mail server"),
        ({"networks": "203.0.113.0/24", "authserv_id": "mx.firma.example"}, "mx.firma.example"),
        ({"networks": "203.0.113.0/24"}, "203.0.113.0/24"),
        ({"srs_domains": "firma.example"}, "firma.example"),
        ({"spf_domain": "hoster.example"}, "hoster.example"),
        ({"arc_sealers": "lists.example"}, "lists.example"),
        ({"preset": "google"}, "google"),
    ],
)
def test_a_forwarder_is_called_by_what_the_admin_wrote(written: dict[str, str], label: str) -> None:
    assert ForwarderSettings.model_validate(written).label == label


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"authserv_id": "mx.firma.example"},
        {"preset": "postfix"},
        {"reverse_path_domains": "firma.example"},
        {"networks": "203.0.113.0/33"},
        {"networks": "mx.firma.example"},
        {"spf_domain": "two words"},
        {"srs_domains": "bounce@firma.example"},
        {"network": "203.0.113.0/24"},
        {"preset": "exchange"},
    ],
    ids=str,
)
def test_a_forwarder_that_nobody_could_recognise_is_a_mistake(written: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ForwarderSettings.model_validate(written)


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("192.0.2.53:5353", ("192.0.2.53", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
        ("[2001:db8::53]", ("2001:db8::53", 53)),
    ],
)
def test_a_dns_server_is_an_address_with_a_port_or_without(text: str, server: tuple[str, int]) -> None:
    assert parse_server(text) == server


@pytest.mark.parametrize("text", ["dns.example", "192.0.2.53:0", "192.0.2.53:99999", "192.0.2.53:x", "", "[::1", "192.0.2.53:²"])
def test_anything_else_is_no_dns_server(text: str) -> None:
    with pytest.raises(ValidationError):
        ResolverSettings(servers=[text])
