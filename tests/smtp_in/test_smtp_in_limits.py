"""Who counts as one client, and when there are too many."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from structlog.testing import capture_logs

from gateway.mail.envelope import Door
from gateway.smtp_in.front import XFORWARD_NAMES, AnnouncedClient, read_announced_client
from gateway.smtp_in.limits import Connections, Refusals, client_network, is_within, plain_ip
from gateway.smtp_in.replies import Refusal
from gateway.smtp_in.settings import LimitSettings, ListenSettings, TlsMode


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "2001:db8::1", False),
    ],
)
def test_neighbours_are_one_client(one: str, other: str, is_same: bool) -> None:  # noqa: FBT001 a column of the table
    assert (client_network(one) == client_network(other)) is is_same


@pytest.mark.parametrize(
    ("peer", "ip"),
    [("::ffff:192.0.2.1", "192.0.2.1"), ("fe80::1%eth0", "fe80::1"), ("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::1")],
)
def test_one_address_has_one_form(peer: str, ip: str) -> None:
    assert plain_ip(peer) == ip


def test_network_has_a_limit_of_its_own_and_gets_it_back() -> None:
    connections = Connections(LimitSettings(connections_per_network=2))
    assert [connections.admit(f"192.0.2.{host}") for host in (1, 2, 3)] == [True, True, False]
    assert connections.admit("198.51.100.1")
    for host in (1, 2, 3):
        connections.release(f"192.0.2.{host}")
    assert connections.admit("192.0.2.9")


def test_listed_networks_are_not_counted() -> None:
    limits = LimitSettings(connections_per_network=1, uncounted_networks=[IPv4Network("192.0.2.0/24")])
    connections = Connections(limits)
    assert all(connections.admit("192.0.2.1") for _ in range(5))


def test_no_address_lies_in_no_network() -> None:
    networks = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
    assert not is_within(None, networks)
    assert not is_within("no address", networks)
    assert is_within("2001:db8::1", networks)


def test_burst_is_logged_when_it_begins_and_when_it_ends() -> None:
    refusals = Refusals()
    with capture_logs() as logs:
        for second in range(50):
            refusals.note("errors", now=second, client_ip="192.0.2.1")
        for second in range(50, 300, 10):
            refusals.sweep(now=second)
        refusals.note("errors", now=300, client_ip="192.0.2.1")
    assert [(line["limit"], line.get("count")) for line in logs] == [("errors", None), ("errors", 49), ("errors", None)]
    assert refusals.counts["errors"] == 51


def test_refusal_reads_as_it_is_sent() -> None:
    refusal = Refusal(550, "5.7.1", "No")
    assert (str(refusal), refusal.encode(), refusal.is_permanent) == ("550 5.7.1 No", b"550 5.7.1 No\r\n", True)


# -------------------------------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"smtp": "0.0.0.0:25", "lmtp": "unix:/run/x.sock"},
        {"smtp": "25"},
        {"smtp": "0.0.0.0:99999"},
        {"inject": "127.0.0.1:24"},
        {"smtp": "0.0.0.0:25", "tls": "starttls"},
        {"smtp": "0.0.0.0:25", "certificate": "/c.pem"},
        {"smtp": "0.0.0.0:25", "certificate": "/c", "key": "/k", "tls": "implicit", "proxy_networks": ["192.0.2.0/24"]},
        {"smtp": "0.0.0.0:25", "colour": "red"},
        {"lmtp": "unix:/x", "mode": "999"},
    ],
)
def test_listener_that_makes_no_sense_is_a_mistake(entry: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ListenSettings.model_validate(entry)


def test_listener_with_a_certificate_offers_tls_without_being_told() -> None:
    listener = ListenSettings(smtp="[::]:25", certificate=Path("/c"), key=Path("/k"))
    assert (listener.tls_mode, listener.door, listener.address) == (TlsMode.STARTTLS, Door.SMTP, "[::]:25")
    assert ListenSettings(lmtp="unix:/run/l.sock").door is Door.LMTP
    assert ListenSettings(inject="unix:/run/i.sock").door is Door.INJECT


def test_limits_are_written_with_units() -> None:
    limits = LimitSettings.model_validate({"message_size": "25 MB", "idle": "2m", "in_flight": "1 GB"})
    assert (limits.message_size, limits.idle, limits.in_flight) == (25_000_000, 120, 1_000_000_000)


def test_every_setting_is_described() -> None:
    for model in (ListenSettings, LimitSettings):
        assert [name for name, field in model.model_fields.items() if not field.description] == []


# ---------------------------------------------------------------------------------------------------------- front servers


@given(
    argument=st.text(max_size=60)
    | st.lists(st.sampled_from(["ADDR=", "HELO=", "+00", "192.0.2.1", "IPV6:", "::", " "])).map("".join)
)
def test_attributes_of_a_front_server_are_read_or_refused_and_never_raise(argument: str) -> None:
    client = read_announced_client(argument, names=XFORWARD_NAMES, before=None)
    assert client is None or client.helo is None or client.helo.isprintable()


def test_attributes_add_up_and_unavailable_means_unknown() -> None:
    first = read_announced_client("ADDR=192.0.2.1 HELO=a+2Eexample", names=XFORWARD_NAMES, before=None)
    assert first == AnnouncedClient(ip="192.0.2.1", helo="a.example")
    second = read_announced_client("ADDR=[UNAVAILABLE] NAME=x", names=XFORWARD_NAMES, before=first)
    assert second == AnnouncedClient(ip=None, helo="a.example")
