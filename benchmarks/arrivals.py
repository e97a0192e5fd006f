"""Mails that arrive whether or not the ones before were answered: `python -m benchmarks.arrivals PORT PER_SECOND FILE`.

Each mail has a connection of its own and an instant at which it was to arrive (a Poisson process). Its latency counts from that
instant to its 250, so a server that falls behind cannot hide it. Prints the latencies in milliseconds, in order.
"""

import asyncio
import random
import sys
import time
from pathlib import Path
from typing import Final

from benchmarks.loader import read_mails
from benchmarks.site import ADDRESS

_MOST_AT_ONCE: Final = 500
_MAIL_SECONDS: Final = 60.0


async def _arrive(port: int, at: float, mail: tuple[bytes, bytes], gate: asyncio.Semaphore, latencies: list[float]) -> None:
    await asyncio.sleep(at - time.monotonic())
    async with gate, asyncio.timeout(_MAIL_SECONDS):
        reverse_path, body = mail
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await _expect(reader, b"220")
        for line in (
            b"EHLO " + reverse_path.partition(b"@")[2],
            b"MAIL FROM:<" + reverse_path + b">",
            b"RCPT TO:<" + ADDRESS.encode() + b">",
        ):
            writer.write(line + b"\r\n")
            await _expect(reader, b"250")
        writer.write(b"DATA\r\n")
        await _expect(reader, b"354")
        writer.write(body + b".\r\n")
        await _expect(reader, b"250")
        latencies.append((time.monotonic() - at) * 1000)
        writer.write(b"QUIT\r\n")
        await _expect(reader, b"221")
        writer.close()


async def _expect(reader: asyncio.StreamReader, code: bytes) -> None:
    while True:
        line = await reader.readline()
        if not line.startswith(code):
            message = f"expected {code!r}, got {line!r}"
            raise ConnectionError(message)
        if line[3:4] != b"-":
            return


async def _send_all(port: int, per_second: float, mails: list[tuple[bytes, bytes]]) -> list[float]:
    latencies: list[float] = []
    gate = asyncio.Semaphore(_MOST_AT_ONCE)
    chance = random.Random(1)  # noqa: S311 the same instants each time
    at = time.monotonic() + 0.2
    async with asyncio.TaskGroup() as group:
        for mail in mails:
            at += chance.expovariate(per_second)
            group.create_task(_arrive(port, at, mail, gate, latencies))
    return latencies


def main() -> None:
    """Send everything in a file."""
    port, per_second, path = int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])
    latencies = asyncio.run(_send_all(port, per_second, read_mails(path.read_bytes())))
    print(*(f"{latency:.3f}" for latency in latencies))


if __name__ == "__main__":
    main()
