"""Which mails say the same: those that differ in numbers, case and white space only."""

import re
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pipeline.likeness import likeness_of

_WORDS = st.text(min_size=1).filter(lambda text: likeness_of(text) != "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Vorgang 471 ist da.", "Vorgang 12345 ist da."),
        ("Server antwortet nicht.", "Server   antwortet\r\nnicht.\n"),
        ("SERVER DOWN", "Server down"),
        ("Vorgang ٤٧١", "Vorgang 3"),
    ],
)
def test_texts_that_differ_in_numbers_case_and_space_are_alike(one: str, other: str) -> None:
    assert likeness_of(one) == likeness_of(other) != ""


def test_texts_with_other_words_are_not_alike() -> None:
    assert likeness_of("Server web antwortet nicht.") != likeness_of("Server mail antwortet nicht.")


@pytest.mark.parametrize("text", ["", " \r\n\t", "471", "12 34"])
def test_text_without_words_has_no_likeness(text: str) -> None:
    assert likeness_of(text) == ""


def test_what_begins_with_so_much_of_the_same_is_alike() -> None:
    assert likeness_of("a" * 10_000_000) == likeness_of("a" * 20_000 + "b")


@given(words=_WORDS, number=st.integers(min_value=0))
def test_any_text_is_like_itself_with_another_number(words: str, number: int) -> None:
    assert likeness_of(f"{words} {number}") == likeness_of(f"{words} {number + 1}")


@given(text=st.text(st.characters(categories=None)))
def test_any_text_has_a_short_likeness_or_none(text: str) -> None:
    assert len(likeness_of(text)) in {0, 24}


@given(text=st.text(st.one_of(st.characters(categories=None), st.sampled_from(" 1٤\x1c\x85\xa0ßS\u017fµ"))))
def test_the_quick_way_to_a_likeness_leads_to_the_same_as_the_plain_one(text: str) -> None:
    words = "".join(re.sub(r"\d+", "", text).split()).casefold()

    plain = blake2b(words.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest() if words else ""

    assert likeness_of(text) == plain
