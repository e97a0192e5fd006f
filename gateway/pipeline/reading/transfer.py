"""Content-Transfer-Encoding, undone, also where it is broken (RFC 2045 section 6); uuencode and yEnc inside text.

Linear, never raises; what cannot be decoded comes back as it stands.
"""

import binascii
import re
from dataclasses import dataclass
from typing import Final

from gateway.pipeline.reading.charsets import decode_text

_NOT_BASE64: Final = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
_PIECE: Final = 1 << 18


def decode_transfer(content: bytes, start: int, end: int, encoding: str, *, is_text: bool = False) -> bytes:
    """Return the octets that `content[start:end]` stands for under a Content-Transfer-Encoding (in lower case)."""
    match encoding:
        case "base64" | "b" | "base-64" | "x-base64":
            return decode_base64_text(content, start, end) if is_text else _decode_base64_between(content, start, end)
        case "quoted-printable" | "quotedprintable" | "quoted_printable" | "qp" | "q" | "quoted-printeable":
            return decode_quoted_printable(content[start:end])
        case "x-uuencode" | "uuencode" | "x-uue" | "uue":
            return decode_uuencoded(content[start:end])
        case _:
            return content[start:end]


def _decode_base64_between(content: bytes, start: int, end: int) -> bytes:
    """Decode without copying where the padding stands at the end only."""
    padding = content.find(b"=", start, end)
    if padding < 0 or not content[padding : min(end, padding + 64)].strip(b"= \t\r\n"):
        with memoryview(content) as view:
            try:
                return binascii.a2b_base64(view[start : end if padding < 0 else min(end, padding + 2)])
            except binascii.Error:
                pass
    with memoryview(content) as view:
        return decode_base64(view[start:end])


_PROSE: Final = re.compile(rb"^(?:[_*~#-]{4,}[ \t]*\r?$|[!-~]+ [!-~])", re.MULTILINE)


def decode_base64_text(content: bytes, start: int, end: int) -> bytes:
    """Decode base64 text below which a mailing list has written its footer as it was."""
    prose = _PROSE.search(content, start, end)
    if prose is None or not content[start : prose.start()].strip():
        return _decode_base64_between(content, start, end)
    return decode_base64(content[start : prose.start()]) + b"\n" + content[prose.start() : end]


def decode_base64(encoded: bytes | memoryview) -> bytes:
    """Decode base64, passing over foreign characters; padding may be missing or stand in the middle.

    Piece by piece: where each line has its padding, lists of them all would take five times the memory of the mail.
    """
    decoded = bytearray()
    rest = b""
    for start in range(0, len(encoded), _PIECE):
        piece = bytes(encoded[start : start + _PIECE])
        if b"-" in piece or b"_" in piece:
            piece = piece.translate(_URL_SAFE)
        *ended, rest = (rest + piece.translate(None, _NOT_BASE64)).split(b"=")
        for chunk in ended:
            decoded += _decode_chunk(chunk)
        whole = len(rest) - len(rest) % 4
        decoded += binascii.a2b_base64(rest[:whole])
        rest = rest[whole:]
    decoded += _decode_chunk(rest)
    return bytes(decoded)


def _decode_chunk(chunk: bytes) -> bytes:
    """Decode what stands between two paddings; a lone character at its end says nothing."""
    usable = len(chunk) - (len(chunk) % 4 == 1)
    return binascii.a2b_base64(chunk[:usable] + b"=" * (-usable % 4))


def decode_quoted_printable(encoded: bytes, *, is_header: bool = False) -> bytes:
    """Decode quoted-printable; an equals sign that starts no octet stays."""
    if is_header:
        encoded = encoded.replace(b"\r", b"").replace(b"\n", b"")
    return binascii.a2b_qp(encoded)


# ---------------------------------------------------------------------------------------------------- files inside text

_FILE_BEGIN: Final = re.compile(
    rb"^(?:begin(?P<base64>-base64)? [0-7]{3,4} (?P<name>[^\r\n]{1,200})|=ybegin (?P<yenc>[^\r\n]{1,300}))\r?$", re.MULTILINE
)
_MOST_FILES: Final = 100
_UU_LINE: Final = 60
_BASE64_END: Final = b"===="


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedFile:
    """A file that was written into the text itself."""

    name: str
    body: bytes
    content_type: str = "application/octet-stream"
    """Nobody claims one: this is what it is called by."""


def take_files(body: bytes) -> tuple[bytes, tuple[EmbeddedFile, ...]]:
    """Cut uuencoded and yEnc files out of a text; return the rest and the files, in order."""
    if b"begin" not in body:
        return body, ()
    rest: list[bytes] = []
    files: list[EmbeddedFile] = []
    position = 0
    while len(files) < _MOST_FILES and (begin := _FILE_BEGIN.search(body, position)) is not None:
        lines, end = _encoded_lines(body, begin)
        if not lines:
            rest.append(body[position : begin.end()])
        else:
            rest.append(body[position : begin.start()])
            files.append(_decode_file(begin, lines))
        position = end
    rest.append(body[position:])
    return b"".join(rest), tuple(files)


def _encoded_lines(body: bytes, begin: "re.Match[bytes]") -> tuple[list[bytes], int]:
    """Return the encoded lines after a begin line and where the text goes on; no lines when it is no file."""
    lines: list[bytes] = []
    position = body.find(b"\n", begin.start()) + 1
    if not position:
        return [], begin.end()
    while position < len(body):
        end = body.find(b"\n", position)
        end = len(body) if end < 0 else end + 1
        line = body[position:end].rstrip(b"\r\n")
        if line == b"end" or line == _BASE64_END or line.startswith(b"=yend"):  # noqa: PLR1714 three formats
            return lines, end
        if begin["yenc"] is None and not _may_be_encoded(line, is_base64=begin["base64"] is not None):
            break
        if not line.startswith(b"=ypart "):
            lines.append(line)
        position = end
    is_cut_off = position >= len(body) and len(lines) > 1
    return (lines, position) if is_cut_off else ([], begin.end())


def _may_be_encoded(line: bytes, *, is_base64: bool) -> bool:
    if is_base64 or not line:
        return not line.translate(None, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
    length = (line[0] - 32) & 63
    return 32 <= line[0] <= 96 and len(line) <= _UU_LINE + 5 and len(line) * 3 + 9 >= length * 4  # noqa: PLR2004 the alphabet


def _decode_file(begin: "re.Match[bytes]", lines: list[bytes]) -> EmbeddedFile:
    if begin["yenc"] is not None:
        return EmbeddedFile(name=decode_text(begin["yenc"].partition(b"name=")[2].strip()), body=_decode_yenc(lines))
    name = decode_text(begin["name"].strip())
    if begin["base64"] is not None:
        return EmbeddedFile(name=name, body=decode_base64(b"".join(lines)))
    return EmbeddedFile(name=name, body=b"".join(map(_decode_uu_line, lines)))


def _decode_uu_line(line: bytes) -> bytes:
    """One line, with the trailing blanks that some mail systems cut off put back."""
    if not line:
        return b""
    length = (line[0] - 32) & 63
    needed = 1 + (length + 2) // 3 * 4
    try:
        return binascii.a2b_uu(line[:needed].ljust(needed, b" "))
    except binascii.Error:
        return b""


def _decode_yenc(lines: list[bytes]) -> bytes:
    """Undo yEnc: 42 was added to each octet, and 64 more to those after an equals sign."""
    whole = b"".join(line[1:] if line.startswith(b"..") else line for line in lines)
    first, *escaped = whole.split(b"=")
    octets = bytearray(first)
    for chunk in escaped:
        if chunk:
            octets.append((chunk[0] - 64) & 255)
            octets += chunk[1:]
    return bytes(octets).translate(bytes((i - 42) & 255 for i in range(256)))


def decode_uuencoded(body: bytes) -> bytes:
    """Return the first file of a part that is uuencoded as a whole; what is none comes back as it stands."""
    _, files = take_files(body)
    return files[0].body if files else body
