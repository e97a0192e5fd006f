"""What holds for every text: nothing is lost, nothing raises, and hostile mail costs no more than its length."""

import time
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.message import Message
from gateway.mail.reading import Kind, Reply
from gateway.pipeline.marker import find_markers
from gateway.pipeline.reading.bounce import read_bounces
from gateway.pipeline.reading.fingerprints import fingerprint
from gateway.pipeline.reading.months import read_date
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.read import Circumstances, read_message
from gateway.pipeline.reading.reply import split_reply, surely_visible
from gateway.pipeline.reading.subjects import read_prefix, strip_prefixes

Build = Callable[..., Message]
TOKEN: Final = "abcdefghijklmnopqrstuvwxyz2345"
PIECES: Final = st.sampled_from(
    [
        "",
        " ",
        "> ",
        ">> x",
        "Hello there",
        "-- ",
        "--",
        "Sent from my iPhone",
        "On Tue, May 12, 2026 at 10:00 AM Anna <anna@firma.example> wrote:",
        "wrote:",
        "On Tue, May 12, 2026 at 10:00 AM",
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "________________________________",
        "From: Anna <anna@firma.example>",
        "Sent: Tuesday, May 12, 2026 10:00 AM",
        "To: Carla",
        "Subject: Printer",
        f"[ref:{TOKEN}]",
        f"> [ref:{TOKEN}]",
        "one two three four five six seven eight nine ten eleven twelve thirteen",
        "> one two three four five six seven eight nine ten eleven twelve thirteen",
        "\u200b",
        "\u202b",
        ">>> Anna 12.05.2026 10:00 >>>",
        "This e-mail is confidential and meant for the intended recipient only, please delete it otherwise.",
    ]
)
TEXTS: Final = st.one_of(st.text(max_size=300), st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=25).map("\n".join))
OURS: Final = fingerprint("one two three four five six seven eight nine ten eleven twelve thirteen")


def is_merge(lines: list[str], parts: list[list[str]]) -> bool:
    """Tell whether lines are the parts shuffled together, each part in order; a state is how far each part was used."""
    states = {(0,) * len(parts)}
    for line in lines:
        states = {
            (*state[:at], state[at] + 1, *state[at + 1 :])
            for state in states
            for at, part in enumerate(parts)
            if state[at] < len(part) and part[state[at]] == line
        }
    return tuple(len(part) for part in parts) in states


def possible_parts(reply: Reply) -> list[list[list[str]]]:
    """Return the lines of the parts; an empty string is no line, or one empty line."""
    choices: list[list[list[str]]] = [[]]
    for part in (reply.visible, reply.quoted, reply.signature):
        options = [part.split("\n")] if part else [[], [""]]
        choices = [[*done, option] for done in choices for option in options]
    return choices


@given(text=TEXTS, is_answer=st.sampled_from([None, True, False]), is_forward=st.booleans())
def test_every_line_goes_to_exactly_one_part_in_order(text: str, is_answer: bool | None, is_forward: bool) -> None:  # noqa: FBT001
    reply = split_reply(text, None, marker=TOKEN, fingerprints=[OURS], is_answer=is_answer, is_forward=is_forward)
    assert any(is_merge(text.split("\n"), parts) for parts in possible_parts(reply))


@given(text=TEXTS)
def test_what_may_be_relayed_is_the_beginning_of_the_text(text: str) -> None:
    reply = split_reply(text, None, marker=TOKEN, fingerprints=[OURS])
    sure = surely_visible(text, reply)
    if sure is not None:
        assert text.lstrip("\n").startswith(sure)
        assert not any(token == TOKEN for _, token in find_markers(sure))


@given(text=TEXTS, subject=st.one_of(st.none(), st.text(max_size=60)), html=st.one_of(st.none(), st.text(max_size=100)))
def test_any_message_can_be_read(text: str, subject: str | None, html: str | None, build_message: Build) -> None:
    reading = read_message(build_message(text=text, subject=subject, html=html), Circumstances(own_marker_ids=frozenset({TOKEN})))
    assert reading.kind in Kind


@given(content=st.binary(max_size=600))
def test_any_bytes_can_be_read(content: bytes) -> None:
    reading = read_message(parse_message(content))
    assert reading.kind_because


@given(body=st.binary(max_size=300), text=TEXTS)
def test_any_notification_can_be_read(body: bytes, text: str, build_message: Build) -> None:
    parts = [("message/delivery-status", body), ("message/rfc822", body)]
    message = build_message(author="MAILER-DAEMON@mx.example", subject="failure notice", text=text, parts=parts)
    assert all(bounce.recipient.local for bounce in read_bounces(message))


@given(text=st.text(max_size=120))
def test_any_text_may_stand_where_a_date_or_subject_is_expected(text: str) -> None:
    assert read_date(text) is None or read_date(text)
    assert read_prefix(text) is None or read_prefix(text)
    assert strip_prefixes(text) in text


HOSTILE: Final = {
    "16 KB of line feeds": "\n" * 16_384,
    "50 KB of >": ">" * 50_000,
    "100,000 lines of >": ">\n" * 100_000,
    "200 KB of On": "On \n" * 50_000,
    "attributions without end": "On 12.05.2026 10:00 x\n" * 9_000,
    "colons": "1 wrote:\n" * 22_000,
    "proven attributions": "> a\nOn 12.05.2026 10:00 x <a@b.example> wrote:\n> b\n" * 4_000,
    "labels": "From: a\n" * 25_000,
    "labels and blanks": "From: a\n\n" * 22_000,
    "rulers": "-----\n" * 33_000,
    "rulers and labels": "_____\nFrom: x\n" * 14_000,
    "flat labels": ("From: " * 300 + "\n") * 110,
    "addresses": "<a@b.example> " * 14_000,
    "at signs": "@" * 200_000,
    "brackets": "<(<[" * 50_000,
    "markers": "[ref:\n" * 33_000,
    "dashes": "-- \n" * 50_000,
    "mobile": "Sent from my iPhone\n" * 10_000,
    "disclaimers": "this e-mail is confidential in error\n" * 5_500,
    "one long line": "x" * 2_000_000,
    "one long line of words": "a b " * 250_000,
    "invisible signs": "\u200b\n" * 70_000,
    "combining marks": "a" + "\u0301" * 100_000,
    "GroupWise": ">>> a 10:00 >>>\n" * 12_000,
    "forwards": "---------- Forwarded message ---------\n" * 5_000,
    "failed recipients": "<a@b.example>: 550 no such user\n" * 6_000,
    "forwards in one line": "----- Forwarded Message ----- From: a@b.exampleTo: c@d.exampleSent: 12.05.2026 10:05Subject: x\n"
    * 2_000,
    "one forward in one line without end": "----- Forwarded Message ----- " + "From: " * 33_000,
    "answers in the line of the attribution": "On 12.05.2026 10:00, F<a@b.example> wrote: x\n" * 4_500,
    "colons behind brackets": "a@b> : " * 28_000,
    "labels without colons": ("---- Original Message ----\n" + "From a@b.example 8:00 2026\n" * 3) * 2_000,
    "one block without colons": "---- Original Message ----\n" + "From a@b.example 8:00 2026\n" * 8_000,
    "a sign in every second line": "text\n> q\n" * 22_000,
    "header fields": "From: a@b.example\n" + "X-A-B-C: d\n" * 18_000,
    "forwards of forwards": "---- Forwarded message ----\nFrom: a@b.example\n\n" * 4_000,
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_text_is_read_in_linear_time(name: str, build_message: Build) -> None:
    text = HOSTILE[name]
    for author in ("carla@kunde.example", "MAILER-DAEMON@mx.example"):
        message = build_message(
            text=text, subject="failure notice" if author[0] == "M" else "Fwd: x", author=author, html=text[:20_000]
        )
        start = time.process_time()
        read_message(message, fingerprints=[OURS])
        assert time.process_time() - start < 2


@pytest.mark.parametrize("value", ["@" * 100_000, "<" * 100_000, "a@b.example," * 8_000, "for " * 25_000, "=?" * 50_000])
def test_hostile_headers_are_read_in_linear_time(value: str, build_message: Build) -> None:
    names = ("X-Original-To", "X-Forwarded-For", "Received", "List-Id", "Auto-Submitted", "Content-Type", "X-Failed-Recipients")
    message = build_message(subject=value, author=value[:1000], headers=dict.fromkeys(names, value))
    start = time.process_time()
    read_message(message)
    assert time.process_time() - start < 1
