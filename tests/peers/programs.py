"""Programs of other people: how one is started and ended, and how to wait for what it does."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")

_POLL_SECONDS = 0.05
_ENDING_SECONDS = 40.0


def wait_for(what: str, look: Callable[[], T | None], *, seconds: float = 45.0, story: Callable[[], str] = str) -> T:
    """Return what `look` finds, as soon as that is neither None nor false; fail with `story()` when it takes too long."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:g} s in vain for {what}\n{story()}")
        time.sleep(_POLL_SECONDS)


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def answers(port: int) -> bool:
    """Tell whether somebody listens on a port of 127.0.0.1."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def greets(port: int) -> bool:
    """Tell whether a mail server on a port of 127.0.0.1 says 220: a port may be bound long before anybody answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(4).startswith(b"220")
    except OSError:
        return False


class Server:
    """A process of ours in the foreground, its words in `<name>.log`."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, *, environment: dict[str, str] | None = None) -> None:
        """Start it."""
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )

    def wait_for_port(self, port: int, *, is_there: Callable[[int], bool] = answers, seconds: float = 45.0) -> None:
        """Return when it listens there."""

        def look() -> bool:
            assert self.process.poll() is None, f"{self.name} ended:\n{self.words()}"
            return is_there(port)

        wait_for(f"{self.name} on port {port}", look, seconds=seconds, story=self.words)

    def words(self) -> str:
        """Return what it said."""
        return self.log.read_text(errors="replace")[-8000:]

    def stop(self) -> int:
        """End it and return its exit code; kill it when it does not."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def run(
    command: Sequence[str],
    *,
    content: bytes | None = None,
    seconds: float = 60.0,
    expected: Sequence[int] = (0,),
    environment: dict[str, str] | None = None,
) -> str:
    """Run a program to its end and return what it said; fail when it ends with another code."""
    done = subprocess.run(list(command), input=content, capture_output=True, timeout=seconds, check=False, env=environment)
    words = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode in expected, f"{' '.join(command)} ended with {done.returncode}:\n{words}"
    return words
