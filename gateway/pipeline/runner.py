"""Keeps taking mails on their journey: claims what waits, a bounded number at once, and lets no mail stop another.

One of the three places that catch everything: whatever a journey raises unforeseen makes its mail `failed`, with the bytes kept
and the admins told.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from gateway.errors import TransientError
from gateway.ids import format_id
from gateway.mail import ReceivedMail
from gateway.pipeline.journey import Arrival, Road, process_mail
from gateway.states import ReceivedState, advance
from gateway.storage.transaction import Topic
from gateway.tickets import Changes, ReceivedChange

log: Final = structlog.get_logger()

_LEASE_SECONDS: Final = 300.0
_IDLE_SECONDS: Final = 5.0
OUR_FAULT: Final = "our_fault"


class Runner:
    """Processes received mails. `road` is asked for each mail, so that a new configuration counts from the next one on."""

    def __init__(self, *, road: Callable[[], Road], node: str, concurrency: int = 8) -> None:
        """Take where to get the road from, the name under which mails are leased, and how many may be on their way."""
        self._road = road
        self._node = node
        self._places = asyncio.Semaphore(concurrency)
        self._concurrency = concurrency
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Process until `stop`; then finish what is under way."""
        await self._release_leases()
        while not self._stopping.is_set():
            claimed = await self._claim()
            for mail in claimed:
                await self._places.acquire()
                task = asyncio.create_task(self._process(mail))
                self._under_way.add(task)
                task.add_done_callback(self._leave)
            if not claimed:
                await self._wait()
        await asyncio.gather(*self._under_way)

    def stop(self) -> None:
        """Claim nothing more; `run` returns when what is under way has arrived."""
        self._stopping.set()

    async def _release_leases(self) -> None:
        """Take back what a process of this name held when it died."""
        database = self._road().database
        await database.write(lambda tx: tx.received.release_leases(self._node))

    async def _claim(self) -> tuple[ReceivedMail, ...]:
        road = self._road()
        now = road.clock()
        try:
            return await road.database.write(
                lambda tx: tx.received.claim(limit=self._concurrency, now=now, lease_seconds=_LEASE_SECONDS, node=self._node)
            )
        except TransientError as error:
            log.warning("claim.deferred", error=str(error))
            return ()

    async def _wait(self) -> None:
        """Sleep until mail was accepted, or for a while: another node's mail may have lost its lease."""
        waiting = asyncio.create_task(self._road().database.wait_for(Topic.RECEIVED, _IDLE_SECONDS))
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (waiting, stopping):
            task.cancel()
        await asyncio.gather(waiting, stopping, return_exceptions=True)

    def _leave(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._places.release()

    async def _process(self, mail: ReceivedMail) -> None:
        road = self._road()
        try:
            arrival = await process_mail(mail, road)
        except TransientError as error:
            log.warning("mail.deferred", mail=format_id(mail.id), channel=mail.channel, error=f"{type(error).__name__}: {error}")
        except Exception:
            log.exception("mail.failed", mail=format_id(mail.id), channel=mail.channel)
            await self._fail(mail, road)
        else:
            _log_arrival(mail, arrival)

    async def _fail(self, mail: ReceivedMail, road: Road) -> None:
        """Set a mail aside that hit a fault of ours; the mail itself says nothing of it to anybody."""
        try:
            await road.database.write(lambda tx: tx.apply(failure_of(mail, road)))
        except TransientError as error:
            log.warning("mail.deferred", mail=format_id(mail.id), channel=mail.channel, error=str(error))


def failure_of(mail: ReceivedMail, road: Road) -> Changes:
    """Return what is written when a fault of ours stops a mail: its state, and a notice to the admins."""
    name = format_id(mail.id)
    lines = (
        f"The gateway could not process the mail {name}: it met a fault of its own.",
        "The mail is kept. The log of this minute has the details.",
        f"Try it again with: ticket-gateway failed retry {name}",
    )
    notices = road.desk().write_to_operators(mail.channel, "A mail waits because of a fault", lines)
    change = ReceivedChange(
        id=mail.id, old=mail.state, new=advance(mail.state, ReceivedState.FAILED), reason=OUR_FAULT, because="see the log"
    )
    return Changes(received=(change,), outbound=notices)


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
