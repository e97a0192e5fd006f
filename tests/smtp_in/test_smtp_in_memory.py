"""What a mail costs in memory, measured in a process of its own: a mail bomb must not take the machine down."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.smtp_in.smtp_world import Client

PROGRAM = """
import asyncio, logging, resource, sys, time
from pathlib import Path
import structlog
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
from tests.smtp_in.smtp_world import World

class Discarding(World):
    async def accept(self, mails):
        return tuple(mail.mail.id for mail in mails)

async def main():
    world = Discarding(folder=Path(sys.argv[1]))
    async with world.serve(now=time.monotonic) as server:
        print(server.addresses[0], flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            if line.strip() == "peak":
                print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
asyncio.run(main())
"""


class Process:
    """A server in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        self.address = self.read()

    def read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def peak_kib(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.write("peak\n")
        self.process.stdin.flush()
        return int(self.read())

    def stop(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        assert self.process.wait(30) == 0
        self.process.stdout.close()


async def send(address: str, *, piece: bytes, times: int) -> str:
    client = await Client.connect(address)
    try:
        await client.greet()
        await client.begin_mail()
        await client.ask("DATA")
        for _ in range(times):
            await client.send(piece)
        await client.send(b"\r\n.\r\n")
        return await client.reply()
    finally:
        await client.close()


@pytest.mark.parametrize(
    "piece",
    [b"\r\n" * 50_000, b"\r\n.." * 25_000, b"\n" * 100_000, b"x" * 100_000],
    ids=["empty lines", "dots", "bare line feeds", "one line"],
)
async def test_thirty_megabytes_of_anything_cost_a_few_megabytes_of_memory(tmp_path: Path, piece: bytes) -> None:
    process = Process(tmp_path)
    try:
        before = process.peak_kib()
        reply = await send(process.address, piece=b"\r\n" + piece, times=300)
        assert reply[:3] == "250", reply
        assert process.peak_kib() - before < 12_000
    finally:
        process.stop()


async def test_twenty_large_mails_at_once_cost_less_than_two_megabytes_each(tmp_path: Path) -> None:
    process = Process(tmp_path)
    try:
        before = process.peak_kib()
        piece = b"\r\n" + b"0123456789abcde\r\n" * 8000
        replies = await asyncio.gather(*(send(process.address, piece=piece, times=40) for _ in range(20)))
        assert {reply[:3] for reply in replies} == {"250"}
        assert process.peak_kib() - before < 20 * 2000
    finally:
        process.stop()
