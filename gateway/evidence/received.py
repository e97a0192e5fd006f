"""Reading `Received` in the dialects of the mail servers people use (RFC 5321 section 4.4).

Postfix and Sendmail write `from HELO (rdns [IP])`, Exim `from rdns ([IP] helo=HELO)` or `from [IP] (helo=HELO)`, Exchange
`from HELO (IP)`, Google `from HELO (rdns. [IP])`, qmail `from rdns (HELO name) (IP)`. What a client could choose (its HELO)
is never taken for its address.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MAX_LENGTH: Final = 4000
"""Characters; no server writes more."""

_EXIM_HELO: Final = re.compile(r"(?:^|[ \t])helo=(\S+)", re.IGNORECASE)
_QMAIL_HELO: Final = re.compile(r"HELO[ \t]+(\S+)")
_BRACKETED: Final = re.compile(r"(?:^|[ \t@])\[(?:IPv6:)?([0-9A-Fa-f:.]{2,45})(?:%[^\]]{0,20})?\](?::\d+)?", re.IGNORECASE)
_SUBMISSION: Final = re.compile(r"(?:utf8)?e?smtps?a", re.IGNORECASE)
_HOST: Final = re.compile(r"\[?[A-Za-z0-9_.:-]{1,255}\]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One Received field: who handed the mail over, and who wrote this down."""

    helo: str | None
    ip: str | None
    """Canonical text; None where there is no client or its address cannot be read."""
    by: str | None
    has_client: bool
    """It says `from` anything at all; without it the mail only moved inside one machine."""
    is_submission: bool
    """The client had logged in (RFC 3848)."""


def read_received(value: str) -> Hop:
    """Read the value of a Received field, unfolded; never raises."""
    words, comments = _split(value[:MAX_LENGTH].rpartition(";")[0] or value[:MAX_LENGTH])
    keys = [word.lower() for word in words]
    by_at = keys.index("by") if "by" in keys else len(keys)
    has_client = bool(keys) and keys[0] == "from"
    by = words[by_at + 1] if by_at + 1 < len(words) else None
    protocol = keys[keys.index("with", by_at) + 1] if "with" in keys[by_at:-1] else ""
    from_words = words[1:by_at] if has_client else []
    from_comments = [text for position, text in comments if position <= by_at] if has_client else []
    helo, ip = _read_client(from_words, from_comments)
    is_submission = bool(_SUBMISSION.fullmatch(protocol)) or any("authenticated sender" in c.lower() for c in from_comments)
    return Hop(helo=_host(helo), ip=ip, by=_host(by), has_client=has_client, is_submission=is_submission)


def _split(text: str) -> tuple[list[str], list[tuple[int, str]]]:
    """Return the words outside of comments, and the comments with the number of words before each."""
    words: list[str] = []
    comments: list[tuple[int, str]] = []
    depth, start = 0, 0
    for position, char in enumerate(text + " "):
        if char == "(":
            if not depth:
                words.extend(text[start:position].split())
                start = position + 1
            depth += 1
        elif char == ")" and depth:
            depth -= 1
            if not depth:
                comments.append((len(words), text[start:position]))
                start = position + 1
    if not depth:
        words.extend(text[start:].split())
    return words, comments


def _read_client(words: Sequence[str], comments: Sequence[str]) -> tuple[str | None, str | None]:
    """Return HELO and address from what stands between `from` and `by`."""
    first = words[0] if words else None
    for index, comment in enumerate(comments):
        qmail = _QMAIL_HELO.fullmatch(comment.strip())
        if qmail:
            return qmail[1], next((ip for c in comments[index + 1 :] if (ip := _plain_ip(c))), None)
        exim = _EXIM_HELO.search(comment)
        if exim:
            inside = _bracketed_ip(comment[: exim.start()])
            return exim[1], inside or _bracketed_ip(first)
        bracketed = _bracketed_ip(comment)
        if bracketed:
            return first, bracketed
        plain = _plain_ip(comment)
        if plain:
            return first, plain
    return first, next((ip for word in reversed(words) if (ip := _bracketed_ip(word))), None)


def _bracketed_ip(text: str | None) -> str | None:
    match = _BRACKETED.search(text) if text else None
    return _plain_ip(match[1]) if match else None


def _plain_ip(text: str) -> str | None:
    """Read `198.51.100.7`, `user@198.51.100.7` or an IPv6 address that stands alone."""
    try:
        return str(ipaddress.ip_address(text.strip().rpartition("@")[2].partition("%")[0]))
    except ValueError:
        return None


def _host(text: str | None) -> str | None:
    """Return a name a server could have, in lower case; None for anything else."""
    if text is None or not _HOST.fullmatch(text):
        return None
    return text.lower().rstrip(".")
