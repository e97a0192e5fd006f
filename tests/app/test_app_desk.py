"""The process behind the 250: what happens when it dies, when the front dies, and when it is to use another configuration."""

import asyncio
import os
import re
import signal
import smtplib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.policy import SMTP
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from structlog.testing import capture_logs

from gateway.app import open_gateway, utc_now
from gateway.config.load import load_config
from gateway.config.model import Config
from gateway.daemon import Daemon, open_front
from gateway.desk_keeper import DeskKeeper
from gateway.errors import StorageUnavailable
from gateway.ids import parse_id
from gateway.smtp_in.listeners import open_listeners
from gateway.states import OutboundState, ReceivedState
from gateway.storage.database import Database
from gateway.storage.journal import count_records, segments
from gateway.storage.work import claim_received
from tests.app.running import CONFIG, World, read, reading, run_gateway, write
from tests.storage.conftest import Make

SUPPORT = "support@firma.example"


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 another process makes it true
            await asyncio.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def pid_of_desk(world: World) -> int:
    assert world.daemon.desk.pid is not None
    return world.daemon.desk.pid


async def ask(world: World, text: str) -> None:
    mail = write("kai@kunde.example", SUPPORT, text, f"{text}\n", Message_ID=f"<{text.encode().hex()}@k.example>")
    await world.hand_over("kai@kunde.example", SUPPORT, mail)


async def test_mail_is_taken_while_the_desk_is_dead_and_the_next_desk_makes_tickets_of_it(
    tmp_path: Path, unused_udp_port: int
) -> None:
    async with run_gateway(tmp_path, dns=unused_udp_port) as world:
        await ask(world, "vorher")
        await world.wait_for("anna@firma.example", "vorher")
        dead = pid_of_desk(world)
        with capture_logs() as events:
            os.kill(dead, signal.SIGKILL)
            await ask(world, "währenddessen")
            await world.wait_for("anna@firma.example", "währenddessen")
            await until(lambda: any(event["event"] == "desk.replaced" for event in events))
        assert [event["event"] for event in events if event["event"].startswith("desk.")] == ["desk.died", "desk.replaced"]
        assert pid_of_desk(world) != dead
        told = {read(kept.content)["Message-ID"] for kept in world.sink.mails if kept.recipient == "anna@firma.example"}
        assert len(told) == 2, "each mail became one ticket; what left without being written down leaves again as the same mail"


async def test_what_a_dead_desk_had_leased_is_free_when_the_next_one_begins(tmp_path: Path, unused_udp_port: int) -> None:
    config = write_config(tmp_path, dns=unused_udp_port)
    mail = write("kai@kunde.example", SUPPORT, "geliehen", "geliehen\n", Message_ID="<geliehen@k.example>")
    async with open_gateway(load_config(config)) as dead:
        await dead.database.accept([Make().acceptance(mail.as_bytes(policy=SMTP))])
        lease = partial(claim_received, 9, utc_now(), 3600, dead.node, "2026", 0)
        leased, _, _ = await dead.database.write(lease)
        assert len(leased) == 1
    async with run_gateway(tmp_path, dns=unused_udp_port) as world:
        await world.wait_for("anna@firma.example", "geliehen")


async def test_mail_that_is_taken_while_no_desk_can_begin_is_on_the_disk_and_the_next_desk_finds_it(
    tmp_path: Path, unused_udp_port: int
) -> None:
    async with run_gateway(tmp_path, dns=unused_udp_port) as world:
        os.kill(pid_of_desk(world), signal.SIGSTOP)
        for number in range(3):
            await ask(world, f"Nummer {number}")
        assert count_records(segments(tmp_path / "data")) == 3
        os.kill(pid_of_desk(world), signal.SIGKILL)
        for number in range(3):
            await world.wait_for("anna@firma.example", f"Nummer {number}")
        await until(lambda: not segments(tmp_path / "data"))


async def test_nothing_that_was_answered_with_250_is_lost_when_the_whole_gateway_is_killed(
    tmp_path: Path, unused_udp_port: int
) -> None:
    config = write_config(tmp_path, dns=unused_udp_port, more="listen_processes: 2\n")
    async with begun(config, tmp_path / "first log") as (front, port):
        family = descendants(front.pid)
        os.kill(next(filter(is_desk, family)), signal.SIGSTOP)
        acknowledged = [await hand_over(port, f"Nummer {number}") for number in range(20)]
        assert count_records(segments(tmp_path / "data")) == 20
        for pid in (front.pid, *family):
            os.kill(pid, signal.SIGKILL)
        await front.wait()
    await until(lambda: not any(map(is_running, family)))
    async with begun(config, tmp_path / "second log") as (front, _):
        await until(lambda: not segments(tmp_path / "data"))
        async with reading(tmp_path / "data") as database, asyncio.timeout(60):
            while await states(database) != {ReceivedState.TICKETED: 20}:  # noqa: ASYNC110 only the database knows
                await asyncio.sleep(0.01)
            stored = await database.read(lambda tx: {line.id for line in tx.received.list()})
        assert stored == set(acknowledged)
    assert b"journal." not in (tmp_path / "second log").read_bytes()


async def states(database: Database) -> dict[ReceivedState, int]:
    return {state: number for state, number in await database.read(lambda tx: tx.received.counts()) if number}


async def hand_over(port: int, text: str) -> int:
    """Send a mail; return the id that the gateway answers with."""

    def send() -> bytes:
        mail = write("kai@kunde.example", SUPPORT, text, f"{text}\n", Message_ID=f"<{text.encode().hex()}@k.example>")
        with smtplib.SMTP("127.0.0.1", port, local_hostname="mail.kunde.example") as client:
            client.ehlo()
            client.mail("kai@kunde.example")
            client.rcpt(SUPPORT)
            code, reply = client.data(mail.as_bytes(policy=SMTP))
            assert code == 250
            return reply

    found = parse_id((await asyncio.to_thread(send)).decode().split()[1])
    assert found is not None
    return found


def write_config(folder: Path, *, dns: int, more: str = "") -> Path:
    (folder / "data").mkdir()
    config = folder / "gateway.yaml"
    config.write_text(CONFIG.format(data=folder / "data", port=9, dns=dns, database="sqlite") + more, encoding="utf-8")
    return config


@asynccontextmanager
async def begun(config: Path, log: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """Run a gateway as an administrator would, and give its front and the port where it takes mail."""
    with log.open("wb") as written:
        front = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", "run", "--as-root", "--config", str(config), stderr=written
        )
    try:
        await until(lambda: b"gateway.started" in log.read_bytes())
        yield front, port_in(log)
    finally:
        if front.returncode is None:
            front.terminate()
        await front.wait()


def port_in(log: Path) -> int:
    """Return where a gateway takes mail, from what it wrote when it started."""
    return int(re.findall(rb"127\.0\.0\.1:(\d+)", log.read_bytes())[-1])


def is_desk(pid: int) -> bool:
    return b"gateway.desk" in Path(f"/proc/{pid}/cmdline").read_bytes()


def descendants(pid: int) -> list[int]:
    return [each for child in children(pid) for each in (child, *descendants(child))]


async def test_all_other_processes_end_when_the_front_is_gone(tmp_path: Path, unused_udp_port: int) -> None:
    config = write_config(tmp_path, dns=unused_udp_port)
    with (tmp_path / "log").open("wb") as log:
        front = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", "run", "--as-root", "--config", str(config), stderr=log
        )
    try:
        await until(lambda: b"gateway.started" in (tmp_path / "log").read_bytes())
        family = descendants(front.pid)
        assert len(family) >= 2
    finally:
        front.kill()
        await front.wait()
    await until(lambda: not any(map(is_running, family)))


def children(pid: int) -> list[int]:
    return [int(word) for path in Path(f"/proc/{pid}/task").glob("*/children") for word in path.read_text().split()]


def with_vanished_key(file: Path) -> Config:
    """Return a configuration whose signing key was there when it was checked, and is gone when it is to be used."""
    key, before = file.parent / "key.pem", file.read_text(encoding="utf-8")
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key.write_bytes(private.private_bytes(*form))
    file.write_text(f"{before}signing: [{{domain: firma.example, selector: gw, key: {key}}}]\n", encoding="utf-8")
    config = load_config(file)
    key.unlink()
    return config


async def test_desk_gives_way_to_accepting(tmp_path: Path, unused_udp_port: int) -> None:
    async with run_gateway(tmp_path, dns=unused_udp_port) as world:
        desk = pid_of_desk(world)
        ours = os.getpriority(os.PRIO_PROCESS, 0)
        assert {os.getpriority(os.PRIO_PROCESS, pid) for pid in (desk, *children(desk))} == {min(ours + 10, 19)}


async def test_drained_gateway_has_finished_what_was_under_way(tmp_path: Path, unused_udp_port: int) -> None:
    async with run_gateway(tmp_path, dns=unused_udp_port) as world:
        desk = pid_of_desk(world)
        for number in range(20):
            await ask(world, f"Nummer {number}")
        await world.daemon.drain(20)
        assert not is_running(desk)
        assert list((tmp_path / "data" / "journal").iterdir()) == []
    async with reading(tmp_path / "data") as database:
        received = await database.read(lambda tx: tx.received.list(limit=100))
        outbound = await database.read(lambda tx: tx.outbox.counts())
    assert len(received) == 20
    assert {mail.state for mail in received} <= {ReceivedState.TICKETED, ReceivedState.RECEIVED}
    assert dict(outbound)[OutboundState.SENDING] == 0


async def test_both_processes_use_another_configuration_or_neither(tmp_path: Path, unused_udp_port: int) -> None:
    async with run_gateway(tmp_path, dns=unused_udp_port) as world:
        file = tmp_path / "gateway.yaml"
        good = file.read_text(encoding="utf-8")
        with_key = with_vanished_key(file)
        with pytest.raises(StorageUnavailable, match="signing key"):
            await world.daemon.reload(with_key)
        assert not world.daemon.gateway.config.signing
        await ask(world, "noch immer")
        await world.wait_for("anna@firma.example", "noch immer")

        file.write_text(good.replace("anna@firma.example", "anne@firma.example"), encoding="utf-8")
        await world.daemon.reload(load_config(file))
        await ask(world, "von jetzt an")
        await world.wait_for("anne@firma.example", "von jetzt an")


async def test_desk_that_cannot_begin_keeps_the_gateway_from_starting(tmp_path: Path, unused_udp_port: int) -> None:
    config = with_vanished_key(write_config(tmp_path, dns=unused_udp_port))
    desk = DeskKeeper(log_level="error")
    async with open_front(config, desk) as gateway:
        listeners = open_listeners(config.listen, passed={})
        daemon = Daemon(gateway, listeners, desk=desk)
        with pytest.raises(StorageUnavailable, match="signing key"):
            await daemon.start()
        await daemon.drain(1)
        for listener in listeners:
            listener.socket.close()
