"""Who is where in the little world: people, addresses, ports, files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.peers.certificates import Certificates

HOSTNAME: Final = "gw.firma.test"
CUSTOMER_IP: Final = "198.51.100.7"
"""The address that the SPF record of kunde.test lists; people of kunde.test who use swaks say that they are it."""
STRANGER_IP: Final = "203.0.113.66"
STRANGER_INTERFACE: Final = "127.0.0.66"
"""Where a stranger connects from who goes to the gateway directly; no SPF record lists it."""
PASSWORD: Final = "Passwort für heute"
NOBODY: Final = "nobody"
NOBODY_ID: Final = 65_534
REFUSED: Final = "gesperrt@kunde.test"
"""The smarthost refuses this recipient at once."""

LARGEST_MAIL: Final = 12_000_000
"""Octets; what the gateway takes."""

AGENTS: Final = {"anna": "Anna Arndt", "ben": "Ben Berger", "carl": "Carl Clausen"}
CUSTOMERS: Final = (
    *("karla", "konrad", "kim", "kurt", "klara", "knut", "katja", "kolja", "kirsten", "kevin"),
    *("kuno", "kilian", "kerstin", "klaus", "klemens", "kora", "käthe"),
    *("konstanze", "kaspar", "katrin", "karsten", "kunz"),
)
FORWARDED: Final = ("support", "verkauf", "massen", "ausweich")
LOCAL: Final = ("lokal", "rohr", "rohrende", "vorn")
LOOPING: Final = "schleife@kunde.test"
"""Whatever comes here is forwarded to support@firma.test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Who listens where on 127.0.0.1."""

    gateway: int
    gateway_behind_front: int
    company: int
    company_rewriting: int
    submission: int
    submission_unsigned: int
    provider: int
    provider_submission: int
    dns: int
    signing: int
    rewriting: int
    rewriting_back: int
    sink: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where everything lies and listens."""

    folder: Path
    ports: Ports
    certificates: Certificates

    @property
    def gateway(self) -> Path:
        """The gateway's folder."""
        return self.folder / "gateway"

    @property
    def lmtp_socket(self) -> Path:
        """The gateway's LMTP door."""
        return self.gateway / "lmtp.sock"

    @property
    def inject_socket(self) -> Path:
        """The gateway's door for pipes."""
        return self.gateway / "inject.sock"

    @property
    def command(self) -> Path:
        """The command that pipes run."""
        return self.folder / "ticket-gateway"

    @property
    def accounts(self) -> Path:
        """Who may submit mail at the company (a Cyrus SASL database)."""
        return self.folder / "sasldb2"
