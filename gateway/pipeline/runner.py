"""Keeps taking mails on their journey: claims what waits, reads several at once, and settles together what has been read.

One of the three places that catch everything: a batch that fails is taken apart, and a mail whose journey raises unforeseen
becomes `failed`, with the bytes kept and the admins told. No mail stops another.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from gateway.errors import TransientError
from gateway.ids import format_id
from gateway.mail.received import ReceivedMail
from gateway.pipeline.journey import (
    Arrival,
    Decided,
    Prepared,
    ReadMail,
    Road,
    decide_batch,
    discard_prepared,
    discard_spooled,
    gather,
    prepare,
    process_mail,
    read_mail,
    read_together,
    write,
)
from gateway.pipeline.notices import mail_met_a_fault
from gateway.states import ReceivedState, advance
from gateway.storage.transaction import Topic
from gateway.storage.work import put_back
from gateway.tickets import Changes, ReceivedChange

log: Final = structlog.get_logger()

_LEASE_SECONDS: Final = 120.0
_IDLE_SECONDS: Final = 5.0
_AGAIN_SECONDS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""After so long a mail that was deferred may be claimed again, by the number of its deliveries."""
_LETTING_GO_SECONDS: Final = (1.0, 5.0, 15.0, 30.0)
"""Waits between tries to say that a mail is deferred; after the last one its lease runs out by itself."""
_MOST_UNDER_WAY: Final = 128
_MOST_SETTLED: Final = 32
"""Each look-up, each statement and each commit is shared by so many; more would keep whoever accepts waiting for longer."""
_CLAIMING_SECONDS: Final = 0.05
"""Between two claims: what arrives meanwhile shares a claim, and each of its steps after that. The first does not wait."""
_READING_SECONDS: Final = 0.05
"""So long those that are read wait for others that are still being read."""
_MOST_READ_TOGETHER: Final = 8
_MOST_OCTETS_READ_TOGETHER: Final = 100_000
"""What a worker reads in one turn: a few milliseconds, so that several workers share what is claimed at once."""
_MOST_OCTETS_SETTLED: Final = 4_000_000
"""Notifications carry the attachments of their mails, and all of a batch are in memory at once."""
OUR_FAULT: Final = "our_fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Composing:
    """A batch that is decided, while what it writes is made."""

    decided: Decided
    preparing: asyncio.Task[Prepared]


class Runner:
    """Processes received mails. `road` is asked for each batch, so that a new configuration counts from the next one on."""

    def __init__(self, *, road: Callable[[], Road], node: str) -> None:
        """Take where to get the road from, and the name under which mails are leased."""
        self._road = road
        self._node = node
        self._readers: set[asyncio.Task[None]] = set()
        self._letting_go: set[asyncio.Task[None]] = set()
        self._preparing: set[asyncio.Task[Prepared]] = set()
        self._read: deque[ReadMail] = deque()
        self._read_since = 0.0
        """Of the event loop's clock: since when mail that is read waits."""
        self._reading = 0
        self._claimed_at = 0.0
        """Likewise: when we have last asked for mail."""
        self._under_way = 0
        """Mails that are claimed and have not arrived."""
        self._changed = asyncio.Event()
        self._is_stopping = False

    async def run(self) -> None:
        """Process until `stop`; then finish what is under way. Whatever ends the settling ends this as well, with its error."""
        settling = asyncio.create_task(self._settle_all(), name="settling")
        settling.add_done_callback(lambda _: self._changed.set())
        try:
            while not (self._is_stopping or settling.done()):
                await self._claim_some()
        finally:
            self._is_stopping = True
            self._changed.set()
            try:
                await settling
            finally:
                for task in (*self._letting_go, *self._preparing):
                    task.cancel()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when what is under way has arrived."""
        self._is_stopping = True
        self._changed.set()

    # ------------------------------------------------------------------------------------------------------ claim and read

    async def _claim_some(self) -> None:
        room = _MOST_UNDER_WAY - self._under_way
        claimed = await self._claim(room) if room >= _MOST_SETTLED else ()
        self._under_way += len(claimed)
        self._reading += len(claimed)
        for mails in _divided(claimed):
            task = asyncio.create_task(self._read_some(mails))
            self._readers.add(task)
            task.add_done_callback(self._readers.discard)
        if not claimed:
            await self._wait(is_full=room < _MOST_SETTLED)

    async def _claim(self, most: int) -> tuple[ReceivedMail, ...]:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._claimed_at + _CLAIMING_SECONDS - loop.time()))
        self._claimed_at = loop.time()
        road = self._road()
        now = road.clock()
        try:
            ids = await road.numbers.claim(
                road.database,
                road.policy,
                most=most,
                now=now,
                lease_seconds=_LEASE_SECONDS,
                node=self._node,
                under_way=self._under_way,
            )
            mails = await road.database.read(lambda tx: tx.received.get_all(ids)) if ids else ()
        except TransientError as error:
            log.warning("claim.deferred", error=str(error))
            await asyncio.sleep(_IDLE_SECONDS)
            return ()
        return tuple(mail for mail in mails if mail.state is ReceivedState.RECEIVED)  # unless somebody was faster

    async def _wait(self, *, is_full: bool) -> None:
        """Sleep until there is room, or until mail was accepted, or for a while: another node's lease may have run out."""
        self._changed.clear()
        changed = asyncio.create_task(self._changed.wait())
        waits: set[asyncio.Task[object]] = {changed}
        if not is_full:
            waits.add(asyncio.create_task(self._road().database.wait_for(Topic.RECEIVED, _IDLE_SECONDS)))
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()
        await asyncio.gather(*waits, return_exceptions=True)

    async def _read_some(self, mails: Sequence[ReceivedMail]) -> None:
        """Read mails in one turn of a worker; where that does not end well, each by itself."""
        try:
            together = await read_together(mails, self._road()) if len(mails) > 1 else None
        except Exception:  # noqa: BLE001 the reason is found below, mail by mail
            together = None
        if together is None:
            await asyncio.gather(*map(self._read_one, mails))
        else:
            self._have_read(together)

    async def _read_one(self, mail: ReceivedMail) -> None:
        try:
            read = await read_mail(mail, self._road())
        except Exception as error:  # noqa: BLE001 whatever it is, it must not stop the others
            try:
                await self._give_up(mail, error)
            finally:
                self._reading -= 1
                self._arrive(1)
            return
        self._have_read((read,))

    def _have_read(self, mails: Sequence[ReadMail]) -> None:
        if not self._read:
            self._read_since = asyncio.get_running_loop().time()
        self._read += mails
        self._reading -= len(mails)
        self._changed.set()

    # -------------------------------------------------------------------------------------------------------------- settle

    async def _settle_all(self) -> None:
        """Settle what has been read, many mails at a time, until nothing is under way any more.

        While the texts and mails of one batch are made, and while it is written, the next one is decided. Its facts are read
        before the first is written, so that it is known for sure which mails they do not have yet.
        """
        last: _Composing | None = None
        while last is not None or not (self._is_stopping and self._under_way == 0):
            seconds = self._seconds_to_next_batch()
            batch = [] if seconds else self._next_batch(last)
            if batch or last is not None:
                last = await self._advance(batch, last)
            else:
                self._changed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._changed.wait()

    def _seconds_to_next_batch(self) -> float | None:
        """Return how long the mails that are read shall wait for more: 0 means not at all, None that there are none."""
        if not self._read:
            return None
        if len(self._read) >= _MOST_SETTLED or not self._reading:
            return 0.0
        return max(0.0, self._read_since + _READING_SECONDS - asyncio.get_running_loop().time())

    def _next_batch(self, last: _Composing | None) -> list[ReadMail]:
        """Take mails of different authors: two of the same one may belong to one ticket, so the later sees the earlier done."""
        batch: list[ReadMail] = []
        later: list[ReadMail] = []
        authors = set(map(_author_of, last.decided.batch)) if last is not None else set()
        octets = 0
        while self._read and len(batch) < _MOST_SETTLED and octets < _MOST_OCTETS_SETTLED:
            read = self._read.popleft()
            if (author := _author_of(read)) in authors:
                later.append(read)
                continue
            batch.append(read)
            authors.add(author)
            octets += read.mail.content.size
        self._read.extendleft(reversed(later))
        self._read_since = asyncio.get_running_loop().time()
        return batch

    async def _advance(self, batch: list[ReadMail], last: _Composing | None) -> _Composing | None:
        """Decide about a batch, if there is one, while the last one is made; write that one, and return the next."""
        following, error = None, None
        try:
            following = await self._decide(batch, last) if batch else None
        except Exception as fault:  # noqa: BLE001 the reason is found below, mail by mail
            error = fault
        is_written = last is None or await self._finish(last)
        if error is not None:
            await self._divide(batch, error)
        elif following is not None and not is_written:
            await self._take_back(following)
            return None
        return following

    async def _decide(self, batch: Sequence[ReadMail], last: _Composing | None) -> _Composing:
        """Decide about a batch as if the last one were written, and begin to make what it writes."""
        road = self._road()
        decided = await decide_batch(await gather(batch, road), road, earlier=last.decided if last is not None else None)
        preparing = asyncio.create_task(prepare(decided, road), name="preparing")
        self._preparing.add(preparing)
        preparing.add_done_callback(self._preparing.discard)
        return _Composing(decided=decided, preparing=preparing)

    async def _finish(self, last: _Composing) -> bool:
        """Write a batch, or when that fails settle its mails one by one; tell whether it was written as it is."""
        batch = last.decided.batch
        try:
            prepared = await last.preparing
            arrivals = await write(prepared, self._road())
        except Exception as error:  # noqa: BLE001 the reason is found below, mail by mail
            await self._divide(batch, error)
            return False
        await discard_spooled(batch, self._road())
        for read, arrival in zip(batch, arrivals, strict=True):
            _log_arrival(read.mail, arrival)
        self._arrive(len(batch))
        return True

    async def _take_back(self, following: _Composing) -> None:
        """Decide about a batch anew, later: it was decided as if the last one were written."""
        (prepared,) = await asyncio.gather(following.preparing, return_exceptions=True)
        if isinstance(prepared, Prepared):
            await discard_prepared(prepared, self._road())
        self._read.extendleft(reversed(following.decided.batch))

    async def _divide(self, batch: Sequence[ReadMail], error: Exception) -> None:
        """Settle each mail of a batch for itself, so that only the one at fault is stopped."""
        log.info("batch.divided", mails=len(batch), error=type(error).__name__)
        road = self._road()
        await discard_spooled(batch, road)
        for read in batch:
            try:
                _log_arrival(read.mail, await process_mail(read.mail, road))
            except Exception as fault:  # noqa: BLE001 see _give_up
                await self._give_up(read.mail, fault)
        self._arrive(len(batch))

    def _arrive(self, count: int) -> None:
        self._under_way -= count
        self._changed.set()

    async def _give_up(self, mail: ReceivedMail, error: Exception) -> None:
        """Leave a mail for later where that can help; otherwise set it aside. The mail itself says nothing of it to anybody."""
        name = format_id(mail.id)
        if isinstance(error, TransientError):
            log.warning("mail.deferred", mail=name, channel=mail.channel, error=f"{type(error).__name__}: {error}")
            self._let_go_soon(mail)
            return
        log.error("mail.failed", mail=name, channel=mail.channel, exc_info=error)
        road = self._road()
        try:
            await road.database.apply(failure_of(mail, road))
        except TransientError as again:
            log.warning("mail.deferred", mail=name, channel=mail.channel, error=str(again))
            self._let_go_soon(mail)

    def _let_go_soon(self, mail: ReceivedMail) -> None:
        task = asyncio.create_task(self._let_go(mail))
        self._letting_go.add(task)
        task.add_done_callback(self._letting_go.discard)

    async def _let_go(self, mail: ReceivedMail) -> None:
        """Shorten our own lease of a deferred mail: whatever was in the way may be gone in a second."""
        again = timedelta(seconds=_AGAIN_SECONDS[min(mail.deliveries, len(_AGAIN_SECONDS)) - 1])
        for delay in (*_LETTING_GO_SECONDS, None):
            road = self._road()
            try:
                await road.database.write(partial(put_back, (mail.id,), self._node, road.clock() + again))
            except TransientError:
                if delay is None or self._is_stopping:
                    return
                await asyncio.sleep(delay)
            else:
                break
        await asyncio.sleep(again.total_seconds())
        self._changed.set()


def failure_of(mail: ReceivedMail, road: Road) -> Changes:
    """Return what is written when a fault of ours stops a mail: its state, and a notice to the admins."""
    name = format_id(mail.id)
    notice = mail_met_a_fault(name).to(road.policy.operators_language(mail.channel))
    notices = road.desk().write_to_operators(mail.channel, notice.topic, notice.text.split("\n"))
    change = ReceivedChange(
        id=mail.id, old=mail.state, new=advance(mail.state, ReceivedState.FAILED), reason=OUR_FAULT, because="see the log"
    )
    return Changes(received=(change,), outbound=notices)


def _divided(mails: Sequence[ReceivedMail]) -> Iterator[list[ReceivedMail]]:
    """Yield mails that a worker reads in one turn: small ones together, a large one alone."""
    turn: list[ReceivedMail] = []
    octets = 0
    for mail in mails:
        if turn and (len(turn) == _MOST_READ_TOGETHER or octets + mail.content.size > _MOST_OCTETS_READ_TOGETHER):
            yield turn
            turn, octets = [], 0
        turn.append(mail)
        octets += mail.content.size
    if turn:
        yield turn


def _author_of(read: ReadMail) -> str:
    author = read.reading.message.author
    return author.address.key if author else ""


def _log_arrival(mail: ReceivedMail, arrival: Arrival) -> None:
    decision = arrival.decision
    log.info(
        "mail.decided",
        mail=format_id(mail.id),
        channel=mail.channel,
        outcome=decision.outcome,
        reason=decision.reason,
        because=decision.because,
        ticket=decision.ticket or next((ticket.number for ticket in arrival.changes.new_tickets), None),
        assurance=mail.evidence.assurance,
        outbound=len(arrival.changes.outbound),
    )
    for problem in arrival.problems:
        log.warning("template.failed", problem=problem)
