"""Databases on both engines, and makers of the values that go into them."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.content import Content
from gateway.mail.envelope import Envelope, Recipient, RouteKind
from gateway.mail.evidence import (
    ArcEvidence,
    ArcResult,
    Assurance,
    DmarcEvidence,
    DmarcPolicy,
    DmarcResult,
    Evidence,
    SpfEvidence,
    SpfResult,
    SpfScope,
)
from gateway.mail.outbound import OutboundMail, Purpose
from gateway.mail.received import ReceivedMail
from gateway.states import TicketStatus
from gateway.storage.accepting import Acceptance
from gateway.storage.database import Database
from gateway.tickets import Part, Participant, Post, Priority, Side, Ticket, Visibility
from tests.needs import program
from tests.storage.journal_world import Intake

NOW: Final = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)


@dataclass
class Make:
    """Makes values whose ids grow; everything else can be said."""

    now: datetime = NOW
    ids: Iterator[int] = field(default_factory=lambda: count(1))

    def evidence(self, because: str = "SPF passed") -> Evidence:
        return Evidence(
            spf=SpfEvidence(result=SpfResult.PASS, domain="kunde.example", scope=SpfScope.MFROM),
            dkim=(),
            arc=ArcEvidence(result=ArcResult.NONE, sealer=None),
            dmarc=DmarcEvidence(result=DmarcResult.PASS, policy=DmarcPolicy.REJECT, domain="kunde.example"),
            through=None,
            assurance=Assurance.PROVEN,
            because=because,
        )

    def acceptance(
        self,
        content: Content | bytes = b"Subject: Hallo\r\n\r\nWelt\r\n",
        *,
        delivery_key: str | None = None,
        channel: str = "support",
        author_key: str | None = "kunde@kunde.example",
        message_id: str | None = None,
        subject: str | None = "Hallo",
        because: str = "SPF passed",
    ) -> Acceptance:
        number = next(self.ids)
        recipient = Recipient(address=Address("support", "firma.example"), channel=channel, kind=RouteKind.CHANNEL)
        envelope = Envelope(
            reverse_path=Address("kunde", "kunde.example"),
            recipients=(recipient,),
            received_at=self.now + timedelta(seconds=number),
            client_ip="192.0.2.1",
        )
        mail = ReceivedMail(
            id=number,
            channel=channel,
            envelope=envelope,
            content=Content.of(content) if isinstance(content, bytes) else content,
            evidence=self.evidence(because),
        )
        return Acceptance(
            mail=mail,
            delivery_key=delivery_key or f"delivery-{number}",
            author_key=author_key,
            message_id=message_id or f"{number}@kunde.example",
            subject=subject,
        )

    def ticket(
        self,
        subject: str = "Drucker brennt",
        *,
        status: TicketStatus = TicketStatus.NEW,
        queue: str = "support",
        channel: str = "support",
        requester: str = "kunde@kunde.example",
        assignee: str | None = None,
        number: str | None = None,
    ) -> Ticket:
        ticket_id = next(self.ids)
        mailbox = Mailbox("Klara Kunde", Address.of(requester))
        return Ticket(
            id=ticket_id,
            number=number or f"2026-{ticket_id:06d}",
            subject=subject,
            status=status,
            priority=Priority.NORMAL,
            queue=queue,
            channel=channel,
            requester=mailbox,
            answer_from=Address("support", "firma.example"),
            language="de",
            created_at=self.now,
            updated_at=self.now,
            assignee=assignee,
            participants=(Participant(mailbox=mailbox, part=Part.REQUESTER, added_by="author"),),
            tags=("feuer",),
        )

    def post(self, ticket: Ticket, text: str = "Bitte kommen Sie schnell.", *, message_id: str | None = None) -> Post:
        return Post(
            id=next(self.ids),
            ticket_id=ticket.id,
            visibility=Visibility.PUBLIC,
            side=Side.CUSTOMER,
            author=ticket.requester,
            text=text,
            created_at=self.now,
            message_id=message_id,
        )

    def outbound(
        self,
        content: bytes = b"Subject: Re: Hallo\r\n\r\nWir kommen.\r\n",
        *,
        recipient: str = "kunde@kunde.example",
        purpose: Purpose = Purpose.ANSWER,
        ticket: Ticket | None = None,
        next_attempt_at: datetime | None = None,
    ) -> OutboundMail:
        number = next(self.ids)
        return OutboundMail(
            id=number,
            purpose=purpose,
            channel="support",
            recipient=Address.of(recipient),
            reverse_path=None,
            message_id=f"{number}@gw.firma.example",
            content=Content.of(content),
            smarthosts=("main", "backup"),
            created_at=self.now,
            ticket_id=None if ticket is None else ticket.id,
            next_attempt_at=next_attempt_at,
        )


@pytest.fixture
def make() -> Make:
    return Make()


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server of ours."""

    folder: Path

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def create(self) -> str:
        """Make an empty database and return its URL."""
        name = f"t{secrets.token_hex(6)}"
        self.query("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    def query(self, name: str, statement: str) -> str:
        command = [_tool("psql"), "-h", str(self.folder), "-U", "postgres", "-d", name, "-Atqc", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _tool(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")) if Path("/usr/lib/postgresql").exists() else []
    return str(found[-1]) if found else program(name)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Start a server of our own on a unix socket; it is gone when the tests end."""
    initdb, control = _tool("initdb"), _tool("pg_ctl")
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []  # PostgreSQL refuses to run as root
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if prefix:
            shutil.chown(folder, "postgres")
        folder.chmod(0o755)
        cluster = folder / "data"

        def run(*command: str) -> None:
            with (folder / "output").open("ab") as output:
                subprocess.run([*prefix, *command], check=True, stdout=output, stderr=output, cwd=folder)

        run(initdb, "-D", str(cluster), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        settings = ("listen_addresses=", f"unix_socket_directories={folder}", "unix_socket_permissions=0777", "fsync=off")
        options = " ".join(f"-c {setting}" for setting in settings)
        run(control, "-D", str(cluster), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield Server(folder)
        finally:
            run(control, "-D", str(cluster), "-m", "immediate", "stop")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Return what `database:` in the configuration says."""
    if request.param == "sqlite":
        return "sqlite"
    server: Server = request.getfixturevalue("server")
    return server.create()


@pytest_asyncio.fixture
async def database(url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """Open an empty database on either engine."""
    opened = await Database.open(data=tmp_path, database=url, clock=lambda: NOW)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def intake(tmp_path: Path) -> AsyncIterator[Intake]:
    """Open an empty SQLite database with its intake journal."""
    opened = await Database.open(data=tmp_path, clock=lambda: NOW)
    yield Intake(tmp_path, opened)
    await opened.close()
