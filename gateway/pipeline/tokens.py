"""The token: how a mail that comes back finds its ticket, and how we know that we sent what it answers.

A token is 30 characters of lower-case base32: 5 bits of key id, 65 bits of the outbound mail's id, 80 bits of HMAC-SHA256
(RFC 2104, truncated as its section 5 allows). It says only *which mail of ours* this answers; the outbox row of that mail gives
ticket, person, the last post that person had seen, and expiry. Holding a token proves nothing about who holds it: that is what
the evidence is for.

The same id gives different tokens for different uses, so that a bounce address cannot be used to answer.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

TOKEN_LENGTH: Final = 30
_MAC_BITS: Final = 80
_ID_BITS: Final = 65
_MAC_OCTETS: Final = _MAC_BITS // 8
_SIGN: Final = "[A-Za-z2-7\u0130\u0131\u017f\u212a]"
"""What `[a-z2-7]` stands for without case, four signs outside ASCII included; spelt out it is found six times as fast."""
_TOKEN: Final = re.compile(f"(?<!{_SIGN}){_SIGN}{{30}}+(?!{_SIGN})")
_MOST_TOKENS: Final = 64
_LIKE_TOKEN: Final = b"a" * TOKEN_LENGTH
_LIKE_SIGNS: Final = re.sub(rb"[A-Za-z2-7\x80-\xff]", b"a", bytes(range(256)))
"""Translates octets: what may be a sign of a token becomes `a`, and nothing else does."""
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS: Final = tuple(one + other for one in _ALPHABET for other in _ALPHABET)
"""What stands for 10 bits; the standard library's base32 takes several times as long, and writes whole groups of 40 bits only."""
_SHIFTS: Final = range(140, -1, -10)
_REFERENCE_PREFIX: Final = "ref-"
RETURN_PREFIX: Final = "bounce-"
"""The local part of a reverse-path of ours is this and a return token."""


class TokenUse(Enum):
    """What a token is good for; part of what the MAC covers."""

    ANSWER = b"answer"
    RETURN = b"return"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A secret that makes and checks tokens. `id` is 0 to 31."""

    id: int
    secret: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """The key that signs now, and all that may still be met."""

    current: SigningKey
    all: Mapping[int, SigningKey]

    @classmethod
    def of(cls, *keys: SigningKey) -> "KeyRing":
        """Hold some keys, the last one the current."""
        return cls(current=keys[-1], all={key.id: key for key in keys})


def make_token(outbound_id: int, keys: KeyRing, use: TokenUse = TokenUse.ANSWER) -> str:
    """Return the token of an outbound mail: 30 characters of `a-z2-7`."""
    key = keys.current
    head = key.id << _ID_BITS | outbound_id
    number = head << _MAC_BITS | int.from_bytes(_mac(head, key, use))
    return "".join(_PAIRS[number >> shift & 0x3FF] for shift in _SHIFTS)


def read_token(token: str, keys: KeyRing, use: TokenUse = TokenUse.ANSWER) -> int | None:
    """Return the outbound mail's id if we made this token for this use, else None. Letter case does not matter."""
    if len(token) != TOKEN_LENGTH:
        return None
    try:
        number = int.from_bytes(base64.b32decode(token.upper() + "AA", casefold=False)) >> 10
    except (binascii.Error, ValueError):
        return None
    head, mac = number >> _MAC_BITS, number & ((1 << _MAC_BITS) - 1)
    key = keys.all.get(head >> _ID_BITS)
    if key is None or not hmac.compare_digest(_mac(head, key, use), mac.to_bytes(_MAC_OCTETS)):
        return None
    return head & ((1 << _ID_BITS) - 1)


def find_tokens(text: str) -> tuple[str, ...]:
    """Return what looks like tokens in a text, in lower case and in order, at most 64 of them."""
    found: list[str] = []
    if not _may_hold_token(text):
        return ()
    for match in _TOKEN.finditer(text):
        found.append(match[0].lower())
        if len(found) == _MOST_TOKENS:
            break
    return tuple(found)


def message_id_of(token: str, hostname: str) -> str:
    """Return the Message-ID of the mail whose token this is, without angle brackets."""
    return f"{token}@{hostname}"


def reference_of(token: str, hostname: str) -> str:
    """Return a second id with the same token, for the end of References: a rewritten Message-ID does not take it along."""
    return f"{_REFERENCE_PREFIX}{token}@{hostname}"


def token_of_message_id(message_id: str, hostname: str) -> str | None:
    """Return the token, unverified, in what `message_id_of` or `reference_of` made."""
    local, _, domain = message_id.strip().casefold().rpartition("@")
    local = local.removeprefix(_REFERENCE_PREFIX)
    return local if domain == hostname and find_tokens(local) == (local,) else None


def holds_token(octets: bytes, keys: KeyRing) -> bool:
    """Tell whether a token of ours stands in a file, such as one of our mails that was enclosed; UTF-16 counts, too."""
    text = octets.replace(b"\0", b"").decode("ascii", "replace")
    return any(read_token(token, keys) is not None for token in find_tokens(text))


def scrub_tokens(text: str, keys: KeyRing) -> str:
    """Take every token of ours out of a text that is about to leave: it may be somebody else's."""

    def blank(match: re.Match[str]) -> str:
        known = any(read_token(match[0].lower(), keys, use) is not None for use in TokenUse)
        return "…" if known else match[0]

    return _TOKEN.sub(blank, text) if _may_hold_token(text) else text


def _may_hold_token(text: str) -> bool:
    """Tell whether 30 signs of a token may stand in a row; octets outside ASCII count as signs. Ten times as fast as `_TOKEN`."""
    return _LIKE_TOKEN in text.encode("utf-8", "surrogatepass").translate(_LIKE_SIGNS)


def _mac(head: int, key: SigningKey, use: TokenUse) -> bytes:
    covered = b"ticket-gateway token 1 " + use.value + b" " + head.to_bytes(9)
    return hmac.digest(key.secret, covered, hashlib.sha256)[:_MAC_OCTETS]
