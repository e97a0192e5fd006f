"""A customer's mail server: knows SMTP, keeps its ledger, and sends again what got no 250 (RFC 5321 section 4.5.4.1).

Plain sockets and nothing of the gateway's code, so that no fault of ours can hide behind itself. As a program
(`python -m tests.crash.harness.customer PORT LEDGER NAME SESSIONS RATE`) it is the load: several sessions at once, until its
standard input ends; then it sends what still has no 250 until everything has one, and ends.
"""

import contextlib
import socket
import sys
import threading
import time
from pathlib import Path
from random import Random
from typing import Final

from tests.crash.harness.ledger import Ledger
from tests.crash.harness.mails import CrashMail, draw_mail

RECIPIENT: Final = "support@firma.example"
_HELO: Final = "mail.kunde.example"
_REPLY_SECONDS: Final = 60.0
_AGAIN_SECONDS: Final = 0.1
_PERMANENT: Final = 500
_MOST_MAILS: Final = 6
"""In one connection."""


class Hangup(Exception):
    """The other side has gone, or does not answer."""


class Refused(Exception):
    """A reply that is no yes."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class Line:
    """One SMTP connection."""

    def __init__(self, port: int) -> None:
        """Connect and greet. Raises Hangup, Refused."""
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), timeout=_REPLY_SECONDS)
        except OSError as error:
            raise Hangup(str(error)) from error
        self._replies = self._socket.makefile("rb")
        try:
            self._expect(220)
            self._ask(f"EHLO {_HELO}", 250)
        except BaseException:
            self.close()
            raise

    def send(self, mail: CrashMail, content: bytes, *, waits: bool = True) -> None:
        """Send a mail and return when it is acknowledged; or hang up after the final dot. Raises Hangup, Refused."""
        self._ask(f"MAIL FROM:<{mail.author}>", 250)
        self._ask(f"RCPT TO:<{RECIPIENT}>", 250)
        self._ask("DATA", 354)
        self._write(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        if not waits:
            self.close()
            raise Hangup("on purpose")
        self._expect(250)

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._replies.close()
            self._socket.close()

    def _ask(self, command: str, wanted: int) -> None:
        self._write(command.encode("ascii") + b"\r\n")
        self._expect(wanted)

    def _write(self, octets: bytes) -> None:
        try:
            self._socket.sendall(octets)
        except OSError as error:
            raise Hangup(str(error)) from error

    def _expect(self, wanted: int) -> None:
        try:
            while (line := self._replies.readline())[3:4] == b"-":
                pass
        except (OSError, ValueError) as error:
            raise Hangup(str(error)) from error
        if not line.endswith(b"\r\n"):
            raise Hangup("in the middle of a reply")
        if (code := int(line[:3])) != wanted:
            raise Refused(code)


class MailServer:
    """Sends mails of customers, over one connection at a time."""

    def __init__(self, port: int, ledger: Ledger) -> None:
        """Take the gateway's port and where to write what happens."""
        self._port = port
        self._ledger = ledger
        self._line: Line | None = None
        self._left = 0

    def try_once(self, mail: CrashMail, number: int, *, waits: bool = True) -> bool:
        """Try to send a mail, for the `number`th time; tell whether it was acknowledged."""
        content = mail.attempt(number)
        self._ledger.note_sent(mail.identity, content)
        try:
            self._connected().send(mail, content, waits=waits)
        except Hangup:
            self.hang_up()
            return False
        except Refused as refused:
            if refused.code >= _PERMANENT:
                self._ledger.note_refused(mail.identity, refused.code)
            self.hang_up()
            return False
        self._ledger.note_accepted(mail.identity)
        self._left -= 1
        if self._left <= 0:
            self.hang_up()
        return True

    def send_until_accepted(self, mail: CrashMail, *, first: int = 1, seconds: float = 600.0) -> None:
        """Send a mail again and again until it is acknowledged. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        number = first
        while not self.try_once(mail, number):
            number += 1
            if time.monotonic() > deadline:
                message = f"{mail.identity} was not accepted in {seconds:g} s"
                raise TimeoutError(message)
            time.sleep(_AGAIN_SECONDS)

    def hang_up(self) -> None:
        """Leave without QUIT."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _connected(self) -> Line:
        if self._line is None:
            self._line = Line(self._port)
            self._left = _MOST_MAILS
        return self._line


class Load:
    """Many mails from several sessions, until it is told to end."""

    def __init__(self, *, port: int, ledger: Ledger, name: str, rate: float) -> None:
        """`rate` is mails per second and session; `name` makes the identities unique."""
        self._port = port
        self._ledger = ledger
        self._name = name
        self._rate = rate
        self.ending = threading.Event()

    def work(self, session: int) -> None:
        """Send mails one after another; most once, some hang up before the 250, a few come twice."""
        random = Random(f"{self._name} {session}")  # noqa: S311 the same mails in every run
        server = MailServer(self._port, self._ledger)
        count = 0
        while not self.ending.is_set():
            count += 1
            mail = draw_mail(f"{self._name}-{session}-{count}", random)
            whim = random.random()
            if whim < 0.03:
                server.try_once(mail, 1, waits=False)
            server.send_until_accepted(mail, first=2)
            if whim > 0.98:
                server.send_until_accepted(mail, first=1000)
            self.ending.wait(random.expovariate(self._rate))
        server.hang_up()


def main() -> None:
    """Be the load until standard input ends."""
    port, path, name, sessions, rate = sys.argv[1:]
    load = Load(port=int(port), ledger=Ledger(Path(path)), name=name, rate=float(rate))
    threads = [threading.Thread(target=load.work, args=(number,), daemon=True) for number in range(int(sessions))]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    load.ending.set()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
