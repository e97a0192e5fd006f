"""Paths of MAIL and RCPT: what is taken, what is refused, and that reading them is cheap on any input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.addresses import Address
from gateway.smtp_in.paths import parse_path


@pytest.mark.parametrize(
    ("argument", "address"),
    [
        ("FROM:<kunde@kunde.example>", Address("kunde", "kunde.example")),
        ("from: <Kunde+x@KUNDE.example>", Address("Kunde+x", "kunde.example")),
        ("FROM:<@relay.example,@other.example:kunde@kunde.example>", Address("kunde", "kunde.example")),
        ('FROM:<"karla kunde"@kunde.example>', Address('"karla kunde"', "kunde.example")),
        ('FROM:<"a\\"b@c"@kunde.example>', Address('"a\\"b@c"', "kunde.example")),
        ("FROM:<k@[192.0.2.1]>", Address("k", "[192.0.2.1]")),
        ("FROM:<jürgen@müller.example>", Address("jürgen", "müller.example")),
        ("FROM:<SRS0=ab=cd=kunde.example=kunde@firma.example>", Address("SRS0=ab=cd=kunde.example=kunde", "firma.example")),
        ("FROM:<k@localhost>", Address("k", "localhost")),
        ("FROM:<>", None),
    ],
)
def test_addresses_that_real_servers_send_are_read(argument: str, address: Address | None) -> None:
    path = parse_path(argument, keyword="FROM:")
    assert path is not None
    assert path.address == address


@pytest.mark.parametrize(
    "argument",
    [
        "",
        "FROM:",
        "FROM:kunde@kunde.example",
        "FROM:<kunde@kunde.example",
        "FROM:<kunde@kunde.example>x",
        "FROM:<kunde@@kunde.example>",
        "FROM:<kunde>",
        "FROM:<@kunde.example>",
        "FROM:<a b@kunde.example>",
        "FROM:<a,b@kunde.example>",
        "FROM:<kunde@kunde..example>",
        "FROM:<" + "x" * 65 + "@kunde.example>",
        "FROM:<k@" + "x." * 130 + "example>",
        "FROM:<k@kunde.example> =x",
        "FROM:<k@kunde.example> SIZE=",
        "TO:<kunde@kunde.example>",
    ],
)
def test_what_is_no_path_is_refused(argument: str) -> None:
    assert parse_path(argument, keyword="FROM:") is None


def test_parameters_keep_their_order_and_values() -> None:
    path = parse_path("FROM:<k@kunde.example> size=100 BODY=8BITMIME SMTPUTF8", keyword="FROM:")
    assert path is not None
    assert path.parameters == (("SIZE", "100"), ("BODY", "8BITMIME"), ("SMTPUTF8", ""))


@given(
    argument=st.text(max_size=80)
    | st.lists(
        st.sampled_from(["FROM:", "<", ">", "@", '"', "\\", " ", "a", ".", "=", ":", ",", "é", "\udcff"]), max_size=40
    ).map("".join)
)
def test_any_argument_is_read_or_refused_and_never_raises(argument: str) -> None:
    path = parse_path("FROM:" + argument, keyword="FROM:")
    if path is not None and path.address is not None:
        assert "\n" not in str(path.address)
        assert "<" not in path.address.domain


@pytest.mark.parametrize("piece", ["@", '"', "<", " ", "a.", "a@", '\\"', " x", "@a,", '"a\\'])
def test_hostile_argument_as_long_as_a_line_costs_no_time(piece: str) -> None:
    for tail in ("", ">", '"@x>', "x"):
        parse_path("FROM:<" + piece * (4000 // len(piece)) + tail, keyword="FROM:")
