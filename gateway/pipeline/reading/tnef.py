"""winmail.dat: what Outlook packs into application/ms-tnef ([MS-OXTNEF]): a body and attachments.

A stream of attributes, each with a length and a checksum; inside two of them lists of MAPI properties ([MS-OXCDATA]). Read in one
pass, never raises; a stream that breaks off gives what stood before the break. Start with `open_tnef`.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.pipeline.reading.charsets import decode_text
from gateway.pipeline.reading.rtf import decompress_rtf, rtf_to_html, rtf_to_text
from gateway.pipeline.reading.text import clean_line, clean_text

SIGNATURE: Final = b"\x78\x9f\x3e\x22"
_MOST_ATTACHMENTS: Final = 500
_MOST_PROPERTIES: Final = 5000

_BODY: Final = 0x800C
_CODEPAGE: Final = 0x9007
_MAPI_OF_MESSAGE: Final = 0x9003
_NEW_ATTACHMENT: Final = 0x9002
_ATTACHMENT_TITLE: Final = 0x8010
_ATTACHMENT_BYTES: Final = 0x800F
_MAPI_OF_ATTACHMENT: Final = 0x9005

_P_BODY: Final = 0x1000
_P_RTF: Final = 0x1009
_P_HTML: Final = 0x1013
_P_ATTACHMENT_BYTES: Final = 0x3701
_P_SHORT_NAME: Final = 0x3704
_P_LONG_NAME: Final = 0x3707
_P_DISPLAY_NAME: Final = 0x3001
_P_MIME_TYPE: Final = 0x370E
_P_CONTENT_ID: Final = 0x3712
_P_CODEPAGE: Final = 0x3FDE

_FIXED: Final = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE: Final = frozenset({0x0D, 0x1E, 0x1F, 0x102})
_MULTIPLE: Final = 0x1000
_NAMED: Final = 0x8000


@dataclass(slots=True, kw_only=True)
class TnefAttachment:
    """A file inside, its names not yet made harmless."""

    filename: str | None = None
    content_type: str | None = None
    content_id: str | None = None
    body: bytes = b""


@dataclass(slots=True, kw_only=True)
class Tnef:
    """What a TNEF stream holds."""

    text: str | None = None
    html: str | None = None
    """As it stands: not sanitised."""
    attachments: list[TnefAttachment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Property:
    id: int
    type: int
    value: bytes

    def as_text(self, codepage: str) -> str:
        charset = "utf-16-le" if self.type & 0xFFF == 0x1F else codepage  # noqa: PLR2004 PT_UNICODE
        return clean_text(decode_text(self.value, charset)).rstrip("\0")


def open_tnef(body: bytes) -> Tnef | None:
    """Read a TNEF stream; None where the bytes are none. Never raises."""
    if not body.startswith(SIGNATURE):
        return None
    return _Reader().read(body)


class _Reader:
    def __init__(self) -> None:
        self._found = Tnef()
        self._codepage = "cp1252"
        self._rtf: bytes | None = None

    def read(self, body: bytes) -> Tnef:
        for attribute, value in _attributes(body):
            self._take(attribute, value)
        found = self._found
        if self._rtf is not None and found.html is None and not found.text:
            found.html = rtf_to_html(self._rtf)
            found.text = None if found.html else rtf_to_text(self._rtf)
        found.attachments = [a for a in found.attachments if a.body or a.filename]
        return found

    def _take(self, attribute: int, value: bytes) -> None:
        found = self._found
        if attribute == _CODEPAGE and len(value) >= 4:  # noqa: PLR2004 a 32-bit number
            self._codepage = f"cp{int.from_bytes(value[:4], 'little')}"
        elif attribute == _BODY:
            found.text = clean_text(decode_text(value.rstrip(b"\0"), self._codepage))
        elif attribute == _MAPI_OF_MESSAGE:
            for prop in _properties(value):
                self._take_message_property(prop)
        elif attribute == _NEW_ATTACHMENT:
            if len(found.attachments) < _MOST_ATTACHMENTS:
                found.attachments.append(TnefAttachment())
        elif found.attachments:
            self._take_of_attachment(found.attachments[-1], attribute, value)

    def _take_message_property(self, prop: _Property) -> None:
        found = self._found
        if prop.id == _P_CODEPAGE and len(prop.value) >= 4:  # noqa: PLR2004 a 32-bit number
            self._codepage = f"cp{int.from_bytes(prop.value[:4], 'little')}"
        elif prop.id == _P_BODY and not found.text:
            found.text = prop.as_text(self._codepage)
        elif prop.id == _P_HTML:
            found.html = prop.as_text(self._codepage)
        elif prop.id == _P_RTF:
            self._rtf = decompress_rtf(prop.value)

    def _take_of_attachment(self, attachment: TnefAttachment, attribute: int, value: bytes) -> None:
        if attribute == _ATTACHMENT_TITLE:
            attachment.filename = attachment.filename or clean_line(decode_text(value.rstrip(b"\0"), self._codepage))
        elif attribute == _ATTACHMENT_BYTES:
            attachment.body = value
        elif attribute == _MAPI_OF_ATTACHMENT:
            names: dict[int, str] = {}
            for prop in _properties(value):
                if prop.id == _P_ATTACHMENT_BYTES and not attachment.body:
                    attachment.body = prop.value[16:] if prop.type == 0x0D else prop.value  # noqa: PLR2004 an object begins with its IID
                elif prop.id in {_P_SHORT_NAME, _P_LONG_NAME, _P_DISPLAY_NAME, _P_MIME_TYPE, _P_CONTENT_ID}:
                    names[prop.id] = clean_line(prop.as_text(self._codepage))
            attachment.filename = (
                names.get(_P_LONG_NAME) or names.get(_P_DISPLAY_NAME) or attachment.filename or names.get(_P_SHORT_NAME)
            )
            attachment.content_type = names.get(_P_MIME_TYPE) or attachment.content_type
            attachment.content_id = names.get(_P_CONTENT_ID, "").strip("<>") or attachment.content_id


def _attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the id and the value of each attribute: level, id, type, length, value, checksum."""
    position = 6
    while position + 9 <= len(body):
        _, attribute, _, length = struct.unpack_from("<BHHI", body, position)
        position += 9
        yield attribute, body[position : position + length]
        position += length + 2


def _properties(value: bytes) -> Iterator[_Property]:
    """Yield the properties of a list; the first value where one has many."""
    if len(value) < 4:  # noqa: PLR2004 their number
        return
    position = 4
    for _ in range(min(int.from_bytes(value[:4], "little"), _MOST_PROPERTIES)):
        if position + 4 > len(value):
            return
        kind, number = struct.unpack_from("<HH", value, position)
        position = _skip_name(value, position + 4) if number >= _NAMED else position + 4
        base = kind & ~_MULTIPLE
        if base in _VARIABLE or kind & _MULTIPLE:
            count, position = _read_number(value, position)
        else:
            count = 1
        first = b""
        for index in range(min(count, len(value))):
            size, position = _read_number(value, position) if base in _VARIABLE else (_FIXED.get(base, -1), position)
            if size < 0 or position >= len(value):
                return
            if not index:
                first = value[position : position + size]
            position += size + -size % 4
        yield _Property(number, kind, first)


def _read_number(value: bytes, position: int) -> tuple[int, int]:
    return int.from_bytes(value[position : position + 4], "little"), position + 4


def _skip_name(value: bytes, position: int) -> int:
    """Pass over the name of a named property: a GUID, then a number or a padded string."""
    kind, position = _read_number(value, position + 16)
    if kind == 0:
        return position + 4
    length, position = _read_number(value, position)
    return position + length + -length % 4
