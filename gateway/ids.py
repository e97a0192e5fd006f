"""Ids that are unique without asking the database, grow with time, and are short enough to say on the phone.

A 63-bit number: 41 bits of milliseconds since 2020, 10 bits of a node chosen at random when the process starts, 12 bits of
sequence. Should two nodes ever choose alike, the primary key refuses the second row and the work is done again.
People see the number as 13 characters of Crockford's base32 in lower case.
"""

from collections.abc import Callable
from threading import Lock
from typing import Final, Protocol

_EPOCH_MS: Final = 1_577_836_800_000
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUE: Final = {c: i for i, c in enumerate(_ALPHABET)} | {"o": 0, "i": 1, "l": 1}
_PAIRS: Final = tuple(one + other for one in _ALPHABET for other in _ALPHABET)
"""Ten bits at once."""
_LENGTH: Final = 13
_SEQUENCE_BITS: Final = 12
_NODE_BITS: Final = 10
ID_BITS: Final = 63
_NONE_LEFT: Final = "not so many ids were reserved"


class IdSource(Protocol):
    """Whatever makes ids."""

    def next(self) -> int:
        """Return a new id, larger than every one before."""

    def reserve(self, count: int) -> "ReservedIds":
        """Return so many ids for another process; those that are made here meanwhile are larger."""


class Ids:
    """Makes ids; safe to use from several threads."""

    def __init__(self, *, clock_ms: Callable[[], int], node: int) -> None:
        """Take a clock in milliseconds since 1970 and a node number, of which the low 10 bits count."""
        self._clock_ms = clock_ms
        self.node = node & ((1 << _NODE_BITS) - 1)
        self._last = 0
        self._lock = Lock()

    def next(self) -> int:
        """Return a new id, larger than every one before, even when the clock steps back."""
        tick = (self._clock_ms() - _EPOCH_MS) << _SEQUENCE_BITS
        with self._lock:
            self._last = last = max(self._last + 1, tick)
        return _id_of(last, self.node)

    def reserve(self, count: int) -> "ReservedIds":
        """Return so many ids for another process; those that are made here meanwhile are larger."""
        tick = (self._clock_ms() - _EPOCH_MS) << _SEQUENCE_BITS
        with self._lock:
            first = max(self._last + 1, tick)
            self._last = first + count - 1
        return ReservedIds(first, count, self.node)


class ReservedIds:
    """Some ids of `Ids`, for one that cannot ask it."""

    def __init__(self, first: int, count: int, node: int) -> None:
        self._coming = first
        self._end = first + count
        self._node = node

    def next(self) -> int:
        """Return the next one. Raises LookupError after the last."""
        if self._coming == self._end:
            raise LookupError(_NONE_LEFT)
        self._coming += 1
        return _id_of(self._coming - 1, self._node)

    def reserve(self, count: int) -> "ReservedIds":
        """Return some of them. Raises LookupError where fewer are left."""
        first = self._coming
        if first + count > self._end:
            raise LookupError(_NONE_LEFT)
        self._coming += count
        return ReservedIds(first, count, self._node)


def _id_of(tick: int, node: int) -> int:
    milliseconds, sequence = divmod(tick, 1 << _SEQUENCE_BITS)
    return (milliseconds << (_NODE_BITS + _SEQUENCE_BITS)) | (node << _SEQUENCE_BITS) | sequence


def format_id(number: int) -> str:
    """Return an id as people see it: 13 characters."""
    p = _PAIRS
    return (
        f"{_ALPHABET[number >> 60 & 31]}{p[number >> 50 & 1023]}{p[number >> 40 & 1023]}{p[number >> 30 & 1023]}"
        f"{p[number >> 20 & 1023]}{p[number >> 10 & 1023]}{p[number & 1023]}"
    )


def parse_id(text: str) -> int | None:
    """Read what `format_id` wrote, in any case and with the letters people confuse; None when it is something else."""
    folded = text.strip().lower()
    if len(folded) != _LENGTH or any(c not in _VALUE for c in folded):
        return None
    number = 0
    for c in folded:
        number = number << 5 | _VALUE[c]
    return number if number < 1 << ID_BITS else None
