"""Fields like Content-Type and Content-Disposition: a value and its parameters (RFC 2045, 2183, 2231), read tolerantly."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.pipeline.reading.charsets import decode_text
from gateway.pipeline.reading.text import clean_line, decode_header_text, decode_words

_LONGEST: Final = 16_384
_MOST: Final = 200
_TOKEN: Final = re.compile(r"[^\s;=\"(),]+")
_EMPTY: Final = re.compile(r"[;\s]*+")
"""What stands between parameters: some mails hold thousands of semicolons."""
_EXTENDED: Final = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """A value in lower case and its parameters, names in lower case, decoded."""

    value: str
    parameters: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """Return the first parameter of that name, or None."""
        return next((value for key, value in self.parameters if key == name), None)


def parse_parameters(raw: bytes, hint: str | None = None) -> Parameters:
    """Read such a field; never raises. `hint` is the charset of raw 8-bit octets."""
    text = decode_header_text(raw[:_LONGEST], hint)
    value, position = _read_value(text, 0)
    pairs: list[tuple[str, str]] = []
    while position < len(text) and len(pairs) < _MOST:
        empty = _EMPTY.match(text, position)
        name, position, has_value = _read_name(text, position if empty is None else empty.end())
        if has_value:
            parameter, position = _read_value(text, position)
            if name:
                pairs.append((name, parameter))
    return Parameters(value="".join(value.lower().split()), parameters=_join_continuations(pairs))


def _read_name(text: str, position: int) -> tuple[str, int, bool]:
    end = position
    while end < len(text) and text[end] not in "=;":
        end += 1
    name = text[position:end].strip().lower()
    return name, end + 1, end < len(text) and text[end] == "="


def _read_value(text: str, position: int) -> tuple[str, int]:
    """Read up to the next semicolon that is not quoted; return the unquoted value and the place after the semicolon."""
    chunks: list[str] = []
    while position < len(text) and text[position] in " \t":
        position += 1
    if position < len(text) and text[position] == '"':
        position += 1
        while position < len(text) and text[position] != '"':
            if text[position] == "\\" and position + 1 < len(text) and text[position + 1] in '"\\':
                position += 1
            chunks.append(text[position])
            position += 1
        end = text.find(";", position)
        return "".join(chunks), len(text) if end < 0 else end + 1
    end = text.find(";", position)
    end = len(text) if end < 0 else end
    return _without_comment(text[position:end]).strip(), end + 1


def _without_comment(text: str) -> str:
    """Cut a comment in parentheses off an unquoted value; a file name such as `Scan (2).pdf` keeps its own."""
    if "(" not in text or "." in text.partition("(")[2]:
        return text
    return text.partition("(")[0] if text.rstrip().endswith(")") else text


def _join_continuations(pairs: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Undo RFC 2231: `name*0*=utf-8'de'…; name*1=…` becomes one; the extended form goes before the plain one."""
    plain: dict[str, str] = {}
    extended: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, value in pairs:
        match = _EXTENDED.fullmatch(name)
        if match is None or (match[2] is None and match[3] is None):
            plain.setdefault(name, value)
        else:
            extended.setdefault(match[1], {}).setdefault(int(match[2] or 0), (value, match[3] is not None))
    found = {name: _decode_sections(sections) for name, sections in extended.items()}
    found |= {name: clean_line(decode_words(value)) for name, value in plain.items() if name not in found}
    return tuple(found.items())


def _decode_sections(sections: dict[int, tuple[str, bool]]) -> str:
    charset: str | None = None
    octets: list[bytes] = []
    is_encoded_anywhere = any(is_encoded for _, is_encoded in sections.values())
    for index in sorted(sections):
        value, is_encoded = sections[index]
        if is_encoded and not octets and value.count("'") >= 2:  # noqa: PLR2004 charset'language'value
            charset, _, value = value.split("'", 2)
        octets.append(unquote_to_bytes(value) if is_encoded else value.encode("utf-8", "replace"))
    if not is_encoded_anywhere:
        return clean_line(decode_words("".join(value for _, (value, _) in sorted(sections.items()))))
    return clean_line(decode_text(b"".join(octets), charset))
