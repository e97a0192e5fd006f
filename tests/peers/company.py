"""The little world: a company, its customers' provider, the DNS between them, and the gateway behind the company.

    swaks ──▶ kunde.test (Postfix, opendkim) ──▶ firma.test (Postfix) ──alias──▶ gateway
    gateway ──STARTTLS, AUTH──▶ firma.test (Postfix, opendkim) ──▶ maildirs here and at kunde.test
    neomutt ──STARTTLS, AUTH──▶ firma.test (Postfix, opendkim) ──▶ gateway

Everybody listens on loopback; which client a stranger is, swaks says by XCLIENT.
"""

import shutil
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Final

from gateway.mail import OutboundMail, Purpose
from gateway.storage.received import ReceivedSummary
from gateway.tickets import Ticket
from tests.needs import program
from tests.peers.certificates import Certificates, make_certificates
from tests.peers.clients import Neomutt, from_address, swaks
from tests.peers.mailboxes import Delivered, Mailbox
from tests.peers.names import start_dns, text_record
from tests.peers.postfix import Postfix, Service
from tests.peers.programs import Server, free_ports, run, wait_for
from tests.peers.refusing import start_refusing
from tests.peers.rewriting import start_rewriting
from tests.peers.running import RunningGateway, write_command
from tests.peers.signing import start_signing

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

_AGENTS: Final = {"anna": "Anna Arndt", "ben": "Ben Berger", "carl": "Carl Clausen"}
_CUSTOMERS: Final = (
    *("karla", "konrad", "kim", "kurt", "klara", "knut", "katja", "kolja", "kirsten", "kevin"),
    *("kuno", "kilian", "kerstin", "klaus", "klemens", "kora", "käthe"),
    *("konstanze", "kaspar", "katrin", "karsten", "kunz"),
)
_FORWARDED: Final = ("support", "verkauf", "massen", "ausweich")
_LOCAL: Final = ("lokal", "rohr", "rohrende", "vorn")
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


class World:
    """All peers, running."""

    def __init__(self, folder: Path) -> None:
        """Prepare; nothing runs yet."""
        self.folder = folder
        self.ports = Ports(**dict(zip(Ports.__slots__, free_ports(len(Ports.__slots__)), strict=True)))
        self.certificates: Certificates = make_certificates(folder / "tls", "localhost", "mail.firma.test")
        self.lmtp_socket = folder / "gateway" / "lmtp.sock"
        self.inject_socket = folder / "gateway" / "inject.sock"
        self.command = folder / "ticket-gateway"
        self._accounts = folder / "sasldb2"
        self.company = self._make_company()
        self.provider = self._make_provider()
        self.servers: list[Server] = []
        self._gateway: RunningGateway | None = None

    @property
    def gateway(self) -> RunningGateway:
        """The daemon."""
        assert self._gateway is not None
        return self._gateway

    def start(self) -> None:
        """Start everybody, the ones that others need first."""
        ports = self.ports
        signing, keys = start_signing(self.folder / "signing", ports.signing, ("firma.test", "kunde.test"))
        self.servers.append(signing)
        records = [
            ("firma.test", "MX", "10 mail.firma.test."),
            ("mail.firma.test", "A", "127.0.0.1"),
            ("gw.firma.test", "MX", "10 gw.firma.test."),
            ("gw.firma.test", "A", "127.0.0.1"),
            ("kunde.test", "MX", "10 mail.kunde.test."),
            ("mail.kunde.test", "A", CUSTOMER_IP),
            ("firma.test", "TXT", text_record("v=spf1 ip4:127.0.0.1 -all")),
            ("_dmarc.firma.test", "TXT", text_record("v=DMARC1; p=none")),
            ("kunde.test", "TXT", text_record(f"v=spf1 ip4:{CUSTOMER_IP} -all")),
            ("_dmarc.kunde.test", "TXT", text_record("v=DMARC1; p=reject")),
            *((name, "TXT", text_record(text)) for name, text in keys),
        ]
        self.servers.append(start_dns(self.folder / "dns", ports.dns, records))
        self.servers.append(
            start_rewriting(self.folder / "srs", forward=ports.rewriting, back=ports.rewriting_back, domain="firma.test")
        )
        self.servers.append(start_refusing(self.folder / "sink", ports.sink))
        self._make_accounts()
        write_command(self.command, NOBODY_ID)
        self.company.start()
        self.provider.start()
        self._gateway = RunningGateway(self.folder / "gateway", self._configuration(), ports.gateway, self.company.log)
        self.start_gateway()

    def start_gateway(self) -> None:
        """Start the daemon; again, after it was stopped or killed."""
        self.gateway.start()
        # Only the gateway's group may use that door; here the account of Postfix's pipes is in it.
        shutil.chown(self.inject_socket, group=NOBODY_ID)

    def stop(self) -> None:
        """End everybody that was started."""
        if self._gateway is not None:
            self._gateway.stop()
        for postfix in (self.company, self.provider):
            postfix.stop()
        for server in reversed(self.servers):
            server.stop()

    # -------------------------------------------------------------------------------------------------------------- people

    def mailbox(self, address: str) -> Mailbox:
        """Return the maildir of somebody at firma.test or kunde.test."""
        local, _, domain = address.partition("@")
        postfix = self.company if domain == "firma.test" else self.provider
        return Mailbox(address, postfix.mailboxes / local, self.logs)

    def agent(self, key: str, *, is_signed: bool = True) -> Neomutt:
        """Return an agent's mail program, handing in where opendkim signs, or where nobody does."""
        return Neomutt(
            folder=self.folder,
            name=_AGENTS[key],
            address=f"{key}@firma.test",
            maildir=self.company.mailboxes / key,
            submission_port=self.ports.submission if is_signed else self.ports.submission_unsigned,
            password=PASSWORD,
            ca=self.certificates.ca,
        )

    def delivered(self, outbound: OutboundMail) -> Delivered:
        """Return a mail of the gateway as it lies in its recipient's mailbox, as soon as it is there."""
        wanted = f"<{outbound.message_id}>"
        mailbox = self.mailbox(str(outbound.recipient))
        return mailbox.wait(f"the mail {outbound.purpose}", lambda mail: mail["Message-ID"].strip() == wanted)

    def notification(self, ticket_id: int, agent: str, purpose: Purpose = Purpose.NEW_TICKET) -> Delivered:
        """Return what an agent got about a ticket."""
        address = f"{agent}@firma.test"

        def look() -> OutboundMail | None:
            mails = (mail for mail in self.gateway.outbox(ticket_id) if mail.purpose is purpose)
            return next((mail for mail in mails if str(mail.recipient) == address), None)

        return self.delivered(wait_for(f"a mail {purpose} to {agent}", look, story=self.gateway.story))

    def ask(self, mail: EmailMessage, *, to: str = "support@firma.test", rewriting: bool = False) -> Ticket:
        """Let a customer write to the company from the address that kunde.test sends from; return the ticket."""
        port = self.ports.company_rewriting if rewriting else self.ports.company
        swaks(port, mail, sender=parseaddr(mail["From"])[1], to=to, options=from_address(CUSTOMER_IP))
        return self.gateway.ticket(self.gateway.wait_received(mail["Message-ID"]).ticket_id)

    def hand_in(self, mail: EmailMessage, *, to: str = "support@firma.test") -> ReceivedSummary:
        """Let a customer hand a mail to the own provider, who signs and sends it; return what the gateway made of it."""
        swaks(self.ports.provider_submission, mail, sender=parseaddr(mail["From"])[1], to=to)
        return self.gateway.wait_received(mail["Message-ID"])

    def logs(self) -> str:
        """Return what everybody said last."""
        parts = (("company", self.company.log()), ("provider", self.provider.log()), ("gateway", self.gateway.words()))
        return "\n".join(f"--- {name}:\n{words[-5000:]}" for name, words in parts)

    # ------------------------------------------------------------------------------------------------------------- servers

    def _make_company(self) -> Postfix:
        """firma.test: MX, once more with SRS, submission for the agents and for the gateway."""
        ports, folder = self.ports, self.folder / "firma"
        own = [f"{key}@firma.test" for key in (*_AGENTS, *_LOCAL)]
        intake = {f"{name}@firma.test": f"{name}-firma@{HOSTNAME}" for name in _FORWARDED}
        intake["veraltet@firma.test"] = f"abgeschafft@{HOSTNAME}"
        submission = (
            "-o syslog_name=submission",
            "-o smtpd_tls_security_level=encrypt",
            "-o smtpd_sasl_auth_enable=yes",
            "-o smtpd_recipient_restrictions=$submission_restrictions",
        )
        return Postfix(
            folder=folder,
            hostname="mail.firma.test",
            services=(
                Service(name=str(ports.company)),
                Service(name=str(ports.company_rewriting), settings=("-o cleanup_service_name=rewriting",)),
                Service(name=str(ports.submission), settings=(*submission, f"-o smtpd_milters=inet:127.0.0.1:{ports.signing}")),
                Service(name=str(ports.submission_unsigned), settings=submission),
                Service(
                    name="vorn",
                    kind="unix",
                    command="smtp",
                    is_private=True,
                    settings=("-o smtp_send_xforward_command=yes",),
                ),
                Service(
                    name="rohr",
                    kind="unix",
                    command="pipe",
                    is_private=True,
                    unprivileged="n",
                    settings=(
                        f"flags=F user={NOBODY} argv={self.command} inject --socket {self.inject_socket}",
                        "  --to ${original_recipient} --sender ${sender}",
                    ),
                ),
                Service(
                    name="rewriting",
                    kind="unix",
                    command="cleanup",
                    most="0",
                    settings=(
                        f"-o sender_canonical_maps=tcp:127.0.0.1:{ports.rewriting}",
                        "-o sender_canonical_classes=envelope_sender",
                    ),
                ),
            ),
            settings={
                "virtual_mailbox_domains": "firma.test",
                "virtual_mailbox_maps": f"texthash:{folder}/etc/mailboxes",
                "virtual_alias_maps": f"texthash:{folder}/etc/aliases",
                "transport_maps": f"texthash:{folder}/etc/transport",
                "relay_domains": HOSTNAME,
                "recipient_canonical_maps": f"tcp:127.0.0.1:{ports.rewriting_back}",
                "recipient_canonical_classes": "envelope_recipient,header_recipient",
                "smtpd_authorized_xclient_hosts": "127.0.0.0/8",
                "smtpd_relay_restrictions": "permit_sasl_authenticated, reject_unauth_destination",
                "submission_restrictions": (
                    f"check_recipient_access texthash:{folder}/etc/refused, permit_sasl_authenticated, reject"
                ),
                "smtpd_tls_cert_file": str(self.certificates.chain),
                "smtpd_tls_key_file": str(self.certificates.key),
                "smtpd_tls_auth_only": "yes",
                "smtp_tls_security_level": "may",
                "smtpd_sasl_type": "cyrus",
                "smtpd_sasl_path": "smtpd",
                "smtpd_sasl_local_domain": "firma.test",
                "notify_classes": "",
                "smtputf8_autodetect_classes": "all",  # swaks cannot say SMTPUTF8
            },
            sasl=f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\nsasldb_path: {self._accounts}\n",
            maps={
                "mailboxes": {address: address.partition("@")[0] + "/" for address in own},
                "aliases": intake,
                "transport": {
                    HOSTNAME: f"smtp:[127.0.0.1]:{ports.gateway}",
                    "kunde.test": f"smtp:[127.0.0.1]:{ports.provider}",
                    "lokal@firma.test": f"lmtp:unix:{self.lmtp_socket}",
                    "vorn@firma.test": f"vorn:[127.0.0.1]:{ports.gateway_behind_front}",
                    "rohr@firma.test": "rohr:",
                    "rohrende@firma.test": "rohr:",
                },
                "refused": {REFUSED: "550 5.7.1 We do not send there"},
            },
        )

    def _make_provider(self) -> Postfix:
        """kunde.test: where customers have their mailboxes and hand in their mail."""
        ports, folder = self.ports, self.folder / "kunde"
        return Postfix(
            folder=folder,
            hostname="mail.kunde.test",
            services=(
                Service(name=str(ports.provider)),
                Service(
                    name=str(ports.provider_submission),
                    settings=(
                        "-o mynetworks=127.0.0.0/8",
                        "-o smtpd_relay_restrictions=permit_mynetworks,reject",
                        f"-o smtpd_milters=inet:127.0.0.1:{ports.signing}",
                    ),
                ),
            ),
            settings={
                "virtual_mailbox_domains": "kunde.test",
                "virtual_alias_maps": f"texthash:{folder}/etc/aliases",
                "virtual_mailbox_maps": f"texthash:{folder}/etc/mailboxes",
                "transport_maps": f"texthash:{folder}/etc/transport",
                "smtpd_relay_restrictions": "reject_unauth_destination",
            },
            maps={
                "mailboxes": {f"{name}@kunde.test": f"{name}/" for name in _CUSTOMERS},
                "aliases": {LOOPING: "support@firma.test"},
                "transport": {"firma.test": f"smtp:[127.0.0.1]:{ports.company}"},
            },
        )

    def _make_accounts(self) -> None:
        """Make the accounts of the submission service (a Cyrus SASL database)."""
        for user in ("gw", *_AGENTS):
            command = [program("saslpasswd2"), "-p", "-c", "-f", str(self._accounts), "-u", "firma.test", user]
            run(command, content=PASSWORD.encode() + b"\n")
        run(["chown", "postfix", str(self._accounts)])

    # ------------------------------------------------------------------------------------------------------------- gateway

    def _configuration(self) -> dict[str, object]:
        forwarder: dict[str, object] = {"name": "mail.firma.test", "networks": ["127.0.0.1/32"]}
        return {
            "hostname": HOSTNAME,
            "data": str(self.folder / "gateway" / "data"),
            "listen": [
                {
                    "smtp": f"127.0.0.1:{self.ports.gateway}",
                    "tls": "starttls",
                    "certificate": str(self.certificates.chain),
                    "key": str(self.certificates.key),
                },
                {"smtp": f"127.0.0.1:{self.ports.gateway_behind_front}", "xclient_networks": ["127.0.0.1/32"]},
                {"lmtp": f"unix:{self.lmtp_socket}", "mode": "0666"},
                {"inject": f"unix:{self.inject_socket}"},
            ],
            "smarthosts": {
                "main": {
                    "host": "localhost",
                    "port": self.ports.submission,
                    "security": "starttls",
                    "username": "gw@firma.test",
                    "password": PASSWORD,
                    "ca_file": str(self.certificates.ca),
                    "max_connections": 4,
                },
                "kaputt": {"host": "localhost", "port": self.ports.sink, "security": "none"},
            },
            "relay": {"retry": {"first_delay": 1, "maximum_delay": 2}},
            "limits": {"message_size": LARGEST_MAIL},
            "resolver": {"servers": [f"127.0.0.1:{self.ports.dns}"]},
            "agents": {
                key: {"name": name, "addresses": [f"{key}@firma.test"], "signature": f"{name.split()[0]} vom Support\nFirma GmbH"}
                for key, name in _AGENTS.items()
            },
            "queues": {
                "support": {"agents": ["anna", "ben"], "leads": ["anna"]},
                "einer": {"agents": ["carl"], "leads": ["carl"]},
            },
            "channels": {
                "support": self._channel("support", "support", [forwarder]),
                "verkauf": self._channel("verkauf", "support", [{"name": "srs of firma.test", "srs_domains": ["firma.test"]}]),
                "massen": self._channel("massen", "einer", [forwarder]),
                "lokal": self._channel("lokal", "einer", []),
                "rohr": self._channel("rohr", "einer", []),
                "vorn": self._channel("vorn", "einer", []),
                "ausweich": {**self._channel("ausweich", "einer", [forwarder]), "smarthosts": ["kaputt", "main"]},
            },
        }

    def _channel(self, name: str, queue: str, forwarders: list[dict[str, object]]) -> dict[str, object]:
        return {
            "address": f"{name}@firma.test",
            "display_name": f"Firma {name.capitalize()}",
            "queue": queue,
            "smarthosts": ["main"],
            "language": "de",
            "forwarders": forwarders,
        }
