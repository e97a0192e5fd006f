"""Two copies of one delivery have one key; two mails have two."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.content import Content
from gateway.smtp_in.fingerprint import find_body, fingerprint, first_address

FIELDS = [
    b"From: Karla <kunde@kunde.example>",
    b"To: support@firma.example",
    b"Subject: It does not work",
    b"Date: Sun, 1 Mar 2026 12:00:00 +0000",
    b"MIME-Version: 1.0",
]
MESSAGE_ID = b"Message-ID: <1@kunde.example>"
STAMPS = [
    b"Received: from a by b; Sun, 1 Mar 2026 12:00:01 +0000",
    b"DKIM-Signature: v=1; t=1;\r\n b=abc",
    b"ARC-Seal: i=1; t=17",
    b"ARC-Message-Signature: i=1",
    b"Authentication-Results: mx.firma.example; spf=pass",
    b"Return-Path: <kunde@kunde.example>",
    b"X-Forwarded-To: support@gw.firma.example",
    b"X-Google-Smtp-Source: abc",
    b"X-MS-Exchange-CrossTenant-Id: 1",
    b"Delivered-To: support@firma.example",
    b"X-Spam-Status: No",
]
BODY = b"Text\r\n\r\nmore\r\n"


def key(fields: list[bytes], body: bytes = BODY, channel: str = "support") -> str:
    return fingerprint(Content.of(b"\r\n".join(fields) + b"\r\n\r\n" + body)).delivery_key(channel)


ORIGINAL = key([*FIELDS, MESSAGE_ID])


@given(stamps=st.lists(st.sampled_from(STAMPS), max_size=6), order=st.permutations([*FIELDS, MESSAGE_ID]))
def test_stamps_signatures_and_order_do_not_change_the_key(stamps: list[bytes], order: list[bytes]) -> None:
    assert key([*stamps, *order]) == ORIGINAL


@given(stamps=st.lists(st.sampled_from(STAMPS), max_size=6))
def test_stamps_do_not_change_the_key_of_a_mail_without_message_id(stamps: list[bytes]) -> None:
    assert key([*stamps, *FIELDS]) == key(FIELDS) != ORIGINAL


@pytest.mark.parametrize(
    ("fields", "body", "channel"),
    [
        ([*FIELDS, MESSAGE_ID], BODY + b"!", "support"),
        ([*FIELDS, MESSAGE_ID], BODY, "sales"),
        ([*FIELDS, b"Message-ID: <2@kunde.example>"], BODY, "support"),
        ([*FIELDS[1:], MESSAGE_ID, b"From: <other@kunde.example>"], BODY, "support"),
        ([*FIELDS[:2], *FIELDS[3:], MESSAGE_ID, b"Subject: Something else"], BODY, "support"),
        ([*FIELDS, MESSAGE_ID, b"In-Reply-To: <0@gw.firma.example>"], BODY, "support"),
    ],
)
def test_another_mail_has_another_key(fields: list[bytes], body: bytes, channel: str) -> None:
    assert key(fields, body, channel) != ORIGINAL


def test_refolded_and_recased_field_names_are_the_same_mail() -> None:
    fields = [*FIELDS[:2], b"SUBJECT: It does\r\n\tnot  work", *FIELDS[3:], b"message-id:\r\n <1@kunde.example>"]
    assert key(fields) == ORIGINAL


def test_numbers_of_a_monitor_tell_its_mails_apart_where_there_is_no_message_id() -> None:
    assert key([*FIELDS, b"X-Alert: 1"]) != key([*FIELDS, b"X-Alert: 2"])


@given(octets=st.binary(max_size=300) | st.lists(st.sampled_from([b"\r\n", b"\n", b"a:", b" b", b"From", b":<@>"])).map(b"".join))
def test_any_octets_have_a_key_and_a_body_that_begins_within_them(octets: bytes) -> None:
    end, start = find_body(octets)
    assert 0 <= end <= start <= len(octets)
    assert len(fingerprint(Content.of(octets)).delivery_key("support")) == 64


def test_spooled_mail_has_the_key_of_the_same_mail_in_memory(tmp_path: Path) -> None:
    octets = b"\r\n".join([*FIELDS, MESSAGE_ID]) + b"\r\n\r\n" + b"0123456789abcde\r\n" * 200_000
    path = tmp_path / "mail"
    path.write_bytes(octets)
    spooled = Content(sha256="", size=len(octets), path=path)
    assert fingerprint(spooled) == fingerprint(Content.of(octets))


def test_facts_say_how_far_a_mail_has_come_and_whose_it_is() -> None:
    facts = fingerprint(Content.of(b"Received: a\r\nreceived: b\r\nFrom: A <a@x.example>\r\nX: 1\r\n\r\nReceived: c\r\n")).facts
    assert (facts.hops, facts.fields, facts.size) == (2, 4, 55)
    assert str(facts.author) == "a@x.example"
    assert facts.has_one_author


@pytest.mark.parametrize(
    ("header", "is_one"),
    [
        (b"From: a@x.example", True),
        (b"From: A <a@x.example>", True),
        (b'From: "b@y.example" <a@x.example>', True),
        (b"From: a@x.example, b@y.example", False),
        (b"From: A <a@x.example>, B <b@y.example>", False),
        (b"From: a@x.example\r\nFrom: b@y.example", False),
        (b"Subject: none", False),
    ],
)
def test_only_one_mailbox_in_one_field_is_one_author(header: bytes, is_one: bool) -> None:  # noqa: FBT001 a parameter of the table
    assert fingerprint(Content.of(header + b"\r\n\r\n")).facts.has_one_author is is_one


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (b"Karla Kunde <Kunde@Kunde.Example>", "Kunde@kunde.example"),
        (b"kunde@kunde.example (Karla)", "kunde@kunde.example"),
        (b'"x@y.example" <kunde@kunde.example>', "kunde@kunde.example"),
        (b"nobody", None),
        (b"<>", None),
        (b"", None),
    ],
)
def test_first_address_of_a_from_field(value: bytes, address: str | None) -> None:
    found = first_address(value)
    assert (str(found) if found is not None else None) == address
