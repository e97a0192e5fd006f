"""A small mail server's side of the milter protocol, version 6: hands one mail to a filter and returns what it adds.

Only what opendkim and opendmarc need: no macros beside `i`, no negotiation, no changes of the body.
"""

import asyncio
import socket
import struct
from dataclasses import dataclass, field
from pathlib import Path

from gateway.evidence.headers import HeaderBlock

_ACTIONS = 0x1FF
_ACCEPTED, _CONTINUE, _PROGRESS = b"a", b"c", b"p"
_CHUNK = 65_535


@dataclass(frozen=True, kw_only=True)
class Filtered:
    """The last word of a filter (`a` accept, `c` continue, `r` reject, `t` try again), and the headers it put on top."""

    word: bytes
    headers: tuple[tuple[str, str], ...] = field(default=())

    def results(self) -> bytes:
        """Return the Authentication-Results that it wrote, as fields."""
        return b"".join(f"{n}: {v}\r\n".encode() for n, v in self.headers if n.lower() == "authentication-results")


async def ask_filter(path: Path, mail: bytes, *, client_ip: str, helo: str, mail_from: str) -> Filtered:
    """Play one SMTP session with the filter that listens on this socket."""
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        async with asyncio.timeout(60):
            return await _converse(reader, writer, mail, client_ip, helo, mail_from)
    finally:
        writer.close()
        await writer.wait_closed()


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mail: bytes, client_ip: str, helo: str, mail_from: str
) -> Filtered:
    block = HeaderBlock.read(mail)
    family = b"6" if ":" in client_ip else b"4"
    address = _text(helo) + family + struct.pack("!H", 4711) + _text(client_ip)
    envelope = [
        (b"C", address),
        (b"H", _text(helo)),
        (b"M", _text(f"<{mail_from}>")),
        (b"R", _text("<support@firma.example>")),
        (b"T", b""),
    ]
    headers = [(b"L", _header(one.raw)) for one in block.fields]
    body = mail[block.body_start :]
    chunks = [(b"B", body[i : i + _CHUNK]) for i in range(0, len(body), _CHUNK)]
    _send(writer, b"O", struct.pack("!III", 6, _ACTIONS, 0))
    command, _ = await _receive(reader)
    assert command == b"O", command
    for command, content in (*envelope, *headers, (b"N", b""), *chunks):
        if command == b"M":
            _send(writer, b"D", b"M" + _text("i") + _text("4X2z"))
        _send(writer, command, content)
        word, _ = await _receive(reader)
        if word != _CONTINUE:
            return Filtered(word=word)
    _send(writer, b"E", b"")
    added: list[tuple[str, str]] = []
    while True:
        word, content = await _receive(reader)
        if word == b"i":
            name, value = content[4:].split(b"\0")[:2]
            added.insert(0, (name.decode(), value.decode().replace("\r\n", "\n").replace("\n", "\r\n").strip()))
        elif word in (b"h", b"m", _PROGRESS):
            continue
        else:
            return Filtered(word=word, headers=tuple(added))


def _text(text: str) -> bytes:
    return text.encode() + b"\0"


def _header(raw: bytes) -> bytes:
    """Return name and value as mail servers hand them over: one space taken off, lines ended by LF."""
    name, _, value = raw.removesuffix(b"\r\n").partition(b":")
    return name.strip() + b"\0" + value.removeprefix(b" ").replace(b"\r\n", b"\n") + b"\0"


def _send(writer: asyncio.StreamWriter, command: bytes, content: bytes) -> None:
    writer.write(struct.pack("!I", len(content) + 1) + command + content)


async def _receive(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    (length,) = struct.unpack("!I", await reader.readexactly(4))
    packet = await reader.readexactly(length)
    return packet[:1], packet[1:]


def is_listening(path: Path) -> bool:
    """Tell whether a filter takes connections."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
