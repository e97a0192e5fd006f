"""Canonical forms of headers and bodies (RFC 6376 section 3.4), linear in their size whatever the bytes.

A body is taken in pieces that end at line ends, so that megabytes never stop other threads for long and a spooled mail
is never copied whole. One pass hashes it for every signature of the mail.
"""

import hashlib
import mmap
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import re2

PIECE: Final = 128 * 1024
"""Octets canonicalised at a time: about half a millisecond with the interpreter's lock held."""

_LONG_RUN: Final = b" " * 64
_LONG_RUNS: Final = re.compile(_LONG_RUN + b"+")
_OCTETS: Final = re2.Options()
_OCTETS.encoding = re2.Options.Encoding.LATIN1
_UNRELAXED: Final = re2.compile(rb"[ \t]{2}|\t|[ \t]\r\n|[^\r]\n|^\n", _OCTETS)
"""What relaxing a body changes; a piece never begins within a line."""


class Canonical(StrEnum):
    """The two algorithms."""

    SIMPLE = "simple"
    RELAXED = "relaxed"


def canonical_field(raw: bytes, form: Canonical) -> bytes:
    """Return one header field in canonical form, CRLF at its end (RFC 6376 sections 3.4.1 and 3.4.2)."""
    if form is Canonical.SIMPLE:
        return raw
    name, _, value = raw.partition(b":")
    flat = value.removesuffix(b"\r\n")
    if b"\n" in flat:
        flat = flat.replace(b"\r\n", b"").replace(b"\n", b"")
    if b"\t" in flat or b"  " in flat:
        flat = _shrink_white_space(flat)
    return name.strip(b" \t").lower() + b":" + flat.strip(b" ") + b"\r\n"


@dataclass(frozen=True, slots=True)
class BodyWish:
    """What a signature wants hashed: the form, and how many octets of it (`l=`; None is all)."""

    form: Canonical
    length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyHash:
    """The SHA-256 of a canonical body, and how long that body is altogether."""

    digest: bytes
    total: int


def hash_bodies(body: bytes | mmap.mmap, start: int, wishes: AbstractSet[BodyWish]) -> dict[BodyWish, BodyHash]:
    """Hash a body, which begins at `start`, in every form that is wished for."""
    hashes: dict[BodyWish, BodyHash] = {}
    for form in {wish.form for wish in wishes}:
        asked = [(wish, hashlib.sha256()) for wish in wishes if wish.form is form]
        total = 0
        for piece in _canonical_pieces(body, start, form):
            for wish, hasher in asked:
                if wish.length is None:
                    hasher.update(piece)
                elif wish.length > total:
                    hasher.update(piece[: wish.length - total])
            total += len(piece)
        for wish, hasher in asked:
            hashes[wish] = BodyHash(digest=hasher.digest(), total=total)
    return hashes


def canonical_body(body: bytes, form: Canonical) -> bytes:
    """Return a whole body in canonical form."""
    return b"".join(_canonical_pieces(body, 0, form))


def _canonical_pieces(body: bytes | mmap.mmap, start: int, form: Canonical) -> Iterator[bytes]:
    """Yield the canonical body; empty lines at its end are left out (RFC 6376 sections 3.4.3 and 3.4.4)."""
    empty_lines, is_empty = 0, True
    for piece in _lines_at_a_time(body, start):
        text = _relax(piece) if form is Canonical.RELAXED else _end_lines(piece)
        kept = _strip_empty_lines(text)
        lines_after = (len(text) - len(kept)) // 2
        if not kept:
            empty_lines += lines_after
            continue
        if empty_lines:
            yield b"\r\n" * empty_lines
        yield kept
        is_empty, empty_lines = False, lines_after
    if not is_empty or form is Canonical.SIMPLE:
        yield b"\r\n"


def _lines_at_a_time(body: bytes | mmap.mmap, start: int) -> Iterator[bytes]:
    """Cut a body into pieces that end at line ends; a long line makes a long piece."""
    end = len(body)
    while start < end:
        cut = min(start + PIECE, end)
        if cut < end:
            newline = body.rfind(b"\n", start, cut)
            if newline < 0:
                newline = body.find(b"\n", cut)
            cut = end if newline < 0 else newline + 1
        yield body[start:cut]
        start = cut


def _end_lines(piece: bytes) -> bytes:
    """Turn bare LF into CRLF."""
    feeds = len(piece) - len(piece.replace(b"\n", b""))  # quicker than to count a single octet, which CPython does one by one
    if feeds == piece.count(b"\r\n"):
        return piece
    return piece.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _relax(piece: bytes) -> bytes:
    """Make runs of white space one space, and none at line ends; bare LF becomes CRLF. Most text is so already."""
    return piece if _is_relaxed(piece) else _relax_slowly(piece)


def _is_relaxed(piece: bytes) -> bool:
    """Tell in one pass whether relaxing would change nothing: half the price of looking for one thing after the other."""
    return _UNRELAXED.search(piece) is None


def _relax_slowly(piece: bytes) -> bytes:
    return _shrink_white_space(_end_lines(piece)).replace(b" \r\n", b"\r\n")


def _shrink_white_space(text: bytes) -> bytes:
    """Make runs of white space one space; each step is one pass in C, whatever the bytes."""
    if b"\t" in text:
        text = text.replace(b"\t", b" ")
    if _LONG_RUN in text:  # a pattern skips a long run faster than `replace` does, and is slow where runs are short and many
        text = _LONG_RUNS.sub(b" ", text)
    while b"  " in text:  # all are short now, and half as long each time: six passes at most
        text = text.replace(b"  ", b" ")
    return text


def _strip_empty_lines(text: bytes) -> bytes:
    """Remove all CRLFs from the end; a bare CR is no line end. Line feeds never stand alone here."""
    kept = text.rstrip(b"\r\n")
    tail = text[len(kept) :]
    if tail.count(b"\n") * 2 == len(tail):
        return kept
    if tail.endswith(b"\r"):
        return text
    return text[: len(kept) + tail.rfind(b"\r\r") + 1]
