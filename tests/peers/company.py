"""The little world: a company, its customers' provider, the DNS between them, and the gateway behind the company.

    swaks ──▶ kunde.test (Postfix, opendkim) ──▶ firma.test (Postfix) ──alias──▶ gateway
    gateway ──STARTTLS, AUTH──▶ firma.test (Postfix, opendkim) ──▶ maildirs here and at kunde.test
    neomutt ──STARTTLS, AUTH──▶ firma.test (Postfix, opendkim) ──▶ gateway

Everybody listens on loopback; which client a stranger is, swaks says by XCLIENT.
"""

import shutil
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

from gateway.mail.outbound import OutboundMail, Purpose
from gateway.storage.received import ReceivedSummary
from gateway.tickets import Ticket
from tests.peers.certificates import make_certificates
from tests.peers.clients import Neomutt, from_address, swaks
from tests.peers.configuration import gateway_configuration
from tests.peers.mail_servers import make_accounts, make_company, make_provider
from tests.peers.mailboxes import Delivered, Mailbox
from tests.peers.names import start_dns, text_record
from tests.peers.places import AGENTS, CUSTOMER_IP, NOBODY_ID, PASSWORD, Places, Ports
from tests.peers.programs import Server, free_ports, wait_for
from tests.peers.refusing import start_refusing
from tests.peers.rewriting import start_rewriting
from tests.peers.running import RunningGateway, write_command
from tests.peers.signing import start_signing


class World:
    """All peers, running."""

    def __init__(self, folder: Path, configure: Callable[[Places], dict[str, object]] = gateway_configuration) -> None:
        """Prepare; nothing runs yet. `configure` returns the gateway's configuration."""
        self.folder = folder
        self._configure = configure
        self.ports = Ports(**dict(zip(Ports.__slots__, free_ports(len(Ports.__slots__)), strict=True)))
        certificates = make_certificates(folder / "tls", "localhost", "mail.firma.test")
        self._places = Places(folder=folder, ports=self.ports, certificates=certificates)
        self.company = make_company(self._places)
        self.provider = make_provider(self._places)
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
        make_accounts(self._places)
        write_command(self._places.command, NOBODY_ID)
        self.company.start()
        self.provider.start()
        self._gateway = RunningGateway(self._places.gateway, self._configure(self._places), ports.gateway, self.company.log)
        self.start_gateway()

    def start_gateway(self) -> None:
        """Start the daemon; again, after it was stopped or killed."""
        self.gateway.start()
        # Only the gateway's group may use that door; here the account of Postfix's pipes is in it.
        shutil.chown(self._places.inject_socket, group=NOBODY_ID)

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
            name=AGENTS[key],
            address=f"{key}@firma.test",
            maildir=self.company.mailboxes / key,
            submission_port=self.ports.submission if is_signed else self.ports.submission_unsigned,
            password=PASSWORD,
            ca=self._places.certificates.ca,
        )

    def customer(self, name: str) -> Neomutt:
        """Return a customer's mail program, handing in at kunde.test, where opendkim signs."""
        return Neomutt(
            folder=self.folder,
            name=name.capitalize(),
            address=f"{name}@kunde.test",
            maildir=self.provider.mailboxes / name,
            submission_port=self.ports.provider_submission,
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
