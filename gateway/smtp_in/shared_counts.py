"""What several accepting processes count together, so that a limit is one limit: a page of memory in which each has its own part.

Nobody writes into the part of another, so there are no locks; whoever asks adds the parts up. Two processes that look in the same
moment may both find room for the last one: a limit may be passed by one connection or one piece of a mail for each process.
The networks of clients are counted in cells chosen by a keyed digest, each in two, and the smaller count is taken: two networks
share both their cells once in some hundred million pairs.
"""

import hashlib
import mmap
import os
import secrets
from enum import IntEnum
from typing import Final, Self

_NETWORK_CELLS: Final = 1 << 14
"""In each of two rows."""
_NUMBERS: Final = 3
_NUMBER_OCTETS: Final = 8
_CELL_OCTETS: Final = 2
_CELL_MOST: Final = 0xFFFF
_PART_OCTETS: Final = _NUMBERS * _NUMBER_OCTETS + 2 * _NETWORK_CELLS * _CELL_OCTETS
_KEY_OCTETS: Final = 16


class Number(IntEnum):
    """What is counted in all."""

    CONNECTIONS = 0
    IN_FLIGHT = 1
    """Octets of mails that are arriving."""
    IN_MEMORY = 2
    """Of these in memory."""


class SharedCounts:
    """The page, as the process with one number sees it."""

    def __init__(self, descriptor: int, *, processes: int, own: int, key: bytes) -> None:
        """Use `make`; the processes get its descriptor and its key. Raises OSError."""
        self.descriptor = descriptor
        self.key = key
        self.processes = processes
        self.own = own
        self._page = mmap.mmap(descriptor, processes * _PART_OCTETS)
        view = memoryview(self._page)
        numbers, cells = [], []
        for part in range(processes):
            start = part * _PART_OCTETS
            border = start + _NUMBERS * _NUMBER_OCTETS
            numbers.append(view[start:border].cast("q"))
            cells.append(view[border : start + _PART_OCTETS].cast("H"))
        self._own_numbers, self._own_cells = numbers[own], cells[own]
        self._numbers = [each for part, each in enumerate(numbers) if part != own]
        self._cells = [each for part, each in enumerate(cells) if part != own]
        self._all_parts = view

    @classmethod
    def make(cls, processes: int) -> Self:
        """Make a page for so many processes, of which the one that makes it is number 0. Raises OSError."""
        descriptor = os.memfd_create("ticket-gateway-counts", os.MFD_CLOEXEC)
        os.ftruncate(descriptor, processes * _PART_OCTETS)
        return cls(descriptor, processes=processes, own=0, key=secrets.token_bytes(_KEY_OCTETS))

    def write(self, number: Number, value: int) -> None:
        """Say what this process counts."""
        self._own_numbers[number] = value

    def others(self, number: Number) -> int:
        """Return what the other processes count."""
        return sum(each[number] for each in self._numbers)

    def add_network(self, network: str, change: int) -> int:
        """Count a client's network up or down; return how many connections it has in all processes."""
        own, counts = self._own_cells, []
        for cell in self._cells_of(network):
            own[cell] = min(max(0, own[cell] + change), _CELL_MOST)
            counts.append(own[cell] + sum(each[cell] for each in self._cells))
        return min(counts)

    def forget(self, process: int) -> None:
        """Clear the part of another process, which is dead."""
        start = process * _PART_OCTETS
        self._all_parts[start : start + _PART_OCTETS] = bytes(_PART_OCTETS)

    def _cells_of(self, network: str) -> tuple[int, int]:
        digest = hashlib.blake2b(network.encode(), key=self.key, digest_size=4).digest()
        first, second = int.from_bytes(digest[:2], "big"), int.from_bytes(digest[2:], "big")
        return first % _NETWORK_CELLS, _NETWORK_CELLS + second % _NETWORK_CELLS
