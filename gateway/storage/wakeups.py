"""Waiting for work without asking the database again and again."""

import asyncio
from collections.abc import Iterable

from gateway.storage.transaction import Topic


class Wakeups:
    """One event per topic; belongs to one event loop."""

    def __init__(self) -> None:
        self._events = {topic: asyncio.Event() for topic in Topic}

    def wake(self, topics: Iterable[Topic]) -> None:
        """Wake whoever waits, or whoever waits next."""
        for topic in topics:
            self._events[topic].set()

    async def wait_for(self, topic: Topic, timeout: float) -> None:  # noqa: ASYNC109 waiting in vain is no error here
        """Return when something was committed for the topic since the last wait, or after `timeout` seconds."""
        event = self._events[topic]
        try:
            async with asyncio.timeout(timeout):
                await event.wait()
        except TimeoutError:
            return
        event.clear()
