"""The header block of a mail as raw fields, read once: every byte kept, nothing repaired, linear in its size.

Start with `HeaderBlock.read`. `read_author` says whose mail it claims to be, or why nobody can be told.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple, Self

from gateway.mail.addresses import Address, ascii_domain

MAX_FROM: Final = 4000
"""Characters of a From field; four lines of 998 octets."""

_FIELD_START: Final = re.compile(rb"([\x21-\x39\x3b-\x7e]+)[ \t]*:")
_FIELD_END: Final = re.compile(rb"\n(?![ \t])")
_ANY_LINE_FROM: Final = re.compile(rb"(?:^|[\r\n])from[ \t]*:", re.IGNORECASE)
_DOMAIN: Final = re.compile(r"(?!-)[^\x00-\x2c\x2e\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]{1,63}(?<!-)")
_COMMON: Final = re.compile(
    r"""(?: "[^"\\]*"[ \t]* | [^()<>\[\]:;@\\,."]* )   # a name in quotes, or words
    <([^()<>\[\]:;@\\," \t]+)@([A-Za-z0-9.-]+)>[ \t]*""",
    re.VERBOSE,
)
"""What nearly every From looks like: the general reader would say the same."""
_REMEMBERED: Final = 1024
"""Domains that are not read again."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f]")
_NOT_IN_ATOM: Final = frozenset('()<>[]:;@\\,."')
_ATOM: Final = re.compile(r'[^()<>\[\]:;@\\,." \t]+')


class Field(NamedTuple):
    """One header field. `name` is in lower case; `raw` is the field as it stands, with its line ends as CRLF.

    A tuple, because every mail has dozens, and a frozen dataclass takes three times as long to make.
    """

    name: bytes
    raw: bytes

    @property
    def value(self) -> bytes:
        """What follows the colon, folding and the last CRLF kept."""
        return self.raw.partition(b":")[2]

    @property
    def unfolded(self) -> str:
        """The value on one line, without white space around it; bytes outside UTF-8 become U+FFFD."""
        return unfold(self.value).decode("utf-8", "replace").strip(" \t")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderBlock:
    """All header fields, topmost first, and where the body begins.

    A line that is neither a field nor a continuation is kept as a field with an empty name, so that it signs nothing
    and names nobody.
    """

    fields: tuple[Field, ...]
    by_name: Mapping[bytes, Sequence[Field]]
    """The same fields under their names, topmost first."""
    body_start: int
    """Offset of the first octet after the empty line; the content's length where there is none."""
    from_lines: int
    """How many From fields a lenient reader, who also ends lines at bare CR, would see."""

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Split a content's header block; lines may end in CRLF or LF."""
        end, body_start = find_end(content)
        text = content[:end].replace(b"\r\n", b"\n")
        has_bare_cr = b"\r" in text
        fields: list[Field] = []
        by_name: dict[bytes, list[Field]] = {}
        for part in _FIELD_END.split(text.removesuffix(b"\r")):
            if not part:
                continue
            match = _FIELD_START.match(part)
            name = match[1].lower() if match else b""
            one = Field(name, (part.replace(b"\n", b"\r\n") if b"\n" in part else part) + b"\r\n")
            fields.append(one)
            by_name.setdefault(name, []).append(one)
        from_lines = len(_ANY_LINE_FROM.findall(content[:end])) if has_bare_cr else len(by_name.get(b"from", ()))
        return cls(fields=tuple(fields), by_name=by_name, body_start=body_start, from_lines=from_lines)

    def all(self, name: str) -> tuple[Field, ...]:
        """Return every field of that name, topmost first."""
        return tuple(self.by_name.get(name.lower().encode(), ()))


def unfold(value: bytes) -> bytes:
    """Take the line ends out of a value (RFC 5322 section 2.2.3)."""
    return value.replace(b"\r\n", b"").replace(b"\n", b"") if b"\n" in value else value


def find_end(content: bytes) -> tuple[int, int]:
    """Return where the header block ends (its last line end included) and where the body starts."""
    if content.startswith(b"\r\n"):
        return 0, 2
    if content.startswith(b"\n"):
        return 0, 1
    crlf = content.find(b"\n\r\n")
    lf = content.find(b"\n\n", 0, crlf + 1 if crlf >= 0 else len(content))  # a body of megabytes is not searched for it
    if crlf >= 0 and lf < 0:
        return crlf + 1, crlf + 3
    if lf >= 0:
        return lf + 1, lf + 2
    return len(content), len(content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """The domain of the one mailbox of the one From field, or None and why there is none."""

    address: Address | None
    because: str
    domain: str | None = field(init=False)
    """In lower case, as A-labels where IDNA knows them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "domain", ascii_domain(self.address.domain) if self.address else None)


def read_author(block: HeaderBlock) -> Author:
    """Read From (RFC 5322 section 3.6.2), strictly: whatever two programs could read differently names nobody."""
    fields = block.all("from")
    if not fields:
        return Author(address=None, because="there is no From field")
    if len(fields) > 1 or block.from_lines > 1:
        return Author(address=None, because="there is more than one From field")
    text = fields[0].unfolded
    if len(text) > MAX_FROM or (not text.isprintable() and _CONTROL.search(text)):
        return Author(address=None, because="From is too long or holds characters that it must not hold")
    mailboxes = read_mailboxes(text)
    if mailboxes is None or len(mailboxes) != 1:
        why = "From cannot be read" if mailboxes is None else "From does not name exactly one mailbox"
        return Author(address=None, because=why)
    if "\ufffd" in mailboxes[0].local or not is_domain(ascii_domain(mailboxes[0].domain)):
        return Author(address=None, because="From has no domain that could be asked about")
    return Author(address=mailboxes[0], because=f"From is {mailboxes[0].domain}")


def is_domain(text: str) -> bool:
    """Tell whether a name could have mail: at least two labels of letters, digits, hyphens or underscores."""
    return len(text) <= 253 and _has_good_labels(text)  # noqa: PLR2004 RFC 1035


@lru_cache(_REMEMBERED)
def _has_good_labels(text: str) -> bool:
    labels = text.split(".")
    return text.isascii() and len(labels) > 1 and all(map(_DOMAIN.fullmatch, labels))


def read_mailboxes(text: str) -> list[Address] | None:
    """Read a mailbox list (RFC 5322 section 3.4) in one pass; None when it is not one."""
    common = _COMMON.fullmatch(text)
    if common is not None:
        return [Address(common[1], common[2].lower())]
    tokens = tokenize(text)
    if tokens is None:
        return None
    found: list[Address] = []
    part: list[str] = []
    for word in [*tokens, ","]:
        if word == ",":
            if part:
                address = _read_mailbox(part)
                if address is None:
                    return None
                found.append(address)
            part = []
        else:
            part.append(word)
    return found


def tokenize(text: str) -> list[str] | None:
    """Cut into quoted strings (with their quotes), atoms, specials and spaces; comments become spaces.

    None when something is left open.
    """
    tokens: list[str] = []
    position = 0
    while position < len(text):
        end = _end_of_token(text, position)
        if end is None:
            return None
        token = text[position:end]
        is_space = token[0] in " \t("
        if not is_space:
            tokens.append(token)
        elif tokens and tokens[-1] != " ":
            tokens.append(" ")
        position = end
    return tokens


def _end_of_token(text: str, position: int) -> int | None:
    """Return where the token that starts here ends."""
    char = text[position]
    if char == "(":
        return _skip_comment(text, position)
    if char == '"':
        return _skip_quoted(text, position)
    if char == "[":
        return text.find("]", position) + 1 or None
    if char in " \t":
        return position + 1
    if char in _NOT_IN_ATOM:
        return position + 1
    match = _ATOM.match(text, position)
    return match.end() if match else position + 1


def _skip_comment(text: str, position: int) -> int | None:
    depth = 0
    while position < len(text):
        char = text[position]
        if char == "\\":
            position += 1
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if not depth:
                return position + 1
        position += 1
    return None


def _skip_quoted(text: str, position: int) -> int | None:
    position += 1
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif text[position] == '"':
            return position + 1
        position += 1
    return None


def _read_mailbox(tokens: list[str]) -> Address | None:
    """Read `name <local@domain>` or `local@domain`; groups, routes and leftovers are refused."""
    while tokens and tokens[-1] == " ":
        tokens.pop()
    if "<" in tokens:
        start = tokens.index("<")
        if tokens[-1] != ">" or tokens.count("<") != 1 or tokens.count(">") != 1:
            return None
        if any(t in {":", ";", "\\"} for t in tokens[:start]):
            return None
        return _read_addr_spec(tokens[start + 1 : -1])
    return _read_addr_spec(tokens)


def _read_addr_spec(tokens: list[str]) -> Address | None:
    while tokens and tokens[0] == " ":
        tokens = tokens[1:]
    while tokens and tokens[-1] == " ":
        tokens = tokens[:-1]
    if tokens.count("@") != 1 or any(t in {" ", "<", ">", ":", ";", "\\", ")"} for t in tokens):
        return None
    at = tokens.index("@")
    local, domain = "".join(tokens[:at]), "".join(tokens[at + 1 :])
    if not local or not domain or any(t.startswith('"') for t in tokens[at + 1 :]):
        return None
    return Address(local, domain.lower())
