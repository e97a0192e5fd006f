"""The labels of header blocks above quotations, in forty languages: From, Sent, To, Subject, and what stands behind them."""

# ruff: noqa: RUF001 wide signs are meant
import re
from enum import Enum
from typing import Final

from gateway.pipeline.reading import phrases
from gateway.pipeline.reading.lines import find_address, plain_line

LONGEST_LABEL: Final = 32
EMPHASIS: Final = "*_ \t\xa0|>"
_MOST_COLONS: Final = 16
_STUCK: Final = re.compile(r"[\d>]")


class Role(Enum):
    """What a labelled line tells."""

    FROM = "from"
    SENT = "sent"
    TO = "to"
    CC = "cc"
    SUBJECT = "subject"
    OTHER = "other"


_ROLES: Final = {
    **dict.fromkeys(phrases.CC_LABELS, Role.CC),
    **dict.fromkeys(phrases.OTHER_LABELS, Role.OTHER),
    **dict.fromkeys(phrases.SUBJECT_LABELS, Role.SUBJECT),
    **dict.fromkeys(phrases.TO_LABELS, Role.TO),
    **dict.fromkeys(phrases.SENT_LABELS, Role.SENT),
    **dict.fromkeys(phrases.FROM_LABELS, Role.FROM),
}


def label_role(plain: str) -> Role | None:
    """Return what the label at the beginning of a plain line means; None where there is no known label."""
    label, colon, _ = plain[: LONGEST_LABEL + 8].partition(":")
    if not colon:
        return None
    return _ROLES.get(label.strip(EMPHASIS))


def is_label(words: str) -> bool:
    """Tell whether words in plain form, the sign behind them cut off, are a known label."""
    return len(words) <= LONGEST_LABEL + 8 and words.strip(EMPHASIS) in _ROLES


def read_flat_fields(raw: str) -> tuple[tuple[Role, str], ...]:
    """Read a block whose labels all stand in one line; empty where it is none.

    Some programs leave no space before the next label: `…@example.org>To: …`.
    """
    if raw.count(":") + raw.count("：") < 3:  # noqa: PLR2004 fewer labels are no block
        return ()
    found: list[tuple[int, int, Role]] = []
    for at, sign in enumerate(raw):
        if sign not in ":：" or len(found) > _MOST_COLONS:
            continue
        begin, role = _label_before(raw, at)
        if role is not None and (not found or begin >= found[-1][1]):
            found.append((begin, at + 1, role))
    ends = [begin for begin, _, _ in found[1:]] + [len(raw)]
    roles = {role for _, _, role in found}
    if not found or found[0][0] > 2 or not {Role.FROM, Role.SENT, Role.SUBJECT} <= roles:  # noqa: PLR2004 emphasis before it
        return ()
    return tuple((role, raw[behind:end].strip(" *|")) for (_, behind, role), end in zip(found, ends, strict=True))


def _label_before(raw: str, colon: int) -> tuple[int, Role | None]:
    """Return where the label before a colon begins, and its role."""
    before = raw[max(0, colon - LONGEST_LABEL) : colon]
    words = before.split()
    for count in (1, 2, 3):
        label = " ".join(words[-count:])
        role = _ROLES.get(plain_line(label).strip(EMPHASIS))
        if role is not None:
            return raw.rfind(words[-min(count, len(words))], 0, colon), role
    last = _STUCK.split(before)[-1]
    role = _ROLES.get(plain_line(last)) if len(last) < len(before) else None
    return (colon - len(last), role) if role else (0, None)


def read_bare_field(text: str) -> tuple[Role, str] | None:
    """Read a label that is followed by a blank instead of a colon; None where no known label stands there."""
    words = text[:2000].split()
    for count in (2, 1):
        role = _ROLES.get(plain_line(" ".join(words[:count])).strip(EMPHASIS)) if len(words) > count else None
        if role is not None and (role is not Role.FROM or find_address(text)):
            return role, " ".join(words[count:])
    return None
