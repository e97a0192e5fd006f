"""Whom the author wrote to, seen through the headers that forwarding leaves behind.

It only tells which address the customer used, and so which one answers; the envelope recipient alone chooses the channel.
"""

import re
from collections.abc import Iterator
from typing import Final

from gateway.mail.addresses import Address
from gateway.mail.message import Message
from gateway.pipeline.reading.circumstances import Circumstances
from gateway.pipeline.reading.header_index import HeaderIndex

_FOR: Final = re.compile(r"\bfor\s{1,8}<?([^\s<>;()]{1,320})>?", re.IGNORECASE)
_SEPARATORS: Final = {ord(c): " " for c in "<>,;()[]:"}
_MAX_HEADERS: Final = 50
_MAX_LENGTH: Final = 8000


def find_original_recipients(message: Message, circumstances: Circumstances) -> tuple[Address, ...]:
    """Return the addresses the author may have written to, best first, each once.

    Our channels' addresses come before others, our own machinery (intake addresses, anything at our hostname) last; inside
    these groups the order is that of `_candidates`.
    """
    unique = {address.key: address for address in reversed(list(_candidates(message))) if _is_address(address)}
    ordered = list(reversed(unique.values()))
    return tuple(sorted(ordered, key=lambda address: _group(address, circumstances)))


def _group(address: Address, circumstances: Circumstances) -> int:
    """Return 0 for our channels, 1 for anybody else, 2 for our machinery."""
    hostname = circumstances.hostname.lower().rstrip(".")
    if address.key in circumstances.intake_addresses or (hostname and address.domain == hostname):
        return 2
    base = _without_subaddress(address)
    return 0 if address.key in circumstances.own_addresses or base.key in circumstances.own_addresses else 1


def _without_subaddress(address: Address) -> Address:
    """Return the address before the plus sign: a ticket's plus form belongs to the channel."""
    local, plus, _ = address.local.partition("+")
    return Address(local, address.domain) if plus and local else address


def _candidates(message: Message) -> Iterator[Address]:
    """Yield every hint, best first; of a field that each hop adds on top, the innermost (written first) comes first."""
    headers = HeaderIndex(message)
    for value in _innermost_first(headers, "X-Original-To"):
        yield from _addresses(value)
    for value in _innermost_first(headers, "X-Forwarded-For"):
        yield from _addresses(value.replace(",", " ").split(" ", 1)[0])
    for name in ("Delivered-To", "X-Envelope-To", "Envelope-To", "Resent-To"):
        for value in _innermost_first(headers, name):
            yield from _addresses(value)
    for mailbox in (*message.to, *message.cc):
        yield mailbox.address
    for value in _innermost_first(headers, "Received"):
        match = _FOR.search(value)
        if match:
            yield Address.of(match[1])


def _innermost_first(headers: HeaderIndex, name: str) -> tuple[str, ...]:
    return tuple(value.strip()[:_MAX_LENGTH] for value in reversed(headers.all(name.lower())[-_MAX_HEADERS:]))


def _addresses(value: str) -> list[Address]:
    """Read an address field tolerantly: every word that holds an @, without the signs around it."""
    words = value.translate(_SEPARATORS).split()
    return [Address.of(word.strip("\"'")) for word in words if "@" in word]


def _is_address(address: Address) -> bool:
    """Tell whether mail could be sent there."""
    return bool(address.local and address.domain) and not any(c.isspace() for c in address.local + address.domain)
