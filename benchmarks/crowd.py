"""What a normal client has to wait while others crowd in: 2,000 idle, 200 slow, and some that send bombs without a pause.

The whole daemon is at work. The crowd is a process of its own (`python -m benchmarks.crowd PORT`), which says `ready` when all
are there. The normal client comes twenty times: how long until its EHLO is answered, and until its mail has its 250.
"""

import asyncio
import itertools
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from benchmarks.mails import names, signed_mails
from benchmarks.memory import Client
from benchmarks.programs import module, working_folder
from benchmarks.samples import Group, Measure, Sample
from benchmarks.site import ADDRESS, Site, running_names, running_site

_IDLE: Final = 2000
_SLOW: Final = 200
_BOMBERS: Final = 8
_VISITS: Final = 20
_OCTETS: Final = 5_000_000
_SLOW_SECONDS: Final = 0.5
_MS: Final = 1000
_BOMBS: Final = (
    b"\r\n" * (_OCTETS // 2),
    b"x\r\n" * (_OCTETS // 3),
    b" " * 900 + b"\r\n" * (_OCTETS // 2),
    b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(20_000)),
)
"""What follows a header: empty lines, short lines, one line of spaces before empty ones, and parts within parts."""


# ---------------------------------------------------------------------------------------------------------- the crowd


async def _connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await _read_reply(reader)
    await _ask(reader, writer, b"EHLO mx.kunde00.example")
    return reader, writer


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, command: bytes) -> bytes:
    writer.write(command + b"\r\n")
    return await _read_reply(reader)


async def _read_reply(reader: asyncio.StreamReader) -> bytes:
    while (line := await reader.readline())[3:4] == b"-":
        pass
    return line


async def _begin_mail(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await _connect(port)
    for command in (b"MAIL FROM:<anna@kunde00.example>", b"RCPT TO:<" + ADDRESS.encode() + b">", b"DATA"):
        await _ask(reader, writer, command)
    writer.write(b"From: anna@kunde00.example\r\nMessage-ID: <%d@kunde00.example>\r\n" % time.monotonic_ns())
    return reader, writer


async def _dribble(port: int) -> None:
    """Send a line now and then, and come again when that was too slow."""
    while True:
        with suppress(OSError):
            _, writer = await _begin_mail(port)
            while not writer.is_closing():
                writer.write(b"X-Slow: yes\r\n")
                await writer.drain()
                await asyncio.sleep(_SLOW_SECONDS)


async def _bomb(port: int, first: int) -> None:
    for bomb in itertools.islice(itertools.cycle(_BOMBS), first, None):
        with suppress(OSError):
            reader, writer = await _begin_mail(port)
            writer.write(b"Subject: bomb\r\n" + bomb)
            await writer.drain()
            await _ask(reader, writer, b"\r\n.")
            writer.close()


async def _crowd(port: int) -> None:
    idle = [await _connect(port) for _ in range(_IDLE)]
    async with asyncio.TaskGroup() as group:
        for _ in range(_SLOW):
            group.create_task(_dribble(port))
        for number in range(_BOMBERS):
            group.create_task(_bomb(port, number))
        await asyncio.sleep(2)
        print("ready", len(idle), flush=True)


# ------------------------------------------------------------------------------------------------- the normal client


@contextmanager
def _crowding(port: int) -> Iterator[None]:
    process = subprocess.Popen(module("benchmarks.crowd", str(port)), stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith(b"ready"), "the crowd did not come"
        yield
        assert process.poll() is None, "the crowd has gone"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _visit(site: Site, mail: tuple[str, bytes]) -> tuple[float, float]:
    """Come once; return the seconds until EHLO was answered, and until the mail was accepted."""
    author, content = mail
    begun = time.monotonic()
    client = Client(site.port)
    greeted = time.monotonic()
    client.ask(b"MAIL FROM:<" + author.encode() + b">", b"250")
    client.ask(b"RCPT TO:<" + ADDRESS.encode() + b">", b"250")
    client.ask(b"DATA", b"354")
    client.send(content)
    client.end_mail()
    accepted = time.monotonic()
    client.close()
    return greeted - begun, accepted - begun


def _take(wanted: Sequence[str], rounds: int) -> Iterator[Sample]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    for _ in range(rounds):
        with ExitStack() as stack:
            folder: Path = stack.enter_context(working_folder())
            dns = stack.enter_context(running_names(folder / "names", names()))
            site = stack.enter_context(running_site(folder / "ours", dns=dns))
            stack.enter_context(_crowding(site.port))
            found = [_visit(site, mail) for mail in signed_mails(2_000, _VISITS)]
        worst = {"crowd_ehlo_ms": max(seconds for seconds, _ in found), "crowd_mail_ms": max(seconds for _, seconds in found)}
        for name in wanted:
            yield Sample(measure=name, ours=worst[name] * _MS)


GROUP: Final = Group(
    measures=(
        Measure(
            name="crowd_ehlo_ms",
            what="EHLO of a normal client in a crowd, the worst of 20",
            unit="ms",
            goal=1000,
            is_less_better=True,
        ),
        Measure(
            name="crowd_mail_ms", what="and its mail's 250, from the connection on", unit="ms", goal=5000, is_less_better=True
        ),
    ),
    take=_take,
)


if __name__ == "__main__":
    _, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(_hard, 8192), _hard))
    asyncio.run(_crowd(int(sys.argv[1])))
