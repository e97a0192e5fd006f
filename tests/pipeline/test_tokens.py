"""The token: made and read with the same key and for the same use, found wherever it stands, and taken out of what leaves."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pipeline.tokens import (
    TOKEN_LENGTH,
    KeyRing,
    SigningKey,
    TokenUse,
    find_tokens,
    make_token,
    read_token,
    scrub_tokens,
)

_OLD = SigningKey(id=3, secret=b"o" * 32)
_NEW = SigningKey(id=4, secret=b"n" * 32)
_KEYS = KeyRing.of(_OLD, _NEW)
_IDS = st.integers(min_value=0, max_value=2**65 - 1)
_SIGNS = "[A-Za-z2-7\u0130\u0131\u017f\u212a]"
_NEAR_TOKENS = st.text(
    st.one_of(st.characters(categories=None), st.sampled_from("aZ27-\u0130\u0131\u017f\u212aä字")), max_size=80
)
_LONG_WORDS = st.lists(st.sampled_from(["a" * 29, "b" * 30, "C" * 31, "\u017f" * 30, "字" * 15, " ", "8", "\udc80"])).map("".join)


@given(number=_IDS, use=st.sampled_from(TokenUse))
def test_a_token_leads_back_to_its_mail(number: int, use: TokenUse) -> None:
    token = make_token(number, _KEYS, use)

    assert len(token) == TOKEN_LENGTH
    assert read_token(token.upper(), _KEYS, use) == number


@given(number=_IDS)
def test_a_token_is_good_for_one_use_only(number: int) -> None:
    assert read_token(make_token(number, _KEYS, TokenUse.RETURN), _KEYS, TokenUse.ANSWER) is None


def test_a_token_of_an_older_key_is_known_and_one_of_a_stranger_is_not() -> None:
    assert read_token(make_token(7, KeyRing.of(_OLD)), _KEYS) == 7
    assert read_token(make_token(7, KeyRing.of(SigningKey(id=3, secret=b"x" * 32))), _KEYS) is None
    assert read_token(make_token(7, KeyRing.of(SigningKey(id=9, secret=b"n" * 32))), _KEYS) is None


@given(number=_IDS, place=st.integers(min_value=0, max_value=TOKEN_LENGTH - 1), sign=st.sampled_from("abcz27"))
def test_a_token_with_another_sign_is_none(number: int, place: int, sign: str) -> None:
    token = make_token(number, _KEYS)
    changed = token[:place] + sign + token[place + 1 :]

    assert (read_token(changed, _KEYS) == number) == (changed == token)


@pytest.mark.parametrize("around", ["<{}@gw.example>", "ref-{}", "Größe: {}.", "字{}字", "{}"])
def test_a_token_is_found_in_what_stands_around_it(around: str) -> None:
    token = make_token(7, _KEYS)

    assert find_tokens(around.format(token.upper())) == (token,)


@given(text=st.one_of(_NEAR_TOKENS, _LONG_WORDS))
def test_what_looks_like_a_token_is_found_in_any_text(text: str) -> None:
    """The quick look before the search passes nothing over."""
    plain = re.findall(f"(?<!{_SIGNS}){_SIGNS}{{30}}(?!{_SIGNS})", text)

    assert find_tokens(text) == tuple(found.lower() for found in plain[:64])


@given(number=_IDS, use=st.sampled_from(TokenUse), before=st.text(max_size=50), after=st.text(max_size=50))
def test_no_token_of_ours_is_left_in_a_scrubbed_text(number: int, use: TokenUse, before: str, after: str) -> None:
    token = make_token(number, _KEYS, use)

    assert token not in scrub_tokens(f"{before} {token} {after}", _KEYS)


def test_a_word_that_only_looks_like_a_token_stays() -> None:
    text = f"{'a' * 30} and {make_token(7, KeyRing.of(SigningKey(id=9, secret=b'x')))}"

    assert scrub_tokens(text, _KEYS) == text
