"""Whoever proves an author and whoever reads the mail must never see two different people."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.evidence.headers import HeaderBlock, read_author
from gateway.pipeline.reading.parse import parse_message

PIECES = [
    "a@b.test", "x@y.test", "<", ">", "<a@b.test>", "<x@y.test>", '"', '\\"', "(", ")", ",", ";", ":", " ", "Name", "@", ".",
    "=?utf-8?q?", "?=", "=?utf-8?q?x@y.test?=", "=?utf-8?b?PHhAeS50ZXN0Pg==?=", "\r\n ", "[", "]", "'", "mailto:", "group:",
    "\r\nFrom: ", "\rFrom: ", "\nFrom : ", "\r\n\r\n", "\n\n", "\r\r\n", "\x00", "\x0b", "ü", "%", "=?x?q?,?=", "\\", "\t",
]  # fmt: skip


def check(content: bytes) -> None:
    proven = read_author(HeaderBlock.read(content)).address
    author = parse_message(content).author
    if proven is not None and author is not None:
        assert author.address.key == proven.key


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@example('"a@b.test" <x@y.test>')
@example("a@b.test <x@y.test>")
@example("a@b.test (x@y.test)")
@example("=?utf-8?q?a?= <x@y.test>,?= <a@b.test>")
def test_the_author_who_is_proven_is_the_author_who_is_shown(value: str) -> None:
    check(f"From: {value}\r\nSubject: x\r\n\r\nbody".encode())


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from([*PIECES, "From: a@b.test", "Subject: x", "From: x@y.test\r\n", "\r\n", "From z Mon\n"]), max_size=12
    ).map("".join)
)
def test_no_header_block_has_two_authors(block: str) -> None:
    check(block.encode())


@pytest.mark.parametrize("size", [100_000, 262_000, 270_000, 600_000])
def test_an_absurdly_long_from_names_nobody_else(size: int) -> None:
    check(b"From: (" + b"x" * size + b" a@b.test " + b"x" * size + b") x@y.test\r\n\r\n")
