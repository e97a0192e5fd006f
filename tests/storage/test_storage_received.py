"""Accepting, claiming and deciding received mail, on both engines."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.errors import ConcurrentChange, InvalidTransition, NotFound
from gateway.mail.content import Content
from gateway.mail.received import Waiver
from gateway.states import ReceivedState
from gateway.storage.accepting import Acceptance
from gateway.storage.contents import LARGEST_INLINE
from gateway.storage.database import Database
from gateway.tickets import Changes, ReceivedChange, TraceLine

if TYPE_CHECKING:
    from tests.storage.conftest import Make


async def test_what_was_accepted_comes_back_byte_for_byte(database: Database, make: "Make") -> None:
    wanted = make.acceptance(bytes(range(256)))
    ids = await database.accept([wanted])
    assert ids == (wanted.mail.id,)
    assert await database.read(lambda tx: tx.received.get(wanted.mail.id)) == wanted.mail


async def test_large_content_comes_back_byte_for_byte(database: Database, make: "Make") -> None:
    body = b"0123456789abcde\n" * (LARGEST_INLINE // 16 * 9 + 1)
    wanted = make.acceptance(body)
    await database.accept([wanted])
    mail = await database.read(lambda tx: tx.received.get(wanted.mail.id))
    assert mail.content.read() == body
    assert mail.content.sha256 == wanted.mail.content.sha256


async def test_unknown_mail_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        await database.read(lambda tx: tx.received.get(7))
    with pytest.raises(NotFound):
        await database.read(lambda tx: tx.received.trace(7))


async def test_second_copy_of_a_delivery_inserts_nothing_and_gets_the_first_id(database: Database, make: "Make") -> None:
    first, second = make.acceptance(b"one", delivery_key="same"), make.acceptance(b"two", delivery_key="same")
    assert await database.accept([first]) == (first.mail.id,)
    assert await database.accept([second]) == (first.mail.id,)
    with pytest.raises(NotFound):
        await database.read(lambda tx: tx.received.get(second.mail.id))
    with pytest.raises(NotFound):
        await database.blobs.get(second.mail.content.sha256)


async def test_copies_that_arrive_at_the_same_moment_become_one_mail(database: Database, make: "Make") -> None:
    copies = [make.acceptance(b"same", delivery_key="k" * 2000) for _ in range(40)]
    ids = await asyncio.gather(*(database.accept([copy]) for copy in copies))
    assert len(set(ids)) == 1
    assert dict(await database.read(lambda tx: tx.received.counts()))[ReceivedState.RECEIVED] == 1


async def test_one_mail_for_two_channels_stores_its_bytes_once(database: Database, make: "Make") -> None:
    content = Content.of(b"for both")
    pair = [make.acceptance(content, channel="support"), make.acceptance(content, channel="sales")]
    ids = await database.accept(pair)
    assert ids == (pair[0].mail.id, pair[1].mail.id)
    channels = await database.read(lambda tx: [tx.received.get(each).channel for each in ids])
    assert channels == ["support", "sales"]


async def test_batch_of_old_new_and_repeated_mails_gives_each_the_id_that_is_stored(database: Database, make: "Make") -> None:
    old = make.acceptance(b"old", delivery_key="old")
    await database.accept([old])
    batch = [make.acceptance(b"%d" % number, delivery_key=f"new {number}") for number in range(70)]
    again = [make.acceptance(b"stamped anew", delivery_key="old"), make.acceptance(b"5 again", delivery_key="new 5")]
    ids = await database.accept([*batch, *again])
    assert ids == (*(each.mail.id for each in batch), old.mail.id, batch[5].mail.id)
    assert await database.read(lambda tx: tx.contents.count()) == 71
    assert (await database.verify()).is_sound


async def test_mail_that_cannot_be_stored_does_not_keep_its_neighbours_from_being_stored(
    database: Database, make: "Make"
) -> None:
    good = [make.acceptance(b"%d" % number) for number in range(6)]
    id_taken = replace(good[0], delivery_key="another", mail=replace(good[0].mail, content=Content.of(b"another")))
    await database.accept([good[0]])
    outcomes = await asyncio.gather(*(database.accept([a]) for a in (*good[1:], id_taken)), return_exceptions=True)
    assert outcomes[:-1] == [(acceptance.mail.id,) for acceptance in good[1:]]
    assert isinstance(outcomes[-1], ConcurrentChange)
    assert dict(await database.read(lambda tx: tx.received.counts()))[ReceivedState.RECEIVED] == 6


async def test_claims_are_unique_among_many_claimers(database: Database, make: "Make") -> None:
    mails = [make.acceptance(b"%d" % number) for number in range(120)]
    await database.accept(mails)

    async def work(node: str) -> list[int]:
        mine: list[int] = []
        while claimed := await database.write(
            lambda tx: tx.received.claim(limit=3, now=make.now, lease_seconds=60, node=node),
        ):
            mine += [mail.id for mail in claimed]
        return mine

    claimed = [each for ids in await asyncio.gather(*(work(f"node{n}") for n in range(8))) for each in ids]
    assert sorted(claimed) == [acceptance.mail.id for acceptance in mails]


async def test_lease_that_is_over_lets_the_next_one_claim_and_counts_the_delivery(database: Database, make: "Make") -> None:
    acceptance = make.acceptance()
    await database.accept([acceptance])
    first = await database.write(lambda tx: tx.received.claim(limit=9, now=make.now, lease_seconds=60, node="a"))
    early = await database.write(
        lambda tx: tx.received.claim(limit=9, now=make.now + timedelta(seconds=59), lease_seconds=60, node="b")
    )
    late = await database.write(
        lambda tx: tx.received.claim(limit=9, now=make.now + timedelta(seconds=61), lease_seconds=60, node="b")
    )
    assert [mail.deliveries for mail in first] == [1]
    assert early == ()
    assert [mail.deliveries for mail in late] == [2]


async def test_restarted_node_voids_its_own_leases_only(database: Database, make: "Make") -> None:
    await database.accept([make.acceptance(), make.acceptance()])
    await database.write(lambda tx: tx.received.claim(limit=1, now=make.now, lease_seconds=60, node="a"))
    await database.write(lambda tx: tx.received.claim(limit=1, now=make.now, lease_seconds=60, node="b"))
    assert await database.write(lambda tx: tx.received.release_leases("a")) == 1
    again = await database.write(lambda tx: tx.received.claim(limit=9, now=make.now, lease_seconds=60, node="a"))
    assert len(again) == 1


async def test_decision_is_written_once_and_its_trace_can_be_read(database: Database, make: "Make") -> None:
    acceptance = make.acceptance()
    await database.accept([acceptance])
    trace = (
        TraceLine(step="find_loop", hit=False, because="no header of ours"),
        TraceLine(step="x", hit=True, because="\0\ud800"),
    )
    change = ReceivedChange(
        id=acceptance.mail.id,
        old=ReceivedState.RECEIVED,
        new=ReceivedState.SUSPENDED,
        reason="contradicted",
        because="DMARC fails",
        trace=trace,
    )
    await database.write(lambda tx: tx.apply(Changes(received=(change,))))
    read = await database.read(lambda tx: tx.received.trace(acceptance.mail.id))
    assert (read.reason, read.because, read.lines[0]) == ("contradicted", "DMARC fails", trace[0])
    assert read.lines[1].because == "\N{REPLACEMENT CHARACTER}" * 2
    with pytest.raises(ConcurrentChange):
        await database.write(lambda tx: tx.apply(Changes(received=(change,))))


async def test_release_waives_the_reason_that_had_suspended(database: Database, make: "Make") -> None:
    acceptance = make.acceptance()
    await database.accept([acceptance])
    suspend = ReceivedChange(
        id=acceptance.mail.id, old=ReceivedState.RECEIVED, new=ReceivedState.SUSPENDED, reason="contradicted"
    )
    release = ReceivedChange(
        id=acceptance.mail.id, old=ReceivedState.SUSPENDED, new=ReceivedState.RECEIVED, reason="released", waiver_by="anna"
    )
    await database.write(lambda tx: tx.apply(Changes(received=(suspend,))))
    await database.write(lambda tx: tx.apply(Changes(received=(release,))))
    mail = await database.read(lambda tx: tx.received.get(acceptance.mail.id))
    assert mail.state is ReceivedState.RECEIVED
    assert mail.waiver == Waiver(by="anna", at=make.now, reason="contradicted", reasons=("contradicted",), releasers=("anna",))


async def test_mail_that_two_steps_suspend_is_waived_for_both(database: Database, make: "Make") -> None:
    acceptance = make.acceptance()
    await database.accept([acceptance])
    for reason, agent in (("contradicted", "anna"), ("stranger", "bert"), ("contradicted", "anna")):
        suspend = ReceivedChange(id=acceptance.mail.id, old=ReceivedState.RECEIVED, new=ReceivedState.SUSPENDED, reason=reason)
        release = ReceivedChange(
            id=acceptance.mail.id, old=ReceivedState.SUSPENDED, new=ReceivedState.RECEIVED, reason="released", waiver_by=agent
        )
        changes = [Changes(received=(suspend,)), Changes(received=(release,))]
        await database.write(lambda tx, changes=changes: [tx.apply(each) for each in changes])  # type: ignore[misc]
    waiver = (await database.read(lambda tx: tx.received.get(acceptance.mail.id))).waiver
    reasons = ("contradicted", "stranger")
    assert waiver == Waiver(by="anna", at=make.now, reason="contradicted", reasons=reasons, releasers=("anna", "bert"))
    assert [waiver.is_by(person) for person in ("anna", "bert", "carla")] == [True, True, False]
    assert [waiver.waives(reason) for reason in ("contradicted", "stranger", "spam")] == [True, True, False]


async def test_state_that_no_table_allows_is_refused(database: Database, make: "Make") -> None:
    acceptance = make.acceptance()
    await database.accept([acceptance])
    change = ReceivedChange(id=acceptance.mail.id, old=ReceivedState.TICKETED, new=ReceivedState.RECEIVED, reason="x")
    with pytest.raises(InvalidTransition):
        await database.write(lambda tx: tx.apply(Changes(received=(change,))))


async def test_of_two_mails_with_one_author_and_message_id_only_the_first_is_the_earlier(
    database: Database, make: "Make"
) -> None:
    long = "x" * 5000 + "@kunde.example"
    first, second = make.acceptance(b"1", message_id=long), make.acceptance(b"2", message_id=long, channel="sales")
    other = make.acceptance(b"3", message_id=long, author_key="other@kunde.example")
    await database.accept([first, second, other])

    async def channels_before(acceptance: Acceptance) -> list[str]:
        author, mail_id = acceptance.author_key or "", acceptance.mail.id
        earlier = await database.read(lambda tx: tx.received.earlier(author, long, before_id=mail_id))
        return [mail.channel for mail in earlier]

    assert [await channels_before(each) for each in (first, second, other)] == [[], ["support"], []]


async def test_hostile_text_is_stored_clean(database: Database, make: "Make") -> None:
    acceptance = make.acceptance(subject="nul \0 lone \udc80 pair \ud83d\ude00", because="\ud800\0")
    await database.accept([acceptance])
    (summary,) = await database.read(lambda tx: tx.received.list())
    mail = await database.read(lambda tx: tx.received.get(acceptance.mail.id))
    assert summary.subject == "nul \N{REPLACEMENT CHARACTER} lone \N{REPLACEMENT CHARACTER} pair \N{GRINNING FACE}"
    assert mail.evidence.because == "\N{REPLACEMENT CHARACTER}" * 2


async def test_lists_are_paged_newest_first(database: Database, make: "Make") -> None:
    acceptances = [make.acceptance() for _ in range(5)]
    await database.accept(acceptances)
    newest = await database.read(lambda tx: tx.received.list([ReceivedState.RECEIVED], limit=3))
    older = await database.read(lambda tx: tx.received.list(limit=3, before=newest[-1].id))
    assert [line.id for line in (*newest, *older)] == [a.mail.id for a in reversed(acceptances)]
    assert await database.read(lambda tx: tx.received.list([ReceivedState.FAILED])) == ()
