"""The other end of the `inject` door: hand a mail from a pipe to the running gateway, and say by exit code how it went.

For a pipe alias (`support: "|ticket-gateway inject --to support@firma.example"`), so it speaks sysexits(3): the mail server
tries again after 75 and bounces after anything else. Speaks LMTP on the daemon's unix socket, blocking, one piece at a time.
"""

import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

EX_OK: Final = 0
EX_USAGE: Final = 64
EX_DATAERR: Final = 65
EX_NOUSER: Final = 67
EX_TEMPFAIL: Final = 75
EX_NOPERM: Final = 77

_PIECE: Final = 262_144
_REPLY_LINE: Final = 2048
_SECONDS: Final = 300.0
"""For each reply: a database may be away for a moment, and the caller is a mail server that can wait."""
_PERMANENT: Final = 5
_SUCCESS: Final = 2
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Injected:
    """How it went: an exit code of sysexits(3), and the reply or the reason in words."""

    exit_code: int
    text: str


@dataclass(frozen=True, slots=True)
class _Reply:
    code: int
    text: str

    @property
    def kind(self) -> int:
        return self.code // 100


class _Refused(Exception):
    def __init__(self, reply: _Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


def inject(mail: BinaryIO, *, door: Path, sender: str, recipients: Sequence[str], hostname: str = "localhost") -> Injected:
    """Hand over one mail, read to its end; `sender` is empty for the null reverse-path.

    Line ends may be LF or CR LF, and a first line `From …` of an mbox is left out. Never raises OSError: the gateway being down
    is a reason to try again, and so is a socket that we may not use: an admin mends it, and a bounce would lose the mail.
    """
    if not recipients or any(_CONTROL.search(word) for word in (sender, *recipients)):
        return Injected(exit_code=EX_USAGE, text="an address is missing or holds control characters")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(str(door))
            with connection.makefile("rb") as replies:
                return _converse(_Wire(connection, replies), mail, sender, recipients, hostname)
    except _Refused as error:
        return Injected(exit_code=exit_code_of([error.reply]), text=error.reply.text)
    except (OSError, EOFError, ValueError) as error:
        return Injected(exit_code=EX_TEMPFAIL, text=f"{door}: {str(error) or type(error).__name__}")


@dataclass(frozen=True, slots=True)
class _Wire:
    connection: socket.socket
    replies: BinaryIO

    def ask(self, line: str) -> _Reply:
        self.connection.sendall(line.encode() + b"\r\n")
        return self.reply()

    def reply(self) -> _Reply:
        """Return the next reply. Raises EOFError, or ValueError when it is none."""
        while True:
            line = self.replies.readline(_REPLY_LINE)
            if not line.endswith(b"\n"):
                raise EOFError("the gateway closed the connection")
            if line[3:4] != b"-":
                return _Reply(int(line[:3]), line.decode("utf-8", "replace").strip())


def _converse(wire: _Wire, mail: BinaryIO, sender: str, recipients: Sequence[str], hostname: str) -> Injected:
    _expect(wire.reply(), _SUCCESS)
    _expect(wire.ask(f"LHLO {hostname}"), _SUCCESS)
    extension = "" if all(word.isascii() for word in (sender, *recipients)) else " SMTPUTF8"
    _expect(wire.ask(f"MAIL FROM:<{sender}>{extension}"), _SUCCESS)
    outcomes = [wire.ask(f"RCPT TO:<{recipient}>") for recipient in recipients]
    taken = [reply for reply in outcomes if reply.kind == _SUCCESS]
    outcomes = [reply for reply in outcomes if reply.kind != _SUCCESS]
    if taken:
        _expect(wire.ask("DATA"), 3)
        for piece in stuffed(mail):
            wire.connection.sendall(piece)
        outcomes = [wire.reply() for _ in taken] + outcomes
    wire.connection.sendall(b"QUIT\r\n")
    return Injected(exit_code=exit_code_of(outcomes), text="\n".join(reply.text for reply in outcomes))


def _expect(reply: _Reply, kind: int) -> None:
    if reply.kind != kind:
        raise _Refused(reply)


def exit_code_of(replies: Sequence[_Reply]) -> int:
    """Return the exit code for the replies of all recipients: a temporary one wins, because a second copy does no harm."""
    failed = [reply for reply in replies if reply.kind != _SUCCESS]
    if not failed:
        return EX_OK
    if any(reply.kind != _PERMANENT for reply in failed):
        return EX_TEMPFAIL
    status = failed[0].text.split(" ")[1:2]
    match status[0].split(".") if status else []:
        case ["5", "1", "1"]:
            return EX_NOUSER
        case ["5", "1", _] | ["5", "5", _]:
            return EX_USAGE
        case ["5", "7", _]:
            return EX_NOPERM
        case _:
            return EX_DATAERR


def stuffed(mail: BinaryIO) -> Iterator[bytes]:
    """Yield a mail as it stands after DATA: every line ends in CR LF, leading dots are doubled, and the end is marked."""
    before = b"\n"
    is_first = True
    while piece := mail.read(_PIECE):
        if is_first and piece.startswith(b"From ") and not piece.startswith(b"From :"):
            piece = piece.partition(b"\n")[2]  # an mbox's line, no header
        is_first = False
        if piece.endswith(b"\r"):
            piece += mail.read(1)  # the LF that may belong to it
        lines = piece.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").replace(b"\r\n.", b"\r\n..")
        if before == b"\n" and lines.startswith(b"."):
            lines = b"." + lines
        if lines:
            before = lines[-1:]
            yield lines
    yield b".\r\n" if before == b"\n" else b"\r\n.\r\n"
