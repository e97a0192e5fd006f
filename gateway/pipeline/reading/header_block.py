"""A block of labelled lines as mail programs put above a quotation: From, Sent, To, Subject, in any language.

A block counts only when prose could hardly look like it: who, when or to whom, and about what, with an address or a time.
"""

# ruff: noqa: RUF001 wide signs are meant
import re
from dataclasses import dataclass
from typing import Final

from gateway.pipeline.reading.labels import EMPHASIS, LONGEST_LABEL, Role, label_role, read_bare_field, read_flat_fields
from gateway.pipeline.reading.lines import Lines, find_address, plain_line, unquote_line
from gateway.pipeline.reading.timestamps import names_day, names_time

_MOST_LINES: Final = 30
_HEADER_FIELD: Final = re.compile(r"[a-z0-9]{1,20}(?:-[a-z0-9]{1,20}){1,5} ?:")
"""The name of a header field with a hyphen: no word of a person's looks like it."""
_ONCE: Final = frozenset({Role.FROM, Role.SENT, Role.TO, Role.CC, Role.SUBJECT})


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderBlock:
    """Lines `start` up to, not including, `end`; what each label says."""

    start: int
    end: int
    fields: tuple[tuple[Role, str], ...]

    def value(self, role: Role) -> str | None:
        """Return what the first line of a role says."""
        return next((value for known, value in self.fields if known is role and value), None)

    @property
    def is_whole(self) -> bool:
        """Tell whether it is a header block for sure, even without a separator above it."""
        roles = {role for role, _ in self.fields}
        if Role.FROM not in roles or len(roles - {Role.OTHER}) < 3:  # noqa: PLR2004 who, when or to whom, about what
            return False
        sent = plain_line(self.value(Role.SENT) or "")
        addresses = any(find_address(value) for role, value in self.fields if role in {Role.FROM, Role.TO, Role.CC})
        if Role.SUBJECT in roles:
            return addresses or (names_day(sent) and names_time(sent)) or (Role.SENT in roles and Role.TO in roles)
        return addresses and names_day(sent)

    @property
    def is_unmistakable(self) -> bool:
        """Tell whether it names an author with an address and a moment: no form or itinerary does."""
        sent = plain_line(self.value(Role.SENT) or "")
        return find_address(self.value(Role.FROM) or "") is not None and names_day(sent) and names_time(sent)

    @property
    def is_likely(self) -> bool:
        """Tell whether it is a header block if something above it announces one."""
        roles = {role for role, _ in self.fields}
        return Role.FROM in roles and len(roles) > 1


def _is_any_label(plain: str) -> bool:
    """Tell whether a plain line begins with something that looks like a label, known or not."""
    label, colon, _ = plain[: LONGEST_LABEL + 8].partition(":")
    label = label.strip(EMPHASIS)
    return bool(colon) and 0 < len(label) <= LONGEST_LABEL and label.count(" ") <= 2 and not any(c.isdigit() for c in label)  # noqa: PLR2004


def read_header_block(lines: Lines, start: int) -> HeaderBlock | None:
    """Read the block that begins at a line; None where no known label stands there."""
    first = label_role(lines.plain(start))
    if first is None or first in {Role.CC, Role.OTHER}:
        return None
    flat = _read_flat(lines, start)
    if flat is not None:
        return flat
    fields: list[tuple[Role, str]] = []
    at = end = start
    last = min(len(lines), start + _MOST_LINES)
    while at < last:
        if lines.is_empty(at):
            following = lines.next_text(at, blanks=1)
            if following < 0 or label_role(lines.plain(following)) is None or not _is_missing(fields, lines.plain(following)):
                break
            at = following
            continue
        role = label_role(lines.plain(at))
        if role in _ONCE and any(role is known for known, _ in fields):
            break
        text = unquote_line(lines.raw[at])
        if (
            role is not None
            or (fields and _is_any_label(lines.plain(at)) and _is_open(fields))
            or _is_field(fields, lines.plain(at))
        ):
            fields.append((role or Role.OTHER, _value(text)))
        elif fields and _continues(fields[-1][0], text):
            fields[-1] = (fields[-1][0], f"{fields[-1][1]} {text}")
        else:
            break
        at += 1
        end = at
    return HeaderBlock(start=start, end=end, fields=tuple(fields))


def _is_missing(fields: list[tuple[Role, str]], plain: str) -> bool:
    """Tell whether the label after a blank line is one the block still lacks."""
    return label_role(plain) not in {role for role, _ in fields}


def _is_open(fields: list[tuple[Role, str]]) -> bool:
    """Tell whether unknown labels may still belong to the block: the subject is its last line in most programs."""
    return fields[-1][0] is not Role.SUBJECT


def _is_field(fields: list[tuple[Role, str]], plain: str) -> bool:
    """Tell whether a line is a header field that people never see, as programs of purists quote them all (mutt)."""
    return bool(fields) and _HEADER_FIELD.match(plain) is not None


def _continues(role: Role, text: str) -> bool:
    """Tell whether a line without a label goes on with the recipients above it."""
    return role in {Role.FROM, Role.TO, Role.CC} and ("@" in text or ";" in text or text.endswith((">", ",")))


def _value(text: str) -> str:
    """Return what stands behind the label of a line."""
    ascii_colon, wide_colon = text.find(":"), text.find("：")
    at = min(place for place in (ascii_colon, wide_colon, len(text)) if place >= 0)
    return text[at + 1 :].strip().strip("*|").strip()


def _read_flat(lines: Lines, start: int) -> HeaderBlock | None:
    """Read a block whose labels all stand in one line, as some programs flatten it."""
    fields = read_flat_fields(unquote_line(lines.raw[start])[:2000])
    return HeaderBlock(start=start, end=start + 1, fields=fields) if fields else None


def read_bare_block(lines: Lines, start: int) -> HeaderBlock | None:
    """Read a block without colons, which counts only right below a separator (eM Client)."""
    fields: list[tuple[Role, str]] = []
    for at in range(start, min(len(lines), start + _MOST_LINES)):
        field = read_bare_field(unquote_line(lines.raw[at]))
        if field is None or (field[0] in _ONCE and any(field[0] is role for role, _ in fields)):
            break
        fields.append(field)
    block = HeaderBlock(start=start, end=start + len(fields), fields=tuple(fields))
    return block if block.is_unmistakable and len(fields) > 2 else None  # noqa: PLR2004 who, when, and to whom or about what
