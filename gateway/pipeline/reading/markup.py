"""What markup says before anybody parses it: whether it is HTML, and its charset; and enriched text (RFC 1896) made plain."""

import re
from typing import Final

_HEAD: Final = 4096
_META: Final = re.compile(rb"<meta[^>]{0,500}?charset\s{0,20}=\s{0,20}[\"']?\s{0,20}([a-z0-9_:.-]{1,40})", re.IGNORECASE)
_XML: Final = re.compile(rb"<\?xml[^>]{0,200}?encoding\s{0,20}=\s{0,20}[\"']([a-z0-9_:.-]{1,40})", re.IGNORECASE)
_COMMAND: Final = re.compile(r"<(?!<)(/?)([a-zA-Z0-9-]{1,60})>")


def looks_like_html(body: bytes) -> bool:
    """Tell whether bytes begin as an HTML document does, whatever they claim to be."""
    start = body[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head>", b"<body"))


def declared_in_markup(body: bytes) -> str | None:
    """Return the charset that a meta element or an XML declaration names."""
    found = _META.search(body[:_HEAD]) or _XML.match(body[:_HEAD])
    return found[1].decode("ascii") if found else None


def strip_enriched(text: str) -> str:
    """Return enriched text without commands and their parameters; `<<` stands for `<`, one line break is a blank."""
    kept: list[str] = []
    position = 0
    params = 0
    for command in _COMMAND.finditer(text):
        if not params:
            kept.append(text[position : command.start()])
        position = command.end()
        if command[2].lower() == "param":
            params = max(0, params + (-1 if command[1] else 1))
    kept.append(text[position:])
    return "".join(kept).replace("<<", "<")
