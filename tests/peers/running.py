"""The gateway as admins run it: a process of its own with a configuration file, looked at from outside."""

import asyncio
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from ruamel.yaml import YAML

from gateway.mail.outbound import OutboundMail, Purpose
from gateway.mail.received import ReceivedMail
from gateway.states import OutboundState
from gateway.storage.database import Database
from gateway.storage.received import ReceivedSummary, ReceivedTrace
from gateway.storage.tickets import TicketFilter
from gateway.storage.transaction import Reader
from gateway.tickets import Post, Ticket
from tests.needs import miss
from tests.peers.programs import Server, greets, run, wait_for

T = TypeVar("T")

REPOSITORY: Final = Path(__file__).parents[2]
COMMAND: Final = (sys.executable, "-m", "gateway")
"""`ticket-gateway`, wherever the repository lies."""

_NOWHERE: Final = ("inject", "--socket", "/nonexistent", "--to", "nobody@firma.test")
_MODULES_OF_INJECT: Final = f"""
import sys, gateway.cli.entry
gateway.cli.entry.run({_NOWHERE})
print(*{{name.partition(".")[0] for name in sys.modules}})
"""


def write_command(path: Path, account: int) -> None:
    """Write the command `ticket-gateway` so that an account can run it that may not look into root's folders.

    The interpreter of the tests may lie there, and so may the repository: the system's own interpreter, and in the end a copy,
    do as well.
    """
    installed = sysconfig.get_path("purelib")
    copy = path.with_suffix(".copy")
    for interpreter, *folders in (
        (sys.executable, REPOSITORY),
        ("/usr/bin/python3", REPOSITORY, installed),
        ("/usr/bin/python3", copy),
    ):
        if copy in folders:
            _copy_modules(copy)
        modules = ":".join(map(str, folders))
        path.write_text(f'#!/bin/sh\nPYTHONPATH={modules} PYTHONDONTWRITEBYTECODE=1 exec {interpreter} -m gateway "$@"\n')
        path.chmod(0o755)
        if _can_run(path, account):
            return
    miss("no Python can be run by the account that Postfix uses for pipes")


def _copy_modules(target: Path) -> None:
    """Copy our package and those modules of others that `inject` needs."""
    shutil.copytree(REPOSITORY / "gateway", target / "gateway")
    needed = run([sys.executable, "-c", _MODULES_OF_INJECT], environment={**os.environ, "PYTHONPATH": str(REPOSITORY)}).split()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if entry.name.partition(".")[0] in needed:
            (shutil.copytree if entry.is_dir() else shutil.copy)(entry, target / entry.name)


def _can_run(path: Path, account: int) -> bool:
    """Tell whether `inject` gets as far as finding that nobody listens (75, EX_TEMPFAIL)."""
    command = [str(path), *_NOWHERE]
    done = subprocess.run(
        command, cwd="/", user=account, group=account, extra_groups=(), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return done.returncode == os.EX_TEMPFAIL


class RunningGateway:
    """One daemon, and what its database says (read only, through the storage's own reader)."""

    def __init__(self, folder: Path, configuration: Mapping[str, object], port: int, others: Callable[[], str]) -> None:
        """Write the configuration; `others` returns what to show besides our own log when a test fails."""
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.port = port
        self.file = folder / "gateway.yaml"
        with self.file.open("w", encoding="utf-8") as file:
            YAML(typ="safe").dump(dict(configuration), file)
        self.data = folder / "data"
        self._others = others
        self._environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        self._servers: list[Server] = []

    def start(self) -> None:
        """Start the daemon and return when it takes mail."""
        command = [*COMMAND, "run", "--config", str(self.file), "--as-root"]
        server = Server(f"gateway-{len(self._servers)}", command, self.folder, environment=self._environment)
        self._servers.append(server)
        server.wait_for_port(self.port, is_there=greets, seconds=90)

    def stop(self) -> int:
        """End it as systemd does; return its exit code."""
        return self._servers[-1].stop() if self._servers else 0

    def kill(self) -> None:
        """Let it die without a word."""
        self._servers[-1].process.kill()
        self._servers[-1].process.wait()

    def command(self, *words: str) -> str:
        """Return what a command prints for this configuration."""
        return run([*COMMAND, *words, "--config", str(self.file)], environment=self._environment)

    def words(self) -> str:
        """Return what it said last."""
        return "".join(server.words() for server in self._servers[-2:])

    def read(self, work: Callable[[Reader], T]) -> T:
        """Return what `work` reads in one transaction."""

        async def look() -> T:
            database = await Database.open(data=self.data, migrate=False, read_only=True)
            try:
                return await database.read(work)
            finally:
                await database.close()

        return asyncio.run(look())

    # ------------------------------------------------------------------------------------------------------- received mail

    def received(self) -> tuple[ReceivedSummary, ...]:
        """Return what came in, newest first."""
        return self.read(lambda tx: tx.received.list(limit=1000))

    def mail(self, received_id: int) -> ReceivedMail:
        """Return one received mail."""
        return self.read(lambda tx: tx.received.get(received_id))

    def trace(self, received_id: int) -> ReceivedTrace:
        """Return why it became what it became."""
        return self.read(lambda tx: tx.received.trace(received_id))

    def wait_received(self, message_id: str) -> ReceivedSummary:
        """Return the mail with this Message-ID as soon as it was decided."""
        bare = message_id.strip("<> \r\n\t")

        def look() -> ReceivedSummary | None:
            found = (one for one in self.received() if one.message_id == bare)
            return next((one for one in found if one.state != "received"), None)

        return wait_for(f"a decision about {bare}", look, story=self.story)

    def received_from(self, author: str) -> tuple[ReceivedSummary, ...]:
        """Return what came in of one author, newest first."""
        return tuple(one for one in self.received() if one.author == author)

    def latest_from(self, address: str, ticket_id: int) -> ReceivedSummary | None:
        """Return the newest decided mail of an author on a ticket."""
        found = (one for one in self.received() if one.author == address and one.ticket_id == ticket_id)
        return next(found, None)

    # ------------------------------------------------------------------------------------------------------------- tickets

    def tickets(self) -> tuple[Ticket, ...]:
        """Return every ticket."""
        return self.read(lambda tx: tx.tickets.list(TicketFilter(limit=1000)))

    def ticket(self, ticket_id: int | None) -> Ticket:
        """Return one ticket."""
        assert ticket_id is not None
        return self.read(lambda tx: tx.tickets.get(ticket_id))

    def posts(self, ticket_id: int) -> tuple[Post, ...]:
        """Return what was said in a ticket, oldest first."""
        return self.read(lambda tx: tx.tickets.posts(ticket_id))

    def history(self, ticket_id: int) -> tuple[str, ...]:
        """Return what changed in a ticket, as words."""
        return tuple(f"{line.by}: {line.what} ({line.why})" for line in self.read(lambda tx: tx.tickets.history(ticket_id)))

    # ----------------------------------------------------------------------------------------------------- what goes out

    def outbox(self, ticket_id: int) -> tuple[OutboundMail, ...]:
        """Return the mails of a ticket, oldest first."""
        return self.read(lambda tx: tx.outbox.of_ticket(ticket_id))

    def outbox_to(self, address: str) -> tuple[OutboundMail, ...]:
        """Return the mails to one recipient."""
        mails = self.read(lambda tx: tx.outbox.list(limit=1000))
        return tuple(one for one in mails if str(one.recipient) == address)

    def wait_outbound(self, ticket_id: int, purpose: Purpose, state: OutboundState) -> OutboundMail:
        """Return the first mail of a ticket with this purpose as soon as it is in this state."""

        def look() -> OutboundMail | None:
            mails = (one for one in self.outbox(ticket_id) if one.purpose is purpose)
            return next((one for one in mails if one.state is state), None)

        return wait_for(f"a mail {purpose} that is {state}", look, story=self.story)

    def story(self) -> str:
        """Return what helps to understand a failure."""
        lines = [f"- {one.author} {one.subject!r}: {one.state} {one.reason} ({one.because})" for one in self.received()]
        return "\n".join(("received:", *lines, "its log:", self.words(), "around it:", self._others()[-5000:]))
