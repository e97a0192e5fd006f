"""smtp-sink as a smarthost that is always busy: it says 450 to every MAIL."""

from pathlib import Path

from tests.needs import program
from tests.peers.programs import Server


def start_refusing(folder: Path, port: int) -> Server:
    """Answer on 127.0.0.1:port."""
    folder.mkdir()
    server = Server("smtp-sink", [program("smtp-sink"), "-u", "nobody", "-r", "mail", f"127.0.0.1:{port}", "20"], folder)
    server.wait_for_port(port)
    return server
