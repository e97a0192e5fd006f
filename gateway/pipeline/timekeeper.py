"""Keeps an eye on the time: asks the database what is due, sends each of it on its way, and sleeps until the next.

A thin shell around `errands.process_timer`. It never sleeps long, because a clock may be put forward, and it never remembers
what is due: the database is asked again. A timer whose journey raises unforeseen is put off, so that it stops no other.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from gateway.errors import ConcurrentChange, TransientError
from gateway.people import Timer
from gateway.pipeline.errands import process_timer
from gateway.pipeline.journey import Road
from gateway.pipeline.policy import Policy
from gateway.pipeline.report_timers import standing_timers
from gateway.storage.transaction import Topic
from gateway.tickets import Changes

log: Final = structlog.get_logger()

_MOST_AT_ONCE: Final = 50
_LONGEST_SLEEP_SECONDS: Final = 30.0
_PATIENCE_SECONDS: Final = 5.0
_PUT_OFF: Final = timedelta(hours=1)


class Timekeeper:
    """Processes what falls due. `road` is asked each time, so that a new configuration counts at once."""

    def __init__(self, *, road: Callable[[], Road]) -> None:
        """Take where to get the road from."""
        self._road = road
        self._is_stopping = asyncio.Event()
        self._arranged_for: Policy | None = None
        """The configuration whose standing timers are set."""

    async def run(self) -> None:
        """Work until `stop`; then finish what is under way."""
        while not self._is_stopping.is_set():
            try:
                done = await self.fire_due()
                wait = 0.0 if done else await self._seconds_to_sleep()
            except TransientError as error:
                log.warning("timers.deferred", error=str(error))
                wait = _PATIENCE_SECONDS
            await self._sleep(wait)

    def stop(self) -> None:
        """Begin nothing more; `run` returns soon."""
        self._is_stopping.set()

    async def fire_due(self) -> int:
        """Process what is due now, the longest due first, up to a limit; return how much of it is done.

        Raises:
            TransientError: the database cannot be asked now.
        """
        road = self._road()
        now = road.clock()
        if road.policy is not self._arranged_for:
            await self._arrange(road, now)
            self._arranged_for = road.policy
        due = await road.database.read(lambda tx: tx.timers.due(now, _MOST_AT_ONCE))
        done = 0
        for timer in due:
            if self._is_stopping.is_set():
                break
            done += await self._fire(timer, road)
        return done

    async def _arrange(self, road: Road, now: datetime) -> None:
        """Set the timers that must always stand; one that is due earlier than it would be now stays, and so does a missed one."""
        wanted = standing_timers(road.policy, now)
        standing = await road.database.read(lambda tx: {timer.key: tx.timers.get(timer.key) for timer in wanted})
        missing = [timer for timer in wanted if (known := standing[timer.key]) is None or known.due_at > timer.due_at]
        if missing:
            await road.database.apply(Changes(timers=tuple(missing)))

    async def _fire(self, timer: Timer, road: Road) -> bool:
        try:
            arrival = await process_timer(timer, road)
        except ConcurrentChange:
            log.debug("timer.forgotten", timer=timer.key)  # somebody was faster; if it is still due, it comes again
            return False
        except TransientError:
            raise
        except Exception:  # whatever it is, it must not stop the others
            log.exception("timer.failed", timer=timer.key)
            return await self._put_off(timer, road)
        decision = arrival.decision
        log.info("timer.fired", timer=timer.key, reason=decision.reason, because=decision.because)
        for problem in arrival.problems:
            log.warning("template.failed", problem=problem)
        return True

    async def _put_off(self, timer: Timer, road: Road) -> bool:
        """Let a timer that met a fault of ours fall due again later: whatever it is about must not be forgotten."""
        later = replace(timer, due_at=road.clock() + _PUT_OFF)
        try:
            await road.database.apply(Changes(fired=(timer,), timers=(later,)))
        except ConcurrentChange:
            return False
        return True

    async def _seconds_to_sleep(self) -> float:
        road = self._road()
        due: datetime | None = await road.database.read(lambda tx: tx.timers.next_due())
        if due is None:
            return _LONGEST_SLEEP_SECONDS
        return min(max((due - road.clock()).total_seconds(), 0.0), _LONGEST_SLEEP_SECONDS)

    async def _sleep(self, seconds: float) -> None:
        """Sleep so long, or until timers are written, or until `stop`."""
        waits = {
            asyncio.create_task(self._is_stopping.wait()),
            asyncio.create_task(self._road().database.wait_for(Topic.TIMERS, seconds)),
        }
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
