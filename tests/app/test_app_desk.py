"""The process behind the 250: what happens when it dies, when the front dies, and when it is to use another configuration."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from structlog.testing import capture_logs

from gateway.app import utc_now
from gateway.config.load import load_config
from gateway.config.model import Config
from gateway.daemon import Daemon, open_front
from gateway.desk_keeper import DeskKeeper
from gateway.errors import StorageUnavailable
from gateway.smtp_in.listeners import open_listeners
from gateway.states import OutboundState, ReceivedState
from tests.app.running import CONFIG, World, read, run_gateway, write

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
    async with run_gateway(tmp_path, dns=unused_udp_port) as world:
        os.kill(pid_of_desk(world), signal.SIGSTOP)
        await ask(world, "geliehen")
        database, node = world.gateway.database, world.gateway.node
        claimed = await database.write(lambda tx: tx.received.claim(limit=9, now=utc_now(), lease_seconds=3600, node=node))
        assert len(claimed) == 1
        os.kill(pid_of_desk(world), signal.SIGKILL)
        await world.wait_for("anna@firma.example", "geliehen")


async def test_all_other_processes_end_when_the_front_is_gone(tmp_path: Path, unused_udp_port: int) -> None:
    (tmp_path / "data").mkdir()
    config = tmp_path / "gateway.yaml"
    config.write_text(CONFIG.format(data=tmp_path / "data", port=9, dns=unused_udp_port, database="sqlite"))
    with (tmp_path / "log").open("wb") as log:
        front = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", "run", "--as-root", "--config", str(config), stderr=log
        )
    try:
        await until(lambda: b"gateway.started" in (tmp_path / "log").read_bytes())
        offspring = children(front.pid)
        family = [*offspring, *(pid for child in offspring for pid in children(child))]
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
        received = await world.gateway.database.read(lambda tx: tx.received.list(limit=100))
        outbound = await world.gateway.database.read(lambda tx: tx.outbox.counts())
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
    (tmp_path / "data").mkdir()
    file = tmp_path / "gateway.yaml"
    file.write_text(CONFIG.format(data=tmp_path / "data", port=9, dns=unused_udp_port, database="sqlite"))
    config = with_vanished_key(file)
    desk = DeskKeeper(log_level="error")
    async with open_front(config, desk) as gateway:
        listeners = open_listeners(config.listen, passed={})
        daemon = Daemon(gateway, listeners, desk=desk)
        with pytest.raises(StorageUnavailable, match="signing key"):
            await daemon.start()
        await daemon.drain(1)
        for listener in listeners:
            listener.socket.close()
