"""ISO-2022-JP as Japanese mail really is: with characters of Windows, such as circled numbers, that no standard holds."""

import re
from typing import Final

_ESCAPE: Final = re.compile(rb"\x1b(?:\$[@B]|\$\([@BD]|\([BJIH])")
_TWO_OCTETS: Final = frozenset({b"\x1b$@", b"\x1b$B", b"\x1b$(@", b"\x1b$(B"})
_KATAKANA: Final = b"\x1b(I"


def decode_windows_japanese(body: bytes) -> str:
    """Return the text; what is no character becomes U+FFFD. Linear, never raises."""
    text: list[str] = []
    mode, position = b"\x1b(B", 0
    for escape in _ESCAPE.finditer(body):
        text.append(_decode(body[position : escape.start()], mode))
        mode, position = escape[0], escape.end()
    text.append(_decode(body[position:], mode))
    return "".join(text)


def _decode(octets: bytes, mode: bytes) -> str:
    if mode == _KATAKANA:
        return bytes(octet | 0x80 for octet in octets).decode("cp932", "replace")
    if mode not in _TWO_OCTETS:
        return octets.decode("ascii", "replace")
    lines = octets.split(b"\n")  # a line break ends the mode in any case (RFC 1468)
    return "\n".join(_to_shift_jis(line).decode("cp932", "replace") for line in lines)


def _to_shift_jis(octets: bytes) -> bytes:
    """Turn rows and cells of JIS X 0208 into the octets of Shift_JIS, where Windows has its own rows, too."""
    shifted = bytearray()
    for row, cell in zip(octets[::2], octets[1::2], strict=False):
        lead = (row + 1) // 2 + (0x70 if row < 0x5F else 0xB0)  # noqa: PLR2004 the rows above 62
        trail = cell + (0x1F if cell < 0x60 else 0x20) if row % 2 else cell + 0x7E  # noqa: PLR2004 0x7F is left out
        shifted += bytes((lead & 0xFF, trail & 0xFF))
    return bytes(shifted)
