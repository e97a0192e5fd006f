"""Rich Text as Outlook stores it: unpacked ([MS-OXRTFCP]), and turned into HTML ([MS-OXRTFEX]) or text. Linear, never raises."""

import re
import struct
from typing import Final

from gateway.pipeline.reading.charsets import decode_text
from gateway.pipeline.reading.text import clean_text

_DICTIONARY: Final = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW: Final = 4096
_MOST_OCTETS: Final = 8_000_000
_TOKEN: Final = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z0-9'])|([{}])|[\r\n]+|([^\\{}\r\n]+)|\\"
)
_SILENT: Final = frozenset(
    [
        b"fonttbl",
        b"colortbl",
        b"stylesheet",
        b"info",
        b"pict",
        b"object",
        b"header",
        b"footer",
        b"themedata",
        b"listtable",
        b"generator",
    ]
)
_BREAKS: Final = {
    b"par": "\n", b"line": "\n", b"row": "\n", b"tab": "\t", b"cell": "\t", b"bullet": "\u2022", b"endash": "\u2013",
    b"emdash": "\u2014", b"lquote": "\u2018", b"rquote": "\u2019", b"ldblquote": "\u201c", b"rdblquote": "\u201d",
}  # fmt: skip


def decompress_rtf(packed: bytes) -> bytes:
    """Undo LZFu; what breaks off gives what stood before."""
    if len(packed) < 16:  # noqa: PLR2004 its head
        return b""
    _, raw_size, kind, _ = struct.unpack_from("<IIII", packed)
    if kind == 0x414C454D:  # noqa: PLR2004 "MELA": not compressed
        return packed[16 : 16 + raw_size]
    out = bytearray(_DICTIONARY)
    base = len(out)
    position, limit = 16, min(raw_size, _MOST_OCTETS) + base
    while position < len(packed) and len(out) < limit:
        control = packed[position]
        position += 1
        for bit in range(8):
            if control >> bit & 1:
                if position + 2 > len(packed):
                    return bytes(out[base:])
                reference = packed[position] << 8 | packed[position + 1]
                position += 2
                if not _copy(out, reference >> 4, (reference & 15) + 2):
                    return bytes(out[base:])
            elif position < len(packed):
                out.append(packed[position])
                position += 1
    return bytes(out[base:limit])


def _copy(out: bytearray, offset: int, length: int) -> bool:
    """Repeat what stands at an offset of the sliding window; False at the end mark, the window's own write position."""
    written = len(out)
    if offset == written % _WINDOW:
        return False
    start = written - (written - offset) % _WINDOW
    for i in range(start, start + length):
        out.append(out[i] if 0 <= i < len(out) else 0x20)
    return True


def rtf_to_html(rtf: bytes) -> str | None:
    """Return the HTML that was wrapped into RTF; None where none was."""
    if b"\\fromhtml" not in rtf[:400]:
        return None
    return _read(rtf, is_html=True)


def rtf_to_text(rtf: bytes) -> str:
    """Return the text without any formatting."""
    return clean_text(_read(rtf, is_html=False)).strip()


def _read(rtf: bytes, *, is_html: bool) -> str:
    reader = _Reader(is_html=is_html)
    for token in _TOKEN.finditer(rtf):
        reader.take(token)
    return reader.finish()


class _Reader:
    """Walks through groups and control words; `silent` groups hold what is not text, `hidden` ones what HTML says better."""

    def __init__(self, *, is_html: bool) -> None:
        self._is_html = is_html
        self._pieces: list[str] = []
        self._octets = bytearray()
        self._outside: list[tuple[bool, bool]] = []
        self._silent = self._hidden = False
        self._codepage = "cp1252"
        self._skip = 0

    def take(self, token: "re.Match[bytes]") -> None:
        """Take the next control word, brace, or stretch of text."""
        word, number, octet, symbol, brace, plain = token.groups()
        if brace == b"{":
            self._outside.append((self._silent, self._hidden))
        elif brace == b"}":
            self._silent, self._hidden = self._outside.pop() if self._outside else (False, False)
        elif symbol == b"*":
            is_tag = self._is_html and token.string.startswith(b"\\htmltag", token.end())
            self._silent = self._silent or not is_tag
        elif word is not None and self._take_mode(word, number):
            return
        elif not self._silent and not self._hidden:
            if octet or plain or (symbol and symbol in b"\\{}"):
                self._add(bytes.fromhex(octet.decode()) if octet else plain or symbol)
            else:
                self._flush()
                self._pieces.append(_character(word, number, symbol))
                self._skip = 1 if word == b"u" else 0

    def _take_mode(self, word: bytes, number: bytes | None) -> bool:
        """Take a word that changes how the rest of its group is read; False for any other."""
        if word in _SILENT:
            self._silent = True
        elif word == b"ansicpg" and number:
            self._codepage = f"cp{number.decode()}"
        elif word == b"htmlrtf":
            self._hidden = number != b"0" and self._is_html
        elif word == b"htmltag":
            self._silent = not self._is_html
        else:
            return False
        return True

    def _add(self, chunk: bytes) -> None:
        """Keep text, without the characters that stand in for the Unicode one before them."""
        drop = min(self._skip, len(chunk))
        self._skip -= drop
        self._octets += chunk[drop:]

    def _flush(self) -> None:
        self._pieces.append(decode_text(bytes(self._octets), self._codepage))
        self._octets.clear()

    def finish(self) -> str:
        """Return all there was."""
        self._flush()
        return "".join(self._pieces)


def _character(word: bytes | None, number: bytes | None, symbol: bytes | None) -> str:
    if word == b"u" and number:
        return chr(int(number) & 0xFFFF)
    if symbol == b"~":
        return "\u00a0"
    return _BREAKS.get(word, "") if word else ""
