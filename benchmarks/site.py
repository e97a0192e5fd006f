"""Our gateway in a folder of its own, and the servers around it: a DNS (nsd) that knows the authors' domains, a smarthost."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.programs import find_program, free_port, module, running, wait_for_greeting
from gateway.storage.journal import segments

ADDRESS: Final = "support@firma.example"

_CONFIG: Final = """\
hostname: gw.firma.example
data: {data}
listen: [{{smtp: "127.0.0.1:{port}"}}]
resolver: {{servers: ["127.0.0.1:{dns}"]}}
smarthosts: {{main: {{host: 127.0.0.1, port: {smarthost}, security: none}}}}
agents: {{anna: {{name: Anna Arndt, addresses: [anna@firma.example], alias: Anna, signature: "Anna vom Support"}}}}
queues: {{support: {{agents: [anna]}}}}
channels:
  support: {{address: support@firma.example, display_name: Firma Support, queue: support, smarthosts: [main], language: de}}
"""
_NSD: Final = """\
server:
  ip-address: 127.0.0.1
  port: {port}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  zonelistfile: "{folder}/zone.list"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: "example."
  zonefile: "example.zone"
"""
_STRING_OCTETS: Final = 200
_SETTLE_SECONDS: Final = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A gateway that runs."""

    folder: Path
    port: int
    pid: int

    @property
    def database(self) -> Path:
        """Where its database lies."""
        return self.folder / "data" / "gateway.sqlite"

    def count(self, question: str, *values: int) -> int:
        """Return the number that a statement selects."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30) as connection:
            return int(connection.execute(question, values).fetchone()[0])

    def tickets(self) -> int:
        """Return how many tickets there are."""
        return self.count("SELECT count(*) FROM ticket")

    def newest(self) -> int:
        """Return the id of the mail that was received last, 0 where there is none."""
        return self.count("SELECT coalesce(max(id), 0) FROM received")

    def wait_until_decided(self, mails: int, *, after: int) -> None:
        """Wait until so many mails with larger ids are in the tables, and none is without a decision. Raises TimeoutError."""
        self._wait_while(lambda: self.count("SELECT count(*) FROM received WHERE id > ?", after) < mails)
        self._wait_while(lambda: self.count("SELECT EXISTS (SELECT 1 FROM received WHERE state = 'received')") > 0)

    def wait_until_sent(self) -> None:
        """Wait until there is nothing left to do with any mail that is in the tables, in or out. Raises TimeoutError."""
        self._wait_while(lambda: self.count("SELECT EXISTS (SELECT 1 FROM received WHERE state = 'received')") > 0)
        self._wait_while(lambda: self.count("SELECT EXISTS (SELECT 1 FROM outbound WHERE state IN ('queued', 'sending'))") > 0)

    def wait_until_idle(self) -> None:
        """Wait until everything that was accepted is in the tables, and `wait_until_sent`. Raises TimeoutError."""
        self._wait_while(lambda: bool(segments(self.folder / "data")))
        self.wait_until_sent()

    def _wait_while(self, goes_on: Callable[[], bool]) -> None:
        ends = time.monotonic() + _SETTLE_SECONDS
        while goes_on():
            if time.monotonic() > ends:
                raise TimeoutError("the gateway does not come to an end with its mail")
            time.sleep(0.02)


@contextmanager
def running_names(folder: Path, records: Sequence[tuple[str, str]]) -> Iterator[int]:
    """Serve TXT records `(name, text)` below `example.` while the block lasts; give the port."""
    port = free_port()
    folder.mkdir()
    lines = ["$ORIGIN example.", "$TTL 3600", "@ SOA ns hostmaster 1 3600 600 86400 60", "@ NS ns", "ns A 127.0.0.1"]
    for name, text in records:
        pieces = (text[start : start + _STRING_OCTETS] for start in range(0, len(text), _STRING_OCTETS))
        lines.append(f"{name}. TXT " + " ".join(f'"{piece}"' for piece in pieces))
    (folder / "example.zone").write_text("\n".join((*lines, "")))
    (folder / "nsd.conf").write_text(_NSD.format(folder=folder, port=port))
    with running("nsd", [find_program("nsd"), "-d", "-c", str(folder / "nsd.conf")], folder):
        yield port


@contextmanager
def running_smarthost(folder: Path) -> Iterator[int]:
    """Run Postfix's own `smtp-sink`, which takes everything and keeps nothing, while the block lasts; give its port."""
    port = free_port()
    folder.mkdir()
    account = ["-u", "nobody"] if os.geteuid() == 0 else []
    with running("smarthost", [find_program("smtp-sink"), *account, f"127.0.0.1:{port}", "1000"], folder) as process:
        wait_for_greeting(port, process)
        yield port


@contextmanager
def running_site(folder: Path, *options: str, dns: int = 9, smarthost: int = 9) -> Iterator[Site]:
    """Run our gateway while the block lasts: the daemon itself, or with parts left out where options are given.

    Without a port of a DNS or a smarthost nobody answers there.
    """
    folder.mkdir(exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    port, config = free_port(), folder / "gateway.yaml"
    config.write_text(_CONFIG.format(data=folder / "data", port=port, dns=dns, smarthost=smarthost))
    command = (
        module("benchmarks.assembly", str(config), *options)
        if options
        else module("gateway", "run", "--config", str(config), "--as-root")
    )
    with running("gateway", command, folder) as process:
        wait_for_greeting(port, process)
        yield Site(folder=folder, port=port, pid=process.pid)
