"""What a client sends, before it is understood: lines while it commands, chunks while it hands over a mail.

Bounded: the transport is paused while more than `HIGH_WATER` octets wait to be read. What was sent before a TLS handshake
cannot survive it, because the session takes a new `Wire` for what comes after.
"""

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context
from typing import Any, Final

HIGH_WATER: Final = 131_072
"""Octets that may wait; one read of the event loop can add up to `READ_OCTETS` more."""
READ_OCTETS: Final = 65_536
"""The most that is read at once."""


class LineTooLong(Exception):
    """A command line has more octets than allowed; it was skipped up to its end."""


class _Arrival:
    """What a session's task waits for: the task goes on at once, in the callback that brought the octets.

    A future of asyncio would let it go on one turn of the event loop later, and each turn asks the kernel about all sockets: that
    cost more than answering the command. A task takes anything for a future that has these methods (`asyncio.isfuture`). It is
    used again and again, because each wait ends in exactly one call of what the task left here.
    """

    __slots__ = ("_asyncio_future_blocking", "_context", "_go_on", "_is_cancelled", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._go_on: Callable[[_Arrival], object] | None = None
        self._context: Context | None = None
        self._is_cancelled = False
        self._asyncio_future_blocking = False

    def happen(self) -> None:
        """Let who waits, if anybody does, go on: now, or in the next turn where another task is running right now."""
        go_on, context = self._go_on, self._context
        if go_on is None or context is None:
            return
        self._go_on = None
        if asyncio.current_task(self._loop) is None:
            context.run(go_on, self)
        else:
            self._loop.call_soon(go_on, self, context=context)

    # ---------------------------------------------------------------------------------------- called by asyncio's tasks

    def __await__(self) -> Generator[Any, None, None]:
        """Wait until something happens."""
        self._is_cancelled = False
        self._asyncio_future_blocking = True
        yield self

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the event loop of the task that may wait here."""
        return self._loop

    def add_done_callback(self, go_on: "Callable[[_Arrival], object]", *, context: Context) -> None:
        """Take note of what to call, once."""
        self._go_on, self._context = go_on, context

    def cancel(self, msg: object = None) -> bool:
        """Stop waiting. False when something has happened already."""
        del msg
        if self._go_on is None:
            return False
        self._is_cancelled = True
        self._loop.call_soon(self._go_on, self, context=self._context)
        self._go_on = None
        return True

    def result(self) -> None:
        """Raise CancelledError when nothing happened and nobody waits for it any more."""
        if self._is_cancelled:
            raise asyncio.CancelledError


class Wire:
    """The readable side of one connection."""

    __slots__ = ("_arrival", "_buffer", "_chunk", "_is_eof", "_is_paused", "_transport", "_wants_chunk", "received")

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._buffer = bytearray()
        self._arrival = _Arrival(loop)
        self._is_eof = False
        self._is_paused = False
        self._wants_chunk = False
        self._chunk = b""
        """Handed from the transport to who waits for it, without a copy."""
        self.received = 0
        """Octets that came in so far: what the progress of a sender is measured by."""

    # ------------------------------------------------------------------------------------ called by the event loop

    def feed(self, octets: bytes) -> None:
        """Take what the transport received."""
        self.received += len(octets)
        if self._wants_chunk:
            self._wants_chunk = False
            self._chunk = octets
            self._arrival.happen()
            return
        self._buffer += octets
        if len(self._buffer) > HIGH_WATER and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()
        self._arrival.happen()

    def feed_eof(self) -> None:
        """Take note that nothing more comes."""
        self._is_eof = True
        self._arrival.happen()

    def attach(self, transport: asyncio.Transport) -> None:
        """Read from another transport from now on: TLS lies over the first one."""
        if self._is_paused:
            self._transport.resume_reading()
            transport.pause_reading()
        self._transport = transport

    # ------------------------------------------------------------------------------------ called by the session

    @property
    def has_line(self) -> bool:
        """Tell whether a command is waiting, so that replies may be sent together (RFC 2920)."""
        return b"\n" in self._buffer

    async def line(self, limit: int) -> bytes:
        """Return the next line, up to and with its LF, of at most `limit` octets.

        Raises:
            LineTooLong: the line is longer.
            EOFError: the client has gone.
        """
        buffer = self._buffer
        start = 0
        is_too_long = False
        while (end := buffer.find(b"\n", start)) < 0:
            if len(buffer) > limit:
                is_too_long = True
                buffer.clear()
            start = len(buffer)
            self._begin_waiting()
            await self._arrival
            if not buffer:
                raise EOFError
        if is_too_long or end >= limit:
            del buffer[: end + 1]
            raise LineTooLong
        end += 1
        line = bytes(buffer) if end == len(buffer) else bytes(buffer[:end])
        del buffer[:end]
        return line

    async def chunk(self) -> bytes:
        """Return what has come in, at least one octet. Raises EOFError when the client has gone."""
        if not self._buffer:
            self._wants_chunk = True
            try:
                await self._more()
            finally:
                self._wants_chunk = False
        if self._chunk:
            octets, self._chunk = self._chunk, b""
            return octets
        octets = bytes(self._buffer)
        self._buffer.clear()
        return octets

    def put_back(self, octets: bytes) -> None:
        """Return octets that were read too far, such as a command after the end of a mail."""
        self._buffer[:0] = octets

    def _begin_waiting(self) -> None:
        if self._is_eof:
            raise EOFError
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()

    async def _more(self) -> None:
        self._begin_waiting()
        await self._arrival
        if not self._buffer and not self._chunk:
            raise EOFError

    # ------------------------------------------------ what aiosmtpd's reader of PROXY headers asks of a stream reader

    async def read(self, n: int = -1) -> bytes:
        """Return between one and `n` octets."""
        while not self._buffer:
            await self._more()
        count = len(self._buffer) if n < 0 else n
        octets = bytes(self._buffer[:count])
        del self._buffer[:count]
        return octets

    async def readexactly(self, n: int) -> bytes:
        """Return `n` octets."""
        while len(self._buffer) < n:
            await self._more()
        return await self.read(n)

    async def readuntil(self, separator: bytes = b"\n") -> bytes:
        """Return one line; a PROXY header of version 1 has at most 107 octets."""
        assert separator == b"\n"  # noqa: S101 nothing else is asked for
        return await self.line(_PROXY_LINE)


_PROXY_LINE: Final = 108
