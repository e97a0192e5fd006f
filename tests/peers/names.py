"""The DNS of the little world: nsd serves the zone `test.` and nothing else."""

from collections.abc import Sequence
from pathlib import Path

from tests.needs import program
from tests.peers.programs import Server

_TEXT_OCTETS = 200


def text_record(text: str) -> str:
    """Return a TXT record's data, cut into strings that are short enough."""
    return " ".join(f'"{text[i : i + _TEXT_OCTETS]}"' for i in range(0, len(text), _TEXT_OCTETS))


def start_dns(folder: Path, port: int, records: Sequence[tuple[str, str, str]]) -> Server:
    """Serve records `(name, type, data)` on 127.0.0.1:port."""
    folder.mkdir()
    lines = ["$ORIGIN test.", "$TTL 60", "@ SOA ns hostmaster 1 3600 600 86400 60", "@ NS ns", "ns A 127.0.0.1"]
    lines.extend(f"{name}. {kind} {data}" for name, kind, data in records)
    (folder / "test.zone").write_text("\n".join((*lines, "")))
    (folder / "nsd.conf").write_text(
        f"""server:
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
  name: "test."
  zonefile: "test.zone"
"""
    )
    server = Server("nsd", [program("nsd"), "-d", "-c", str(folder / "nsd.conf")], folder)
    server.wait_for_port(port)
    return server
