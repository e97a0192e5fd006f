"""A client that sends prepared mails over several sessions at once: `python -m benchmarks.loader PORT SESSIONS RECIPIENT FILE`.

`smtp-source` sends one file again and again, and the second copy of a mail costs us nothing, so mails that must differ (signed
ones) are sent by this. Each session is a process; they begin together. Like `smtp-source` it waits for every reply. With `--one`
each mail has a connection of its own. Prints when it began and when it had the last 250, on the clock that all processes share.
"""

import os
import socket
import sys
import time
from pathlib import Path


def main() -> None:
    """Send everything."""
    words = [word for word in sys.argv[1:] if word != "--one"]
    port, sessions, recipient = int(words[0]), int(words[1]), words[2]
    mails = read_mails(Path(words[3]).read_bytes())
    is_one = "--one" in sys.argv
    ready, start = os.pipe()
    children = []
    for number in range(sessions):
        pid = os.fork()
        if pid == 0:
            os.close(start)
            os.read(ready, 1)  # ends when the parent closes its side
            _send(port, recipient.encode(), mails[number::sessions], is_one=is_one)
            os._exit(0)
        children.append(pid)
    os.close(ready)
    time.sleep(0.1)
    begun = time.monotonic()
    os.close(start)
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
    print(begun, time.monotonic())
    sys.exit(max(codes))


def read_mails(octets: bytes) -> list[tuple[bytes, bytes]]:
    """Take a file of prepared mails apart."""
    mails, at = [], 0
    while at < len(octets):
        end = octets.index(b"\n", at)
        reverse_path, length = octets[at:end].split()
        at = end + 1 + int(length)
        mails.append((reverse_path, octets[end + 1 : at]))
    return mails


def _send(port: int, recipient: bytes, mails: list[tuple[bytes, bytes]], *, is_one: bool) -> None:
    connection: socket.socket | None = None
    for reverse_path, body in mails:
        if connection is None:
            connection = socket.create_connection(("127.0.0.1", port), timeout=120)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _expect(connection, b"220")
            _ask(connection, b"EHLO " + reverse_path.partition(b"@")[2] + b"\r\n", b"250")
        _ask(connection, b"MAIL FROM:<" + reverse_path + b">\r\n", b"250")
        _ask(connection, b"RCPT TO:<" + recipient + b">\r\n", b"250")
        _ask(connection, b"DATA\r\n", b"354")
        _ask(connection, body + b".\r\n", b"250")
        if is_one:
            _ask(connection, b"QUIT\r\n", b"221")
            connection.close()
            connection = None
    if connection is not None:
        _ask(connection, b"QUIT\r\n", b"221")
        connection.close()


def _ask(connection: socket.socket, command: bytes, code: bytes) -> None:
    connection.sendall(command)
    _expect(connection, code)


def _expect(connection: socket.socket, code: bytes) -> None:
    reply = b""
    while not reply.endswith(b"\r\n") or reply.rsplit(b"\r\n", 2)[-2][3:4] == b"-":
        octets = connection.recv(4096)
        if not octets:
            sys.exit(f"the server hung up after {reply!r}")
        reply += octets
    if not reply.startswith(code):
        sys.exit(f"expected {code!r}, got {reply!r}")


if __name__ == "__main__":
    main()
