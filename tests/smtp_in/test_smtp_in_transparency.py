"""The end of a mail and the dots of its lines, however the network cuts them."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.smtp_in.transparency import DataReader

PIECES = st.sampled_from(
    [b"\r", b"\n", b".", b"\0", b"\r\n", b"\r\n.", b"\r\n..", b"\n.\n", b"\n.\r\n", b"\r.\r", b"a", b"-> bc "]
)
OCTETS = st.lists(PIECES, max_size=30).map(b"".join)


def read_in_one(octets: bytes) -> tuple[bytes, bytes] | None:
    """Read content and rest by the letter of RFC 5321 section 4.5.2: line by line, a line ends in CR LF."""
    content = b""
    start = 0
    for match in re.finditer(rb"\r\n", octets):
        line, start = octets[start : match.end()], match.end()
        if line == b".\r\n":
            return content, octets[start:]
        content += line.removeprefix(b".")
    return None


@given(octets=OCTETS, cuts=st.lists(st.integers(min_value=0, max_value=90), max_size=8))
def test_any_cut_gives_what_reading_line_by_line_gives(octets: bytes, cuts: list[int]) -> None:
    octets += b"\r\n.\r\nNEXT\r\n"
    expected = read_in_one(octets)
    assert expected is not None
    reader = DataReader()
    content = b""
    edges = sorted({0, len(octets), *(cut for cut in cuts if cut < len(octets))})
    for start, end in pairwise(edges):
        if reader.is_complete:
            reader.rest += octets[start:end]
        else:
            content += reader.feed(octets[start:end])
    assert (content, reader.rest) == expected


@given(content=OCTETS)
def test_content_that_was_stuffed_comes_back_octet_for_octet(content: bytes) -> None:
    content += b"\r\n"
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    reader = DataReader()
    assert reader.feed(stuffed + b".\r\n") == content
    assert reader.is_complete
    assert reader.rest == b""
