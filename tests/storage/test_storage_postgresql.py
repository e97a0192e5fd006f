"""What only PostgreSQL promises: many nodes, wake-ups between them, and coming back after the server was away."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from sqlalchemy import text

from gateway.errors import StorageUnavailable, WrongCommand
from gateway.mail.content import Content
from gateway.storage import listener
from gateway.storage.database import Database
from gateway.storage.transaction import Topic, Writer
from gateway.tickets import Changes

if TYPE_CHECKING:
    from tests.storage.conftest import Make, Server


@pytest.fixture
def url(server: "Server") -> str:
    return server.create()


@pytest_asyncio.fixture
async def nodes(url: str, tmp_path: Path) -> AsyncIterator[list[Database]]:
    opened = [await Database.open(data=tmp_path, database=url) for _ in range(3)]
    yield opened
    for database in opened:
        await database.close()


def _disconnect_all(server: "Server", url: str) -> None:
    """End all connections to a database, and return when they have ended."""
    name = url.split("@/")[1].split("?", maxsplit=1)[0]
    others = "pid <> pg_backend_pid() AND datname = current_database()"
    server.query(name, f"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE {others}")  # noqa: S608 constant


async def test_mail_accepted_by_one_node_wakes_another(nodes: list[Database], make: "Make") -> None:
    waiting = asyncio.create_task(nodes[1].wait_for(Topic.RECEIVED, 60))
    await asyncio.sleep(0)
    await nodes[0].accept([make.acceptance()])
    await asyncio.wait_for(waiting, 60)


async def test_queued_mail_of_one_node_wakes_another(nodes: list[Database], make: "Make") -> None:
    waiting = asyncio.create_task(nodes[2].wait_for(Topic.OUTBOX, 60))
    await asyncio.sleep(0)
    await nodes[0].apply(Changes(outbound=(make.outbound(),)))
    await asyncio.wait_for(waiting, 60)


async def test_copies_that_reach_several_nodes_at_once_become_one_mail(nodes: list[Database], make: "Make") -> None:
    copies = [make.acceptance(b"same", delivery_key=f"key-{n % 5}") for n in range(60)]
    ids = await asyncio.gather(*(nodes[n % 3].accept([copy]) for n, copy in enumerate(copies)))
    assert len(set(ids)) == 5
    assert len(await nodes[0].read(lambda tx: tx.received.list())) == 5


async def test_nodes_share_the_work_without_overlap(nodes: list[Database], make: "Make") -> None:
    mails = [make.acceptance(b"%d" % n) for n in range(90)]
    await nodes[0].accept(mails)

    async def work(node: int) -> list[int]:
        mine: list[int] = []
        while claimed := await nodes[node % 3].write(
            lambda tx: tx.received.claim(limit=4, now=make.now, lease_seconds=60, node=f"n{node}"),
        ):
            mine += [mail.id for mail in claimed]
        return mine

    claimed = [each for ids in await asyncio.gather(*(work(n) for n in range(9))) for each in ids]
    assert sorted(claimed) == sorted(acceptance.mail.id for acceptance in mails)


async def test_large_content_that_two_nodes_store_at_once_is_whole(nodes: list[Database], make: "Make") -> None:
    body = bytes(range(256)) * 4096
    await asyncio.gather(*(node.accept([make.acceptance(body)]) for node in nodes))
    (first, *_) = await nodes[0].read(lambda tx: tx.received.list())
    assert (await nodes[0].read(lambda tx: tx.received.get(first.id))).content.read() == body
    assert (await nodes[0].verify()).is_sound


async def test_large_content_is_handed_on_as_a_file_that_may_be_lost(nodes: list[Database], make: "Make") -> None:
    body = bytes(range(256)) * 4096
    acceptance = make.acceptance(body)
    await nodes[0].accept([acceptance])
    digest = acceptance.mail.content.sha256
    copies = []
    for _ in range(3):
        content = await nodes[1].blobs.get(digest)
        assert content.read() == body
        assert content.path is not None
        copies.append(content.path)
        if len(copies) == 1:
            content.path.write_bytes(b"cut short")
        else:
            content.path.unlink()
    assert len(set(copies)) == 1


async def test_damaged_and_missing_pieces_are_named(nodes: list[Database]) -> None:
    gone, damaged = Content.of(bytes(300_000)), Content.of(bytes(400_000))
    await nodes[0].blobs.put(gone, damaged)
    for statement in (
        f"DELETE FROM blob_chunk WHERE sha256 = '{gone.sha256}'",  # noqa: S608 a digest of ours
        f"UPDATE blob_chunk SET piece = 'x' WHERE sha256 = '{damaged.sha256}' AND position = 1",  # noqa: S608 likewise
    ):
        await nodes[0].write(lambda tx, statement=statement: tx.contents._connection.execute(text(statement)).rowcount)  # type: ignore[misc]
    found = await nodes[0].verify()
    assert (found.missing, found.damaged) == ((gone.sha256,), (damaged.sha256,))


async def test_node_comes_back_after_its_connections_were_lost(
    server: "Server", url: str, make: "Make", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "_RETRY_SECONDS", 0.01)
    database = await Database.open(data=tmp_path, database=url)
    acceptance = make.acceptance()
    await database.accept([acceptance])
    await database.wait_for(Topic.RECEIVED, 60)
    _disconnect_all(server, url)
    with pytest.raises(StorageUnavailable):
        await database.read(lambda tx: tx.received.list())
    await database.wait_for(Topic.RECEIVED, 60)  # it listens again, and everybody is woken once
    assert await database.accept([make.acceptance(delivery_key=acceptance.delivery_key)]) == (acceptance.mail.id,)
    await database.close()


async def test_connection_that_was_lost_while_nobody_used_it_is_not_noticed(
    server: "Server", url: str, make: "Make", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "_RETRY_SECONDS", 0.01)
    database = await Database.open(data=tmp_path, database=url)
    await database.read(lambda tx: tx.received.list())
    _disconnect_all(server, url)
    await database.wait_for(Topic.RECEIVED, 60)
    await database.accept([make.acceptance()])
    assert len(await database.read(lambda tx: tx.received.list())) == 1
    await database.close()


async def test_server_that_is_not_there_is_a_temporary_fault(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        await Database.open(data=tmp_path, database=f"postgresql://postgres@/gateway?host={tmp_path}")


async def test_database_that_is_not_there_is_a_temporary_fault(server: "Server", tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        await Database.open(data=tmp_path, database=server.url("nothing"))


async def test_database_opened_for_reading_refuses_to_write(
    nodes: list[Database], url: str, make: "Make", tmp_path: Path
) -> None:
    acceptance = make.acceptance()
    await nodes[0].accept([acceptance])
    reader = await Database.open(data=tmp_path, database=url, read_only=True)
    assert await reader.read(lambda tx: tx.received.get(acceptance.mail.id)) == acceptance.mail
    for attempt in (reader.accept([make.acceptance()]), reader.write(lambda tx: tx.numbers.reserve("x"))):
        with pytest.raises(WrongCommand):
            await attempt
    await reader.close()


async def test_reading_sees_one_picture_while_others_write(nodes: list[Database], make: "Make") -> None:
    ticket = make.ticket()
    await nodes[0].apply(Changes(new_tickets=(ticket,)))
    await nodes[1].apply(Changes(posts=(make.post(ticket),)))
    assert len(await nodes[2].read(lambda tx: tx.tickets.posts(ticket.id))) == 1


async def test_acknowledged_mail_is_committed_synchronously(nodes: list[Database]) -> None:
    shown = await nodes[0].write(lambda tx: tx.contents._connection.scalar(text("SHOW synchronous_commit")))
    assert shown == "on"


async def test_work_whose_caller_went_away_leaves_nothing_behind(nodes: list[Database]) -> None:
    held = asyncio.Event()
    loop = asyncio.get_running_loop()
    await nodes[0].write(lambda tx: tx.numbers.reserve("2026"))

    async def hold() -> None:
        def work(tx: Writer) -> None:
            tx.numbers.reserve("2026")
            loop.call_soon(held.set)
            tx.contents._connection.execute(text("SELECT pg_sleep(60)"))

        await nodes[0].write(work)

    holding = asyncio.create_task(hold())
    await held.wait()
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
    assert await nodes[1].write(lambda tx: tx.numbers.reserve("2026")) == 2
    assert await nodes[0].write(lambda tx: tx.numbers.reserve("2026")) == 3
