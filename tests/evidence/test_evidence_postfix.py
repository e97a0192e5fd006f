"""A real Postfix with opendkim and opendmarc as the company's forwarder: where it writes its results, and whose they can be."""

import asyncio
import os
import smtplib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from gateway.evidence.headers import HeaderBlock
from gateway.evidence.settings import ForwarderSettings
from gateway.mail.evidence import Assurance, DkimResult, SpfResult
from tests.evidence.filters import AUTHSERV_ID, Filters, start_filters
from tests.evidence.world import DIRECT, EVIL_IP, FORWARDER_IP, World, signer
from tests.needs import miss
from tests.peers.postfix import Postfix, Service
from tests.peers.programs import free_ports, wait_for


class _Proxied(smtplib.SMTP):
    """A session that a load balancer hands on: it says first which address the client has."""

    def __init__(self, client_ip: str, port: int) -> None:
        self._greeting = f"PROXY TCP4 {client_ip} 127.0.0.1 4711 25\r\n".encode()
        super().__init__("127.0.0.1", port, local_hostname="mail.kunde.example", timeout=60)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection = socket.create_connection((host, port), timeout)
        connection.sendall(self._greeting)
        return connection


@dataclass
class Forwarder:
    """The company's server: whatever it accepts lies in a maildir afterwards, as it would be forwarded."""

    postfix: Postfix
    port: int

    def forward(self, mail: bytes, *, client_ip: str) -> bytes:
        """Take a mail from a client that is said to have this address; returns it as it goes on."""
        before = set(self.postfix.mailboxes.rglob("new/*"))
        with _Proxied(client_ip, self.port) as session:
            session.sendmail("kurt@kunde.example", ["support@firma.example"], mail)
        (new,) = wait_for("the mail", lambda: set(self.postfix.mailboxes.rglob("new/*")) - before, story=self.postfix.log)
        return new.read_bytes().replace(b"\n", b"\r\n")


@pytest.fixture
async def filters(world: World) -> AsyncIterator[Filters]:
    async with start_filters(world.dns) as found:
        yield found


@pytest.fixture
def forwarder(filters: Filters) -> Iterator[Forwarder]:
    """Start Postfix with both filters; the test says which address the client has, as a load balancer would."""
    if os.geteuid() != 0:
        miss("Postfix can only be started by root")
    folder = filters.folder / "postfix"
    (port,) = free_ports(1)
    settings = {
        "virtual_mailbox_domains": "firma.example",
        "virtual_mailbox_maps": f"texthash:{folder}/etc/mailboxes",
        "smtpd_relay_restrictions": "reject_unauth_destination",
        "smtpd_upstream_proxy_protocol": "haproxy",
        "smtpd_milters": f"unix:{filters.folder}/opendkim, unix:{filters.folder}/opendmarc",
    }
    postfix = Postfix(
        folder=folder,
        hostname=AUTHSERV_ID,
        services=(Service(name=str(port)),),
        settings=settings,
        maps={"mailboxes": {"support@firma.example": "support/"}},
    )
    postfix.start()
    try:
        yield Forwarder(postfix, port)
    finally:
        postfix.stop()


MX = ForwarderSettings(networks=["203.0.113.0/24"], authserv_id=AUTHSERV_ID)
FOOTER = b"-- \r\nchecked for viruses\r\n"


async def test_a_real_forwarders_results_stand_above_its_own_received_and_vouch(
    forwarder: Forwarder, filters: Filters, world: World
) -> None:
    del filters
    forwarded = await asyncio.to_thread(forwarder.forward, signer().sign(DIRECT), client_ip=EVIL_IP)
    names = [one.name for one in HeaderBlock.read(forwarded).fields]
    assert names.index(b"authentication-results") < names.index(b"received")
    assert b"dmarc=pass (p=reject dis=none) header.from=kunde.example" in forwarded
    evidence = await world.observe(forwarded, client_ip=FORWARDER_IP, forwarders=[MX])
    assert evidence.assurance is Assurance.PROVEN
    changed = await world.observe(forwarded + FOOTER, client_ip=FORWARDER_IP, forwarders=[MX])
    assert (changed.dkim[0].result, changed.assurance) == (DkimResult.FAIL, Assurance.VOUCHED)
    assert changed.because.startswith("mx.firma.example, a declared forwarder, says")
    undeclared = await world.observe(forwarded + FOOTER, client_ip=FORWARDER_IP)
    assert undeclared.assurance is Assurance.CONTRADICTED


@pytest.mark.parametrize(
    "forged",
    [
        b"Authentication-Results: mx.firma.example; dmarc=pass header.from=kunde.example",
        b"Authentication-Results: (mine) MX.Firma.Example 1; dmarc=pass header.from=kunde.example",
        b'Authentication-Results:\r\n "mx.firma.example"; spf=pass smtp.mailfrom=kunde.example',
        b"authentication-results : mx.firma.example; dkim=pass header.d=kunde.example",
    ],
    ids=["plain", "in a comment's company", "quoted and folded", "spaced"],
)
async def test_results_that_the_sender_forged_stand_below_the_forwarders_received_and_are_nothing(
    forged: bytes, forwarder: Forwarder, filters: Filters, world: World
) -> None:
    del filters
    forwarded = await asyncio.to_thread(forwarder.forward, forged + b"\r\n" + DIRECT, client_ip=EVIL_IP)
    evidence = await world.observe(forwarded, client_ip=FORWARDER_IP, forwarders=[MX])
    assert evidence.through is not None
    assert (evidence.through.client_ip, evidence.through.spf.result) == (EVIL_IP, SpfResult.FAIL)
    assert evidence.assurance is Assurance.CONTRADICTED
