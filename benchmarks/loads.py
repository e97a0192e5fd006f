"""Loads on an SMTP server: the same programs with the same words, whoever listens."""

import time
from pathlib import Path
from typing import Final

from benchmarks.mails import signed_mails, write_mails
from benchmarks.programs import find_program, module, run
from benchmarks.site import ADDRESS

SESSIONS: Final = 10


def send_plain(port: int, *, size: int, mails: int, per_connection: str) -> float:
    """Send unsigned mails with Postfix's `smtp-source`, `one` or `many` per connection; return mails per second."""
    command = [find_program("smtp-source"), "-s", str(SESSIONS), "-m", str(mails), "-l", str(size)]
    command += ["-d"] if per_connection == "many" else []
    command += ["-M", "mx.kunde00.example", "-f", "anna@kunde00.example", "-t", ADDRESS, f"127.0.0.1:{port}"]
    begun = time.perf_counter()
    run(command)
    return mails / (time.perf_counter() - begun)


def prepare_signed(folder: Path, *, size: int, mails: int) -> Path:
    """Write signed mails that nobody has seen yet into a file."""
    path = folder / f"signed-{time.monotonic_ns()}"
    path.write_bytes(write_mails(list(signed_mails(size, mails))))
    return path


def send_signed(port: int, prepared: Path, *, sessions: int = SESSIONS) -> tuple[float, float]:
    """Send prepared mails, many per connection; return when it began and when the last 250 came (`time.monotonic`)."""
    begun, ended, _used = run(module("benchmarks.loader", str(port), str(sessions), ADDRESS, str(prepared))).split()
    return float(begun), float(ended)
