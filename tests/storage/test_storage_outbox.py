"""Queueing, claiming and finishing outbound mail, on both engines."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.errors import ConcurrentChange, InvalidTransition, NotFound
from gateway.mail.addresses import Address
from gateway.mail.outbound import Attempt, OutboundMail, Outcome, Purpose
from gateway.states import OutboundState
from gateway.storage.contents import LARGEST_INLINE
from gateway.storage.database import Database
from gateway.tickets import Changes, OutboundChange

if TYPE_CHECKING:
    from tests.storage.conftest import Make


async def _queue(database: Database, *mails: OutboundMail) -> None:
    await database.write(lambda tx: tx.apply(Changes(outbound=mails)))


async def test_queued_mail_comes_back_complete_and_due(database: Database, make: "Make") -> None:
    mail = replace(
        make.outbound(purpose=Purpose.NEW_TICKET),
        reverse_path=Address("b+1", "gw.firma.example"),
        last_seen_post_id=4,
        about_received_id=5,
        token_expires_at=make.now + timedelta(days=180),
        next_attempt_at=make.now,
    )
    await _queue(database, mail)
    assert await database.read(lambda tx: tx.outbox.get(mail.id)) == mail
    assert await database.read(lambda tx: tx.outbox.by_message_id(mail.message_id)) == mail
    assert await database.read(lambda tx: tx.outbox.by_message_id("unknown")) is None
    with pytest.raises(NotFound):
        await database.read(lambda tx: tx.outbox.get(99))


async def test_large_mail_goes_out_whole(database: Database, make: "Make") -> None:
    mail = make.outbound(b"0123456789abcde\n" * (LARGEST_INLINE // 16 + 1))
    await _queue(database, mail)
    (claimed,) = await database.write(lambda tx: tx.outbox.claim_due(now=make.now, limit=1, lease_seconds=9, node="a"))
    assert claimed.content.read() == mail.content.body


async def test_only_due_mail_is_claimed_the_longest_due_first(database: Database, make: "Make") -> None:
    later = make.outbound(next_attempt_at=make.now + timedelta(seconds=1))
    now, before = make.outbound(), make.outbound(next_attempt_at=make.now - timedelta(seconds=1))
    await _queue(database, later, now, before)
    claimed = await database.write(lambda tx: tx.outbox.claim_due(now=make.now, limit=9, lease_seconds=9, node="a"))
    assert [(mail.id, mail.state) for mail in claimed] == [(before.id, OutboundState.SENDING), (now.id, OutboundState.SENDING)]


async def test_each_mail_is_claimed_by_one_sender_only(database: Database, make: "Make") -> None:
    mails = [make.outbound(b"%d" % n) for n in range(80)]
    await _queue(database, *mails)

    async def work(node: str) -> list[int]:
        mine: list[int] = []
        while claimed := await database.write(
            lambda tx: tx.outbox.claim_due(now=make.now, limit=3, lease_seconds=9, node=node),
        ):
            mine += [mail.id for mail in claimed]
        return mine

    claimed = [each for ids in await asyncio.gather(*(work(f"n{n}") for n in range(8))) for each in ids]
    assert sorted(claimed) == [mail.id for mail in mails]


async def test_lost_lease_returns_to_the_queue_and_the_late_sender_is_told(database: Database, make: "Make") -> None:
    mail = make.outbound()
    await _queue(database, mail)
    await database.write(lambda tx: tx.outbox.claim_due(now=make.now, limit=1, lease_seconds=60, node="a"))
    over = make.now + timedelta(seconds=61)
    assert await database.write(lambda tx: tx.outbox.reclaim_lost(make.now)) == 0
    assert await database.write(lambda tx: tx.outbox.reclaim_lost(over)) == 1
    assert (await database.read(lambda tx: tx.outbox.get(mail.id))).state is OutboundState.QUEUED
    late = OutboundChange(id=mail.id, old=OutboundState.SENDING, new=OutboundState.SENT)
    with pytest.raises(ConcurrentChange):
        await database.write(lambda tx: tx.apply(Changes(outbound_changes=(late,))))


async def test_restarted_node_requeues_what_it_was_sending(database: Database, make: "Make") -> None:
    await _queue(database, make.outbound(), make.outbound())
    await database.write(lambda tx: tx.outbox.claim_due(now=make.now, limit=1, lease_seconds=60, node="a"))
    await database.write(lambda tx: tx.outbox.claim_due(now=make.now, limit=1, lease_seconds=60, node="b"))
    assert await database.write(lambda tx: tx.outbox.release_leases("a", now=make.now)) == 1


async def test_attempts_are_kept_and_counted(database: Database, make: "Make") -> None:
    mail = make.outbound()
    await _queue(database, mail)
    retry_at = make.now + timedelta(minutes=5)
    attempt = Attempt(
        outbound_id=mail.id, at=make.now, smarthost="main", outcome=Outcome.DEFERRED, code=451, reply="later \0", tls="TLSv1.3"
    )
    deferred = OutboundChange(
        id=mail.id,
        old=OutboundState.SENDING,
        new=OutboundState.QUEUED,
        next_attempt_at=retry_at,
        last_reply="451 later",
        attempt=attempt,
    )
    await database.write(lambda tx: tx.outbox.claim_due(now=make.now, limit=1, lease_seconds=60, node="a"))
    await database.write(lambda tx: tx.apply(Changes(outbound_changes=(deferred,))))
    stored = await database.read(lambda tx: tx.outbox.get(mail.id))
    assert (stored.attempts, stored.next_attempt_at, stored.last_reply) == (1, retry_at, "451 later")
    kept = await database.read(lambda tx: tx.outbox.attempts(mail.id))
    assert kept == (replace(attempt, reply="later \N{REPLACEMENT CHARACTER}"),)
    assert await database.read(lambda tx: tx.outbox.next_due()) == retry_at


async def test_mail_that_an_operator_puts_back_is_due_at_once(database: Database, make: "Make") -> None:
    mail = replace(make.outbound(), state=OutboundState.HELD)
    await _queue(database, mail)
    assert await database.read(lambda tx: tx.outbox.next_due()) is None
    free = OutboundChange(id=mail.id, old=OutboundState.HELD, new=OutboundState.QUEUED)
    await database.write(lambda tx: tx.apply(Changes(outbound_changes=(free,))))
    claimed = await database.write(lambda tx: tx.outbox.claim_due(now=make.now, limit=1, lease_seconds=60, node="a"))
    assert [each.id for each in claimed] == [mail.id]


async def test_state_that_no_table_allows_is_refused(database: Database, make: "Make") -> None:
    mail = make.outbound()
    await _queue(database, mail)
    change = OutboundChange(id=mail.id, old=OutboundState.QUEUED, new=OutboundState.SENT)
    with pytest.raises(InvalidTransition):
        await database.write(lambda tx: tx.apply(Changes(outbound_changes=(change,))))


async def test_automatic_mails_to_one_recipient_are_counted(database: Database, make: "Make") -> None:
    old = replace(make.outbound(purpose=Purpose.CONFIRMATION), created_at=make.now - timedelta(hours=2))
    answer, other = make.outbound(), make.outbound(purpose=Purpose.CONFIRMATION, recipient="other@kunde.example")
    await _queue(database, old, answer, other, make.outbound(purpose=Purpose.CONFIRMATION, recipient="KUNDE@kunde.EXAMPLE"))
    since = make.now - timedelta(hours=1)
    purposes = (Purpose.CONFIRMATION, Purpose.VERIFICATION)
    assert await database.read(lambda tx: tx.outbox.automatic_count("kunde@kunde.example", since=since, purposes=purposes)) == 1


async def test_outbox_is_listed_newest_first_and_by_ticket(database: Database, make: "Make") -> None:
    ticket = make.ticket()
    mails = [make.outbound(b"%d" % n, ticket=ticket) for n in range(3)]
    await database.write(lambda tx: tx.apply(Changes(new_tickets=(ticket,), outbound=tuple(mails))))
    listed = await database.read(lambda tx: tx.outbox.list([OutboundState.QUEUED], limit=2))
    assert [mail.id for mail in listed] == [mails[2].id, mails[1].id]
    assert [mail.id for mail in await database.read(lambda tx: tx.outbox.of_ticket(ticket.id))] == [mail.id for mail in mails]
    assert await database.read(lambda tx: tx.outbox.list([OutboundState.SENT])) == ()
