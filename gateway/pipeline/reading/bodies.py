"""Which parts are the body and which are attachments, and what the body says.

A `Body` is what one part of the tree contributes: text, HTML, and the leaves that are neither. Every leaf ends up in exactly
one of the three. Start with `read_bodies`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape
from typing import Final

from gateway.pipeline.reading.charsets import decode_text
from gateway.pipeline.reading.filetypes import is_text
from gateway.pipeline.reading.html import sanitise_html
from gateway.pipeline.reading.htmltext import html_to_text
from gateway.pipeline.reading.markup import declared_in_markup, looks_like_html, strip_enriched
from gateway.pipeline.reading.parameters import Parameters, parse_parameters
from gateway.pipeline.reading.sealed import open_armour
from gateway.pipeline.reading.structure import Part
from gateway.pipeline.reading.stubs import is_stub
from gateway.pipeline.reading.text import clean_text, join_flowed
from gateway.pipeline.reading.transfer import EmbeddedFile, decode_transfer, take_files

_NEVER_BODY: Final = frozenset(
    f"text/{name}"
    for name in (
        "csv", "calendar", "x-vcalendar", "vcard", "x-vcard", "directory", "xml", "css", "javascript", "rfc822-headers", "rtf",
        "x-amp-html", "tab-separated-values", "x-python", "x-script", "x-diff", "x-patch",
    )
)  # fmt: skip
_HEAD: Final = 65_536
_LONGEST_TEXT: Final = 1_000_000
"""In octets; what is longer is shown up to here and attached as a whole."""
_BIG_DATA: Final = re.compile(rb"data:[a-zA-Z/+.;-]{1,60};base64,[A-Za-z0-9+/=\s]{20000,}+")
_GOES_ON: Final = "[This text is very long: the whole of it is attached.]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A part that is kept as an attachment; `body` is decoded."""

    part: Part
    body: bytes
    filename: str | None
    content_id: str | None
    inline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """A file that was written into the text of a part."""

    part: Part
    file: EmbeddedFile


Kept = Leaf | Embedded


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a part of the tree contributes."""

    text: str | None = None
    """From plain parts only; None where there is none."""
    html: str | None = None
    """Sanitised."""
    kept: tuple[Kept, ...] = ()

    def as_text(self) -> str:
        """Return what a person reads."""
        if self.html is not None and (self.text is None or is_stub(self.text)):
            made = html_to_text(self.html)
            return made if made or not self.text else self.text
        return self.text or ""

    def as_html(self) -> str:
        """Return HTML that shows everything."""
        if self.html is not None:
            return self.html
        return f"<pre>{escape(self.text, quote=False)}</pre>" if self.text else ""


def read_bodies(content: bytes, root: Part) -> Body:
    """Read the whole tree; the depth of it is capped by `structure`."""
    return _read(content, root, is_first=True, in_related=False)


def _read(content: bytes, part: Part, *, is_first: bool, in_related: bool) -> Body:
    if not part.children:
        return _read_leaf(content, part, is_first=is_first, in_related=in_related)
    match part.type:
        case "multipart/alternative":
            bodies = [_read(content, child, is_first=is_first, in_related=False) for child in part.children]
            return _join_alternatives(bodies)
        case "multipart/related":
            start = (part.content_type.get("start") or "").strip("<> ")
            first = next((c for c in part.children if start and content_id(c) == start), part.children[0])
            return _join_sequence(
                [_read(content, c, is_first=is_first and c is first, in_related=c is not first) for c in part.children]
            )
        case _:
            bodies = []
            for child in part.children:
                has_body = any(b.text or b.html for b in bodies)
                bodies.append(_read(content, child, is_first=is_first and not has_body, in_related=in_related))
            return _join_sequence(bodies)


def _join_alternatives(bodies: list[Body]) -> Body:
    """Choose among several forms of the same thing; what broken senders put beside each other is all kept."""
    plain = [b for b in bodies if b.text is not None and b.html is None]
    texts = dict.fromkeys(b.text for b in plain or bodies if b.text is not None)
    htmls = dict.fromkeys(b.html for b in bodies if b.html is not None)
    return Body(
        text=_paragraphs(t for t in texts if t.strip()) if texts else None,
        html="\n".join(htmls) if htmls else None,
        kept=tuple(k for b in bodies for k in b.kept),
    )


def _join_sequence(bodies: list[Body]) -> Body:
    """One after the other: all of it is the body."""
    saying = [b for b in bodies if b.text is not None or b.html is not None]
    kept = tuple(k for b in bodies for k in b.kept)
    if len(saying) <= 1:
        return Body(text=saying[0].text, html=saying[0].html, kept=kept) if saying else Body(kept=kept)
    html = "\n".join(filter(None, (b.as_html() for b in saying))) if any(b.html is not None for b in saying) else None
    has_plain = any(b.text is not None for b in saying)
    text = _paragraphs(filter(str.strip, (b.as_text() for b in saying))) if has_plain else None
    return Body(text=text, html=html, kept=kept)


def _paragraphs(texts: Iterator[str]) -> str:
    return "\n\n".join(text.strip("\n") for text in texts)


def _read_leaf(content: bytes, part: Part, *, is_first: bool, in_related: bool) -> Body:
    body = decode_part(content, part)
    disposition = disposition_of(part)
    filename = filename_of(part, disposition)
    leaf = Leaf(
        part=part,
        body=body,
        filename=filename,
        content_id=content_id(part),
        inline=_is_inline(disposition, part, in_related=in_related),
    )
    if not _is_body(part, leaf, disposition, is_first=is_first, in_related=in_related):
        return Body(kept=(leaf,))
    if len(body) > _LONGEST_TEXT:
        read = _read_text(part, _BIG_DATA.sub(b"", body)[:_LONGEST_TEXT])
        return replace(read, kept=(leaf,), text=None if read.text is None else f"{read.text}\n\n{_GOES_ON}")
    return _read_text(part, body)


def _is_inline(disposition: Parameters, part: Part, *, in_related: bool) -> bool:
    if disposition.value == "attachment":
        return False
    return disposition.value == "inline" or (in_related and part.field("content-id") is not None)


def _is_body(part: Part, leaf: Leaf, disposition: Parameters, *, is_first: bool, in_related: bool) -> bool:
    """Tell whether a leaf is text for a person to read here."""
    if part.is_unsplit or disposition.value == "attachment":
        return False
    if not part.type.startswith(("text/", "multipart/")) or part.type in _NEVER_BODY:
        return False
    if leaf.filename is not None and not is_first:
        return False
    if in_related and leaf.content_id is not None:
        return False
    charset = (part.content_type.get("charset") or "").lower()
    return is_text(leaf.body[:_HEAD]) or charset.startswith(("utf-16", "utf-32", "ucs", "iso-10646", "unicode"))


def _read_text(part: Part, body: bytes) -> Body:
    charset = part.content_type.get("charset")
    if part.type == "text/html" or looks_like_html(body):
        html = sanitise_html(decode_text(body, charset or declared_in_markup(body)))
        return Body(html=html)
    body, files = take_files(body)
    text = clean_text(decode_text(body, charset))
    text, armoured = open_armour(text)
    if part.type in {"text/enriched", "text/richtext"}:
        text = strip_enriched(text)
    if (part.content_type.get("format") or "").lower() == "flowed":
        text = join_flowed(text, delete_space=(part.content_type.get("delsp") or "").lower() == "yes")
    return Body(text=text, kept=tuple(Embedded(part=part, file=file) for file in (*files, *armoured)))


def decode_part(content: bytes, part: Part) -> bytes:
    """Return the octets of a leaf, its transfer encoding undone."""
    encoding = (part.field("content-transfer-encoding") or b"").decode("latin-1").partition(";")[0].partition("(")[0]
    encoding = encoding.strip(" \t\r\n\"'").lower()
    return decode_transfer(content, part.start, part.end, encoding, is_text=part.type in {"text/plain", "text/html"})


def disposition_of(part: Part) -> Parameters:
    """Return the Content-Disposition; an empty value where there is none (RFC 2183)."""
    raw = part.field("content-disposition")
    return parse_parameters(raw) if raw is not None else Parameters(value="")


def filename_of(part: Part, disposition: Parameters) -> str | None:
    """Return the name a part gives itself, decoded, not yet made harmless."""
    return disposition.get("filename") or part.content_type.get("name") or disposition.get("name") or None


def content_id(part: Part) -> str | None:
    """Return the Content-ID without its brackets."""
    raw = part.field("content-id")
    return "".join(raw.decode("utf-8", "replace").split()).strip("<>") or None if raw is not None else None
