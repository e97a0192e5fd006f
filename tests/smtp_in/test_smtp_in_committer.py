"""Many sessions share one commit, and no client can spoil another's mail."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.errors import StorageUnavailable
from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.envelope import Envelope, Recipient, RouteKind
from gateway.mail.received import ReceivedMail
from gateway.smtp_in.committer import BATCH_MAILS, Committer
from gateway.storage.accepting import Acceptance
from tests.smtp_in.smtp_world import MAIL, NO_EVIDENCE, NOW, World, until

SUPPORT = Recipient(address=Address("support", "firma.example"), channel="support", kind=RouteKind.CHANNEL)


LARGE = Content(sha256="", size=30_000_000, path=Path("spool/arriving-1"))


def acceptance(number: int, content: Content) -> Acceptance:
    envelope = Envelope(reverse_path=None, recipients=(SUPPORT,), received_at=NOW)
    mail = ReceivedMail(id=number, channel="support", envelope=envelope, content=content, evidence=NO_EVIDENCE)
    return Acceptance(mail=mail, delivery_key=f"{number:064x}")


@dataclass
class Store:
    """A database whose commits take as long as the test wants."""

    batches: list[list[int]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    slow: set[int] = field(default_factory=set)
    """If given, only these wait for the gate."""
    poison: int | None = None
    error: Exception | None = None
    given_up: list[int] = field(default_factory=list)
    wakes: int = 0

    async def accept(self, mails: Sequence[Acceptance]) -> tuple[int, ...]:
        self.batches.append([mail.mail.id for mail in mails])
        if not self.slow or any(mail.mail.id in self.slow for mail in mails):
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        if self.poison is not None and any(mail.mail.id == self.poison for mail in mails):
            raise ValueError("what the database chokes on")
        return tuple(mail.mail.id for mail in mails)

    def wake(self) -> None:
        self.wakes += 1

    def committer(self) -> Committer:
        return Committer(accept=self.accept, on_received=self.wake)

    def begin(self, committer: Committer, number: int, content: Content | None = None) -> asyncio.Task[tuple[int, ...]]:
        mails = (acceptance(number, content or Content.of(b"x")),)
        return asyncio.create_task(committer.store(mails, give_up=lambda: self.given_up.append(number)), name=str(number))


async def turn() -> None:
    """Let everybody go on who can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_mails_that_come_while_a_commit_runs_share_the_next_one() -> None:
    store = Store()
    committer = store.committer()
    tasks = [store.begin(committer, 1)]
    await turn()
    tasks += [store.begin(committer, number) for number in range(2, 8)]
    await turn()
    store.gate.set()
    assert await asyncio.gather(*tasks) == [(number,) for number in range(1, 8)]
    assert store.batches == [[1], [2, 3, 4, 5, 6, 7]]
    assert (store.wakes, store.given_up) == (2, [])


async def test_one_commit_has_a_largest_size() -> None:
    store = Store()
    committer = store.committer()
    store.gate.set()
    tasks = [store.begin(committer, number) for number in range(BATCH_MAILS + 1)]
    await asyncio.gather(*tasks)
    assert [len(batch) for batch in store.batches] == [BATCH_MAILS, 1]


async def test_client_that_drops_during_the_commit_leaves_the_mail_stored_and_the_others_answered() -> None:
    store = Store()
    committer = store.committer()
    dropped, other = store.begin(committer, 1), store.begin(committer, 2)
    await turn()
    dropped.cancel()
    await turn()
    store.gate.set()
    assert await other == (2,)
    assert dropped.cancelled()
    assert (store.batches, store.given_up, store.wakes) == ([[1, 2]], [], 1)


async def test_client_that_drops_before_its_commit_began_leaves_nothing() -> None:
    store = Store()
    committer = store.committer()
    first = store.begin(committer, 1)
    await turn()
    dropped, other = store.begin(committer, 2), store.begin(committer, 3)
    await turn()
    dropped.cancel()
    await turn()
    store.gate.set()
    assert [await first, await other] == [(1,), (3,)]
    assert (store.batches, store.given_up) == ([[1], [3]], [2])


async def test_small_mail_does_not_wait_for_large_ones() -> None:
    store = Store(slow={1, 2})
    committer = store.committer()
    large = [store.begin(committer, number, LARGE) for number in (1, 2)]
    await turn()
    assert await store.begin(committer, 3) == (3,)
    assert not any(task.done() for task in large)
    store.gate.set()
    await asyncio.gather(*large)
    await committer.drain()


async def test_mail_that_the_database_chokes_on_does_not_spoil_its_neighbours() -> None:
    store = Store(poison=2)
    committer = store.committer()
    store.gate.set()
    tasks = [store.begin(committer, number) for number in (1, 2, 3)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert (results[0], results[2]) == ((1,), (3,))
    assert isinstance(results[1], ValueError)
    assert store.given_up == [2]


async def test_database_that_is_away_defers_everybody_at_once() -> None:
    store = Store(error=StorageUnavailable("away"))
    committer = store.committer()
    store.gate.set()
    tasks = [store.begin(committer, number) for number in (1, 2)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, StorageUnavailable) for result in results)
    assert (store.batches, store.given_up, store.wakes) == ([[1, 2]], [1, 2], 0)


@pytest.mark.parametrize("clients", [1, 7])
async def test_connections_that_break_during_the_commit_leave_one_mail_each_and_a_second_copy_changes_nothing(
    world: World, clients: int
) -> None:
    world.gate = asyncio.Event()
    async with world.serve() as server:
        for number in range(clients):
            client = await world.connect(server)
            await client.greet()
            await client.begin_mail()
            await client.ask("DATA")
            await client.send(MAIL.replace(b"<1@", b"<%d@" % number) + b"\r\n.\r\n")
        await until(lambda: [session.phase.value for session in server.service.sessions] == ["work"] * clients)
        await turn()
        for client in world.clients:
            client.vanish()
        await until(lambda: not server.service.sessions)
        await until(lambda: not any(task.get_name() == "session" for task in asyncio.all_tasks()))
        world.gate.set()
        again = await world.connect(server)
        await again.greet()
        assert (await again.send_mail(MAIL.replace(b"<1@", b"<0@"))).startswith("250 ")
        assert 1 <= len(world.stored) <= clients
        assert len({mail.message_id for mail in world.mails}) == len(world.mails)
