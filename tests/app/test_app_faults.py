"""Faults of ours, a full disk, a lost database: nobody is refused for them, nothing is lost, and one mail stops no other."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from gateway.ids import parse_id
from gateway.mail.received import ReceivedMail
from gateway.pipeline.errands import process_request
from gateway.pipeline.requests import Request, Verb
from gateway.states import ReceivedState
from gateway.storage.database import Database
from gateway.storage.transaction import Reader
from tests.app.running import run_gateway, write
from tests.needs import miss

if TYPE_CHECKING:
    from tests.storage.conftest import Server

_FILLER = "filler"

SQLITE_FAULT = """
CREATE TRIGGER fault BEFORE INSERT ON ticket WHEN NEW.subject = 'Gift' BEGIN SELECT RAISE(ABORT, 'nobody foresaw this'); END
"""
POSTGRESQL_FAULT = """
CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'nobody foresaw this'; END $$;
CREATE TRIGGER fault BEFORE INSERT ON ticket FOR EACH ROW WHEN (NEW.subject = 'Gift') EXECUTE FUNCTION fault();
"""


def read_mail(tx: Reader, *, mail_id: int) -> ReceivedMail:
    return tx.received.get(mail_id)


async def state_of(database: Database, mail_id: int) -> ReceivedState | None:
    """Return the state of a mail; None while it is not in the tables yet."""
    found = await database.read(lambda tx: tx.received.get_all([mail_id]))
    return found[0].state if found else None


async def deliveries_of(database: Database, mail_id: int) -> int:
    """Return how often a mail was handed out; never, while it is not in the tables yet."""
    return sum(mail.deliveries for mail in await database.read(lambda tx: tx.received.get_all([mail_id])))


async def wait_for_state(database: Database, mail_id: int, wanted: ReceivedState) -> None:
    async with asyncio.timeout(60):
        while await state_of(database, mail_id) is not wanted:  # noqa: ASYNC110 only the database knows
            await asyncio.sleep(0.01)


def id_in(reply: str) -> int:
    found = parse_id(reply.split()[1])
    assert found is not None
    return found


class Engine:
    """A database, and the way to break and mend it from outside."""

    def __init__(self, name: str, folder: Path, request: pytest.FixtureRequest) -> None:
        self.folder = folder
        self.server: Server | None = request.getfixturevalue("server") if name == "postgresql" else None
        self.url = self.server.create() if self.server else "sqlite"

    def execute(self, statements: str) -> None:
        if self.server is not None:
            self.server.query(self.url.partition("@/")[2].partition("?")[0], statements)
            return
        import sqlite3  # noqa: PLC0415 beside the only place that needs it

        with sqlite3.connect(self.folder / "data" / "gateway.sqlite", timeout=20) as connection:
            connection.executescript(statements)
        connection.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    return Engine(request.param, tmp_path, request)


async def test_mail_on_which_we_fail_is_kept_and_told_of_and_stops_no_other(
    engine: Engine, tmp_path: Path, unused_udp_port: int
) -> None:
    async with run_gateway(tmp_path, dns=unused_udp_port, database=engine.url) as world:
        database = world.gateway.database
        engine.execute(SQLITE_FAULT if engine.server is None else POSTGRESQL_FAULT)
        poison = write(
            "eva@kunde.example", "support@firma.example", "Gift", "Das hier trifft uns.\n", Message_ID="<gift@k.example>"
        )
        failed = id_in(await world.hand_over("eva@kunde.example", "support@firma.example", poison))
        for number in range(3):
            good = write("kai@kunde.example", "support@firma.example", f"Gut {number}", f"Nummer {number}\n")
            await world.hand_over("kai@kunde.example", "support@firma.example", good)
            await world.wait_for("anna@firma.example", f"Nummer {number}")

        await wait_for_state(database, failed, ReceivedState.FAILED)
        stored = await database.read(lambda tx: tx.received.get(failed))
        assert stored.content.read().endswith(b"Das hier trifft uns.\r\n"), "the bytes are kept"
        notice = await world.wait_for("admin@ops.example", "failed")
        assert "trifft uns" not in str(notice), "a notice about a fault carries no text of the sender's"

        engine.execute("DROP TRIGGER fault" + (" ON ticket" if engine.server else ""))
        await process_request(Request(verb=Verb.RETRY_FAILED, mail_id=failed, by="admin"), world.gateway.road())
        await world.wait_for("anna@firma.example", "Das hier trifft uns.")
        assert await state_of(database, failed) is ReceivedState.TICKETED


SQLITE_QUARREL = """
CREATE TRIGGER quarrel BEFORE INSERT ON ticket WHEN NEW.subject = 'Zank'
BEGIN INSERT INTO counter SELECT * FROM counter LIMIT 1; END
"""


async def test_mail_that_cannot_be_decided_now_is_tried_again_long_before_its_lease_is_over(
    tmp_path: Path, unused_udp_port: int, request: pytest.FixtureRequest
) -> None:
    async with run_gateway(tmp_path, dns=unused_udp_port) as world:
        database, engine = world.gateway.database, Engine("sqlite", tmp_path, request)
        engine.execute(SQLITE_QUARREL)
        mail = write("eva@kunde.example", "support@firma.example", "Zank", "Wer war schneller?\n", Message_ID="<zank@k.example>")
        waiting = id_in(await world.hand_over("eva@kunde.example", "support@firma.example", mail))
        async with asyncio.timeout(60):
            while await deliveries_of(database, waiting) < 2:  # noqa: ASYNC110 only the database knows
                await asyncio.sleep(0.01)
        engine.execute("DROP TRIGGER quarrel")
        await wait_for_state(database, waiting, ReceivedState.TICKETED)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a small disk; only root may."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m,mode=0755", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        miss("a small disk can only be mounted by root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> None:
    with (folder / _FILLER).open("wb", buffering=0) as filler:
        size = 1 << 20
        while size:
            try:
                filler.write(b"x" * size)
            except OSError:
                size //= 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
@pytest.mark.parametrize("size", [500, 100_000, 400_000], ids=["in the row", "in the blob store", "through the spool"])
async def test_full_disk_means_later_and_what_was_acknowledged_is_there(tmp_path: Path, unused_udp_port: int, size: int) -> None:
    with small_disk(tmp_path / "disk") as disk:
        async with run_gateway(tmp_path, dns=unused_udp_port, data=disk) as world:
            taken: list[int] = []

            async def hand_over(number: int) -> str:
                mail = write("kai@kunde.example", "support@firma.example", f"Brief {number}", "Wort\n" * (size // 6))
                code, reply = await world.try_to_hand_over("kai@kunde.example", "support@firma.example", mail)
                if code == 250:
                    taken.append(id_in(reply))
                return str(code)

            assert await hand_over(0) == "250"
            await wait_for_state(world.gateway.database, taken[0], ReceivedState.TICKETED)
            fill(disk)
            replies = [await hand_over(number) for number in range(1, 13)]
            assert set(replies) <= {"250", "451", "452"}, "a full disk is never the sender's fault"
            assert replies[-1] != "250", "the disk was not full"
            (disk / _FILLER).unlink()
            assert await hand_over(99) == "250", "it goes on by itself"
            await wait_for_state(world.gateway.database, taken[-1], ReceivedState.TICKETED)
            for mail_id in taken:
                stored = await world.gateway.database.read(partial(read_mail, mail_id=mail_id))
                assert stored.content.read().count(b"Wort\r\n") == size // 6


async def test_lost_database_means_later_and_it_goes_on_by_itself(server: "Server", tmp_path: Path, unused_udp_port: int) -> None:
    url = server.create()
    name = url.partition("@/")[2].partition("?")[0]
    async with run_gateway(tmp_path, dns=unused_udp_port, database=url) as world:

        async def hand_over(text: str) -> int:
            mail = write("kai@kunde.example", "support@firma.example", text, f"{text}\n")
            return (await world.try_to_hand_over("kai@kunde.example", "support@firma.example", mail))[0]

        assert await hand_over("vorher") == 250
        await world.wait_for("anna@firma.example", "vorher")
        with capture_logs() as events:
            server.query("postgres", f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            server.query("postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608 ours
            assert [await hand_over("währenddessen") for _ in range(3)] == [451] * 3
            server.query("postgres", f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert not [event for event in events if event["event"].endswith(".failed")], (
            "a database that is away is no fault of ours"
        )
        async with asyncio.timeout(60):
            while await hand_over("nachher") != 250:  # noqa: ASYNC110 senders come again, too
                await asyncio.sleep(0.05)
        await world.wait_for("anna@firma.example", "nachher")
