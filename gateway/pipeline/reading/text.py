"""Text as it stands in mail: cleaning for storage, encoded words in headers, flowed paragraphs.

Everything here is linear in its input and never raises. Start with `clean_text` and `decode_words`.
"""

import re
from typing import Final

from gateway.pipeline.reading.charsets import decode_text
from gateway.pipeline.reading.transfer import decode_base64, decode_quoted_printable

_LINE_ENDS: Final = re.compile("\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS: Final = {i: None for i in (*range(0x20), *range(0x7F, 0xA0)) if i not in {0x09, 0x0A}} | {
    0xFEFF: None,
    0xFFFE: None,
    0xFFFF: None,
}
_NOT_CLEAN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufeff\ufffe\uffff]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_BLANKS: Final = re.compile(r"[ \t\r\n\v\f\x00]+")
_FOLD: Final = re.compile(r"\r?\n[ \t]*|\r")

WORD_HEAD: Final = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?")


def clean_text(text: str) -> str:
    """Return text that any database and any terminal takes: LF line ends, no control characters, no lone surrogates.

    Marks that steer the direction of text stay: they belong to Arabic and Hebrew.
    """
    text = text.replace("\r\n", "\n")
    if text.replace("\n", "").replace("\t", "").isprintable() or not _NOT_CLEAN.search(text):  # the first is quicker
        return text
    text = _LINE_ENDS.sub("\n", text).translate(_CONTROLS)
    return _SURROGATES.sub("\ufffd", text)


def clean_line(text: str) -> str:
    """Return clean text on one line, blanks at its ends removed."""
    return _BLANKS.sub(" ", clean_text(text)).strip()


def decode_header_text(raw: bytes, hint: str | None = None) -> str:
    """Decode the octets of a header field as text, folding undone, encoded words left alone.

    `hint` is the charset of the mail's body: senders who write raw 8-bit headers use the same one there.
    """
    if raw.isascii():
        return _FOLD.sub(_unfold, raw.decode("ascii"))
    return _FOLD.sub(_unfold, decode_text(raw, hint))


def _unfold(match: "re.Match[str]") -> str:
    """Drop a line break and keep the white space after it (RFC 5322 section 2.2.3)."""
    return match[0].lstrip("\r\n") or " "


def decode_words(text: str) -> str:
    """Decode the encoded words of RFC 2047, also broken ones, wherever they stand.

    White space between adjacent words goes; words of one charset are joined as octets before they are decoded, because senders
    cut characters in half.
    """
    if "=?" not in text:
        return text
    done: list[str] = []
    run = _Run()
    position = 0
    end = -1
    while (head := WORD_HEAD.search(text, position)) is not None:
        between = text[position : head.start()]
        if end < head.end():
            end = text.find("?=", head.end())
        if end < 0:
            break
        following = text.find("=?", head.end(), end)
        is_closed = following < 0 or WORD_HEAD.match(text, following) is None
        stop = end if is_closed else following
        if between and not (run.charset and between.isspace()):
            done += (run.flush(), between)
        charset = head[1].lower()
        if run.charset != charset:
            done.append(run.flush())
            run.charset = charset
        run.add(head[2], text[head.end() : stop])
        position = stop + 2 if is_closed else stop
    done += (run.flush(), text[position:])
    return "".join(done)


class _Run:
    """Adjacent encoded words of one charset."""

    __slots__ = ("_base64", "_octets", "charset")

    def __init__(self) -> None:
        self.charset: str | None = None
        self._octets: list[bytes] = []
        self._base64: list[str] = []

    def add(self, encoding: str, encoded: str) -> None:
        """Take one word's text; base64 without padding may go on in the next word."""
        if encoding in "bB":
            self._base64.append(encoded)
            if "=" in encoded or sum(map(len, self._base64)) % 4 == 0:
                self._end_base64()
        else:
            self._end_base64()
            self._octets.append(decode_quoted_printable(encoded.replace("_", " ").encode(errors="replace"), is_header=True))

    def _end_base64(self) -> None:
        if self._base64:
            self._octets.append(decode_base64("".join(self._base64).encode(errors="replace")))
            self._base64 = []

    def flush(self) -> str:
        """Return the run's text and begin anew."""
        if self.charset is None:
            return ""
        self._end_base64()
        octets, charset = b"".join(self._octets), self.charset
        self.charset, self._octets = None, []
        return decode_text(octets, charset)


def decode_unstructured(raw: bytes, hint: str | None = None) -> str:
    """Return an unstructured header field such as Subject as a person reads it: one clean line."""
    if raw.isascii() and b"=?" not in raw:  # nearly all of them
        line = " ".join(raw.decode("ascii").split())
        if line.isprintable():
            return line
    return clean_line(decode_words(decode_header_text(raw, hint)))


def join_flowed(text: str, *, delete_space: bool) -> str:
    """Undo `format=flowed` (RFC 3676): a line that ends in a space goes on in the next one of the same quote depth."""
    lines: list[str] = []
    paragraph: list[str] = []
    depth = 0
    for raw in text.split("\n"):
        content = raw.lstrip(">")
        quotes = len(raw) - len(content)
        line = content.removeprefix(" ")
        if paragraph and quotes != depth:
            lines.append(_flowed_line(paragraph, depth))
            paragraph = []
        depth = quotes
        if line == "-- ":
            if paragraph:
                lines.append(_flowed_line(paragraph, depth))
                paragraph = []
            lines.append(_flowed_line([line], depth))
        elif line.endswith(" "):
            paragraph.append(line[:-1] if delete_space else line)
        else:
            paragraph.append(line)
            lines.append(_flowed_line(paragraph, depth))
            paragraph = []
    if paragraph:
        lines.append(_flowed_line(paragraph, depth))
    return "\n".join(lines)


def _flowed_line(paragraph: list[str], depth: int) -> str:
    text = "".join(paragraph)
    return f"{'>' * depth} {text}" if depth else text
