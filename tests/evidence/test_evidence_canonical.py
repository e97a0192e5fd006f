"""Canonical forms: the quick ways say what the slow ones say, whatever the bytes (RFC 6376 section 3.4)."""

import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.evidence import canonical
from gateway.evidence.canonical import BodyWish, Canonical, canonical_body, canonical_field, hash_bodies

QUICK = settings(max_examples=300, deadline=None)
SNIPPETS = [b" ", b"\t", b"\r", b"\n", b"\r\n", b"a", b"b c", b"\xff", b"\xc3\xa4", b"\x00", b" " * 65, b":", b"."]
BYTES = st.lists(st.sampled_from(SNIPPETS), max_size=30).map(b"".join)


def relaxed(body: bytes) -> bytes:
    """Relax a body as the RFC's sentences say it, one after the other."""
    ended = re.sub(rb"(?<!\r)\n", b"\r\n", body)
    shrunk = re.sub(rb"[ \t]+", b" ", re.sub(rb"[ \t]+(?=\r\n)", b"", ended))
    text = re.sub(rb"(?:\r\n)+\Z", b"", shrunk)
    return text + b"\r\n" if text else b""


@QUICK
@given(BYTES)
def test_a_relaxed_body_is_what_the_rfc_says(body: bytes) -> None:
    assert canonical_body(body, Canonical.RELAXED) == relaxed(body)


@QUICK
@given(BYTES)
def test_text_that_is_taken_for_relaxed_is_what_relaxing_it_gives(piece: bytes) -> None:
    slowly = canonical._relax_slowly(piece)
    assert canonical._relax(piece) == slowly
    assert canonical._is_relaxed(piece) == (slowly == piece)


@pytest.mark.parametrize("piece", [b"", b"Guten Tag,\r\n\r\nhallo\r\n", b" a b\r\n", b"Gr\xfc\xdfe\r\n", b"end ", b"a\r"])
def test_ordinary_text_is_relaxed_already(piece: bytes) -> None:
    assert canonical._is_relaxed(piece)


@pytest.mark.parametrize("piece", [b"a  b", b"a\tb", b"a \r\n", b"a\n", b"\n", b"\xff\n", b"\xc3\n", b"a\r\n\n", b"a \n", b"\t"])
def test_whatever_relaxing_changes_is_not_relaxed(piece: bytes) -> None:
    assert not canonical._is_relaxed(piece)


@QUICK
@given(BYTES)
def test_line_ends_are_made_crlf_and_nothing_else_changes(piece: bytes) -> None:
    assert canonical._end_lines(piece) == re.sub(rb"(?<!\r)\n", b"\r\n", piece)


@QUICK
@given(st.sampled_from([b"Subject", b"X-A ", b"", b" \t"]), BYTES)
def test_a_relaxed_field_is_what_the_rfc_says(name: bytes, value: bytes) -> None:
    raw = name + b":" + value + b"\r\n"
    unfolded = re.sub(rb"\r?\n", b"", value)
    expected = name.strip(b" \t").lower() + b":" + re.sub(rb"[ \t]+", b" ", unfolded).strip(b" ") + b"\r\n"
    assert canonical_field(raw, Canonical.RELAXED) == expected
    assert canonical_field(raw, Canonical.SIMPLE) == raw


@QUICK
@given(BYTES, st.sets(st.builds(BodyWish, st.sampled_from(Canonical), st.none() | st.integers(0, 40)), max_size=4))
def test_several_wishes_are_hashed_as_each_alone(body: bytes, wishes: set[BodyWish]) -> None:
    found = hash_bodies(b"head" + body, 4, wishes)
    assert found.keys() == wishes
    for wish, made in found.items():
        text = canonical_body(body, wish.form)
        assert (made.total, made.digest) == (len(text), hashlib.sha256(text[: wish.length]).digest())
