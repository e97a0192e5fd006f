"""Waiting for octets: who is woken, when, and what a cancelled wait leaves behind."""

import asyncio

import pytest

from gateway.smtp_in.wire import Wire


class _Still(asyncio.Transport):
    """A transport that nothing comes through."""

    def pause_reading(self) -> None:
        """Do nothing."""

    def resume_reading(self) -> None:
        """Do nothing."""


def _wire() -> Wire:
    return Wire(asyncio.get_running_loop(), _Still())


async def _until_it_waits(task: "asyncio.Task[bytes]") -> None:
    await asyncio.sleep(0)
    assert not task.done()


async def test_line_is_answered_in_the_callback_that_brought_it() -> None:
    wire, seen = _wire(), []

    async def serve() -> bytes:
        line = await wire.line(100)
        seen.append(line)
        return line

    def bring() -> None:
        wire.feed(b"NO")
        wire.feed(b"OP\r\n")
        seen.append(b"after")

    task = asyncio.create_task(serve())
    await _until_it_waits(task)
    asyncio.get_running_loop().call_soon(bring)
    assert await task == b"NOOP\r\n"
    assert seen == [b"NOOP\r\n", b"after"]


async def test_octets_that_another_task_brings_wake_the_session_in_its_own_turn() -> None:
    wire = _wire()
    task = asyncio.create_task(wire.line(100))
    await _until_it_waits(task)
    wire.feed(b"QUIT\r\n")
    assert not task.done()
    assert await task == b"QUIT\r\n"


async def test_session_that_is_cancelled_while_it_waits_ends_and_the_octets_stay_for_the_next_one() -> None:
    wire = _wire()
    task = asyncio.create_task(wire.chunk())
    await _until_it_waits(task)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    wire.feed(b"late")
    assert await wire.chunk() == b"late"


async def test_session_that_is_cancelled_after_its_octets_came_is_cancelled_all_the_same() -> None:
    wire = _wire()
    task = asyncio.create_task(wire.line(100))
    await _until_it_waits(task)
    wire.feed(b"RSET\r\n")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_wait_with_a_time_limit_ends_and_the_next_wait_works() -> None:
    wire = _wire()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wire.line(100), 0.01)
    task = asyncio.create_task(wire.line(100))
    await _until_it_waits(task)
    asyncio.get_running_loop().call_soon(wire.feed, b"DATA\r\n")
    assert await task == b"DATA\r\n"


async def test_end_of_the_connection_wakes_who_waits() -> None:
    wire = _wire()
    task = asyncio.create_task(wire.line(100))
    await _until_it_waits(task)
    wire.feed_eof()
    with pytest.raises(EOFError):
        await task
