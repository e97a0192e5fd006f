"""A client that sends prepared mails over several sessions at once: `python -m benchmarks.loader PORT SESSIONS RECIPIENT FILE`.

`smtp-source` sends one file again and again, and the second copy of a mail costs us nothing, so mails that must differ (signed
ones) are sent by this. It weighs as little: one process, and everything that a session will say is made before the clock starts.
Like `smtp-source` it waits for every reply. With `--one` each mail has a connection of its own. Prints when it began and when it
had the last 250, on the clock that all processes share, and the processor seconds that it took itself.
"""

import select
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

Step = tuple[bytes, bytes]
"""What to say, and how the reply to it begins; saying nothing means a new connection."""

_REPLY_OCTETS: Final = 4096
_STALLED_SECONDS: Final = 120.0
_CONNECT: Final[Step] = b"", b"220"


def main() -> None:
    """Send everything."""
    words = [word for word in sys.argv[1:] if word != "--one"]
    port, sessions, recipient = int(words[0]), int(words[1]), words[2]
    mails = read_mails(Path(words[3]).read_bytes())
    shares = [mails[number::sessions] for number in range(sessions)]
    steps = [list(_steps(share, recipient.encode(), is_one="--one" in sys.argv)) for share in shares if share]
    begun, used = time.monotonic(), time.process_time()
    _run(port, [_Session(own) for own in steps])
    print(begun, time.monotonic(), time.process_time() - used)


def read_mails(octets: bytes) -> list[tuple[bytes, bytes]]:
    """Take a file of prepared mails apart."""
    mails, at = [], 0
    while at < len(octets):
        end = octets.index(b"\n", at)
        reverse_path, length = octets[at:end].split()
        at = end + 1 + int(length)
        mails.append((reverse_path, octets[end + 1 : at]))
    return mails


def _steps(mails: Sequence[tuple[bytes, bytes]], recipient: bytes, *, is_one: bool) -> Iterator[Step]:
    for number, (reverse_path, body) in enumerate(mails):
        if is_one or number == 0:
            yield _CONNECT
            yield b"EHLO " + reverse_path.partition(b"@")[2] + b"\r\n", b"250"
        yield b"MAIL FROM:<" + reverse_path + b">\r\n", b"250"
        yield b"RCPT TO:<" + recipient + b">\r\n", b"250"
        yield b"DATA\r\n", b"354"
        yield body + b".\r\n", b"250"
        if is_one or number == len(mails) - 1:
            yield b"QUIT\r\n", b"221"


class _Session:
    """One client: where it stands in what it has to say."""

    __slots__ = ("code", "connection", "reply", "steps")

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = iter(steps)
        self.connection: socket.socket | None = None
        self.reply = b""
        self.code = b""

    def go_on(self, port: int, epoll: select.epoll) -> int | None:
        """Say the next thing; return the number of a new connection, or None when the old one goes on or all is said."""
        step = next(self.steps, None)
        if step is None or step is _CONNECT:
            if self.connection is not None:
                self.connection.close()  # leaves the epoll set by itself
            self.connection = None
        if step is None:
            return None
        text, self.code = step
        if self.connection is not None:
            self.connection.sendall(text)
            return None
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=_STALLED_SECONDS)
        self.connection.settimeout(None)  # with a limit, each call would ask the kernel twice
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        epoll.register(self.connection, select.EPOLLIN)
        return self.connection.fileno()

    def is_answered(self) -> bool:
        """Read what has come; tell whether the reply is complete, and leave where it is another one than expected."""
        assert self.connection is not None
        octets = self.connection.recv(_REPLY_OCTETS)
        reply = self.reply + octets if self.reply else octets
        if not octets:
            sys.exit(f"the server hung up after {reply!r}")
        if not reply.endswith(b"\r\n") or reply[reply.rfind(b"\n", 0, -1) + 4 :][:1] == b"-":
            self.reply = reply
            return False
        if not reply.startswith(self.code):
            sys.exit(f"expected {self.code!r}, got {reply!r}")
        self.reply = b""
        return True


def _run(port: int, sessions: Sequence[_Session]) -> None:
    with select.epoll() as epoll:
        talking = {number: session for session in sessions if (number := session.go_on(port, epoll)) is not None}
        while talking:
            ready = epoll.poll(_STALLED_SECONDS)
            if not ready:
                sys.exit("the server does not answer any more")
            for number, _ in ready:
                session = talking[number]
                if not session.is_answered():
                    continue
                new = session.go_on(port, epoll)
                if session.connection is None:
                    del talking[number]
                elif new is not None:
                    if new != number:
                        del talking[number]
                    talking[new] = session


if __name__ == "__main__":
    main()
