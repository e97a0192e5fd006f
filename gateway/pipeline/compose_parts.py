"""MIME parts as bytes (RFC 2045, RFC 2046, RFC 2183): texts, attachments, and the multiparts around them. All 7-bit clean."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from gateway.pipeline.compose_headers import block, is_id, parameter_field

_BOUNDARY_START: Final = b"=_"
"""Cannot stand in base64 nor in quoted-printable, so a text that holds it is encoded and never ends a part."""
_PLAIN_LINE: Final = 78
_LONGEST_LINE: Final = 998
_DROPPED: Final = bytes((*range(9), *range(11, 32), 127))
"""Control characters; TAB and LF are none."""
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_UNKNOWN_TYPE: Final = "application/octet-stream"
_TEXT_TYPES: Final = {
    subtype: parameter_field("Content-Type", f"text/{subtype}", (("charset", "utf-8"),)) for subtype in ("plain", "html")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A MIME entity: its content fields, and its body with CRLF line ends (RFC 2045 section 2.4)."""

    fields: tuple[bytes, ...]
    body: bytes


def text_part(subtype: Literal["plain", "html"], text: str) -> Part:
    """Return a text: as it is when it is short-lined ASCII, otherwise quoted-printable or base64, whichever is smaller."""
    lines = _clean_octets(text)
    if not lines.endswith(b"\n"):
        lines += b"\n"
    raw = lines.replace(b"\n", b"\r\n")
    body, encoding = raw, "7bit"
    if not _is_plain(lines):
        body, encoding = binascii.b2a_qp(raw, istext=True), "quoted-printable"
        if len(body) > len(raw) * 3 // 2:
            body, encoding = _base64(raw), "base64"
    return Part(fields=(_TEXT_TYPES[subtype], b"Content-Transfer-Encoding: " + encoding.encode()), body=body)


def attachment_part(*, filename: str | None, content_type: str, content: bytes, content_id: str | None, inline: bool) -> Part:
    """Return an attachment in base64.

    A message stays one only where it needs no encoding, which RFC 2046 section 5.2.1 forbids; every other composite type
    and everything that is no type at all goes out as octets.
    """
    wanted = content_type.strip().lower()
    kind = wanted if _TYPE.fullmatch(wanted) and not wanted.startswith(("multipart/", "message/")) else _UNKNOWN_TYPE
    body, encoding = _base64(content), b"base64"
    if wanted == "message/rfc822" and _is_clean_message(content):
        kind, body, encoding = wanted, content, b"7bit"
    fields = [
        parameter_field("Content-Type", kind, (("name", filename),) if filename else ()),
        b"Content-Transfer-Encoding: " + encoding,
        parameter_field(
            "Content-Disposition", "inline" if inline else "attachment", (("filename", filename),) if filename else ()
        ),
    ]
    if content_id is not None and is_id(content_id):
        fields.append(f"Content-ID: <{content_id}>".encode())
    return Part(fields=tuple(fields), body=body)


def multipart(subtype: Literal["mixed", "alternative", "related"], parts: Sequence[Part], *, seed: str) -> Part:
    """Return parts as one; the boundary is made from the subtype and `seed`, so a seed serves one multipart of each subtype."""
    boundary = _BOUNDARY_START.decode() + sha256(f"{subtype} {seed}".encode("utf-8", "replace")).hexdigest()[:32]
    parameters = [("boundary", boundary)]
    if subtype == "related":
        parameters.insert(0, ("type", "text/html"))
    marker = b"--" + boundary.encode()
    pieces = [marker + b"\r\n" + block(part.fields) + b"\r\n" + part.body + b"\r\n" for part in parts]
    content_type = parameter_field("Content-Type", f"multipart/{subtype}", parameters)
    return Part(fields=(content_type,), body=b"".join(pieces) + marker + b"--\r\n")


def _clean_octets(text: str) -> bytes:
    """Return text as UTF-8 with LF line ends, without control characters or lone surrogates."""
    normalised = text.replace("\r\n", "\n").replace("\r", "\n")
    return normalised.encode("utf-8", "replace").translate(None, _DROPPED)


def _is_plain(lines: bytes) -> bool:
    return lines.isascii() and _BOUNDARY_START not in lines and max(map(len, lines.split(b"\n"))) <= _PLAIN_LINE


def _is_clean_message(content: bytes) -> bool:
    """Tell whether a message can stand in a mail as it is: 7 bit, CRLF, short lines, nothing like a boundary of ours."""
    if not content.isascii() or b"\0" in content or _BOUNDARY_START in content:
        return False
    lines = content.split(b"\r\n")
    return all(len(line) <= _LONGEST_LINE and b"\r" not in line and b"\n" not in line for line in lines)


def _base64(content: bytes) -> bytes:
    return base64.encodebytes(content).replace(b"\n", b"\r\n")
