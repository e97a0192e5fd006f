"""Header fields as bytes: cleaned, encoded (RFC 2047, RFC 2231), folded (RFC 5322 section 2.2.3).

Every function takes text from anywhere and returns one field without its last CRLF; the only CR and LF in it are those of
folds made here. All lines stay at 76 octets where the words allow it and below 998 always.
"""

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from gateway.mail.addresses import Address, Mailbox, ascii_domain

_LINE: Final = 76
_ENCODED_WORD: Final = 60
"""Payload and wrapping of one encoded word: short enough to stand behind any name of ours on one line."""
_WRAPPING: Final = len("=?utf-8?q??=")
_LONGEST_WORD: Final = 200
_LONGEST_NAME: Final = 200
_LONGEST_ID: Final = 250
_KEPT_IDS: Final = 10
_CONTROLS: Final = dict.fromkeys((*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), " ")
"""Controls, and the signs that turn the direction of everything behind them (Unicode Standard Annex 9)."""
_ATOM: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOT_ATOM: Final = re.compile(r"[^\s\x00-\x20\x7f()<>\[\]:;@\\,.\"]+(?:\.[^\s\x00-\x20\x7f()<>\[\]:;@\\,.\"]+)*")
_ID: Final = re.compile(r"[!-;=?-~]+")
_FIELD_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,60}")
_PLAIN_PARAMETER: Final = re.compile(r"[ !#-;=?-\[\]-~]*")
"""What every reader takes from between quotation marks as it stands: no quotation mark, backslash or angle bracket."""
_Q_SAFE: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_PERCENT_SAFE: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~")


def clean_line(text: str) -> str:
    """Return text as one line of harmless Unicode: no controls, no lone surrogates, nothing that turns its direction around."""
    if not text.isprintable():
        text = text.translate(_CONTROLS).encode("utf-8", "replace").decode("utf-8")
    return " ".join(text.split())


def block(header_fields: Iterable[bytes]) -> bytes:
    """Return fields as a header block, each with its CRLF."""
    return b"".join(line + b"\r\n" for line in header_fields)


def text_field(name: str, text: str) -> bytes:
    """Return an unstructured field, such as Subject.

    Raises:
        ValueError: `name` is no field name.
    """
    return _fold(_checked(name), _text_words(clean_line(text)))


def mailbox_field(name: str, mailboxes: Iterable[Mailbox]) -> bytes:
    """Return an address field; the addresses must be such as `Address.parse` takes."""
    words: list[str] = []
    for mailbox in mailboxes:
        if words:
            words[-1] += ","
        words += (
            *_phrase(mailbox.name),
            f"<{format_address(mailbox.address)}>" if mailbox.name else format_address(mailbox.address),
        )
    return _fold(_checked(name), words)


def format_address(address: Address) -> str:
    """Return an address as it stands in a header: the domain as A-labels, the local part quoted where it must be."""
    local = address.local
    is_quoted = len(local) > 1 and local.startswith('"') and local.endswith('"')
    if not is_quoted and not _DOT_ATOM.fullmatch(local):
        local = _quoted(local)
    return f"{local}@{ascii_domain(address.domain)}"


def is_id(text: str) -> bool:
    """Tell whether a text can stand as a message id between angle brackets."""
    return len(text) <= _LONGEST_ID and _ID.fullmatch(text) is not None


def id_field(name: str, ids: Iterable[str]) -> bytes | None:
    """Return a field of message ids; a long row keeps its first and its last ten. None when no id is left."""
    kept = [f"<{i}>" for i in dict.fromkeys(ids) if is_id(i)]
    if len(kept) > _KEPT_IDS + 1:
        kept = [kept[0], *kept[-_KEPT_IDS:]]
    return _fold(_checked(name), kept) if kept else None


def parameter_field(name: str, value: str, parameters: Iterable[tuple[str, str]]) -> bytes:
    """Return a field like Content-Type: a value that is a token, and parameters with any text (RFC 2231)."""
    words = [value]
    for key, text in parameters:
        for parameter in _parameter(key, text):
            words[-1] += ";"
            words.append(parameter)
    return _fold(_checked(name), words)


def _checked(name: str) -> str:
    if not _FIELD_NAME.fullmatch(name):
        message = f"{name!r} is no name of a header field"
        raise ValueError(message)
    return name


def _fold(name: str, words: Iterable[str]) -> bytes:
    """Join words by single spaces, breaking the line before a word that would not fit."""
    lines: list[str] = []
    line = f"{name}:"
    is_empty = True
    for word in words:
        if len(line) + 1 + len(word) > _LINE and not is_empty:
            lines.append(line)
            line = ""
        line += f" {word}"
        is_empty = False
    lines.append(line)
    return "\r\n".join(lines).encode("utf-8", "replace")


def _text_words(text: str) -> Iterator[str]:
    """Yield the words of an unstructured field; from the first to the last word that cannot stand there, encoded."""
    words = text.split(" ")
    odd = [index for index, word in enumerate(words) if not word.isascii() or "=?" in word or len(word) > _LONGEST_WORD]
    if not odd:
        yield from words
        return
    yield from words[: odd[0]]
    yield from _encoded_words(" ".join(words[odd[0] : odd[-1] + 1]))
    yield from words[odd[-1] + 1 :]


def _phrase(name: str | None) -> Iterator[str]:
    """Yield a display name as atoms, as a quoted string, or encoded (RFC 5322 section 3.2.5, RFC 2047 section 5)."""
    cleaned = clean_line(name or "")[:_LONGEST_NAME].strip()
    if not cleaned:
        return
    if not cleaned.isascii() or "=?" in cleaned or len(cleaned) > _ENCODED_WORD:
        yield from _encoded_words(cleaned)
    elif _ATOM.fullmatch(cleaned):
        yield from cleaned.split(" ")
    else:
        yield _quoted(cleaned)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _encoded_words(text: str) -> Iterator[str]:
    """Yield encoded words of whole characters (RFC 2047 sections 2, 4 and 5): Q or B, whichever is shorter."""
    raw = text.encode("utf-8", "replace")
    q_length = sum(1 if octet in _Q_SAFE or octet == ord(" ") else 3 for octet in raw)
    if q_length <= (len(raw) + 2) // 3 * 4:
        for chunk in _chunks(text, _ENCODED_WORD - _WRAPPING, _q_encoded):
            yield f"=?utf-8?q?{chunk}?="
        return
    limit = (_ENCODED_WORD - _WRAPPING) // 4 * 3
    for chunk in _chunks(text, limit, lambda character: character):
        yield f"=?utf-8?b?{base64.b64encode(chunk.encode('utf-8', 'replace')).decode('ascii')}?="


def _q_encoded(character: str) -> str:
    if character == " ":
        return "_"
    raw = character.encode("utf-8", "replace")
    return "".join(chr(octet) if octet in _Q_SAFE else f"={octet:02X}" for octet in raw)


def _percent_encoded(character: str) -> str:
    raw = character.encode("utf-8", "replace")
    return "".join(chr(octet) if octet in _PERCENT_SAFE else f"%{octet:02X}" for octet in raw)


def _chunks(text: str, limit: int, encode: Callable[[str], str]) -> Iterator[str]:
    """Yield `text` encoded character by character, in pieces of at most `limit` octets that never split a character."""
    chunk: list[str] = []
    size = 0
    for character in text:
        piece = encode(character)
        octets = len(piece.encode("utf-8", "replace"))
        if chunk and size + octets > limit:
            yield "".join(chunk)
            chunk, size = [], 0
        chunk.append(piece)
        size += octets
    if chunk:
        yield "".join(chunk)


def _parameter(key: str, text: str) -> Iterator[str]:
    """Yield one parameter: plain, or in the extended form, in several pieces when it is long (RFC 2231 sections 3 and 4)."""
    cleaned = clean_line(text)
    if len(cleaned) <= _ENCODED_WORD and "=?" not in cleaned and _PLAIN_PARAMETER.fullmatch(cleaned):
        yield f'{key}="{cleaned}"'
        return
    pieces = list(_chunks(cleaned, _ENCODED_WORD - 10, _percent_encoded))
    if len(pieces) == 1:
        yield f"{key}*=utf-8''{pieces[0]}"
        return
    for index, piece in enumerate(pieces):
        yield f"{key}*{index}*={piece}" if index else f"{key}*0*=utf-8''{piece}"
