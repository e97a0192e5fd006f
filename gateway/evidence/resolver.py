"""Asking the DNS: our own cached resolver, fed by explicit servers, that never raises and never waits without end.

`Resolver` is shared by all mails: it caches by TTL (negative answers too), lets equal questions share one flight, and
forgets failures after a few seconds. `MailQuestions` is what one mail asks through: it counts its questions and ends at
its deadline. Every name is absolute; there is no search list. Names that could not be asked come back as INVALID.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver

from gateway.evidence.answers import (
    FAILURE_TTL_SECONDS,
    INVALID,
    MAX_ALIASES,
    MAX_TTL_SECONDS,
    TEMPORARY,
    Answer,
    RecordType,
    absolute_name,
    read_response,
)
from gateway.evidence.settings import ResolverSettings, parse_server

T = TypeVar("T")

EDNS_PAYLOAD: Final = 1232
"""Octets that fit into one packet nearly everywhere (DNS flag day 2020)."""
FEWEST_TRIES: Final = 2
MAX_IN_FLIGHT: Final = 128
"""Questions under way at once; each holds a socket."""


class Dns(Protocol):
    """Whatever answers questions: the resolver, one mail's share of it, or nobody at all."""

    @property
    def is_warm(self) -> bool:
        """Tell whether most answers are remembered, so that asking one after the other is the quickest."""

    def recall(self, name: str, kind: RecordType) -> Answer | None:
        """Return what is remembered, without asking."""

    async def ask(self, name: str, kind: RecordType) -> Answer:
        """Return what the DNS says; never raises, except for cancellation."""


async def side_by_side(dns: Dns, work: Sequence[Coroutine[None, None, T]]) -> list[T]:
    """Do pieces of work that ask the DNS side by side; one after the other where the answers are at hand."""
    if len(work) <= 1 or dns.is_warm:
        return [await piece for piece in work]
    return list(await asyncio.gather(*work))


class NoDns:
    """Nobody to ask: every result is a temporary error."""

    is_warm = True

    def recall(self, name: str, kind: RecordType) -> Answer:  # noqa: ARG002 the shape of Dns
        """Return the temporary error."""
        return TEMPORARY

    async def ask(self, name: str, kind: RecordType) -> Answer:  # noqa: ARG002 the shape of Dns
        """Return the temporary error."""
        return TEMPORARY

    async def aclose(self) -> None:
        """Nothing is open."""


@dataclass(slots=True)
class _Cached:
    answer: Answer
    expires: float


class Resolver:
    """Asks the configured servers, and remembers."""

    is_warm = False

    def __init__(self, settings: ResolverSettings) -> None:
        self._servers: Sequence[tuple[str, int]] = [parse_server(s) for s in settings.servers] or system_servers()
        self._timeout = settings.timeout
        self._size = settings.cache_size
        self._cache: OrderedDict[tuple[str, RecordType], _Cached] = OrderedDict()
        self._in_flight: dict[tuple[str, RecordType], asyncio.Task[Answer]] = {}
        self._sockets = asyncio.Semaphore(MAX_IN_FLIGHT)

    async def ask(self, name: str, kind: RecordType) -> Answer:
        """Return what the DNS says of a name, from memory if it may still be believed; never raises."""
        remembered = self.recall(name, kind)
        if remembered is not None:
            return remembered
        key = name.lower().removesuffix("."), kind
        target = absolute_name(key[0])
        if target is None:
            return INVALID
        task = self._in_flight.get(key)
        if task is None or task.get_loop() is not asyncio.get_running_loop():
            task = asyncio.create_task(self._look_up(key, target))
            self._in_flight[key] = task
            task.add_done_callback(lambda done: self._forget_flight(key, done))
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """End the questions that nobody waits for any more."""
        flights = list(self._in_flight.values())
        for task in flights:
            task.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _forget_flight(self, key: tuple[str, RecordType], done: "asyncio.Task[Answer]") -> None:
        if self._in_flight.get(key) is done:
            del self._in_flight[key]

    def recall(self, name: str, kind: RecordType) -> Answer | None:
        """Return what is remembered, if it may still be believed."""
        key = name.lower().removesuffix("."), kind
        cached = self._cache.get(key)
        if cached is None:
            return None
        if cached.expires <= asyncio.get_running_loop().time():
            del self._cache[key]
            return None
        self._cache.move_to_end(key)
        return cached.answer

    def _remember(self, key: tuple[str, RecordType], answer: Answer, ttl: float) -> None:
        if not self._size:
            return
        self._cache[key] = _Cached(answer, asyncio.get_running_loop().time() + min(ttl, MAX_TTL_SECONDS))
        self._cache.move_to_end(key)
        while len(self._cache) > self._size:
            self._cache.popitem(last=False)

    async def _look_up(self, key: tuple[str, RecordType], target: dns.name.Name) -> Answer:
        """Ask, following aliases that the server did not follow itself."""
        kind = key[1]
        ttl = float(MAX_TTL_SECONDS)
        answer = INVALID
        for _ in range(MAX_ALIASES):
            response = await self._ask_servers(target, kind)
            if response is None:
                answer, ttl = TEMPORARY, FAILURE_TTL_SECONDS
                break
            reading = read_response(response, target, kind)
            ttl = min(ttl, reading.ttl)
            if reading.alias is None:
                answer = reading.answer
                break
            target = reading.alias
        self._remember(key, answer, ttl)
        return answer

    async def _ask_servers(self, target: dns.name.Name, kind: RecordType) -> dns.message.Message | None:
        """Try the servers in order, at least two tries in all; None when none of them answered."""
        for attempt in range(max(FEWEST_TRIES, len(self._servers))):
            host, port = self._servers[attempt % len(self._servers)]
            async with self._sockets:
                response = await self._ask_server(target, kind, host, port)
            if response is not None and response.rcode() in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
                return response
            if response is not None and len(self._servers) == 1:
                return None
        return None

    async def _ask_server(self, target: dns.name.Name, kind: RecordType, host: str, port: int) -> dns.message.Message | None:
        """Put one question: UDP with EDNS, then TCP if truncated, then without EDNS if the server knows none."""
        response = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timeout):
                response = await _exchange(_question(target, kind, edns=True), host, port, self._timeout)
                if response is not None and response.rcode() in {dns.rcode.FORMERR, dns.rcode.NOTIMP}:
                    response = await _exchange(_question(target, kind, edns=False), host, port, self._timeout)
        return response


def _question(target: dns.name.Name, kind: RecordType, *, edns: bool) -> dns.message.QueryMessage:
    if edns:
        return dns.message.make_query(target, kind.value, use_edns=0, payload=EDNS_PAYLOAD)
    return dns.message.make_query(target, kind.value, use_edns=False)


async def _exchange(
    question: dns.message.QueryMessage,
    host: str,
    port: int,
    timeout: float,  # noqa: ASYNC109 passed on as dnspython takes it
) -> dns.message.Message | None:
    """Send one question and read its answer; None for anything that is no answer to it."""
    try:
        response, _ = await dns.asyncquery.udp_with_fallback(
            question, host, timeout=timeout, port=port, ignore_unexpected=True, ignore_trailing=True
        )
    except (dns.exception.DNSException, OSError, ValueError, EOFError):
        return None
    return response


def system_servers() -> list[tuple[str, int]]:
    """Return the servers of this machine's resolv.conf; a resolver on this machine where there is none."""
    try:
        nameservers = dns.resolver.Resolver(configure=True).nameservers
    except (dns.resolver.NoResolverConfiguration, OSError):
        return [("127.0.0.1", 53)]
    found = [(str(server), 53) for server in nameservers if isinstance(server, str) and "://" not in server]
    return found or [("127.0.0.1", 53)]


class MailQuestions:
    """One mail's share of the resolver: a bounded number of questions, and a moment when the asking ends."""

    def __init__(self, resolver: Dns, *, questions: int, deadline: float) -> None:
        """Take the resolver, how many questions there may be, and the loop time when all of them end."""
        self._resolver = resolver
        self._left = questions
        self._deadline = deadline
        self._recalled: dict[tuple[str, RecordType], Answer] = {}
        self.is_warm = False
        self.is_exhausted = False
        """True once a question went unanswered because the budget of questions or time had run out."""

    def recall(self, name: str, kind: RecordType) -> Answer | None:
        """Return what the resolver remembers; what it remembered once stays so for this mail, and is not looked up again."""
        key = name, kind
        answer = self._recalled.get(key)
        if answer is None:
            answer = self._resolver.recall(name, kind)
            if answer is not None:
                self._recalled[key] = answer
        return answer

    async def ask(self, name: str, kind: RecordType) -> Answer:
        """Return what the DNS says, or the temporary error when the budget is spent; what is remembered is free."""
        remembered = self.recall(name, kind)
        if remembered is not None:
            return remembered
        if self._left <= 0:
            self.is_exhausted = True
            return TEMPORARY
        self._left -= 1
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._resolver.ask(name, kind)
        except TimeoutError:
            self.is_exhausted = True
            return TEMPORARY
