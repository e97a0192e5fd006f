"""Mail that is signed or encrypted: S/MIME (RFC 8551), PGP/MIME (RFC 3156) and PGP armour inside text (RFC 9580).

Nothing is verified or decrypted here. What can be read is shown; what cannot says so, and the sealed bytes stay an attachment.
"""

import re
from dataclasses import dataclass
from typing import Final

from gateway.pipeline.reading.transfer import EmbeddedFile, decode_base64

SMIME_TYPES: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
NOTE_SMIME: Final = "[This mail is encrypted (S/MIME); it is attached unread.]"
NOTE_PGP: Final = "[This mail is encrypted (PGP); it is attached unread.]"
NOTE_PGP_INLINE: Final = "[Here stands a text that is encrypted (PGP); it is attached unread.]"

_SIGNED: Final = bytes.fromhex("06092a864886f70d010702")
_SEALED: Final = tuple(
    bytes.fromhex(oid) for oid in ("06092a864886f70d010703", "060b2a864886f70d0109100117", "06092a864886f70d010706")
)
_PLAIN_DATA: Final = bytes.fromhex("06092a864886f70d010701")
_MOST_LEVELS: Final = 12
_MOST_ARMOURS: Final = 100
_ARMOUR: Final = re.compile(r"^-----BEGIN PGP (MESSAGE|SIGNED MESSAGE|SIGNATURE|PUBLIC KEY BLOCK)-----[ \t]*$", re.MULTILINE)
_NAMES: Final = {
    "MESSAGE": ("encrypted.asc", "application/pgp-encrypted"),
    "SIGNATURE": ("signature.asc", "application/pgp-signature"),
    "PUBLIC KEY BLOCK": ("public-key.asc", "application/pgp-keys"),
}


def is_encrypted_smime(body: bytes) -> bool:
    """Tell whether a pkcs7-mime part hides its content: enveloped, authenticated-enveloped or plainly encrypted data."""
    head = _as_der(body)[:64]
    return any(oid in head for oid in _SEALED)


def open_signed_smime(body: bytes) -> bytes | None:
    """Return the MIME entity inside an opaque S/MIME signature (RFC 5652 section 5.2), not verified; None where there is none."""
    der = _as_der(body)
    at = der.find(_PLAIN_DATA, 0, 4096) if _SIGNED in der[:64] else -1
    if at < 0:
        return None
    wrapped = _read_element(der, at + len(_PLAIN_DATA))
    if wrapped is None or wrapped.tag != 0xA0:  # noqa: PLR2004 context tag 0, constructed
        return None
    octets = _octets(der, wrapped.start, wrapped.end, _MOST_LEVELS)
    return b"".join(octets) or None


def _as_der(body: bytes) -> bytes:
    """Undo base64, with or without armour, that some senders leave inside."""
    if body.startswith((b"MI", b"-----BEGIN")):
        return decode_base64(b"".join(line for line in body.splitlines() if not line.startswith(b"-")))
    return body


@dataclass(frozen=True, slots=True)
class _Element:
    tag: int
    start: int
    end: int
    """Of its value; for an indefinite length the end of all there is."""
    following: int
    is_indefinite: bool


def _read_element(der: bytes, position: int) -> _Element | None:
    """Read the head of one BER element (X.690 section 8.1)."""
    if position + 2 > len(der):
        return None
    tag, length = der[position], der[position + 1]
    start = position + 2
    if length == 0x80:  # noqa: PLR2004 the indefinite form
        return _Element(tag, start, len(der), len(der), is_indefinite=True)
    if length > 0x80:  # noqa: PLR2004 the long form
        count = length & 0x7F
        length = int.from_bytes(der[start : start + min(count, 8)], "big")
        start += count
    end = min(len(der), start + length)
    return _Element(tag, start, end, end, is_indefinite=False)


def _octets(der: bytes, position: int, end: int, levels: int) -> list[bytes]:
    """Return the pieces of an octet string, which BER allows to be cut into others."""
    found: list[bytes] = []
    while position < end and levels:
        element = _read_element(der, position)
        if element is None or element.tag == 0:
            break
        if element.tag == 0x04:  # noqa: PLR2004 OCTET STRING
            found.append(der[element.start : min(element.end, end)])
        elif element.tag == 0x24:  # noqa: PLR2004 the same, constructed
            found += _octets(der, element.start, min(element.end, end), levels - 1)
            if element.is_indefinite:
                break
        else:
            break
        position = element.following
    return found


def open_armour(text: str) -> tuple[str, tuple[EmbeddedFile, ...]]:
    """Cut PGP armour out of a text: a signed text is shown without its frame, an encrypted one is replaced by a note."""
    if "-----BEGIN PGP " not in text:
        return text, ()
    kept: list[str] = []
    files: list[EmbeddedFile] = []
    position = 0
    is_signed = False
    while len(files) < _MOST_ARMOURS and (begin := _ARMOUR.search(text, position)) is not None:
        before = text[position : begin.start()]
        kept.append(_undash(before) if is_signed else before)
        kind = begin[1]
        if kind == "SIGNED MESSAGE":
            is_signed = True
            position = _after_armour_headers(text, begin.end())
            continue
        is_signed = False
        closing = f"-----END PGP {kind}-----"
        end = text.find(closing, begin.end())
        end = len(text) if end < 0 else end + len(closing)
        name, content_type = _NAMES[kind]
        files.append(EmbeddedFile(name=name, content_type=content_type, body=text[begin.start() : end].encode()))
        if kind == "MESSAGE":
            kept.append(NOTE_PGP_INLINE)
        position = end
    kept.append(text[position:])
    return "".join(kept).strip("\n"), tuple(files)


def _after_armour_headers(text: str, position: int) -> int:
    """Pass over lines such as `Hash: SHA256` and the blank line after them (RFC 9580 section 7)."""
    end = text.find("\n\n", position, position + 2000)
    return position + 1 if end < 0 else end + 2


def _undash(text: str) -> str:
    return "\n".join(line.removeprefix("- ") for line in text.split("\n"))
