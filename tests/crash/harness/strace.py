"""Faults at a chosen system call of a running gateway, by `strace --inject`.

strace counts the calls of each kind for each thread, so a point is (thread, call, number): one thread is traced, the others run
free. Which thread makes which calls is found by recording a mail first. A pool gives the work to another thread every time, so
all of its threads are traced, and the first that gets to a point meets the fault there.
"""

import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tests.crash.harness.site import Process

_ATTACHED: Final = re.compile(r"Process \d+ attached")
_ANSWERED: Final = re.compile(r"Process \d+ attached|ptrace\(")
"""A thread is traced, or cannot be: it has ended."""
_CALL: Final = re.compile(r"(?:(\d+) +)?(?:<\.\.\. )?(\w+)(?:\(| resumed)")
_ENDING_SECONDS: Final = 20.0

WRITING: Final = (
    "write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "ftruncate", "fallocate", "rename", "renameat", "renameat2",
    "unlink", "unlinkat", "mkdir", "openat", "fchmod", "link", "flock",
)  # fmt: skip
"""What changes files, or decides who may."""
TALKING: Final = ("sendto", "sendmsg", "shutdown")
"""What others hear."""
LISTENING: Final = ("recvfrom", "recvmsg", "read", "pread64", "accept4", "close", "connect", "socket")
"""What changes nothing outside: a death there is a death at the next call of the two other kinds, and is tried all the same."""


def why_not() -> str | None:
    """Return why nothing can be traced here, or None."""
    if shutil.which("strace") is None:
        return "strace is not installed (`make peers` installs it)"
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        with Tracer(threads=(sleeper.pid,)) as tracer:
            return None if tracer.is_attached else "strace may not attach to processes here (ptrace is not allowed)"
    finally:
        sleeper.kill()
        sleeper.wait()


POOL: Final = -1
"""In place of a thread's position: whichever of a pool does the work."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Series:
    """The calls of one kind that one thread makes for a mail."""

    thread: int
    """Its position among the threads of the process, in the order in which they began; or `POOL`."""
    call: str
    count: int


class Tracer:
    """strace, attached to some threads; it has let go of them when the block ends."""

    def __init__(self, *arguments: str, threads: Sequence[int], follow: bool = False) -> None:
        """Attach and wait until that is done."""
        self._output = tempfile.NamedTemporaryFile("r", prefix="strace-")  # noqa: SIM115 lives as long as this
        command = ["strace", "-y", "-o", self._output.name, *(("-f",) if follow else ()), *arguments]
        for thread in threads:
            command += ("-p", str(thread))
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        self.is_attached = False
        awaited = 1 if follow else len(threads)
        while awaited and (line := self._process.stderr.readline()):
            self.is_attached |= _ATTACHED.search(line) is not None
            awaited -= _ANSWERED.search(line) is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.detach()
        self._output.close()

    def detach(self) -> None:
        """Let go."""
        self._process.terminate()
        self._process.communicate(timeout=_ENDING_SECONDS)

    def lines(self) -> list[str]:
        """Return what was seen so far; all of it after `detach`."""
        return Path(self._output.name).read_text(errors="replace").splitlines()

    @property
    def has_injected(self) -> bool:
        """Tell whether a call failed as it was told to."""
        return any("(INJECTED)" in line for line in self.lines())


def record(process: Process) -> Tracer:
    """Watch everything that a process does that is worth a fault."""
    calls = ",".join(f"?{call}" for call in (*WRITING, *TALKING, *LISTENING))
    return Tracer("-e", f"trace={calls}", "-e", "signal=none", threads=(process.pid,), follow=True)


def series(tracer: Tracer, process: Process, calls: Sequence[str]) -> tuple[Series, ...]:
    """Return what was recorded: how often each thread made each of these calls."""
    order = {thread: position for position, thread in enumerate(process.threads())}
    counts: Counter[tuple[int, str]] = Counter()
    for line in tracer.lines():
        match = _CALL.match(line)
        if match is None or "resumed" in line.split("(", 1)[0] or match[2] not in calls:
            continue
        thread = int(match[1]) if match[1] else process.pid
        if thread in order:
            counts[order[thread], match[2]] += 1
    return tuple(sorted(Series(thread=thread, call=call, count=count) for (thread, call), count in counts.items()))


def pooled(recorded: Sequence[Series], *, apart: Collection[int]) -> tuple[Series, ...]:
    """Return what was recorded with all threads as one but those that stand apart; of that one, the most that any of it made."""
    counts: dict[tuple[int, str], int] = {}
    for one in recorded:
        key = one.thread if one.thread in apart else POOL, one.call
        counts[key] = max(one.count, counts.get(key, 0))
    return tuple(sorted(Series(thread=thread, call=call, count=count) for (thread, call), count in counts.items()))


def inject(fault: str, call: str, number: int, *, threads: Sequence[int]) -> Tracer:
    """Let the `number`th call of a kind from now on in each of the threads meet a fault, `signal=KILL` or `error=ENOSPC`."""
    return Tracer(
        "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={number}", "-e", "signal=none", threads=threads
    )  # fmt: skip
