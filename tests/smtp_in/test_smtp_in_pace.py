"""Progress decides how long a client is waited for, not a wall clock; the clock is the test's."""

import asyncio

import pytest

from gateway.smtp_in.limits import Pace
from gateway.smtp_in.server import Server
from gateway.smtp_in.settings import LimitSettings, ListenSettings
from tests.smtp_in.certificates import make_certificate
from tests.smtp_in.smtp_world import MAIL, World, until

LIMITS = LimitSettings(progress=1000, progress_window=60, idle=300)


async def received(server: Server, octets: int) -> None:
    """Wait until a session has got that much."""
    await until(lambda: any(session.wire.received >= octets for session in server.service.sessions))


def test_honest_slow_sender_of_25_megabytes_at_20_kilobytes_a_second_is_waited_for() -> None:
    pace = Pace(now=0, octets=0)
    seconds = 25_000_000 // 20_000
    assert not any(pace.is_too_slow(now=now, octets=now * 20_000, limits=LIMITS) for now in range(seconds + 1))


def test_pause_is_forgiven_while_the_window_lasts() -> None:
    pace = Pace(now=0, octets=0)
    assert not pace.is_too_slow(now=59, octets=0, limits=LIMITS)
    assert not pace.is_too_slow(now=61, octets=100_000, limits=LIMITS)


@pytest.mark.parametrize("octets_per_second", [0, 1, 999])
def test_slowloris_does_not_outlive_the_first_window(octets_per_second: int) -> None:
    pace = Pace(now=0, octets=5000)
    assert pace.is_too_slow(now=60, octets=5000 + 60 * octets_per_second, limits=LIMITS)


async def test_slow_sender_gets_its_mail_through_over_the_wire(world: World) -> None:
    async with world.serve(limits=LIMITS) as server:
        client = await world.connect(server)
        await client.greet()
        await client.begin_mail()
        await client.ask("DATA")
        await client.send(b"\r\n")
        start = next(iter(server.service.sessions)).wire.received
        for number in range(1, 31):
            await client.send(b"x" * 62_000)
            await received(server, start + number * 62_000)
            world.clock.seconds += 60
            server.service.sweep()
        await client.send(b"\r\n.\r\n")
        assert (await client.reply()).startswith("250 2.0.0 ")


async def test_slowloris_in_the_middle_of_a_mail_is_told_and_leaves_nothing(world: World) -> None:
    async with world.serve(limits=LIMITS) as server:
        client = await world.connect(server)
        await client.greet()
        await client.begin_mail()
        await client.ask("DATA")
        start = next(iter(server.service.sessions)).wire.received
        await client.send(b"x")
        await received(server, start + 1)
        world.clock.seconds += 61
        server.service.sweep()
        assert await client.reply() == "421 4.4.2 Waited too long, closing the connection"
        assert await client.reply() == ""
        assert server.service.refusals.counts["progress"] == 1
        assert server.service.in_flight.total == 0
    assert world.stored == {}


async def test_client_that_drips_a_command_is_idle_all_the_same(world: World) -> None:
    async with world.serve(limits=LIMITS) as server:
        client = await world.connect(server)
        await client.greet()
        start = next(iter(server.service.sessions)).wire.received
        for number in range(1, 4):
            await client.send(b"N")
            await received(server, start + number)
            world.clock.seconds += 99
            server.service.sweep()
        assert server.service.sessions
        world.clock.seconds += 99
        server.service.sweep()
        assert (await client.reply()).startswith("421 4.4.2 ")


async def test_client_that_never_begins_its_handshake_is_cut(world: World) -> None:
    certificate, key = make_certificate(world.folder, "gw.firma.example")
    listener = ListenSettings(smtp="127.0.0.1:0", certificate=certificate, key=key)
    async with world.serve(listener, limits=LIMITS) as server:
        client = await world.connect(server)
        await client.greet()
        assert (await client.ask("STARTTLS")).startswith("220 ")
        await until(lambda: next(iter(server.service.sessions)).phase.value == "handshake")
        world.clock.seconds += 31
        server.service.sweep()
        assert await client.reply() == ""
        await until(lambda: not server.service.sessions)


async def test_our_own_slowness_never_cuts_a_client(world: World) -> None:
    world.gate = asyncio.Event()
    async with world.serve(limits=LIMITS) as server:
        client = await world.connect(server)
        await client.greet()
        await client.begin_mail()
        await client.ask("DATA")
        await client.send(MAIL + b"\r\n.\r\n")
        await until(lambda: next(iter(server.service.sessions)).phase.value == "work")
        world.clock.seconds += 10_000
        server.service.sweep()
        world.gate.set()
        assert (await client.reply()).startswith("250 2.0.0 ")


async def test_connection_that_is_idle_makes_room_for_another(world: World) -> None:
    async with world.serve(limits=LimitSettings(connections=2, idle_under_pressure=5)) as server:
        first, second = await world.connect(server), await world.connect(server)
        await first.greet()
        world.clock.seconds += 4
        await second.greet()
        world.clock.seconds += 4
        third = await world.connect(server)
        assert (await third.reply()).startswith("220 ")
        assert await first.reply() == "421 4.3.2 Idle while others are waiting, closing the connection"
        assert (await second.ask("NOOP")).startswith("250 ")


async def test_client_that_reads_no_replies_is_cut_and_not_stored_up(world: World) -> None:
    async with world.serve(limits=LimitSettings(commands=10_000_000, idle_commands=10_000_000)) as server:
        client = await world.connect(server)
        await client.greet()
        client.writer.transport.set_write_buffer_limits(high=1)
        sender = asyncio.create_task(client.send(b"HELP\r\n" * 1_000_000))
        session = next(iter(server.service.sessions))
        await until(session.channel.get_write_buffer_size)
        assert session.channel.get_write_buffer_size() < 200_000
        world.clock.seconds += 301
        server.service.sweep()
        await until(lambda: not server.service.sessions)
        await asyncio.wait_for(sender, 10)
