"""What becomes of leaves that are not the body: winmail.dat is opened, invitations are described, sealed mail says that it is.

Everything else is an attachment as it stands. Start with `unpack`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.mail.message import Attachment
from gateway.pipeline.reading.attachments import make_attachment
from gateway.pipeline.reading.bodies import Body, Embedded, Kept, Leaf, read_bodies
from gateway.pipeline.reading.calendar import summarise_calendar
from gateway.pipeline.reading.html import sanitise_html
from gateway.pipeline.reading.htmltext import html_to_text
from gateway.pipeline.reading.sealed import NOTE_PGP, NOTE_SMIME, SMIME_TYPES, is_encrypted_smime, open_signed_smime
from gateway.pipeline.reading.structure import Part, split_parts
from gateway.pipeline.reading.tnef import SIGNATURE, open_tnef

_CALENDARS: Final = frozenset({"text/calendar", "text/x-vcalendar", "application/ics"})


@dataclass(slots=True, kw_only=True)
class Unpacked:
    """What the leaves come to: more text, perhaps HTML, and the attachments."""

    texts: list[str] = field(default_factory=list)
    """Bodies that were packed inside."""
    notes: list[str] = field(default_factory=list)
    """What is said about parts that are no text."""
    html: str | None = None
    attachments: list[Attachment] = field(default_factory=list)


def unpack(body: Body, root: Part, spool: Path | None) -> Unpacked:
    """Go through the leaves of a mail that are not its body.

    Raises:
        OSError: the spool cannot be written.
    """
    found = Unpacked()
    _unpack_all(body.kept, found, spool, is_inner=False)
    if any(part.type == "multipart/encrypted" for part in _all_parts(root)):
        found.notes.append(NOTE_PGP)
    found.notes = list(dict.fromkeys(found.notes))
    return found


def _all_parts(root: Part) -> Iterator[Part]:
    waiting = [root]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += part.children


def _unpack_all(kept: Iterable[Kept], found: Unpacked, spool: Path | None, *, is_inner: bool) -> None:
    for each in kept:
        if isinstance(each, Embedded):
            found.attachments.append(_attach_embedded(each, spool))
        elif each.part.is_unsplit:
            found.attachments.append(_attach(each, spool))
        elif each.body.startswith(SIGNATURE) and _unpack_tnef(each, found, spool):
            continue
        else:
            _describe(each, found, spool, is_inner=is_inner)
            found.attachments.append(_attach(each, spool))


def _describe(leaf: Leaf, found: Unpacked, spool: Path | None, *, is_inner: bool) -> None:
    part = leaf.part
    if part.type in _CALENDARS:
        summary = summarise_calendar(leaf.body, part.content_type.get("charset"))
        if summary:
            found.notes.append(summary)
    elif part.type in SMIME_TYPES:
        _describe_smime(leaf, found, spool, is_inner=is_inner)
    elif part.type == "message/partial":
        number, total = part.content_type.get("number") or "?", part.content_type.get("total") or "?"
        found.notes.append(f"[This mail is piece {number[:9]} of {total[:9]} of a larger one; it is attached as it came.]")


def _describe_smime(leaf: Leaf, found: Unpacked, spool: Path | None, *, is_inner: bool) -> None:
    kind = (leaf.part.content_type.get("smime-type") or "").lower()
    inner = None if is_inner else open_signed_smime(leaf.body)
    if inner is not None:
        root = split_parts(inner).root
        for part in _all_parts(root):
            part.number = leaf.part.number
        body = read_bodies(inner, root)
        found.texts.append(body.as_text())
        found.html = found.html or body.html
        _unpack_all(body.kept, found, spool, is_inner=True)
    elif "enveloped" in kind or "encrypted" in kind or is_encrypted_smime(leaf.body):
        found.notes.append(NOTE_SMIME)


def _unpack_tnef(leaf: Leaf, found: Unpacked, spool: Path | None) -> bool:
    """Put what is inside in the place of a winmail.dat; False when nothing is."""
    tnef = open_tnef(leaf.body)
    if tnef is None or not (tnef.text or tnef.html or tnef.attachments):
        return False
    html = sanitise_html(tnef.html) if tnef.html else None
    found.html = found.html or html
    if tnef.text and tnef.text.strip():
        found.texts.append(tnef.text)
    elif html:
        found.texts.append(html_to_text(html))
    for inside in tnef.attachments:
        found.attachments.append(
            make_attachment(
                inside.body,
                part=leaf.part.number,
                content_type=(inside.content_type or "application/octet-stream").lower(),
                filename=inside.filename,
                content_id=inside.content_id,
                inline=inside.content_id is not None,
                spool=spool,
            )
        )
    return True


def _attach(leaf: Leaf, spool: Path | None) -> Attachment:
    return make_attachment(
        leaf.body,
        part=leaf.part.number,
        content_type=leaf.part.type,
        filename=leaf.filename,
        content_id=leaf.content_id,
        inline=leaf.inline,
        spool=spool,
    )


def _attach_embedded(embedded: Embedded, spool: Path | None) -> Attachment:
    return make_attachment(
        embedded.file.body,
        part=embedded.part.number,
        content_type=embedded.file.content_type,
        filename=embedded.file.name,
        spool=spool,
    )
