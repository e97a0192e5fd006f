"""The private line between two processes of ours: questions with answers, and news, over an inherited socketpair.

What crosses it is a subject and octets; whoever asks and whoever answers agree on what they mean, and most of them mean a pickle.
That is acceptable here and nowhere else: the socket has no name, both ends are ours, and nobody can send anything into it.
Start with `Line`.
"""

import asyncio
import itertools
import socket
import struct
import traceback
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Final

from gateway.errors import (
    ConcurrentChange,
    GatewayError,
    InvalidTransition,
    NotFound,
    Overloaded,
    PermanentError,
    StorageUnavailable,
    TransientError,
    WrongCommand,
)

Answer = Callable[[bytes], Awaitable[bytes]]

_HEAD: Final = struct.Struct(">QBBQ")
"""Octets that follow, the sort of frame, the subject, the number of the question."""
_ERRORS: Final = {
    error.__name__: error
    for error in (
        TransientError, StorageUnavailable, ConcurrentChange, Overloaded,
        PermanentError, InvalidTransition, NotFound, WrongCommand,
    )
}  # fmt: skip


class Subject(IntEnum):
    """What a question or news is about."""

    BEGIN = 1
    """Front → desk or porter: take up work; its pickled orders."""
    RECONFIGURE = 2
    """Front → desk or porter: use another configuration; a pickled `Config`."""
    DRAIN = 3
    """Front → desk or porter: finish what is under way and end; so many seconds, as text."""
    PING = 4
    """Front → desk or porter: are you there? Empty."""
    WRITE = 5
    """Front → desk: a pickled unit of work; the answer is what it returned, pickled."""
    MAIL = 6
    """Porter → front → desk, news: there is mail in the intake journal; empty."""


class _Frame(IntEnum):
    ASK = 1
    ANSWER = 2
    FAILURE = 3
    NEWS = 4


class LineClosed(StorageUnavailable):
    """The other process is gone, or going."""


class FaultOverThere(Exception):
    """The other process met a fault of its own; the text is its traceback."""


class Line(asyncio.Protocol):
    """One end; belongs to one event loop. Say what it answers and hears, then `connect`."""

    def __init__(self) -> None:
        """Answer nothing yet."""
        self.closed = asyncio.Event()
        self._answers: dict[int, Answer] = {}
        self._hearers: dict[int, Callable[[bytes], None]] = {}
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count()
        self._transport: asyncio.Transport | None = None
        self._arrived = bytearray()

    async def connect(self, end: socket.socket) -> None:
        """Use this end of a socketpair from now on; it belongs to the line."""
        end.setblocking(False)
        await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=end)

    def on_ask(self, subject: Subject, answer: Answer) -> None:
        """Answer questions about a subject; an error of ours is raised on the other side, any other becomes `FaultOverThere`."""
        self._answers[subject] = answer

    def on_news(self, subject: Subject, hear: Callable[[bytes], None]) -> None:
        """Listen to news about a subject."""
        self._hearers[subject] = hear

    async def ask(self, subject: Subject, question: bytes = b"") -> bytes:
        """Return the answer.

        Raises:
            LineClosed: there will be no answer, and nobody knows what became of the question.
            GatewayError: the other side raised it.
            FaultOverThere: the other side raised something that nobody foresaw.
        """
        number = next(self._numbers)
        waiting: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        try:
            self._send(_Frame.ASK, subject, number, question)
            return await waiting
        finally:
            del self._waiting[number]

    def tell(self, subject: Subject, news: bytes = b"") -> None:
        """Send news; nobody answers. Raises LineClosed."""
        self._send(_Frame.NEWS, subject, 0, news)

    async def close(self) -> None:
        """Hang up, and give up whatever is being answered."""
        if self._transport is not None:
            self._transport.abort()
            await self.closed.wait()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _send(self, frame: _Frame, subject: int, number: int, octets: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            raise LineClosed("the other process is gone")
        self._transport.writelines((_HEAD.pack(len(octets), frame, subject, number), octets))

    # ------------------------------------------------------------------------------------------------------- for the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 of a stream socket
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take apart what arrived."""
        arrived = self._arrived
        arrived += data
        start = 0
        while len(arrived) - start >= _HEAD.size:
            length, frame, subject, number = _HEAD.unpack_from(arrived, start)
            end = start + _HEAD.size + length
            if len(arrived) < end:
                break
            octets = bytes(arrived[start + _HEAD.size : end])
            start = end
            self._take(_Frame(frame), subject, number, octets)
        del arrived[:start]

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody who waits."""
        del exc
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(LineClosed("the other process is gone"))
        for task in self._tasks:
            task.cancel()
        self.closed.set()

    def _take(self, frame: _Frame, subject: int, number: int, octets: bytes) -> None:
        if frame is _Frame.ASK:
            task = asyncio.get_running_loop().create_task(self._answer(subject, number, octets), name="line")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif frame is _Frame.NEWS:
            hear = self._hearers.get(subject)  # None where nobody is interested yet
            if hear is not None:
                hear(octets)
        elif (waiting := self._waiting.get(number)) is not None and not waiting.done():
            if frame is _Frame.ANSWER:
                waiting.set_result(octets)
            else:
                waiting.set_exception(_error_of(octets))

    async def _answer(self, subject: int, number: int, question: bytes) -> None:
        frame = _Frame.ANSWER
        try:
            octets = await self._answers[subject](question)
        except Exception as error:  # noqa: BLE001 it is raised again where the question came from
            frame, octets = _Frame.FAILURE, _describe(error)
        if not self.closed.is_set():
            self._send(frame, subject, number, octets)


def _describe(error: Exception) -> bytes:
    """Return an error as octets: a name of ours and the text, or no name and the traceback."""
    name = next((cls.__name__ for cls in type(error).__mro__ if cls.__name__ in _ERRORS), "")
    text = str(error) if isinstance(error, GatewayError) and name else "".join(traceback.format_exception(error))
    return f"{name}\n{text}".encode("utf-8", "backslashreplace")


def _error_of(octets: bytes) -> Exception:
    name, _, text = octets.decode().partition("\n")
    known = _ERRORS.get(name)
    return known(text) if known is not None else FaultOverThere(text)
