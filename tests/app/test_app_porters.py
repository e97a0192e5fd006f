"""Several processes that take mail: what they share, and what happens when one dies, is reconfigured or drained."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from structlog.testing import capture_logs

from gateway.config.load import load_config
from gateway.errors import StorageUnavailable
from gateway.smtp_in.spool import files_of_process
from gateway.storage.journal import segments
from tests.app.running import World, reading, run_gateway, write
from tests.app.test_app_desk import is_running, with_vanished_key
from tests.ports import is_open
from tests.storage.conftest import Server

T = TypeVar("T")
TEXTS = ("Drucker", "Rechnung", "Passwort", "Lieferung")
SUPPORT = "support@firma.example"


class Client:
    """One SMTP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int) -> "Client":
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        await client.reply()
        return client

    async def reply(self) -> str:
        """Return the last line of a reply; nothing where the connection has ended."""
        while True:
            try:
                line = (await asyncio.wait_for(self._reader.readline(), 30)).decode()
            except ConnectionError:
                return ""
            if line[3:4] != "-":
                return line.rstrip()

    async def ask(self, command: str) -> str:
        self.writer.write(command.encode() + b"\r\n")
        return await self.reply()

    async def begin_mail(self) -> None:
        for command in ("EHLO k.example", "MAIL FROM:<kai@kunde.example>", f"RCPT TO:<{SUPPORT}>", "DATA"):
            assert (await self.ask(command))[:1] in "23"

    async def close(self) -> None:
        self.writer.close()
        await asyncio.gather(self.writer.wait_closed(), return_exceptions=True)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 another process makes it true
            await asyncio.sleep(0.01)


async def ask(world: World, text: str) -> str:
    mail = write("kai@kunde.example", SUPPORT, text, f"{text}\n", Message_ID=f"<{text.encode().hex()}@k.example>")
    return await world.hand_over("kai@kunde.example", SUPPORT, mail)


def pids(world: World) -> list[int]:
    return [keeper.pid for keeper in world.daemon.porters.keepers if keeper.pid is not None]


async def test_mails_that_porters_take_become_tickets_like_any_other(tmp_path: Path, unused_udp_port: int) -> None:
    async with run_gateway(tmp_path, dns=unused_udp_port, processes=3) as world:
        await asyncio.gather(*(ask(world, text) for text in TEXTS))
        for text in TEXTS:
            await world.wait_for("anna@firma.example", text)


async def test_answer_to_a_token_finds_its_ticket_through_a_porter(tmp_path: Path, unused_udp_port: int) -> None:
    async with run_gateway(tmp_path, dns=unused_udp_port, processes=3) as world:
        await ask(world, "Frage")
        told = await world.wait_for("anna@firma.example", "Frage")
        answer = write("anna@firma.example", str(told["Reply-To"]), "Re: Frage", "Antwort\n", Message_ID="<1@firma.example>")
        code, _ = await world.try_to_hand_over("anna@firma.example", str(told["Reply-To"]), answer)
        assert code == 250


async def test_a_second_copy_at_another_porter_is_the_same_mail(tmp_path: Path, unused_udp_port: int) -> None:
    async with run_gateway(tmp_path, dns=unused_udp_port, processes=3) as world:
        replies = await asyncio.gather(*(ask(world, "zweimal") for _ in range(6)))
        assert len(replies) == 6
        await until(lambda: not segments(tmp_path / "data"))
        assert len(await world.gateway.database.read(lambda tx: tx.received.list())) == 1


async def test_killed_porter_breaks_its_connections_and_another_takes_its_place(tmp_path: Path, unused_udp_port: int) -> None:
    async with run_gateway(tmp_path, dns=unused_udp_port, processes=3) as world:
        clients: list[Client] = []
        spool = world.gateway.spool
        held = [0, 0, 0]
        while not (held[0] and any(held[1:])):  # whoever is free takes the next one: the front, or one of two porters
            assert len(clients) < 200
            client = await Client.connect(world.port)
            clients.append(client)
            await client.begin_mail()
            client.writer.write(b"Subject: gross\r\n\r\n" + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 6000)
            await until(lambda: len(list(spool.iterdir())) == len(clients))
            held = [len(files_of_process(spool, own)) for own in range(3)]
        victim = 1 if held[1] else 2
        with capture_logs() as events:
            os.kill(pids(world)[victim - 1], signal.SIGKILL)
            await until(lambda: any(event["event"] == "porter.replaced" for event in events))
        assert [event["event"] for event in events if event["event"].startswith("porter.")] == ["porter.died", "porter.replaced"]
        assert files_of_process(spool, victim) == [], "what it had half received is gone"
        others = [own for own in range(3) if own != victim]
        assert [len(files_of_process(spool, own)) for own in others] == [held[own] for own in others], (
            "what others receive is not"
        )
        for client in clients:
            client.writer.write(b".\r\n")
        replies = [await client.reply() for client in clients]
        assert sorted(reply[:3] for reply in replies) == sorted([""] * held[victim] + ["250"] * (len(clients) - held[victim]))
        for client in clients:
            await client.close()
        await ask(world, "danach")
        await world.wait_for("anna@firma.example", "danach")


async def test_connections_of_all_porters_count_against_one_limit(tmp_path: Path, unused_udp_port: int) -> None:
    limits = "limits: {connections: 6, idle_under_pressure: 300}\n"
    async with run_gateway(tmp_path, dns=unused_udp_port, processes=3, more=limits) as world:
        clients = [await Client.connect(world.port) for _ in range(6)]
        late = Client(*await asyncio.open_connection("127.0.0.1", world.port))
        assert (await late.reply()).startswith("421")
        for client in (*clients, late):
            await client.close()


async def test_connections_that_a_dead_porter_had_do_not_count_any_more(tmp_path: Path, unused_udp_port: int) -> None:
    limits = "limits: {connections: 6, idle_under_pressure: 300}\n"
    async with run_gateway(tmp_path, dns=unused_udp_port, processes=3, more=limits) as world:
        clients = [await Client.connect(world.port) for _ in range(6)]
        with capture_logs() as events:
            for pid in pids(world):
                os.kill(pid, signal.SIGKILL)
            await until(lambda: [event["event"] for event in events].count("porter.replaced") == 2)
        for client in clients:
            await client.close()
        async with asyncio.timeout(60):
            while not await have_room(world.port, 6):  # noqa: ASYNC110 the front hears late that its own clients have gone
                await asyncio.sleep(0.01)


async def have_room(port: int, count: int) -> bool:
    clients = [Client(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(count)]
    greetings = [await client.reply() for client in clients]
    for client in clients:
        await client.close()
    return all(greeting.startswith("220") for greeting in greetings)


async def test_porters_and_desk_use_another_configuration_or_none_does(tmp_path: Path, unused_udp_port: int) -> None:
    async with run_gateway(tmp_path, dns=unused_udp_port, processes=3) as world:
        file = tmp_path / "gateway.yaml"
        good = file.read_text(encoding="utf-8")
        renamed = good.replace("address: support@firma.example", "address: hilfe@firma.example")
        file.write_text(renamed, encoding="utf-8")
        bad = with_vanished_key(file)
        with pytest.raises(StorageUnavailable, match="signing key"):
            await world.daemon.reload(bad)
        await asyncio.gather(*(ask(world, f"noch {number}") for number in range(4)))
        file.write_text(renamed, encoding="utf-8")
        await world.daemon.reload(load_config(file))
        mail = write("kai@kunde.example", "hilfe@firma.example", "neu", "neu\n")
        assert [
            code for code, _ in [await world.try_to_hand_over("kai@kunde.example", "hilfe@firma.example", mail) for _ in range(6)]
        ] == [250] * 6


async def test_drained_porters_finish_the_mail_that_is_arriving(tmp_path: Path, unused_udp_port: int) -> None:
    async with run_gateway(tmp_path, dns=unused_udp_port, processes=3) as world:
        client = await Client.connect(world.port)
        await client.begin_mail()
        running = pids(world)
        draining = asyncio.create_task(world.daemon.drain(30))
        async with asyncio.timeout(20):
            while await is_open(world.port):  # while one of them finishes, none of them begins anything
                continue
        client.writer.write(b"Subject: zuletzt\r\n\r\nDoch noch.\r\n")
        assert (await client.ask("."))[:3] == "250"
        await client.close()
        await draining
        assert not any(map(is_running, running))
    async with reading(tmp_path / "data") as database:
        assert len(await database.read(lambda tx: tx.received.list())) == 1


async def test_porters_on_postgresql_commit_by_themselves(tmp_path: Path, unused_udp_port: int, server: Server) -> None:
    async with run_gateway(tmp_path, dns=unused_udp_port, processes=3, database=server.create()) as world:
        await asyncio.gather(*(ask(world, text) for text in TEXTS))
        for text in TEXTS:
            await world.wait_for("anna@firma.example", text)


def test_gateway_whose_porter_dies_before_it_begins_ends_instead_of_going_on_without_a_database(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    config = tmp_path / "gateway.yaml"
    config.write_text(UNBEGUN.format(data=tmp_path / "data"))
    with (tmp_path / "log").open("wb") as log:
        command = (sys.executable, "-m", "gateway", "run", "--config", str(config), "--as-root")
        front = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        second = wait_for(lambda: porters_of(front.pid)[1:2])[0]
        os.kill(second, signal.SIGSTOP)
        wait_for(lambda: b'"porter": 1' in (tmp_path / "log").read_bytes())
        os.kill(second, signal.SIGKILL)
        assert front.wait(60) == os.EX_UNAVAILABLE
    finally:
        front.kill()
        front.wait()
    assert b"desk.failed" not in (tmp_path / "log").read_bytes()


def porters_of(pid: int) -> list[int]:
    """Return the porter processes of a front, in the order in which they were started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if b"gateway.porter" in Path(f"/proc/{child}/cmdline").read_bytes()]


def wait_for(look: Callable[[], T]) -> T:
    """Return what is found once there is something."""
    ends = time.monotonic() + 60
    while not (found := look()):
        assert time.monotonic() < ends
        time.sleep(0.005)
    return found


UNBEGUN = """
hostname: gw.firma.example
data: {data}
listen: [{{smtp: "127.0.0.1:0"}}]
listen_processes: 3
smarthosts: {{main: {{host: 127.0.0.1, port: 1, security: none}}}}
agents: {{anna: {{name: Anna Arndt, addresses: [anna@firma.example], alias: Anna}}}}
queues: {{support: {{agents: [anna]}}}}
channels:
  support: {{address: support@firma.example, display_name: Firma Support, queue: support, smarthosts: [main], language: de}}
"""
