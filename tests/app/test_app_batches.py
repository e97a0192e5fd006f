"""Batches of mail overlap: while one is written, the next is prepared as if the first were written already."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.app import Gateway, open_gateway
from gateway.config.load import load_config
from gateway.errors import ConcurrentChange
from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.envelope import Envelope, Recipient, RouteKind
from gateway.mail.received import ReceivedMail
from gateway.pipeline.journey import Road
from gateway.pipeline.runner import Runner
from gateway.pipeline.understand import understand_all
from gateway.pipeline.worker import Failure, WorkerFailed
from gateway.states import ReceivedState
from gateway.storage.accepting import Acceptance
from gateway.storage.database import utc_now
from gateway.storage.ticket_list import TicketFilter
from gateway.storage.transaction import Reader
from gateway.tickets import Changes
from tests.app.test_app_runner import EVIDENCE

CONFIG = """
hostname: gw.firma.example
data: {data}
database: "{database}"
listen: [{{smtp: "127.0.0.1:0"}}]
smarthosts: {{main: {{host: 127.0.0.1, port: 1, security: none}}}}
agents: {{anna: {{name: Anna Arndt, addresses: [anna@firma.example], alias: Anna}}}}
queues: {{support: {{agents: [anna]}}}}
loops: {{per_domain_and_hour: 20}}
channels:
  support: {{address: support@firma.example, display_name: Firma Support, queue: support, smarthosts: [main], language: de}}
"""


@asynccontextmanager
async def gateway_with(
    folder: Path, authors: Sequence[str], *, database: str = "sqlite", attached: bytes = b""
) -> AsyncIterator[Gateway]:
    """Open a gateway that has accepted a mail of each of these authors."""
    file = folder / "gateway.yaml"
    file.write_text(CONFIG.format(data=folder, database=database))
    async with open_gateway(load_config(file)) as gateway:
        for number, author in enumerate(authors, start=1):
            address = Address.of(author)
            recipient = Recipient(
                address=Address.of("support@firma.example"), kind=RouteKind.CHANNEL, channel="support", token=None
            )
            mail = ReceivedMail(
                id=number,
                channel="support",
                envelope=Envelope(reverse_path=address, recipients=(recipient,), received_at=utc_now()),
                content=Content.of(
                    f"From: <{author}>\r\nTo: support@firma.example\r\nSubject: {number}\r\nMessage-ID: <{number}@x.example>\r\n"
                    f"Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n".encode()
                    + (_with_file(number, attached) if attached else f"\r\nFrage {number}\r\n".encode())
                ),
                evidence=EVIDENCE,
            )
            await gateway.database.accept([Acceptance(mail=mail, delivery_key=str(number))])
        await gateway.workers.start()
        yield gateway


def _with_file(number: int, attached: bytes) -> bytes:
    return (
        (
            f"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nFrage {number}\r\n--b\r\n"
            "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
            "Content-Disposition: attachment; filename=a.bin\r\n\r\n"
        ).encode()
        + base64.encodebytes(attached).replace(b"\n", b"\r\n")
        + b"--b--\r\n"
    )


async def run_until(gateway: Gateway, is_done: Callable[[Reader], bool], road: Callable[[], Road] | None = None) -> None:
    """Run the pipeline until the database says that it is done, then stop it in order."""
    runner = Runner(road=road or gateway.road, node="local")
    running = asyncio.create_task(runner.run())
    async with asyncio.timeout(60):
        while not await gateway.database.read(is_done):
            await asyncio.sleep(0.02)
            if running.done():
                running.result()
    runner.stop()
    await running


def is_all_decided(tx: Reader) -> bool:
    return not tx.received.list((ReceivedState.RECEIVED,))


async def test_mails_of_many_authors_become_a_ticket_each_with_numbers_without_a_gap(tmp_path: Path) -> None:
    authors = [f"k{number}@kunde{number}.example" for number in range(50)]
    async with gateway_with(tmp_path, authors) as gateway:
        await run_until(gateway, is_all_decided)
        tickets = await gateway.database.read(lambda tx: tx.tickets.list(TicketFilter(limit=100)))
        year = utc_now().year
        assert sorted(ticket.number for ticket in tickets) == [f"{year}-{number:06}" for number in range(1, 51)]
        assert {str(ticket.requester.address) for ticket in tickets} == set(authors)


async def test_caps_hold_although_the_batch_before_is_not_written_yet(tmp_path: Path) -> None:
    authors = [f"k{number}@kunde.example" for number in range(48)]
    async with gateway_with(tmp_path, authors) as gateway:
        await run_until(gateway, is_all_decided)
        confirmations = await gateway.database.read(
            lambda tx: [mail for mail in tx.outbox.list(limit=500) if mail.recipient.domain == "kunde.example"]
        )
        assert len(confirmations) == 20, "the cap of the domain, over three batches"


async def test_mails_of_one_author_come_one_after_the_other(tmp_path: Path) -> None:
    async with gateway_with(tmp_path, ["k@kunde.example"] * 20) as gateway:
        await run_until(gateway, is_all_decided)
        tickets = await gateway.database.read(lambda tx: tx.tickets.list(TicketFilter(limit=100)))
        assert [ticket.subject for ticket in sorted(tickets, key=lambda t: t.number)] == [str(n) for n in range(1, 21)]


async def test_a_batch_that_cannot_be_written_is_settled_again_and_so_is_the_one_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authors = [f"k{number}@kunde{number}.example" for number in range(40)]
    async with gateway_with(tmp_path, authors) as gateway:
        apply, faults = gateway.database.apply, iter([ConcurrentChange("somebody was faster")])

        async def apply_second_time(changes: Changes) -> None:
            if len(changes.received) > 1 and (fault := next(faults, None)) is not None:
                raise fault
            await apply(changes)

        monkeypatch.setattr(gateway.database, "apply", apply_second_time)
        await run_until(gateway, is_all_decided)
        tickets = await gateway.database.read(lambda tx: tx.tickets.list(TicketFilter(limit=100)))
        assert sorted(str(ticket.requester.address) for ticket in tickets) == sorted(authors)
        mails = await gateway.database.read(lambda tx: tx.outbox.list(limit=500))
        assert len(mails) == 80, "one to the customer and one to the agent, of each"


async def test_numbers_that_nobody_used_are_given_back_at_the_end(tmp_path: Path) -> None:
    async with gateway_with(tmp_path, ["k@kunde.example"]) as gateway:
        now = utc_now()
        first = await gateway.numbers.take(gateway.database, gateway.policy, now=now, count=1)
        await gateway.numbers.claim(
            gateway.database, gateway.policy, most=5, now=now, lease_seconds=60, node="local", under_way=3
        )
        await gateway.numbers.give_back(gateway.database)
        second = await gateway.numbers.take(gateway.database, gateway.policy, now=now, count=1)
        assert (first, second) == ((f"{now.year}-000001",), (f"{now.year}-000002",))


async def test_numbers_begin_anew_with_the_year_although_old_ones_are_in_stock(tmp_path: Path) -> None:
    async with gateway_with(tmp_path, ["k@kunde.example"]) as gateway:
        now = utc_now().replace(month=12, day=31, hour=12)
        policy, numbers = gateway.policy, gateway.numbers
        await numbers.claim(gateway.database, policy, most=5, now=now, lease_seconds=60, node="local", under_way=4)
        taken = await numbers.take(gateway.database, policy, now=now + timedelta(days=1), count=2)
        assert taken == (f"{now.year + 1}-000001", f"{now.year + 1}-000002")


@pytest.mark.parametrize("fault", [WorkerFailed(Failure.TIME, "not done after 30 s"), RuntimeError("a fault of ours")])
async def test_mails_that_cannot_be_read_together_are_read_each_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    authors = [f"k{number}@kunde{number}.example" for number in range(20)]
    async with gateway_with(tmp_path, authors) as gateway:
        run, refused = gateway.workers.run, 0

        async def run_one(function: Callable[..., Any], *arguments: Any) -> Any:
            nonlocal refused
            if function is understand_all:
                refused += 1
                raise fault
            return await run(function, *arguments)

        monkeypatch.setattr(gateway.workers, "run", run_one)
        await run_until(gateway, is_all_decided)
        tickets = await gateway.database.read(lambda tx: tx.tickets.list(TicketFilter(limit=100)))
        posts = await gateway.database.read(lambda tx: [tx.tickets.posts(ticket.id)[0].text for ticket in tickets])

    assert refused > 0
    assert sorted(posts) == sorted(f"Frage {number}" for number in range(1, 21))
