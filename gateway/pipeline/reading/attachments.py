"""Attachments: a harmless name, the true type, the digest, and where the bytes are kept.

Start with `make_attachment`.
"""

import re
import unicodedata
from pathlib import Path
from typing import Final

from gateway.mail.content import Content
from gateway.mail.message import Attachment
from gateway.pipeline.reading.filetypes import detect_type
from gateway.pipeline.reading.text import clean_line
from gateway.pipeline.spooling import hold

_LONGEST_NAME: Final = 200
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u2028\u2029\ufeff\ud800-\udfff]')
_BIDI: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u200b-\u200d\u2060\u00ad]")
_DEVICES: Final = frozenset(
    {
        "con",
        "prn",
        "aux",
        "nul",
        "clock$",
        "conin$",
        "conout$",
        *(f"{port}{i}" for port in ("com", "lpt") for i in "0123456789¹²³"),
    }
)


def make_attachment(
    body: bytes,
    *,
    part: str,
    content_type: str,
    filename: str | None = None,
    content_id: str | None = None,
    inline: bool = False,
    spool: Path | None = None,
) -> Attachment:
    """Describe decoded bytes as an attachment; big ones are put into `spool` where one is given.

    Raises:
        OSError: the spool cannot be written.
    """
    return Attachment(
        filename=make_filename(filename),
        original_filename=filename or None,
        content_type=content_type,
        detected_type=detect_type(body, content_type),
        content=hold(body, spool),
        content_id=content_id,
        inline=inline,
        part=part,
    )


def attach_stored_mail(content: Content) -> Attachment:
    """Describe a whole stored mail as an attachment, for one that could not be read at all."""
    return Attachment(
        filename="mail.eml",
        original_filename=None,
        content_type="message/rfc822",
        detected_type="message/rfc822",
        content=content,
        content_id=None,
        inline=False,
        part="1",
    )


def make_filename(name: str | None) -> str | None:
    """Return a name that does no harm on any disk or screen; None where nothing of it is left.

    Path parts, control and direction marks, characters Windows refuses, device names, and dots and blanks at the ends go.
    """
    if not name:
        return None
    text = unicodedata.normalize("NFC", _BIDI.sub("", clean_line(name)[: _LONGEST_NAME * 8]))
    text = text.replace("\\", "/").rstrip("/").rpartition("/")[2]
    text = _UNSAFE.sub("_", text).strip(". \t")
    if not text.strip("_"):
        return None
    stem, dot, extension = text.rpartition(".")
    if not dot:
        stem, extension = text, ""
    first = text.partition(".")[0].rstrip()
    if first.lower() in _DEVICES:
        stem = f"_{stem}"
    return _shorten(stem, f"{dot}{extension}")


def _shorten(stem: str, extension: str) -> str:
    """File systems take 255 octets; the extension stays."""
    if len(extension.encode()) > 32:  # noqa: PLR2004 no extension is that long
        stem, extension = stem + extension, ""
    room = _LONGEST_NAME - len(extension.encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip() + extension
