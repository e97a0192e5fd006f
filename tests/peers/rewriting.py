"""postsrsd: the two tables by which Postfix rewrites reverse-paths of what it forwards, and back."""

from pathlib import Path

from tests.needs import program
from tests.peers.programs import Server


def start_rewriting(folder: Path, *, forward: int, back: int, domain: str) -> Server:
    """Serve SRS for a domain on two ports."""
    folder.mkdir()
    secret = folder / "secret"
    secret.write_text("only for this test\n")
    ports = ["-f", str(forward), "-r", str(back), "-l", "127.0.0.1", "-4"]
    server = Server("postsrsd", [program("postsrsd"), "-s", str(secret), "-d", domain, *ports], folder)
    server.wait_for_port(forward)
    return server
