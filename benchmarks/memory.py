"""How much memory the gateway takes: idle sessions, large mails in flight, and the peak under both sorts of large mail.

Counted as the kernel counts it: proportional set size (PSS), of the daemon alone for sessions and mails in flight, of the daemon
and its workers together for the peak. What the kernel caches of files belongs to nobody.
"""

import resource
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from benchmarks.programs import working_folder
from benchmarks.samples import Group, Measure, Sample
from benchmarks.site import ADDRESS, Site, running_site

_SESSIONS: Final = 1000
_IN_FLIGHT: Final = 10
_AT_ONCE: Final = 50
_LARGE: Final = 25_000_000
_EMPTY_LINES: Final = 15_000_000
_KB: Final = 1024
_MB: Final = 1024 * 1024
_LINE: Final = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3OA==\r\n"


def used_octets(pid: int) -> int:
    """Return the proportional set size of a process."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * _KB
    return 0


def family(pid: int) -> list[int]:
    """Return a process and everything it started."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


@contextmanager
def watching_peak(pid: int) -> Iterator[list[int]]:
    """Look at a family while the block lasts; the list's one entry is the most it used."""
    peak, is_over = [0], threading.Event()

    def look() -> None:
        while not is_over.wait(0.05):
            with suppress(OSError):
                peak[0] = max(peak[0], sum(map(used_octets, family(pid))))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peak
    finally:
        is_over.set()
        thread.join()


class Client:
    """A client as slow or as quick as the measure wants."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=300)
        self._reader = self._socket.makefile("rb")
        self.expect(b"220")
        self.ask(b"EHLO mx.kunde00.example", b"250")

    def expect(self, code: bytes) -> None:
        """Read one reply."""
        line = b"---"
        while line[3:4] in {b"-", b""}:
            line = self._reader.readline()
            assert line.startswith(code), line

    def ask(self, command: bytes, code: bytes) -> None:
        """Send one command and read its reply."""
        self._socket.sendall(command + b"\r\n")
        self.expect(code)

    def begin_mail(self, number: int) -> None:
        """Go as far as the header of a mail."""
        self.ask(b"MAIL FROM:<anna@kunde00.example>", b"250")
        self.ask(b"RCPT TO:<" + ADDRESS.encode() + b">", b"250")
        self.ask(b"DATA", b"354")
        self._socket.sendall(
            b"From: anna@kunde00.example\r\nTo: support@firma.example\r\nSubject: gross\r\nMIME-Version: 1.0\r\n"
            b"Message-ID: <%d.%d@kunde00.example>\r\nContent-Type: application/zip; name=a.zip\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" % (number, time.monotonic_ns())
        )

    def send(self, octets: bytes) -> None:
        """Send part of a mail."""
        self._socket.sendall(octets)

    def end_mail(self) -> None:
        """Finish a mail and wait for the 250."""
        self.ask(b"\r\n.", b"250")

    def close(self) -> None:
        """Hang up."""
        self._reader.close()
        self._socket.close()


def _take(wanted: Sequence[str], rounds: int) -> Iterator[Sample]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    takers = {
        "memory_idle_session_kb": _idle_session,
        "memory_inflight_25mb_mb": _in_flight,
        "memory_peak_mb": _peak,
    }
    for _ in range(rounds):
        for name in wanted:
            with ExitStack() as stack:
                folder = stack.enter_context(working_folder())
                site = stack.enter_context(running_site(folder / "ours"))
                yield Sample(measure=name, ours=takers[name](site))


def _idle_session(site: Site) -> float:
    Client(site.port).close()  # what is made once is no session's
    before = used_octets(site.pid)
    clients = [Client(site.port) for _ in range(_SESSIONS)]
    after = used_octets(site.pid)
    for client in clients:
        client.close()
    return (after - before) / _SESSIONS / _KB


def _in_flight(site: Site) -> float:
    warm = Client(site.port)
    warm.begin_mail(0)
    warm.send(_LINE * (_LARGE // len(_LINE) // 10))
    warm.end_mail()
    warm.close()
    clients = [Client(site.port) for _ in range(_IN_FLIGHT)]
    before = used_octets(site.pid)
    for number, client in enumerate(clients):
        client.begin_mail(number)
        client.send(_LINE * (_LARGE // len(_LINE)))
    after = used_octets(site.pid)
    for client in clients:
        client.close()
    return max(0.0, (after - before) / _IN_FLIGHT / _MB)


def _peak(site: Site) -> float:
    with watching_peak(site.pid) as peak:
        newest = site.newest()
        threads = [threading.Thread(target=_send_large, args=(site.port, number)) for number in range(_AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client = Client(site.port)
        client.begin_mail(_AT_ONCE)
        client.send(b"\r\n" * _EMPTY_LINES)
        client.end_mail()
        client.close()
        site.wait_until_decided(_AT_ONCE + 1, after=newest)  # its workers have read all of them
    return peak[0] / _MB


def _send_large(port: int, number: int) -> None:
    client = Client(port)
    client.begin_mail(number)
    piece = _LINE * 1000
    for _ in range(_LARGE // len(piece)):
        client.send(piece)
    client.end_mail()
    client.close()


GROUP: Final = Group(
    measures=(
        Measure(name="memory_idle_session_kb", what="one idle session, no TLS", unit="KB", goal=20, is_less_better=True),
        Measure(name="memory_inflight_25mb_mb", what="one 25 MB mail in flight", unit="MB", goal=2, is_less_better=True),
        Measure(
            name="memory_peak_mb", what="peak: 50 of them, and 30 MB of empty lines", unit="MB", goal=400, is_less_better=True
        ),
    ),
    take=_take,
)
