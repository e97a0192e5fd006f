"""A gateway under test with all that it needs: configuration, smarthost and DNS, its processes, its log, its database.

`Surroundings` and `Nursery` are shared by all sites of a run; a `Site` is one data folder and the gateway that lives in it.
"""

import contextlib
import os
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final, Self

REPOSITORY: Final = Path(__file__).parents[3]
_START_SECONDS: Final = 90.0
_POLL_SECONDS: Final = 0.01
_STILL: Final = {"T", "Z", "X"}
_BURIAL_SECONDS: Final = 0.2

_CONFIG: Final = """\
hostname: gw.firma.example
data: {data}
listen: [{{smtp: "127.0.0.1:{port}"}}]
listen_processes: {processes}
resolver: {{servers: ["127.0.0.1:{dns}"], timeout: 1s}}
parse: {{workers: {workers}}}
smarthosts: {{main: {{host: 127.0.0.1, port: {smarthost}, security: none}}}}
relay: {{retry: {{first_delay: 1s, maximum_delay: 1s}}}}
agents: {{anna: {{name: Anna Arndt, addresses: [anna@firma.example], alias: Anna}}}}
queues: {{support: {{agents: [anna]}}}}
channels:
  support: {{address: support@firma.example, display_name: Firma Support, queue: support, smarthosts: [main], language: de}}
"""


def start_module(name: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a program of the harness that talks over its standard input and output."""
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.crash.harness.{name}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )


def pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    """Return what leads to a program and what comes from it."""
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


class Surroundings:
    """The smarthost and the DNS, in a process of their own."""

    def __init__(self) -> None:
        """Start them."""
        self._process = start_module("surroundings")
        self.smarthost, self.dns = (int(word) for word in pipes(self._process)[1].readline().split())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate("")


class Nursery:
    """Where gateways are started; safe to use from several threads."""

    def __init__(self) -> None:
        """Start it."""
        self._process = start_module("nursery")
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate("")

    def start(self, config: Path, log: Path) -> "Process":
        """Start a gateway."""
        to, of = pipes(self._process)
        with self._lock:
            to.write(f"{config}\t{log}\n")
            to.flush()
            return Process(int(of.readline()))


class Process:
    """A process that is not our child."""

    def __init__(self, pid: int) -> None:
        """Take hold of it, so that its number can be given to nobody else unnoticed."""
        self.pid = pid
        try:
            self._handle = os.pidfd_open(pid)
        except ProcessLookupError:
            self._handle = -1

    def __del__(self) -> None:
        self.release()

    @property
    def is_alive(self) -> bool:
        """Tell whether it still runs."""
        return not self.is_dead_within(0)

    @property
    def is_stopped(self) -> bool:
        """Tell whether none of its threads does anything any more, not even inside the kernel."""
        states: set[str] = set()
        with contextlib.suppress(OSError):
            for path in Path(f"/proc/{self.pid}/task").glob("*/stat"):
                states.add(path.read_text().rpartition(")")[2].split()[0])
        return states <= _STILL

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self._handle >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def wait(self, seconds: float = 30.0) -> None:
        """Return when it has ended. Raises TimeoutError."""
        if not self.is_dead_within(seconds):
            message = f"process {self.pid} does not end"
            raise TimeoutError(message)

    def is_dead_within(self, seconds: float) -> bool:
        """Wait for its end, but not for ever; tell whether it came."""
        if self._handle < 0:
            return True
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def kill(self) -> None:
        """End it as a power cut would, and wait."""
        self.send_signal(signal.SIGKILL)
        self.wait()

    def release(self) -> None:
        """Let go of it."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def children(self) -> tuple[int, ...]:
        """Return its child processes."""
        return children_of(self.pid)

    def descendants(self) -> tuple[int, ...]:
        """Return its child processes and theirs."""
        found = list(self.children())
        for pid in found:
            found += children_of(pid)
        return tuple(found)

    def threads(self) -> tuple[int, ...]:
        """Return its threads in the order in which they began."""
        begun: list[tuple[int, int]] = []
        with contextlib.suppress(OSError):
            for path in Path(f"/proc/{self.pid}/task").iterdir():
                words = (path / "stat").read_text().rpartition(")")[2].split()
                begun.append((int(words[19]), int(path.name)))
        return tuple(thread for _, thread in sorted(begun))


def children_of(pid: int) -> tuple[int, ...]:
    """Return the child processes of a process."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            found += (int(word) for word in path.read_text().split())
    return tuple(found)


def is_called(pid: int, name: bytes) -> bool:
    """Tell whether a name stands in the command line of a process: of children of the front, or of the desk."""
    with contextlib.suppress(OSError):
        return name in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


class Site:
    """One data folder and its gateway."""

    def __init__(
        self, folder: Path, *, surroundings: Surroundings, nursery: Nursery, workers: int = 1, processes: int = 1
    ) -> None:
        """Write the configuration; nothing runs yet. `data` in the folder may be a mount point, `processes` take mail."""
        self.folder = folder
        self.data = folder / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self.port = _free_port()
        self.log = folder / "gateway.log"
        self._config = folder / "gateway.yaml"
        self._config.write_text(
            _CONFIG.format(
                data=self.data,
                port=self.port,
                dns=surroundings.dns,
                smarthost=surroundings.smarthost,
                workers=workers,
                processes=processes,
            )
        )
        self._nursery = nursery
        self.gateway: Process | None = None

    @property
    def running(self) -> Process:
        """The gateway that was started."""
        assert self.gateway is not None
        return self.gateway

    def start(self) -> None:
        """Start the gateway; it takes no mail yet."""
        if self.gateway is not None:
            self.gateway.release()
        self.gateway = self._nursery.start(self._config, self.log)

    def wait_until_ready(self) -> None:
        """Return when it takes mail; start it again when it dies over that. Raises TimeoutError."""
        deadline = time.monotonic() + _START_SECONDS
        while not _greets(self.port):
            if time.monotonic() > deadline:
                message = f"no gateway on port {self.port}\n{self.last_words()}"
                raise TimeoutError(message)
            if not self.running.is_alive:
                time.sleep(_BURIAL_SECONDS)
                self.start()
            time.sleep(_POLL_SECONDS)

    def desk(self) -> Process | None:
        """Return the process behind the 250, if it runs at this moment."""
        found = next((pid for pid in self.running.children() if is_called(pid, b"gateway.desk")), None)
        return Process(found) if found is not None else None

    @property
    def is_journal_empty(self) -> bool:
        """Tell whether all that was acknowledged is in the tables: a segment is removed once all of it is there."""
        return not any((self.data / "journal").glob("*.segment"))

    def stop(self) -> None:
        """End it as an admin would."""
        if self.gateway is not None:
            self.gateway.send_signal(signal.SIGTERM)
            self.gateway.wait(60)
            self.gateway.release()
            self.gateway = None

    def kill(self) -> None:
        """End it the hard way, for good."""
        if self.gateway is not None:
            self.gateway.kill()
            self.gateway.release()
            self.gateway = None

    def last_words(self) -> str:
        """Return the end of the log."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    @contextlib.contextmanager
    def look(self) -> Iterator[sqlite3.Connection]:
        """Look into the database for a moment, as a process of its own that changes nothing."""
        connection = sqlite3.connect(f"file:{self.data / 'gateway.sqlite'}?mode=ro", uri=True, timeout=10)
        try:
            yield connection
        finally:
            connection.close()

    def count(self, query: str, *values: str) -> int:
        """Return the number that a query finds."""
        with self.look() as connection:
            return int(connection.execute(query, values).fetchone()[0])

    def wait_until_idle(self, seconds: float = 120.0) -> None:
        """Return when every mail is in the tables and has arrived, and every answer has left. Raises TimeoutError."""
        waiting = (
            "SELECT (SELECT count(*) FROM received WHERE state = 'received')"
            " + (SELECT count(*) FROM outbound WHERE state IN ('queued', 'sending'))"
        )
        wait_for(
            f"an idle gateway\n{self.last_words()}", lambda: self.is_journal_empty and self.count(waiting) == 0, seconds=seconds
        )


def wait_for(what: str, look: Callable[[], bool], *, seconds: float) -> None:
    """Return when something holds. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            message = f"waited {seconds:g} s in vain for {what}"
            raise TimeoutError(message)
        time.sleep(_POLL_SECONDS)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            return connection.recv(4).startswith(b"220")
    except OSError:
        return False
