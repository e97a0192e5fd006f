r"""Plays the scripted sessions of `tests/dialogs/` against a real server.

A script is read line by line; `#` begins a comment::

    given door lmtp             what the server is like: door smtp | lmtp | tls | front, limit NAME VALUE, database away | broken
    c -> EHLO client.example    say a line (CR LF is added)
    c => "a\n.\r\n"             say exactly these octets (a Python literal)
    c <~ 250[ -]2\.0\.0         the next reply, its lines joined by LF, begins with that pattern
    c <- 221 2.0.0 Bye          the next reply is exactly that
    c tls                       the TLS handshake
    c eof                       the server has closed the connection
    d -> ...                    any other letter is another connection
    stored 1                    so many mails are stored
    content "a\nb\r\n"          the last stored mail holds exactly these octets
    client 192.0.2.1            the last stored mail came from there
"""

import ast
import re
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from gateway.smtp_in.settings import LimitSettings, ListenSettings, TlsMode
from tests.smtp_in.certificates import make_certificate
from tests.smtp_in.smtp_world import DATABASE_AWAY, Client, World

DIALOGS = Path(__file__).parent.parent / "dialogs"
LOOPBACK = [IPv4Network("127.0.0.0/8")]


class Play:
    """One script against one server."""

    def __init__(self, world: World, lines: Sequence[str]) -> None:
        self.world = world
        self.given = [line.split()[1:] for line in lines if line.startswith("given ")]
        self.lines = [line for line in lines if not line.startswith("given ")]
        self.clients: dict[str, Client] = {}

    def listener(self) -> ListenSettings:
        door = next((words[1] for words in self.given if words[0] == "door"), "smtp")
        match door:
            case "lmtp":
                return ListenSettings(lmtp=f"unix:{self.world.folder / 'lmtp.sock'}")
            case "tls":
                certificate, key = make_certificate(self.world.folder, "gw.firma.example")
                return ListenSettings(smtp="127.0.0.1:0", tls=TlsMode.STARTTLS, certificate=certificate, key=key)
            case "proxy":
                certificate, key = make_certificate(self.world.folder, "gw.firma.example")
                return ListenSettings(smtp="127.0.0.1:0", certificate=certificate, key=key, proxy_networks=list(LOOPBACK))
            case "front":
                return ListenSettings(smtp="127.0.0.1:0", xclient_networks=list(LOOPBACK))
            case _:
                return ListenSettings(smtp="127.0.0.1:0")

    def limits(self) -> LimitSettings:
        values: dict[str, Any] = {words[1]: int(words[2]) for words in self.given if words[0] == "limit"}
        if any(words == ["count", "loopback"] for words in self.given):
            values["uncounted_networks"] = []
        return LimitSettings(**values)

    async def run(self) -> None:
        for words in self.given:
            if words[0] == "database":
                self.world.failure = DATABASE_AWAY if words[1] == "away" else RuntimeError("row 17 of /var/lib/secret")
            elif words[0] == "directory":
                self.world.route_failure = DATABASE_AWAY if words[1] == "away" else RuntimeError("no such attribute")
        async with self.world.serve(self.listener(), limits=self.limits()) as server:
            for line in self.lines:
                await self.play(server.addresses[0], line)

    async def play(self, address: str, line: str) -> None:
        subject, _, rest = line.partition(" ")
        match subject:
            case "stored":
                assert len(self.world.stored) == int(rest), line
            case "content":
                assert self.world.bodies[-1] == ast.literal_eval("b" + rest), line
            case "client":
                assert self.world.mails[-1].mail.envelope.client_ip == rest, line
            case "helo":
                assert self.world.mails[-1].mail.envelope.helo == rest, line
            case "database":
                self.world.failure = None
            case _:
                if subject not in self.clients:
                    self.clients[subject] = await Client.connect(address)
                    self.world.clients.append(self.clients[subject])
                await self.converse(self.clients[subject], rest)

    async def converse(self, client: Client, line: str) -> None:
        kind, _, text = line.partition(" ")
        match kind:
            case "->":
                await client.send(text.encode() + b"\r\n")
            case "=>":
                # Only a script of ours is evaluated, and only as a literal, perhaps repeated: "x" * 100.
                literal, _, times = text.partition('" * ')
                octets = ast.literal_eval("b" + literal + ('"' if times else ""))
                await client.send(octets * int(times or 1))
            case "<~":
                reply = await client.reply()
                assert re.match(text, reply), f"{reply!r} does not begin with {text!r}"
            case "<-":
                assert await client.reply() == text
            case "tls":
                await client.start_tls()
            case "eof":
                assert await client.reply() == ""
            case _:
                pytest.fail(f"not a line of a dialog: {line}")


def lines_of(path: Path) -> list[str]:
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("path", sorted(DIALOGS.glob("*.smtp")), ids=lambda path: path.stem)
async def test_dialog(path: Path, world: World) -> None:
    await Play(world, lines_of(path)).run()


def test_every_dialog_says_what_it_is_for() -> None:
    scripts = sorted(DIALOGS.glob("*.smtp"))
    assert scripts
    assert [path.name for path in scripts if not path.read_text("utf-8").startswith("# ")] == []
