"""What only the embedded engine promises: shared commits, accepting first, failures that stay with their own work, survival."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from sqlalchemy import event

from gateway.errors import ConcurrentChange, StorageUnavailable, WrongCommand
from gateway.storage import sqlite
from gateway.storage.database import Database
from gateway.storage.sqlite import SqliteEngine
from gateway.storage.sqlite_bulk import driver_of
from gateway.storage.transaction import Topic, Writer
from gateway.tickets import Changes

if TYPE_CHECKING:
    from tests.storage.conftest import Make

WRITER = Path(__file__).with_name("accept_until_killed.py")


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Open an empty SQLite database."""
    opened = await Database.open(data=tmp_path)
    yield opened
    await opened.close()


def _engine(database: Database) -> SqliteEngine:
    assert isinstance(database._engine, SqliteEngine)
    return database._engine


class Gate:
    """Holds the writing thread inside a piece of work until it is opened."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._opened = threading.Event()

    def __call__(self, _tx: Writer) -> None:
        self._loop.call_soon_threadsafe(self.entered.set)
        assert self._opened.wait(60)

    def open(self) -> None:
        self._opened.set()


async def _count_commits(database: Database) -> Callable[[], int]:
    """Hear from SQLite itself what the writing thread commits from the next transaction on."""
    commits: list[str] = []

    def hear(statement: str) -> None:
        if statement == "COMMIT":
            commits.append(statement)

    await database.write(lambda tx: driver_of(tx.contents._connection).set_trace_callback(hear))
    commits.clear()  # the one of this very write, which may have been heard, too
    return lambda: len(commits)


async def test_commits_are_forced_to_the_disk(database: Database) -> None:
    def settings(tx: Writer) -> tuple[object, ...]:
        connection = tx.contents._connection
        return tuple(
            connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys")
        )

    assert await database.write(settings) == ("wal", 2, 1)


async def test_work_that_waits_together_shares_one_commit(
    database: Database, make: "Make", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_MOST_MILLISECONDS", 60_000.0)
    commits, gate = await _count_commits(database), Gate()
    held = asyncio.create_task(database.write(gate))
    await gate.entered.wait()
    accepted = [asyncio.create_task(database.accept([make.acceptance(b"%d" % n)])) for n in range(30)]
    reserved = [asyncio.create_task(database.write(lambda tx: tx.numbers.reserve("2026"))) for _ in range(3)]
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(held, *accepted, *reserved)
    assert commits() == 1
    assert sorted(await asyncio.gather(*reserved)) == [1, 2, 3]


async def test_accepting_goes_before_work_that_waits_longer(database: Database, make: "Make") -> None:
    gate = Gate()
    held = asyncio.create_task(database.write(gate))
    await gate.entered.wait()
    seen = [asyncio.create_task(database.write(lambda tx: len(tx.received.list()))) for _ in range(50)]
    await asyncio.sleep(0)
    accepted = asyncio.create_task(database.accept([make.acceptance()]))
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(held, accepted)
    assert set(await asyncio.gather(*seen)) == {1}


async def test_urgent_work_goes_before_work_that_waits_longer(database: Database) -> None:
    gate, order = Gate(), list[str]()
    held = asyncio.create_task(database.write(gate))
    await gate.entered.wait()
    background = asyncio.create_task(database.write(lambda _tx: order.append("background")))
    await asyncio.sleep(0)
    urgent = asyncio.create_task(database.write(lambda _tx: order.append("urgent"), urgent=True))
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(held, background, urgent)
    assert order == ["urgent", "background"]


async def test_other_work_goes_on_however_much_is_accepted(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_MOST_MILLISECONDS", 0.0)
    gate, order = Gate(), list[str]()
    held = asyncio.create_task(database.write(gate, urgent=True))
    await gate.entered.wait()
    works = [asyncio.create_task(database.write(lambda _tx: order.append("urgent"), urgent=True)) for _ in range(20)]
    await asyncio.sleep(0)
    works.append(asyncio.create_task(database.write(lambda _tx: order.append("background"))))
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(held, *works)
    assert order.index("background") < 3


async def test_work_that_fails_undoes_only_itself(database: Database, make: "Make") -> None:
    ticket, broken = make.ticket(), make.ticket()

    def fail(tx: Writer) -> None:
        tx.apply(Changes(new_tickets=(broken,)))
        raise ZeroDivisionError

    gate = Gate()
    held = asyncio.create_task(database.write(gate))
    await gate.entered.wait()
    works = [
        asyncio.create_task(database.write(lambda tx: tx.apply(Changes(new_tickets=(ticket,))))),
        asyncio.create_task(database.write(fail)),
        asyncio.create_task(database.accept([make.acceptance()])),
    ]
    await asyncio.sleep(0)
    gate.open()
    await held
    done = await asyncio.gather(*works, return_exceptions=True)
    assert [type(each) for each in done] == [type(None), ZeroDivisionError, tuple]
    assert await database.read(lambda tx: [t.id for t in tx.tickets.get_all([ticket.id, broken.id])]) == [ticket.id]


async def test_acceptance_that_fails_does_not_take_its_neighbours_along(database: Database, make: "Make") -> None:
    good, bad = make.acceptance(b"good"), make.acceptance(b"bad")
    await database.accept([bad])
    clash = make.acceptance(b"clash")
    object.__setattr__(clash.mail, "id", bad.mail.id)  # two nodes chose the same id
    gate = Gate()
    held = asyncio.create_task(database.write(gate))
    await gate.entered.wait()
    works = [asyncio.create_task(database.accept([each])) for each in (good, clash)]
    await asyncio.sleep(0)
    gate.open()
    await held
    first, second = await asyncio.gather(*works, return_exceptions=True)
    assert first == (good.mail.id,)
    assert isinstance(second, ConcurrentChange)


async def test_full_disk_is_a_temporary_fault_and_loses_nothing_acknowledged(database: Database, make: "Make") -> None:
    engine = _engine(database)._write_engine
    event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA max_page_count=400"))
    acknowledged: list[int] = []

    async def fill() -> None:
        for number in range(1000):
            acknowledged.extend(await database.accept([make.acceptance(b"%d" % number * 10_000)]))

    with pytest.raises(StorageUnavailable):
        await fill()
    assert acknowledged
    stored = await database.read(lambda tx: [line.id for line in tx.received.list(limit=1000)])
    assert sorted(stored) == acknowledged


async def test_database_locked_by_another_process_is_a_temporary_fault(
    tmp_path: Path, make: "Make", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_LOCK_SECONDS", 0.01)
    database = await Database.open(data=tmp_path)
    other = sqlite3.connect(_engine(database).path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable):
        await database.accept([make.acceptance()])
    other.execute("ROLLBACK")
    other.close()
    await database.accept([make.acceptance()])
    await database.close()


async def test_work_whose_caller_went_away_is_not_begun(database: Database) -> None:
    gate, ran = Gate(), list[int]()
    held = asyncio.create_task(database.write(gate))
    await gate.entered.wait()
    left = asyncio.create_task(database.write(lambda _tx: ran.append(1)))
    await asyncio.sleep(0)
    left.cancel()
    await asyncio.sleep(0)
    gate.open()
    await held
    await database.write(lambda _tx: None)
    assert ran == []


async def test_closing_finishes_what_waits_and_then_takes_nothing(tmp_path: Path, make: "Make") -> None:
    database = await Database.open(data=tmp_path)
    waiting = [asyncio.create_task(database.accept([make.acceptance(b"%d" % n)])) for n in range(50)]
    await asyncio.sleep(0)
    await database.close()
    assert len(await asyncio.gather(*waiting)) == 50
    with pytest.raises(StorageUnavailable):
        await database.accept([make.acceptance()])
    with pytest.raises(StorageUnavailable):
        await database.read(lambda tx: tx.received.list())


async def test_reading_goes_on_while_somebody_writes(database: Database, make: "Make") -> None:
    await database.accept([make.acceptance()])
    gate = Gate()
    held = asyncio.create_task(database.write(gate))
    await gate.entered.wait()
    assert len(await database.read(lambda tx: tx.received.list())) == 1
    gate.open()
    await held


async def test_database_opened_for_reading_refuses_to_write(database: Database, make: "Make", tmp_path: Path) -> None:
    acceptance = make.acceptance()
    await database.accept([acceptance])
    reader = await Database.open(data=tmp_path, read_only=True)
    assert await reader.read(lambda tx: tx.received.get(acceptance.mail.id)) == acceptance.mail
    for attempt in (reader.accept([make.acceptance()]), reader.write(lambda tx: tx.numbers.reserve("x"))):
        with pytest.raises(WrongCommand):
            await attempt
    await reader.close()


async def test_database_can_be_read_while_no_gateway_runs(tmp_path: Path, make: "Make") -> None:
    acceptance, data = make.acceptance(), tmp_path / "with space?&#%"
    database = await Database.open(data=data)
    await database.accept([acceptance])
    await database.close()
    for _ in range(2):
        reader = await Database.open(data=data, read_only=True)
        assert await reader.read(lambda tx: tx.received.get(acceptance.mail.id)) == acceptance.mail
        await reader.close()
    assert {path.name for path in data.iterdir()} <= {
        "gateway.sqlite",
        "gateway.sqlite-shm",
        "gateway.sqlite-wal",
        "blobs",
        "journal",
        "spool",
    }


async def test_database_is_readable_for_its_owner_only(database: Database, make: "Make", tmp_path: Path) -> None:
    await database.accept([make.acceptance()])
    modes = {entry.name: entry.stat().st_mode & 0o077 for entry in os.scandir(tmp_path)}
    assert set(modes.values()) == {0}
    assert "gateway.sqlite-wal" in modes


async def test_database_that_is_not_there_is_not_made_for_reading(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        await Database.open(data=tmp_path / "nothing", read_only=True)
    assert not (tmp_path / "nothing").exists()


async def test_acceptance_wakes_who_waits_for_mail(database: Database, make: "Make") -> None:
    waiting = asyncio.create_task(database.wait_for(Topic.RECEIVED, 60))
    await asyncio.sleep(0)
    await database.accept([make.acceptance()])
    await asyncio.wait_for(waiting, 60)


def test_everything_acknowledged_survives_kill_nine(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    for _ in range(3):
        with subprocess.Popen([sys.executable, str(WRITER), str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line, _ in zip(process.stdout, range(150), strict=False):
                acknowledged.append(line.strip())
            os.kill(process.pid, signal.SIGKILL)
            acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    connection = sqlite3.connect(tmp_path / "gateway.sqlite")
    stored = {row[0] for row in connection.execute("SELECT delivery_key FROM received")}
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert len(acknowledged) >= 450
    assert len(set(acknowledged)) == len(acknowledged)
    assert set(acknowledged) <= stored
