"""Base64 as it comes: padding anywhere, foreign characters, both alphabets, and never many times the memory of the mail."""

import tracemalloc
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pipeline.reading import transfer
from gateway.pipeline.reading.transfer import decode_base64

WRITERS = st.sampled_from([b64encode, urlsafe_b64encode])


@given(texts=st.lists(st.tuples(WRITERS, st.binary(max_size=20)), max_size=8), piece=st.integers(1, 30), at=st.integers(0, 200))
def test_pieces_that_were_encoded_apart_come_back_one_after_the_other(
    texts: list[tuple[Callable[[bytes], bytes], bytes]], piece: int, at: int
) -> None:
    # What is padded can be followed by anything; what needs no padding is told from what follows by nothing, and needs not to be.
    encoded = b"".join(write(text) for write, text in texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer, "_PIECE", piece)
        assert decode_base64(encoded[:at] + b"\r\n !" + encoded[at:]) == b"".join(text for _, text in texts)


@pytest.mark.parametrize(("encoded", "octets"), [(b"QQ", b"A"), (b"QUI", b"AB"), (b"QUJDR", b"ABC"), (b"====", b""), (b"Q", b"")])
def test_end_that_is_missing_takes_away_only_what_it_would_have_said(encoded: bytes, octets: bytes) -> None:
    assert decode_base64(encoded) == decode_base64(memoryview(encoded)) == octets


def test_padding_in_each_line_does_not_take_many_times_the_memory_of_the_mail() -> None:
    line = b64encode(b"x" * 55) + b"\r\n"
    encoded = line * 20_000
    tracemalloc.start()
    try:
        decoded = decode_base64(memoryview(encoded))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert decoded == b"x" * 55 * 20_000
    assert peak < 2.5 * len(encoded)
