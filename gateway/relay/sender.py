"""The relay worker: takes due mails from the outbox, asks the smarthosts in order, and says what came of it.

At least once: a mail whose acknowledgement is lost, or whose result could not be written, is sent again with the same
Message-ID. Never sent without a 250: `tries.judge` alone decides, and whatever nobody foresaw means later.
"""

import asyncio
import contextlib
import heapq
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

import structlog

from gateway.errors import TransientError
from gateway.ids import format_id
from gateway.mail.content import Content
from gateway.mail.outbound import Attempt, OutboundMail, Outcome
from gateway.relay.connection import Handover, outward
from gateway.relay.retry import next_attempt
from gateway.relay.settings import RelaySettings, SmarthostSettings
from gateway.relay.smarthost import Smarthost
from gateway.relay.tries import Consequence, Stage, Try, asks_next, attempt_of, consequence, judge

log = structlog.get_logger()

_POLL_SECONDS: Final = 5.0
_CLAIMING_SECONDS: Final = 0.05
"""Between two claims: what is queued meanwhile is claimed together. The first does not wait."""
_RECORD_DELAYS: Final = (0.1, 1.0, 5.0, 15.0, 60.0)
"""Waits between tries to write a result: losing one means that the mail is sent twice."""
_BIG_OCTETS: Final = 1_000_000
_MOST_BIG_MAILS: Final = 4
"""A mail on its way is held in memory about three times over: big ones wait for each other."""
_EVENTS: Final[Mapping[Outcome, str]] = {
    Outcome.SENT: "outbox.sent",
    Outcome.DEFERRED: "outbox.deferred",
    Outcome.BOUNCED: "outbox.bounced",
}

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one round of tries came to."""

    outcome: Outcome
    attempts: tuple[Attempt, ...]
    """One for each smarthost that was asked, in order; the last one has the verdict's outcome."""
    next_attempt_at: datetime | None
    """Set exactly when the mail is deferred."""
    gave_up: bool = False
    """Bounced because it was deferred for too long."""

    @property
    def deciding(self) -> Attempt:
        """The attempt that decided."""
        return self.attempts[-1]


Claim = Callable[[int], Awaitable[Sequence[OutboundMail]]]
"""Lease at most so many due mails: each moves from queued to sending."""
Finish = Callable[[OutboundMail, Verdict], Awaitable[None]]
"""Write a verdict down: sending → sent, queued or bounced."""


class Relay:
    """Works off the outbox until it is stopped. Build one, run it in one task."""

    def __init__(  # noqa: PLR0913 one argument for each thing the world provides
        self,
        *,
        hostname: str,
        smarthosts: Mapping[str, SmarthostSettings],
        settings: RelaySettings,
        claim: Claim,
        finish: Finish,
        wait: Callable[[float], Awaitable[None]],
        clock: Callable[[], datetime],
        random: Callable[[], float],
        read_content: Callable[[Content], bytes] = Content.read,
    ) -> None:
        """Take what to do and the world to do it in.

        `wait(seconds)` returns when there may be new mail, at the latest after so many seconds. `clock` gives aware UTC,
        `random` a number from 0 to 1. `read_content` blocks and runs in a thread.
        """
        self._hostname = hostname
        self._settings = settings
        self._claim = claim
        self._finish = finish
        self._wait = wait
        self._clock = clock
        self._random = random
        self._read_content = read_content
        self._smarthosts = {name: self._make_smarthost(name, s) for name, s in smarthosts.items()}
        self._running = 0
        self._claimed_at = 0.0
        """Of the event loop's clock."""
        self._due: list[datetime] = []
        """When mails that we deferred are due again, the next first."""
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._big_mails = asyncio.Semaphore(_MOST_BIG_MAILS)

    async def run(self) -> None:
        """Send until `stop` is called, then return when every mail that was begun has its verdict."""
        try:
            async with asyncio.TaskGroup() as group:
                while not self._stopping.is_set():
                    await self._fill(group)
        finally:
            for smarthost in self._smarthosts.values():
                await smarthost.close()

    def stop(self) -> None:
        """Begin no further mail."""
        self._stopping.set()
        self._changed.set()

    async def reconfigure(self, *, smarthosts: Mapping[str, SmarthostSettings], settings: RelaySettings) -> None:
        """Use other smarthosts from the next mail on; those whose settings stayed keep their connections."""
        old = self._smarthosts
        self._settings = settings
        self._smarthosts = {
            name: old[name] if name in old and old[name].settings == s else self._make_smarthost(name, s)
            for name, s in smarthosts.items()
        }
        for smarthost in old.values():
            if smarthost in self._smarthosts.values():
                smarthost.refresh()
            else:
                await smarthost.close()

    def _make_smarthost(self, name: str, settings: SmarthostSettings) -> Smarthost:
        return Smarthost(name, settings, hostname=self._hostname, clock=self._clock)

    async def _fill(self, group: asyncio.TaskGroup) -> None:
        """Begin as many mails as there is room for, then wait until asking the outbox again makes sense."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._claimed_at + _CLAIMING_SECONDS - loop.time()))
        self._claimed_at = loop.time()
        room = self._settings.concurrency - self._running
        mails = (await self._survive("claim", self._claim(room)) or ()) if room > 0 else ()
        deadline = loop.time() + self._settings.lease / 2
        for mail in mails:
            self._running += 1
            group.create_task(self._send(mail, deadline))
        if len(mails) < room:
            await self._wait_for_news()
        else:
            await self._wait_for_room()

    async def _wait_for_news(self) -> None:
        """Return when there may be new mail again, or on `stop`."""
        waits: set[asyncio.Future[object]] = {
            asyncio.ensure_future(self._stopping.wait()),
            asyncio.ensure_future(self._wait(self._seconds_to_next())),
        }
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for waiting in done:
                waiting.result()
        finally:
            for waiting in waits:
                waiting.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def _seconds_to_next(self) -> float:
        """Return how long there can be nothing due that we know of, at most until it is time to ask anyway."""
        now = self._clock()
        while self._due and self._due[0] <= now:
            heapq.heappop(self._due)
        return min(_POLL_SECONDS, (self._due[0] - now).total_seconds()) if self._due else _POLL_SECONDS

    async def _wait_for_room(self) -> None:
        """Return when a quarter of the places is free again, after a while with fewer, or on `stop`."""
        enough = self._settings.concurrency - max(1, self._settings.concurrency // 4)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_POLL_SECONDS):
                while self._running > enough and not self._stopping.is_set():
                    self._changed.clear()
                    await self._changed.wait()

    async def _send(self, mail: OutboundMail, deadline: float) -> None:
        """Bring one mail to its verdict; its lease is still good for long after `deadline` (of the loop's clock)."""
        try:
            async with self._big_mails if mail.content.size > _BIG_OCTETS else contextlib.nullcontext():
                tries = await self._survive("send", self._ask_smarthosts(mail, deadline), mail)
            verdict = self._decide(mail, tries or [self._unforeseen(mail)])
            _log_verdict(mail, verdict)
            await self._record(mail, verdict)
        finally:
            self._running -= 1
            self._changed.set()

    async def _ask_smarthosts(self, mail: OutboundMail, deadline: float) -> list[Try]:
        """Ask one smarthost after the other until one settles the matter."""
        content = await asyncio.to_thread(lambda: outward(self._read_content(mail.content)))
        handover = Handover(reverse_path=mail.reverse_path, recipient=mail.recipient, content=content)
        tries: list[Try] = []
        for name in mail.smarthosts:
            smarthost = self._smarthosts.get(name)
            visit = await smarthost.hand_over(handover, deadline=deadline) if smarthost else self._unknown_smarthost(name)
            tries.append(visit)
            result = consequence(visit)
            _log_try(mail, visit, result)
            if not asks_next(result):
                break
        return tries or [self._unknown_smarthost("")]

    def _decide(self, mail: OutboundMail, tries: Sequence[Try]) -> Verdict:
        outcome, due, gave_up = judge(tries), None, False
        if outcome is Outcome.DEFERRED:
            due = next_attempt(
                attempts=mail.attempts + 1,
                now=self._clock(),
                created_at=mail.created_at,
                settings=self._settings.retry,
                jitter=self._random() * 2 - 1,
            )
            if due is None:
                outcome, gave_up = Outcome.BOUNCED, True
        attempts = [attempt_of(visit, mail.id) for visit in tries]
        attempts[-1] = replace(attempts[-1], outcome=outcome)
        return Verdict(outcome=outcome, attempts=tuple(attempts), next_attempt_at=due, gave_up=gave_up)

    async def _record(self, mail: OutboundMail, verdict: Verdict) -> None:
        """Write the verdict down, again and again if need be."""
        for delay in (*_RECORD_DELAYS, None):
            if await self._survive("finish", self._finish_once(mail, verdict), mail):
                if verdict.next_attempt_at is not None:
                    heapq.heappush(self._due, verdict.next_attempt_at)
                return
            if delay is not None:
                await asyncio.sleep(delay)
        log.critical("outbox.unrecorded", mail=format_id(mail.id), outcome=verdict.outcome)

    async def _finish_once(self, mail: OutboundMail, verdict: Verdict) -> bool:
        await self._finish(mail, verdict)
        return True

    async def _survive(self, step: str, work: Awaitable[T], mail: OutboundMail | None = None) -> T | None:
        """Await something; an error that nobody foresaw is logged and gives None, and the relay goes on."""
        try:
            return await work
        except TransientError as error:
            log.warning("relay.deferred", step=step, mail=format_id(mail.id) if mail else None, error=str(error))
            return None
        except Exception:
            log.exception("relay.failed", step=step, mail=format_id(mail.id) if mail else None)
            return None

    def _unknown_smarthost(self, name: str) -> Try:
        return Try(
            smarthost=name,
            at=self._clock(),
            stage=Stage.CONNECT,
            code=None,
            reply="the configuration has no smarthost of that name",
        )

    def _unforeseen(self, mail: OutboundMail) -> Try:
        name = mail.smarthosts[0] if mail.smarthosts else ""
        return Try(smarthost=name, at=self._clock(), stage=Stage.UNKNOWN, code=None, reply="a fault of ours; the log has it")


def _log_try(mail: OutboundMail, visit: Try, result: Consequence) -> None:
    """One line for each smarthost that was asked; loud when an admin has to do something."""
    if result in {Consequence.SENT, Consequence.REFUSED, Consequence.POSTPONED}:
        level = log.info
    else:
        level = log.error if result is Consequence.MISCONFIGURED else log.warning
    level(
        "smarthost.asked",
        mail=format_id(mail.id),
        smarthost=visit.smarthost,
        stage=visit.stage,
        result=result.value,
        code=visit.code,
        reply=visit.reply,
        tls=visit.tls,
        seconds=round(visit.seconds, 3),
    )


def _log_verdict(mail: OutboundMail, verdict: Verdict) -> None:
    """One line for each round: `outbox.sent`, `outbox.deferred` or `outbox.bounced`."""
    log.info(
        _EVENTS[verdict.outcome],
        mail=format_id(mail.id),
        purpose=mail.purpose,
        channel=mail.channel,
        ticket=format_id(mail.ticket_id) if mail.ticket_id is not None else None,
        recipient=str(mail.recipient),
        smarthost=verdict.deciding.smarthost,
        code=verdict.deciding.code,
        reply=verdict.deciding.reply,
        attempt=mail.attempts + 1,
        next_attempt_at=verdict.next_attempt_at,
        gave_up=verdict.gave_up,
    )
