"""Somebody else's mail that a person forwarded: inline under a note, or attached.

Of mails forwarded several times it is the outermost that was forwarded; the inner ones are part of its text.
"""

import re
from datetime import datetime
from typing import Final

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.message import Message
from gateway.mail.reading import Forwarded
from gateway.pipeline.reading import phrases
from gateway.pipeline.reading.header_block import HeaderBlock
from gateway.pipeline.reading.heading_sieve import heading_candidates
from gateway.pipeline.reading.labels import Role
from gateway.pipeline.reading.lines import INVISIBLE, Lines, find_address, is_blank, plain_line, quote_depth
from gateway.pipeline.reading.months import read_date
from gateway.pipeline.reading.openings import Heading, Opening
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.quotes import find_opening, is_end_of_forward, is_inside_quotation
from gateway.pipeline.reading.signatures import find_signature
from gateway.pipeline.reading.subjects import Prefix, read_prefix

_MOST_RECIPIENTS: Final = 100
_MOST_OCTETS: Final = 2_000_000
_WHOLE_MAILS: Final = frozenset({"message/rfc822", "message/global"})
_NOISE: Final = re.compile(r"[<\[(]?\s?mailto:[^\s>\])]{1,300}[>\])]?", re.IGNORECASE)


def find_forwarded(message: Message, lines: Lines | None = None) -> Forwarded | None:
    """Return the outermost mail that was forwarded, the note above it, and how sure that is; None when there is none.

    `lines` are those of its text, where somebody has looked at them already.
    """
    lines = Lines(message.text) if lines is None else lines
    is_forward = says_forward(message, lines)
    opening = find_forward_opening(lines, is_forward=is_forward)
    inline = None if opening is None else _read_inline(message, lines, opening, is_forward=is_forward)
    return inline or _read_attached(message, lines, is_forward=is_forward)


def says_forward(message: Message, lines: Lines) -> bool:
    """Tell whether the subject says that the mail forwards another."""
    prefix = read_prefix(message.subject)
    if prefix is Prefix.UNCLEAR:
        return not any(lines.plain(at).startswith(("lähettäjä", "*lähettäjä")) for at in range(min(len(lines), 400)))
    return prefix is Prefix.FORWARD


def find_forward_opening(lines: Lines, *, is_forward: bool) -> Opening | None:
    """Return where a forwarded mail begins: at a separator that says so, else at the first heading if the subject says so."""
    following = 0
    for index in heading_candidates(lines):
        opening = find_opening(lines, index) if index >= following else None
        if opening is None or is_inside_quotation(lines, opening):
            continue
        if opening.heading is Heading.FORWARDED:
            return opening
        if opening.has_proof:
            return opening if is_forward and opening.heading is not Heading.REPLY_ABOVE else None
        following = opening.end
    return None


def _read_attached(message: Message, lines: Lines, *, is_forward: bool) -> Forwarded | None:
    """Read a mail that hangs on this one as a whole; reports and digests of programs are no forwards."""
    attached = [a for a in message.attachments if a.content_type.lower() in _WHOLE_MAILS]
    content_type = (message.header("Content-Type") or "").lower()
    if not attached or content_type.startswith(("multipart/report", "multipart/digest")):
        return None
    try:
        content = attached[0].content.read()[:_MOST_OCTETS]
    except OSError:
        return None
    inner = parse_message(content)
    if not inner.from_:
        return None
    note = _read_note(lines, len(lines))
    confidence = 0.95 if is_forward else 0.9 if not note else 0.7
    return Forwarded(
        author=inner.from_[0],
        to=inner.to,
        cc=inner.cc,
        subject=inner.subject,
        date=inner.date,
        text=inner.text,
        note=note,
        confidence=confidence if len(attached) == 1 else 0.5,
    )


def _read_inline(message: Message, lines: Lines, opening: Opening, *, is_forward: bool) -> Forwarded | None:
    zone = message.date.tzinfo if message.date else None
    block = opening.block
    heading = " ".join(lines.raw[opening.start : opening.end])
    if block is not None:
        author = _read_mailbox(block.value(Role.FROM) or "")
        sent = block.value(Role.SENT)
        date = read_date(sent, zone) if sent else None
    elif opening.heading in {Heading.ATTRIBUTION, Heading.FORWARDED, Heading.ORIGINAL}:
        author, date = _read_attribution(heading), read_date(heading, zone)
    else:
        return None
    if author is None:
        return None
    return Forwarded(
        author=author,
        to=_read_mailboxes(block, Role.TO),
        cc=_read_mailboxes(block, Role.CC),
        subject=(block.value(Role.SUBJECT) or "").translate(INVISIBLE).strip() or None if block else None,
        date=date,
        text=_read_text(lines, opening.end),
        note=_read_note(lines, opening.start),
        confidence=_judge(opening, author, date, is_forward=is_forward),
    )


def _judge(opening: Opening, author: Mailbox, date: datetime | None, *, is_forward: bool) -> float:
    """Return how sure it is, 0 to 1."""
    confidence = 0.5
    if opening.heading is Heading.FORWARDED:
        confidence += 0.3
    if is_forward:
        confidence += 0.3
    if not author.address.domain:
        confidence -= 0.3
    if date is None:
        confidence -= 0.1
    if opening.block is not None and opening.block.value(Role.SUBJECT) is not None:
        confidence += 0.1
    if opening.heading is Heading.ATTRIBUTION:
        confidence -= 0.15
    return round(min(0.98, max(0.05, confidence)), 2)


def _read_note(lines: Lines, end: int) -> str:
    """Return what stands above, without a signature."""
    begin = find_signature(lines.raw, 0, end)
    return "\n".join(lines.raw[:begin]).strip()


def _read_text(lines: Lines, start: int) -> str:
    """Return the forwarded text without the line that ends it; one level of `>` is taken off where every line has it."""
    first = lines.next_text(start)
    if (
        first >= 0
        and is_end_of_forward(lines.plain(first))
        and ((inner := find_opening(lines, first)) is None or not inner.block)
    ):
        start = first + 1
    last = lines.previous_text(len(lines) - 1, blanks=20)
    end = last if last > start and is_end_of_forward(lines.plain(last)) else len(lines)
    rest = lines.raw[start:end]
    if all(depth or is_blank(line) for depth, line in zip(lines.depths[start:end], rest, strict=True)):
        rest = [_unquote_once(line) for line in rest]
    return "\n".join(rest).strip("\n")


def _unquote_once(line: str) -> str:
    if not quote_depth(line):
        return line
    rest = line[line.index(">") + 1 :]
    return rest.removeprefix(" ")


def _read_mailboxes(block: HeaderBlock | None, role: Role) -> tuple[Mailbox, ...]:
    """Read recipients that are separated by semicolons or commas."""
    value = block.value(role) if block else None
    if not value:
        return ()
    found = (_read_mailbox(part) for part in _split_recipients(value[:8000])[:_MOST_RECIPIENTS])
    return tuple(mailbox for mailbox in found if mailbox is not None)


def _split_recipients(value: str) -> list[str]:
    """Split at semicolons, or where there are none at commas outside of quotation marks that do not part a name."""
    parts: list[str] = []
    sign = ";" if ";" in value else ","
    current: list[str] = []
    quoted = False
    for c in value:
        if c == '"':
            quoted = not quoted
        if c == sign and not quoted and (sign == ";" or "@" in "".join(current[-320:])):
            parts.append("".join(current))
            current = []
        else:
            current.append(c)
    return [part for part in (*parts, "".join(current)) if part.strip()]


def _read_mailbox(value: str) -> Mailbox | None:
    """Read `Anna <anna@example.org>`, `Anna [mailto:anna@example.org]`, `anna@example.org` or a bare name."""
    value = value[:1000].translate(INVISIBLE).strip()
    address = find_address(value)
    if address is None:
        name = _clean_name(value)
        return Mailbox(name, Address("", "")) if name else None
    name = _clean_name(_NOISE.sub(" ", value).split(address, 1)[0])
    return Mailbox(name if name and "@" not in name else None, Address.of(address))


def _clean_name(text: str) -> str:
    """Return a display name without brackets, quotation marks and emphasis."""
    return " ".join(text.split()).strip(" <>[]()\"'*,;:|«»„“”‚‘’、，；")  # noqa: RUF001 quotation marks of many languages


_OUTSIDE: Final = re.compile(r"\d")


def _read_attribution(heading: str) -> Mailbox | None:
    """Read the author out of `On … Anna <anna@example.org> wrote:`."""
    heading = heading.translate(INVISIBLE)
    address = find_address(heading)
    if address is None:
        return None
    before = _clean_name(_OUTSIDE.split(heading.split(address, 1)[0])[-1].strip(" :,.<([")).split(" ")
    while before and _is_no_name(before[0], is_last=len(before) == 1):
        before.pop(0)
    name = " ".join(before[-4:]).strip(" ,.")
    return Mailbox(name or None, Address.of(address))


def _is_no_name(word: str, *, is_last: bool) -> bool:
    """Tell whether a word between the time of day and the address belongs to the sentence, not to the name."""
    plain = plain_line(word.strip(",.:()"))
    return plain in phrases.ATTRIBUTION_WORDS or (is_last and plain in phrases.FROM_LABELS)
