"""What the guard finds in a text that is about to leave, and what it must not mistake for a secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pipeline.guard import RUN, SHORTEST_NOTE, LeakKind, find_leak
from gateway.pipeline.skeleton import words_of

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
        "D\u0435r Ch\u0435f will d\u0430s di\u0435sm\u0430l kul\u0430nt lösen weil sie",
        "D\u03b5r Chef w\u03b9ll das diesmal kulant l\u03bfsen weil sie",
        "DER CHEF WI\u04c0L DAS DIE\u0405\u041cAL KULAN\u03a4 L\u00d6SEN WEIL SIE",
        "D\u0336e\u0336r\u0336 Chef will das diesmal kulant lösen weil sie",
        "Der Chef will das diesmal k\u034fu\ufe0fl\U000e0101ant lösen weil sie",
        "Der Chef will das diesmal ku\u3164lant l\u115fösen weil sie",
        "Der Chef will das diesmal kulant l\u00f8sen weil sie",
        "\U0001d403\U0001d41e\U0001d42b \u24d2\u24d7\u24d4\u24d5 will das diesmal kulant lösen weil sie",
        "\u1d05\u1d07\u0280 Chef will das diesmal kulant lösen weil sie",
        "Der Chef wi11 das diesmal ku1ant l0sen wei1 sie",
        "Der Chef will das dies\x07mal kulant lösen weil sie",
    ],
)
def test_signs_that_nobody_sees_and_letters_that_look_alike_hide_no_note(written: str) -> None:
    note = "Der Chef will das diesmal kulant lösen, weil sie sonst zum Wettbewerber geht."
    assert find_leak(written, notes=(note,), public=()) is not None


def test_words_of_a_leak_are_shown_as_they_stand_there() -> None:
    note = "Der Chef will das diesmal kulant lösen, weil sie sonst zum Wettbewerber geht."
    leak = find_leak(f"Guten Tag,\n\n{note}\n", notes=(note,), public=())
    assert leak is not None
    assert leak.words == "Der Chef will das diesmal kulant lösen weil"


@pytest.mark.parametrize("before", range(240, 272))
def test_long_line_hides_no_note_wherever_it_stands_in_it(before: int) -> None:
    note = "Der Chef will das diesmal kulant"
    assert find_leak("ä" * before + f" {note} lösen", notes=(note,), public=()) is not None


_LETTERS = st.text(st.characters(codec="utf-8"), max_size=300)


@given(_LETTERS, _LETTERS, st.sampled_from(["\u200b", "\u0336", "\u00ad", "\u034f", "\ufe0e", "\u202e", "\U000e0041"]))
def test_what_nobody_sees_changes_no_word(before: str, behind: str, unseen: str) -> None:
    assert words_of(f"{before}{unseen}{behind}") == words_of(f"{before}{behind}")


@given(st.text(max_size=300))
def test_every_word_has_a_skeleton(text: str) -> None:
    shown, bones = words_of(text)
    assert len(shown) == len(bones)
    assert not any(letter.isspace() for word in shown for letter in word)


@given(st.text(st.characters(codec="latin-1"), max_size=300))
def test_case_makes_no_difference(text: str) -> None:
    assert words_of(text)[1] == words_of(text.upper().lower())[1]


@pytest.mark.parametrize(
    "piece",
    ["und ", "\u0435\u0301", "e\u0301\u0316", "\u200b", "a\u200b", "\ufdfa", "\U0001f130", "\u0130\u0307", "\n", "\u3164x ", "ﬃ"],
    ids=ascii,
)
def test_a_million_characters_give_no_more_work_than_a_thousand_times_a_thousand(piece: str) -> None:
    """Each character is looked at alone: the skeleton of a long text is that of its pieces, put together."""
    short = piece * (1000 // len(piece))
    shown, bones = words_of(f"{short} " * 1000)
    assert (shown, bones) == tuple(part * 1000 for part in words_of(short))
