"""Address lists in header fields (RFC 5322 section 3.4), read tolerantly: groups, comments, quoted names, and what people type.

One pass over the characters; never raises. Nothing in here says that an address is real: see `Address.of`.
"""

from typing import Final

from gateway.mail.addresses import Address, Mailbox
from gateway.pipeline.reading.fields import LONGEST_FIELD
from gateway.pipeline.reading.text import WORD_HEAD, clean_line, decode_header_text, decode_words

_LONGEST: Final = LONGEST_FIELD


def parse_address_field(raw: bytes, hint: str | None = None) -> tuple[Mailbox, ...]:
    """Return every mailbox of a field, groups expanded. `hint` is the charset of raw 8-bit octets in it.

    A field that is absurdly long names nobody: half of it could name somebody else than the whole.
    """
    if len(raw) >= _LONGEST:
        return ()
    return parse_address_list(decode_header_text(raw, hint))


def parse_address_list(text: str) -> tuple[Mailbox, ...]:
    """Return every mailbox of a list that stands in `text`, its encoded words not yet decoded."""
    return tuple(_Reader(text).read())


class _Reader:
    """Collects one mailbox at a time: its words, its comments, and what stood between angle brackets."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: list[Mailbox] = []
        self._has_unclosed: set[str] = set()
        self._word_end = -1
        self._half_name: tuple[str, int] | None = None
        """A lone word before a comma, and how many mailboxes were found up to it."""
        self._reset()

    def _reset(self) -> None:
        self._words: list[str] = []
        self._comments: list[str] = []
        self._angle: str | None = None

    def read(self) -> list[Mailbox]:
        text, position = self._text, 0
        while position < len(text):
            c = text[position]
            if c == '"':
                position = self._take_quoted(position)
            elif c == "(":
                position = self._take_comment(position)
            elif c == "<":
                position = self._take_angle(position)
            elif c == "[":
                position = self._take_literal(position)
            elif c == "=" and text.startswith("=?", position):
                position = self._take_encoded_word(position)
            elif c in ",;":
                self._finish_mailbox()
                position += 1
            elif c == ":":
                self._take_colon()
                position += 1
            else:
                self._words.append(c)
                position += 1
        self._finish_mailbox()
        return self._found

    def _take_one(self, position: int) -> int:
        self._words.append(self._text[position])
        return position + 1

    def _take_quoted(self, position: int) -> int:
        if '"' in self._has_unclosed:
            return self._take_one(position)
        text, end = self._text, position + 1
        while end < len(text) and text[end] != '"':
            end += 2 if text[end] == "\\" else 1
        if end >= len(text):
            self._has_unclosed.add('"')
            return self._take_one(position)
        self._words.append(text[position : end + 1])
        return end + 1

    def _take_comment(self, position: int) -> int:
        if "(" in self._has_unclosed:
            return self._take_one(position)
        text, end, depth = self._text, position + 1, 1
        while end < len(text) and depth:
            c = text[end]
            depth += (c == "(") - (c == ")")
            end += 2 if c == "\\" else 1
        if depth:
            self._has_unclosed.add("(")
            return self._take_one(position)
        self._comments.append(text[position + 1 : end - 1])
        self._words.append(" ")
        return end

    def _take_angle(self, position: int) -> int:
        text = self._text
        if self._angle is not None:
            if "@" in self._angle:
                self._finish_mailbox()
            else:
                self._words.append(f" {self._angle} ")
        end = position + 1
        while end < len(text) and text[end] not in "<>":
            if text[end] == '"':
                closing = text.find('"', end + 1) if '"' not in self._has_unclosed else -1
                if closing < 0:
                    self._has_unclosed.add('"')
                else:
                    end = closing
            end += 1
        if end < len(text) and text[end] == ">":
            self._angle = text[position + 1 : end]
            return end + 1
        comma = text.find(",", position, end)  # no closing bracket: the address ends where the list goes on
        end = comma if comma >= 0 else end
        self._angle = text[position + 1 : end]
        return end

    def _take_literal(self, position: int) -> int:
        """`[IPv6:2001:db8::1]` holds colons that are no group's."""
        end = self._text.find("]", position) if "[" not in self._has_unclosed else -1
        if end < 0:
            self._has_unclosed.add("[")
            return self._take_one(position)
        self._words.append(self._text[position : end + 1])
        return end + 1

    def _take_encoded_word(self, position: int) -> int:
        """Take an encoded word as one word, whatever stands in it: broken senders leave commas unencoded."""
        head = WORD_HEAD.match(self._text, position)
        if head is not None and self._word_end < head.end():
            self._word_end = self._text.find("?=", head.end())
            if self._word_end < 0:
                self._word_end = len(self._text) + 1
        if head is None or self._word_end > len(self._text):
            return self._take_one(position)
        inner = self._text.find("=?", head.end(), self._word_end)
        if inner >= 0:
            return self._take_one(position)
        self._words.append(self._text[position : self._word_end + 2])
        return self._word_end + 2

    def _take_colon(self) -> None:
        """Pass over what stands before a colon, a group's name or `mailto`, unless an address stands there."""
        if self._angle is not None or any("@" in word for word in self._words):
            self._words.append(":")
        else:
            self._reset()

    def _finish_mailbox(self) -> None:
        words = "".join(self._words).strip()
        comment = next((c for c in self._comments if c.strip()), None)
        if self._angle is not None and self._angle.strip():
            if words and "@" in self._angle and self._half_name is not None and self._half_name[1] == len(self._found):
                self._found.pop()  # `Dorn, Dora <dora@example.org>`: the comma of a name that nobody quoted
                words = f"{self._half_name[0]}, {words}"
            self._add(words or comment, self._angle)
        elif words and self._angle is None:
            name, address = _split_bare(words)
            if address:
                self._add(name or comment, address)
            if address and "@" not in address:
                self._half_name = (address, len(self._found))
        self._reset()

    def _add(self, name: str | None, address: str) -> None:
        text = _clean_address(address)
        if text:
            self._found.append(Mailbox(_clean_name(name), Address.of(text)))


def _split_bare(words: str) -> tuple[str, str]:
    """Split `Name user@host` without brackets; a lone word is a local user, several words without an @ are nobody."""
    if "@" not in words:
        return "", words if len(words.split()) == 1 and not words.startswith(("=?", '"')) else ""
    if words.startswith('"') and words.count('"') == 2:  # noqa: PLR2004 one quoted string at the start
        quoted, _, rest = words[1:].partition('"')
        if rest[:1].isspace() and "@" in rest:
            return f'"{quoted}"', rest
        return "", words if "@" in rest else quoted
    chunks = words.split()
    holder = next((i for i, chunk in enumerate(chunks) if "@" in chunk), 0)
    if chunks[holder].startswith("@") or chunks[holder].endswith("@"):
        return "", "".join(chunks)
    return " ".join(chunks[:holder] + chunks[holder + 1 :]), chunks[holder]


def _clean_address(text: str) -> str:
    """Drop a source route, `mailto:`, comments and white space (RFC 5322 section 4.4)."""
    text = clean_line(text)
    if text[:7].lower() == "mailto:":
        text = text[7:]
    if text.startswith("@") and ":" in text:
        text = text.partition(":")[2]
    if text.startswith('"'):
        local, at, domain = text.rpartition("@")
        return f"{local.strip()}{at}{''.join(domain.split())}"
    if "(" in text and ")" in text:
        text = text.partition("(")[0] + text.rpartition(")")[2]
    if "@" not in text:
        return text.strip("<> ")
    text = "".join(text.split()).strip("<>")
    return text[1:-1] if text.startswith("'") and text.endswith("'") else text


def _clean_name(name: str | None) -> str | None:
    if name is None:
        return None
    text = name.strip()
    if len(text) > 1 and text[0] == text[-1] == '"' and text.count('"') == 2:  # noqa: PLR2004 the two quotes
        text = text[1:-1]
    elif '"' in text:
        text = text.replace('\\"', "\0").replace('"', "").replace("\0", '"')
    text = text.replace("\\\\", "\\").replace('\\"', '"') if "\\" in text else text
    cleaned = clean_line(decode_words(text))
    if len(cleaned) > 1 and cleaned[0] == cleaned[-1] and cleaned[0] in "'\"":
        cleaned = cleaned[1:-1].strip()
    return cleaned or None
