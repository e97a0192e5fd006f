"""The worker between an outbox and smarthosts: what it calls sent, bounced and deferred, and when it tries again."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.errors import StorageUnavailable
from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.outbound import OutboundMail, Outcome, Purpose
from gateway.relay.retry import next_attempt
from gateway.relay.sender import Relay, Verdict
from gateway.relay.settings import RelaySettings, RetrySettings, SmarthostSettings
from gateway.relay.sink import Sink
from gateway.relay.tries import Consequence, Stage, Try, asks_next, attempt_of, consequence, judge
from tests.relay.servers import Script, closed_port

Play = Callable[[Script], Awaitable[int]]
NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
MAIL = OutboundMail(
    id=1,
    purpose=Purpose.ANSWER,
    channel="support",
    recipient=Address("kunde", "kunde.example"),
    reverse_path=Address("bounce-1", "gw.firma.example"),
    message_id="x@gw.firma.example",
    content=Content.of(b"Message-ID: <x@gw.firma.example>\r\n\r\nHallo\r\n"),
    smarthosts=("first", "second"),
    created_at=NOW,
)


@dataclass
class Outbox:
    """What storage does, as far as the relay sees it: due mails are leased once, verdicts are kept."""

    due: list[OutboundMail]
    verdicts: list[tuple[OutboundMail, Verdict]] = field(default_factory=list)
    asked_for: list[int] = field(default_factory=list)
    failures: int = 0
    """So many writes fail before one succeeds."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    waits: list[float] = field(default_factory=list)
    waited: asyncio.Event = field(default_factory=asyncio.Event)

    async def claim(self, most: int) -> Sequence[OutboundMail]:
        self.asked_for.append(most)
        leased, self.due = self.due[:most], self.due[most:]
        return leased

    async def finish(self, mail: OutboundMail, verdict: Verdict) -> None:
        if self.failures:
            self.failures -= 1
            raise StorageUnavailable("the disk is full")
        self.verdicts.append((mail, verdict))
        self.finished.set()

    async def wait(self, seconds: float) -> None:
        assert seconds > 0
        self.waits.append(seconds)
        self.waited.set()
        await self.news.wait()
        self.news.clear()


def make_relay(outbox: Outbox, ports: dict[str, int], **settings: object) -> Relay:
    return Relay(
        hostname="gw.firma.example",
        smarthosts={
            name: SmarthostSettings(host="127.0.0.1", port=port, security="none", timeout=5) for name, port in ports.items()
        },
        settings=RelaySettings.model_validate(settings),
        claim=outbox.claim,
        finish=outbox.finish,
        wait=outbox.wait,
        clock=lambda: NOW,
        random=lambda: 0.5,
    )


async def work_off(relay: Relay, outbox: Outbox, verdicts: int = 1) -> None:
    """Run a relay until so many verdicts are written, then stop it."""
    running = asyncio.create_task(relay.run())
    async with asyncio.timeout(20):
        while len(outbox.verdicts) < verdicts:
            outbox.finished.clear()
            await outbox.finished.wait()
    relay.stop()
    await running


async def test_a_mail_that_the_first_smarthost_takes_is_sent_once(play: Play) -> None:
    first, second = Script(), Script()
    outbox = Outbox([MAIL])
    await work_off(make_relay(outbox, {"first": await play(first), "second": await play(second)}), outbox)
    ((_, verdict),) = outbox.verdicts
    assert verdict.outcome is Outcome.SENT
    assert verdict.next_attempt_at is None
    assert (verdict.deciding.smarthost, verdict.deciding.code) == ("first", 250)
    assert (len(first.contents), len(second.contents)) == (1, 0)


async def test_a_dead_smarthost_gives_way_to_the_next_at_once(play: Play) -> None:
    second = Script()
    outbox = Outbox([MAIL])
    await work_off(make_relay(outbox, {"first": closed_port(), "second": await play(second)}), outbox)
    ((_, verdict),) = outbox.verdicts
    assert [(a.smarthost, a.outcome) for a in verdict.attempts] == [("first", Outcome.DEFERRED), ("second", Outcome.SENT)]
    assert len(second.contents) == 1


@pytest.mark.parametrize(
    ("replies", "outcome", "asked"),
    [
        ({"GREETING": "421 busy"}, Outcome.SENT, 2),
        ({"GREETING": "554 your address is not welcome"}, Outcome.SENT, 2),
        ({"EHLO": "502 no", "HELO": "502 no"}, Outcome.SENT, 2),
        ({"MAIL": "451 try later"}, Outcome.SENT, 2),
        ({"MAIL": "550 5.7.1 sender not allowed"}, Outcome.SENT, 2),
        ({"MAIL": "530 authentication required"}, Outcome.SENT, 2),
        ({"MAIL": "552 too big"}, Outcome.BOUNCED, 1),
        ({"RCPT": "450 4.2.1 greylisted"}, Outcome.DEFERRED, 1),
        ({"RCPT": "550 5.1.1 nobody"}, Outcome.BOUNCED, 1),
        ({"RCPT": "554 5.7.1 <kunde@kunde.example>: Relay access denied"}, Outcome.SENT, 2),
        ({"RCPT": "421 shutting down"}, Outcome.SENT, 2),
        ({"DATA": "451 no"}, Outcome.DEFERRED, 1),
        ({"DOT": "554 spam"}, Outcome.BOUNCED, 1),
        ({"DOT": "451 scanner away"}, Outcome.DEFERRED, 1),
        ({"DOT": None}, Outcome.DEFERRED, 1),
        ({"DOT": "251 strange"}, Outcome.DEFERRED, 1),
        ({"DATA": None}, Outcome.SENT, 2),
    ],
    ids=str,
)
async def test_what_the_first_smarthost_says_decides_whether_the_second_is_asked(
    play: Play, replies: dict[str, str | list[str | None] | None], outcome: Outcome, asked: int
) -> None:
    first, second = Script(replies=replies), Script()
    outbox = Outbox([MAIL])
    await work_off(make_relay(outbox, {"first": await play(first), "second": await play(second)}), outbox)
    ((_, verdict),) = outbox.verdicts
    assert (verdict.outcome, len(verdict.attempts)) == (outcome, asked)
    assert len(second.contents) == (1 if asked == 2 else 0)
    assert (verdict.next_attempt_at is not None) == (outcome is Outcome.DEFERRED)


async def test_when_every_smarthost_fails_the_mail_waits_and_is_given_up_after_five_days() -> None:
    ports = {"first": closed_port(), "second": closed_port()}
    old = replace(MAIL, id=2, created_at=NOW - timedelta(days=5), attempts=40)
    outbox = Outbox([MAIL, old])
    await work_off(make_relay(outbox, ports), outbox, verdicts=2)
    by_id = {mail.id: verdict for mail, verdict in outbox.verdicts}
    assert (by_id[1].outcome, by_id[1].next_attempt_at) == (Outcome.DEFERRED, NOW + timedelta(seconds=60))
    assert (by_id[2].outcome, by_id[2].gave_up, by_id[2].deciding.outcome) == (Outcome.BOUNCED, True, Outcome.BOUNCED)


async def test_a_lost_acknowledgement_sends_the_same_mail_with_the_same_message_id_again(play: Play) -> None:
    script = Script(replies={"DOT": [None, "250 ok"]})
    outbox = Outbox([MAIL])
    relay = make_relay(outbox, {"first": await play(script)})
    await work_off(relay, outbox)
    assert outbox.verdicts[0][1].outcome is Outcome.DEFERRED
    outbox.due = [replace(MAIL, attempts=1)]
    again = make_relay(outbox, {"first": await play(script)})
    await work_off(again, outbox, verdicts=2)
    assert outbox.verdicts[1][1].outcome is Outcome.SENT
    assert script.contents == [MAIL.content.read()] * 2


async def test_a_verdict_that_cannot_be_written_is_written_later(play: Play) -> None:
    script = Script()
    outbox = Outbox([MAIL], failures=2)
    await work_off(make_relay(outbox, {"first": await play(script)}), outbox)
    assert outbox.verdicts[0][1].outcome is Outcome.SENT
    assert len(script.contents) == 1


async def test_a_fault_of_ours_defers_the_mail_and_the_relay_goes_on(play: Play) -> None:
    script = Script()
    gone = replace(MAIL, id=7, content=Content(sha256="0", size=1))
    outbox = Outbox([gone, MAIL])
    await work_off(make_relay(outbox, {"first": await play(script)}, concurrency=1), outbox, verdicts=2)
    assert [(mail.id, verdict.outcome) for mail, verdict in outbox.verdicts] == [(7, Outcome.DEFERRED), (1, Outcome.SENT)]


async def test_an_unknown_smarthost_defers_the_mail() -> None:
    outbox = Outbox([MAIL, replace(MAIL, id=2, smarthosts=())])
    await work_off(make_relay(outbox, {}), outbox, verdicts=2)
    assert {verdict.outcome for _, verdict in outbox.verdicts} == {Outcome.DEFERRED}


async def test_many_mails_go_out_side_by_side_within_the_bounds(sink: Sink) -> None:
    port = await sink.start()
    outbox = Outbox([replace(MAIL, id=n, recipient=Address(f"kunde{n}", "kunde.example")) for n in range(50)])
    await work_off(make_relay(outbox, {"first": port}, concurrency=8), outbox, verdicts=50)
    assert {m.recipient for m in sink.mails} == {f"kunde{n}@kunde.example" for n in range(50)}
    assert len(sink.mails) == 50
    assert max(outbox.asked_for) == 8
    assert len(outbox.asked_for) <= 50 / 2 + 2, "the outbox is asked for several mails at once"


async def test_big_mails_arrive_whole_and_wait_for_each_other(sink: Sink) -> None:
    port = await sink.start()
    big = Content.of(b"Subject: x\r\n\r\n" + b"0123456789abcdef\r\n" * 70_000)
    outbox = Outbox([replace(MAIL, id=n, content=big) for n in range(6)])
    await work_off(make_relay(outbox, {"first": port}), outbox, verdicts=6)
    assert [mail.content for mail in sink.mails] == [big.read()] * 6


async def test_new_mail_wakes_the_relay(sink: Sink) -> None:
    outbox = Outbox([])
    relay = make_relay(outbox, {"first": await sink.start()})
    running = asyncio.create_task(relay.run())
    outbox.due.append(MAIL)
    outbox.news.set()
    kept = await sink.wait_for(lambda mail: mail.recipient == "kunde@kunde.example", 10)
    assert kept.reverse_path == "bounce-1@gw.firma.example"
    relay.stop()
    await running
    assert [verdict.outcome for _, verdict in outbox.verdicts] == [Outcome.SENT]


async def test_a_mail_that_was_begun_gets_its_verdict_before_the_relay_stops(play: Play) -> None:
    script = Script()
    outbox = Outbox([MAIL], failures=1)
    relay = make_relay(outbox, {"first": await play(script)})
    running = asyncio.create_task(relay.run())
    await script.arrived.wait()
    relay.stop()
    await running
    assert [verdict.outcome for _, verdict in outbox.verdicts] == [Outcome.SENT]


async def test_other_smarthosts_are_used_after_a_reload(play: Play) -> None:
    old, new = Script(), Script()
    outbox = Outbox([MAIL])
    relay = make_relay(outbox, {"first": await play(old)})
    changed = SmarthostSettings(host="127.0.0.1", port=await play(new), security="none")
    await relay.reconfigure(smarthosts={"first": changed}, settings=RelaySettings())
    await work_off(relay, outbox)
    assert (len(old.contents), len(new.contents)) == (0, 1)


# ------------------------------------------------------------------------------------------------------------ the pure part


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("code", [None, 200, 220, 235, 250, 251, 354, 421, 450, 499, 500, 535, 552, 599])
def test_only_a_250_after_the_dot_is_sent(stage: Stage, code: int | None) -> None:
    visit = Try(smarthost="main", at=NOW, stage=stage, code=code, reply="ok")
    is_sent = (stage, code) == (Stage.DOT, 250)
    assert (consequence(visit) is Consequence.SENT) == is_sent
    assert (judge([visit]) is Outcome.SENT) == is_sent
    assert (attempt_of(visit, 1).outcome is Outcome.SENT) == is_sent
    assert not (asks_next(consequence(visit)) and is_sent)


@pytest.mark.parametrize("stage", [Stage.CONNECT, Stage.HELLO, Stage.AUTH, Stage.UNKNOWN])
def test_nothing_that_happens_before_the_mail_is_named_ever_bounces_it(stage: Stage) -> None:
    for code in (None, 421, 454, 500, 535, 550, 554):
        assert judge([Try(smarthost="main", at=NOW, stage=stage, code=code, reply="")]) is Outcome.DEFERRED


def test_without_any_try_a_mail_is_deferred() -> None:
    assert judge([]) is Outcome.DEFERRED


def test_a_mail_that_no_smarthost_can_take_bounces_but_not_while_one_is_unreachable() -> None:
    unable = Try(smarthost="a", at=NOW, stage=Stage.OFFER, code=553, reply="")
    dead = Try(smarthost="b", at=NOW, stage=Stage.CONNECT, code=None, reply="")
    assert judge([unable]) is Outcome.BOUNCED
    assert judge([unable, dead]) is Outcome.DEFERRED


def test_waits_grow_up_to_the_maximum_and_end_with_the_mail_s_life() -> None:
    settings = RetrySettings(first_delay=60, factor=2, maximum_delay=3600, give_up_after=86_400, jitter=0)

    def delay(attempts: int, age: float = 0) -> float | None:
        due = next_attempt(attempts=attempts, now=NOW, created_at=NOW - timedelta(seconds=age), settings=settings, jitter=1)
        return None if due is None else (due - NOW).total_seconds()

    assert [delay(n) for n in (1, 2, 3, 7, 1000)] == [60, 120, 240, 3600, 3600]
    assert delay(10, age=86_000) == 400
    assert delay(10, age=86_400) is None


def test_jitter_moves_a_wait_by_its_share_at_most() -> None:
    settings = RetrySettings(first_delay=100, jitter=0.2)
    for jitter, seconds in ((-1, 80), (0, 100), (1, 120), (99, 120)):
        due = next_attempt(attempts=1, now=NOW, created_at=NOW, settings=settings, jitter=jitter)
        assert due == NOW + timedelta(seconds=seconds)


async def test_a_deferred_mail_is_asked_for_as_soon_as_it_is_due() -> None:
    outbox = Outbox([MAIL])
    relay = make_relay(outbox, {"first": closed_port()}, retry={"first_delay": "2s"})
    running = asyncio.create_task(relay.run())
    async with asyncio.timeout(20):
        await outbox.finished.wait()
        while outbox.waits[-1:] != [2.0]:
            outbox.waited.clear()
            outbox.news.set()
            await outbox.waited.wait()
    relay.stop()
    await running
