"""What the guard finds in a text that is about to leave, and what it must not mistake for a secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pipeline.guard import RUN, SHORTEST_NOTE, LeakKind, find_leak

_SECRET = st.integers(0, 400).map(lambda number: f"geheim{number}")
_PLAIN = st.integers(0, 400).map(lambda number: f"offen{number}")
_GAP = st.sampled_from([" ", "\n", ", ", "  ", "\n> ", " \N{EN DASH} ", "\t", "\u00a0", ".\n\n"])


def spread(words: list[str], gaps: list[str]) -> str:
    """Put words into a text as mail programs break it."""
    return "".join(word + gaps[number % len(gaps)] for number, word in enumerate(words))


@given(
    note=st.lists(_SECRET, min_size=RUN, max_size=40),
    at=st.integers(0, 32),
    before=st.lists(_PLAIN, max_size=20),
    behind=st.lists(_PLAIN, max_size=20),
    gaps=st.lists(_GAP, min_size=1, max_size=5),
    is_loud=st.booleans(),
)
def test_eight_words_of_a_note_never_leave(
    note: list[str], at: int, before: list[str], behind: list[str], gaps: list[str], *, is_loud: bool
) -> None:
    start = at % (len(note) - RUN + 1)
    run = note[start : start + RUN]
    said = spread([*before, *([word.upper() for word in run] if is_loud else run), *behind], gaps)
    leak = find_leak(said, notes=(" ".join(note),), public=())
    assert leak is not None
    assert leak.kind is LeakKind.NOTE


@given(
    note=st.lists(_SECRET, min_size=SHORTEST_NOTE, max_size=RUN - 1),
    before=st.lists(_PLAIN, max_size=10),
    gaps=st.lists(_GAP, min_size=1, max_size=5),
)
def test_short_note_as_a_whole_never_leaves(note: list[str], before: list[str], gaps: list[str]) -> None:
    assert find_leak(spread([*before, *note], gaps), notes=(" ".join(note),), public=()) is not None


@given(note=st.lists(_SECRET, max_size=40), said=st.lists(_PLAIN, max_size=60), gaps=st.lists(_GAP, min_size=1, max_size=5))
def test_words_that_stand_in_no_note_may_leave(note: list[str], said: list[str], gaps: list[str]) -> None:
    assert find_leak(spread(said, gaps), notes=(" ".join(note),), public=()) is None


@given(
    public=st.lists(_PLAIN, min_size=RUN, max_size=30),
    comment=st.lists(_SECRET, max_size=30),
    gaps=st.lists(_GAP, min_size=1, max_size=5),
)
def test_what_a_note_quotes_of_the_customer_may_leave(public: list[str], comment: list[str], gaps: list[str]) -> None:
    note = " ".join([*comment, *public])
    assert find_leak(spread(public, gaps), notes=(note,), public=(" ".join(public),)) is None


def test_seven_words_in_a_row_are_nobodys() -> None:
    note = "eins zwei drei vier fünf sechs sieben acht neun"
    assert find_leak("eins zwei drei vier fünf sechs sieben und acht neun", notes=(note,), public=()) is None


def test_note_of_four_words_is_not_looked_for() -> None:
    assert find_leak("Sie zahlt immer spät.", notes=("Sie zahlt immer spät.",), public=()) is None


def test_marker_line_of_a_notification_never_leaves() -> None:
    leak = find_leak("Hallo\n> [ref:aaaabbbbccccddddeeeeffffgggghh]\n", notes=(), public=())
    assert leak is not None
    assert leak.kind is LeakKind.MARKER


def test_header_of_a_notification_never_leaves() -> None:
    said = "Hallo\nTicket 2026-000001 · neu · Priorität normal · Queue support · niemandem zugewiesen\n"
    leak = find_leak(said, notes=(), public=(), number="2026-000001")
    assert leak is not None
    assert leak.kind is LeakKind.HEADER


def test_number_of_the_ticket_in_a_sentence_may_leave() -> None:
    assert find_leak("Ihr Anliegen hat die Nummer 2026-000001.", notes=(), public=(), number="2026-000001") is None


def test_same_word_a_hundred_thousand_times_costs_little() -> None:
    text = "und " * 100_000
    assert find_leak(text, notes=(text,) * 20, public=(text,) * 20) is None


@pytest.mark.parametrize(
    "written",
    [
        "Der Chef will das dies\u00admal kulant lösen weil sie",
        "Der Ch\u200bef will das diesmal ku\u200dlant lösen weil sie",
        "Der Chef will das diesmal kulant lo\u0308sen weil sie",
        "\u202eDer\u202c Chef will das diesmal kulant lösen weil sie",
        "Der Chef will das diesmal kulant l\u2060ösen weil sie",
        "\uff24\uff45\uff52 Chef will das diesmal kulant lösen weil sie",
    ],
)
def test_signs_that_nobody_sees_hide_no_note(written: str) -> None:
    note = "Der Chef will das diesmal kulant lösen, weil sie sonst zum Wettbewerber geht."
    assert find_leak(written, notes=(note,), public=()) is not None
