"""The daemon as systemd and a pipe alias see it."""

import asyncio
import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.cli.exits import Exit
from tests.cli.conftest import MAIL, Command, Ran

CONFIG = """\
hostname: gw.firma.example
data: {folder}/data
listen:
  - {{smtp: "127.0.0.1:0"}}
  - {{inject: "unix:{folder}/inject.sock"}}
resolver: {{servers: ["127.0.0.1:9"], timeout: 100ms, seconds_per_mail: 200ms}}
smarthosts: {{main: {{host: 127.0.0.1, port: 9, security: none}}}}
agents: {{anna: {{name: Anna Arndt, addresses: [anna@firma.example]}}}}
queues: {{support: {{agents: [anna]}}}}
channels:
  support: {{address: support@firma.example, display_name: Firma Support, queue: support, smarthosts: [main]}}
"""


class Running:
    """A daemon in a process of its own, and what it tells its supervisor."""

    def __init__(self, process: asyncio.subprocess.Process, told: socket.socket, config: Path) -> None:
        self.process = process
        self.config = config
        self._told = told

    async def hears(self, wanted: str) -> str:
        """Return the next message to the supervisor that holds these words."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(30):
            while True:
                message = (await loop.sock_recv(self._told, 4096)).decode()
                if wanted in message:
                    return message


async def run_command(*arguments: str | Path, stdin: bytes = b"") -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", *map(str, arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate(stdin)
    assert process.returncode is not None
    return process.returncode, out.decode()


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    (tmp_path / "data").mkdir()
    config = tmp_path / "gateway.yaml"
    config.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(str(tmp_path / "notify"))
    told.setblocking(False)
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", "--config", str(config), "run", "--as-root",
            env=os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "600000"},
            stderr=log,
        )  # fmt: skip
    daemon = Running(process, told, config)
    try:
        await daemon.hears("READY=1")
        yield daemon
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        told.close()


async def test_a_mail_from_a_pipe_becomes_a_ticket_that_every_command_shows(
    running: Running, tmp_path: Path, command: Command
) -> None:
    def ask(*arguments: str) -> Ran:
        return command("-c", running.config, *arguments)

    mbox = b"From juergen@kunde.example Sat Nov 21 10:00:00 2026\n" + MAIL.encode()
    door = tmp_path / "inject.sock"
    assert await run_command("inject", "--socket", door, "--to", "support@firma.example", stdin=mbox) == (Exit.OK, "")
    async with asyncio.timeout(30):
        while not (listed := await asyncio.to_thread(ask, "tickets", "list", "--json")).out:
            continue
    (ticket,) = listed.answers
    assert (ticket["number"][-7:], ticket["subject"], ticket["status"]) == ("-000001", "Rechnung", "new")
    (whole,) = (await asyncio.to_thread(ask, "tickets", "show", ticket["number"], "--json")).answers
    assert whole["posts"][0]["text"] == "Wo ist meine Rechnung?"
    received_id = whole["posts"][0]["received_id"]
    assert [(each["received"], each["reason"]) for each in whole["decisions"]] == [(received_id, "new_matter")]
    drawn = (await asyncio.to_thread(ask, "tickets", "show", ticket["number"])).out
    assert "nothing ties it to a ticket" in " ".join(drawn.split())
    assert (await asyncio.to_thread(ask, "failed", "show", received_id, "--json")).answers[0]["id"] == received_id
    assert {mail["purpose"] for mail in whole["outbound"]} == {"new_ticket", "confirmation"}
    assert ticket["number"] in (await asyncio.to_thread(ask, "tickets", "search", "rechn*")).out
    assert (await asyncio.to_thread(ask, "tickets", "export")).answers[0]["posts"] == whole["posts"]
    assert len((await asyncio.to_thread(ask, "outbox", "list", "--json")).answers) == 2
    assert (await asyncio.to_thread(ask, "suspended", "list")).out.strip() == "No suspended mail."
    unknown = await asyncio.to_thread(ask, "tickets", "show", "1999-000001")
    assert (unknown.code, unknown.err) == (Exit.NO_SUCH, "ticket-gateway: there is no ticket 1999-000001\n")


async def test_an_unknown_recipient_bounces_and_a_stopped_gateway_means_later(running: Running, tmp_path: Path) -> None:
    door = tmp_path / "inject.sock"
    code, _ = await run_command("inject", "--socket", door, "--to", "nobody@firma.example", stdin=MAIL.encode())
    assert code == Exit.NO_SUCH
    running.process.send_signal(signal.SIGTERM)
    await running.process.wait()
    code, _ = await run_command("inject", "--socket", door, "--to", "support@firma.example", stdin=MAIL.encode())
    assert code == Exit.TEMPORARY


async def test_the_supervisor_hears_that_it_is_ready_alive_and_stopping(running: Running) -> None:
    await running.hears("WATCHDOG=1")
    running.process.send_signal(signal.SIGTERM)
    assert "STOPPING=1" in await running.hears("STOPPING=1")
    assert await running.process.wait() == 0


async def test_a_wrong_configuration_is_refused_while_the_old_one_goes_on(running: Running, tmp_path: Path) -> None:
    running.config.write_text("hostnam: gw\n", encoding="utf-8")
    running.process.send_signal(signal.SIGHUP)
    await running.hears("RELOADING=1")
    assert "the new one is wrong" in await running.hears("READY=1")
    events = [json.loads(line) for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines()]
    assert events[-1]["event"] == "config.refused"
    assert "is not known here" in str(events[-1]["problems"])
    running.process.send_signal(signal.SIGTERM)
    assert await running.process.wait() == 0


async def test_a_configuration_whose_own_test_fails_is_refused_and_the_admins_are_told(running: Running, tmp_path: Path) -> None:
    text = running.config.read_text(encoding="utf-8") + "operators: {addresses: [admin@firma.example]}\n"
    running.config.write_text(text, encoding="utf-8")
    running.process.send_signal(signal.SIGHUP)
    assert "taking mail" in await running.hears("READY=1")
    running.config.write_text(f"{text}tests:\n  - {{subject: Hallo, expect: {{queue: accounting}}}}\n", encoding="utf-8")
    running.process.send_signal(signal.SIGHUP)
    await running.hears("RELOADING=1")
    assert "the new one is wrong" in await running.hears("READY=1")
    events = [json.loads(line) for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines()]
    (refused,) = [event for event in events if event["event"] == "config.refused"]
    assert "queue: expected accounting, was support" in str(refused["problems"])
    running.config.write_text(text, encoding="utf-8")
    _, out = await run_command("-c", running.config, "outbox", "list", "--json")
    assert [json.loads(line)["purpose"] for line in out.splitlines()] == ["operator_notice"]


async def test_a_daemon_does_not_start_with_a_wrong_configuration(tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").write_text("hostnam: gw\n", encoding="utf-8")
    code, out = await run_command("-c", tmp_path / "gateway.yaml", "run", "--as-root")
    assert (code, out) == (Exit.CONFIG, "")


async def test_a_daemon_without_the_folder_of_its_socket_names_it(tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").write_text(CONFIG.format(folder=tmp_path / "not-there"), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "-c", str(tmp_path / "gateway.yaml"), "run", "--as-root",
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await process.communicate()
    assert process.returncode == Exit.UNAVAILABLE
    assert f"there is no folder {tmp_path}/not-there; make it" in " ".join(said.decode().split())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be refused for being root")
async def test_root_is_refused_unless_an_account_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "gateway.yaml").write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    code, _ = await run_command("-c", tmp_path / "gateway.yaml", "run")
    assert code == Exit.NOT_ALLOWED


def test_route_says_what_an_address_leads_to(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "gateway.yaml"
    config.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    (answer,) = command("route", "Support@Firma.example", "--json", "-c", config).answers
    assert (answer["kind"], answer["channel"]) == ("channel", "support")
    assert (answer["queue"], answer["agents"]) == ("support", ["anna"])
    assert command("route", "support-firma@gw.firma.example", "-c", config).code == Exit.OK
    assert command("route", "nobody@firma.example", "-c", config).code == Exit.NO_SUCH
    assert command("route", "nobody", "-c", config).code == Exit.USAGE


def test_a_command_that_needs_a_database_says_that_there_is_none(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "gateway.yaml"
    config.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    ran = command("tickets", "list", "-c", config)
    assert (ran.code, ran.out) == (Exit.TEMPORARY, "")
    assert ran.err.count("\n") == 1


def test_the_demo_holds(command: Command) -> None:
    ran = command("demo", "--once")
    assert ran.code == Exit.OK, ran.out
    assert "✗" not in ran.out


async def test_an_operator_holds_a_mail_and_sends_it_again(running: Running, tmp_path: Path, command: Command) -> None:
    def ask(*arguments: str) -> Ran:
        return command("-c", running.config, *arguments)

    await run_command("inject", "--socket", tmp_path / "inject.sock", "--to", "support@firma.example", stdin=MAIL.encode())
    async with asyncio.timeout(30):
        while not (listed := await asyncio.to_thread(ask, "outbox", "list", "--state", "queued", "--json")).out:
            continue
    name = listed.answers[0]["id"]
    async with asyncio.timeout(30):
        while (held := await asyncio.to_thread(ask, "outbox", "hold", name)).code:  # while it is being sent it cannot be held
            continue
    assert held.out == f"{name}: hold\n"
    assert (await asyncio.to_thread(ask, "outbox", "show", name, "--json")).answers[0]["state"] == "held"
    again = await asyncio.to_thread(ask, "outbox", "hold", name, "--json")
    assert again.code == Exit.USAGE
    assert "what fits: drop, retry" in again.answers[0]["error"]
    assert (await asyncio.to_thread(ask, "outbox", "retry", name)).code == Exit.OK
    unknown = await asyncio.to_thread(ask, "suspended", "accept", name)
    assert (unknown.code, unknown.err) == (Exit.NO_SUCH, f"ticket-gateway: there is no mail {name}\n")
    assert (await asyncio.to_thread(ask, "failed", "retry", "nonsense")).code == Exit.USAGE


async def test_an_operator_accepts_a_suspended_mail_and_it_becomes_a_ticket(
    running: Running, tmp_path: Path, command: Command
) -> None:
    def ask(*arguments: str) -> Ran:
        return command("-c", running.config, *arguments)

    twice = MAIL.replace("Subject:", "From: another@kunde.example\nSubject:")
    await run_command("inject", "--socket", tmp_path / "inject.sock", "--to", "support@firma.example", stdin=twice.encode())
    async with asyncio.timeout(30):
        while not (listed := await asyncio.to_thread(ask, "suspended", "list", "--json")).out:
            continue
    (suspended,) = listed.answers
    assert suspended["reason"] == "repeated_from"
    shown = await asyncio.to_thread(ask, "suspended", "show", suspended["id"])
    assert "suspend repeated from" in shown.out
    assert (await asyncio.to_thread(ask, "suspended", "accept", suspended["id"])).code == Exit.OK
    async with asyncio.timeout(30):
        while not (await asyncio.to_thread(ask, "tickets", "list", "--json")).out:
            continue
    assert (await asyncio.to_thread(ask, "suspended", "list", "--json")).out == ""


def is_open_to_all(path: Path) -> bool:
    """Tell whether another account could run what stands at `path`."""
    return all(parent.stat().st_mode & 0o005 == 0o005 for parent in path.resolve().parents)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.skipif(not is_open_to_all(Path(sys.executable)), reason="other accounts cannot run this Python")
@pytest.mark.skipif(not is_open_to_all(Path(__file__)), reason="other accounts cannot read this checkout")
def test_a_command_of_root_leaves_no_file_of_roots_beside_the_database(command: Command) -> None:
    account = pwd.getpwnam("nobody")
    folder = Path(tempfile.mkdtemp(prefix="ticket-gateway-"))  # pytest's own folders are root's alone
    try:
        folder.chmod(0o755)
        config = folder / "gateway.yaml"
        config.write_text(CONFIG.format(folder=folder), encoding="utf-8")
        (folder / "data").mkdir()
        assert command("-c", config, "suspended", "accept", "0000000000000").code == Exit.NO_SUCH
        for path in (folder / "data", *(folder / "data").rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid)
        for arguments in (["tickets", "list"], ["suspended", "accept", "0000000000000"]):
            subprocess.run([sys.executable, "-m", "gateway", "-c", str(config), *arguments], check=False, capture_output=True)
        assert {path.stat().st_uid for path in (folder / "data").rglob("*")} == {account.pw_uid}
    finally:
        shutil.rmtree(folder)
