"""Whom the author wrote to, seen through what forwarding leaves behind."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.message import Header, Message
from gateway.mail.reading import Kind
from gateway.pipeline.reading.circumstances import Circumstances
from gateway.pipeline.reading.kind import detect_kind
from gateway.pipeline.reading.lists import find_form_sender, find_original_author
from gateway.pipeline.reading.recipients import find_original_recipients

Build = Callable[..., Message]
US: Final = Circumstances(
    own_addresses=frozenset({"support@firma.example", "billing@firma.example"}),
    intake_addresses=frozenset({"support-firma@gw.firma.example"}),
    hostname="gw.firma.example",
)
STRANGER: Final = (Mailbox(None, Address("x", "other.example")),)


def mailbox(text: str) -> Mailbox:
    name, _, rest = text.rpartition("<")
    return Mailbox(name.strip() or None, Address.of(rest.rstrip(">")))


def find(message: Message, *headers: tuple[str, str], circumstances: Circumstances = US) -> list[str]:
    message = replace(message, headers=tuple(Header(name, value) for name, value in headers))
    return [str(address) for address in find_original_recipients(message, circumstances)]


def test_order_is_from_the_best_hint_to_the_weakest(build: Build) -> None:
    found = find(
        build(to=(Mailbox(None, Address("g", "x.example")),), cc=(Mailbox(None, Address("h", "x.example")),)),
        ("Received", "from a by b for <i@x.example>; Tue, 12 May 2026 10:00:00 +0200"),
        ("Resent-To", "f@x.example"),
        ("Envelope-To", "e@x.example"),
        ("X-Envelope-To", "<d@x.example>"),
        ("Delivered-To", "c@x.example"),
        ("X-Forwarded-For", "b@x.example target@y.example"),
        ("X-Original-To", "a@x.example"),
    )
    assert found == [f"{letter}@x.example" for letter in "abcdefghi"]


def test_our_channels_come_first_and_our_machinery_last(build: Build) -> None:
    found = find(
        build(to=(*STRANGER, Mailbox(None, Address("Support", "firma.example")))),
        ("X-Original-To", "support-firma@gw.firma.example"),
        ("Delivered-To", "token@gw.firma.example"),
    )
    assert found == ["Support@firma.example", "x@other.example", "support-firma@gw.firma.example", "token@gw.firma.example"]


def test_gmail_names_the_mailbox_before_the_target(build: Build) -> None:
    found = find(
        build(to=STRANGER),
        ("X-Forwarded-To", "support-firma@gw.firma.example"),
        ("X-Forwarded-For", "firma.support@gmail.example support-firma@gw.firma.example"),
        ("Delivered-To", "firma.support@gmail.example"),
    )
    assert found == ["firma.support@gmail.example", "x@other.example"]


def test_inner_delivered_to_comes_before_the_outer(build: Build) -> None:
    found = find(build(to=()), ("Delivered-To", "outer@x.example"), ("Delivered-To", "inner@x.example"))
    assert found == ["inner@x.example", "outer@x.example"]


def test_plus_form_of_a_channel_is_ours(build: Build) -> None:
    assert find(build(to=STRANGER), ("Delivered-To", "support+abc@firma.example"))[0] == "support+abc@firma.example"


def test_each_address_stands_there_once(build: Build) -> None:
    found = find(build(), ("X-Original-To", "SUPPORT@firma.example"), ("Delivered-To", "support@FIRMA.example"))
    assert found == ["SUPPORT@firma.example"]


@pytest.mark.parametrize("value", ["", "<>", "@", "a@", "@b", "no address", "unknown", "\0", "a@b@c," * 2000, "<" * 5000])
def test_garbage_in_headers_is_passed_over(value: str, build: Build) -> None:
    found = find(build(to=()), ("X-Original-To", value), ("Delivered-To", "ok@x.example"))
    assert "ok@x.example" in found


def test_several_addresses_of_one_field_are_all_taken(build: Build) -> None:
    found = find(build(to=()), ("Resent-To", '"A, B" <a@x.example>, b@x.example'))
    assert found == ["a@x.example", "b@x.example"]


_LIST = Circumstances(declared_lists=frozenset({"help.groups.example"}), is_sender_sure=True)


def test_author_hidden_by_a_declared_list_is_found(build: Build) -> None:
    message = replace(
        build(author="Carla via Help <help@groups.example>"),
        headers=(
            Header("List-Id", "<help.groups.example>"),
            Header("X-Original-From", "Carla Kunde <carla@kunde.example>"),
        ),
    )
    assert str(find_original_author(message, _LIST)) == "Carla Kunde <carla@kunde.example>"
    assert find_original_author(message, Circumstances(is_sender_sure=True)) is None
    assert find_original_author(message, replace(_LIST, is_sender_sure=False)) is None
    by_address = replace(_LIST, declared_lists=frozenset({"help@groups.example"}))
    assert str(find_original_author(message, by_address)) == "Carla Kunde <carla@kunde.example>"


def test_list_only_speaks_for_authors_where_it_stands_in_from_itself(build: Build) -> None:
    named = (Header("List-Id", "<help.groups.example>"), Header("X-Original-From", "carla@kunde.example"))
    stranger = replace(build(author="Eve <eve@groups.example>"), headers=named)
    assert find_original_author(stranger, _LIST) is None


@pytest.mark.parametrize("field", ["reply_to", "cc"])
def test_author_hidden_by_mailman_stands_in_reply_to_or_cc_and_their_name_in_from(field: str, build: Build) -> None:
    people = (mailbox("help@groups.example"), mailbox("carla@kunde.example"))
    message = build(author="Carla Kunde via Help <help@groups.example>", **{field: people})
    assert str(find_original_author(message, _LIST)) == "Carla Kunde <carla@kunde.example>"
    announcement = build(author="The Help List <help@groups.example>", **{field: people})
    assert find_original_author(announcement, _LIST) is None


def test_list_that_names_itself_or_us_as_author_hides_nobody(build: Build) -> None:
    message = replace(
        build(author="Help via Help <help@groups.example>"),
        headers=(Header("X-Original-From", "help@groups.example"), Header("X-Original-Sender", "support@firma.example")),
    )
    assert find_original_author(message, replace(_LIST, own_addresses=frozenset({"support@firma.example"}))) is None


_FORM = Circumstances(declared_forms=frozenset({"noreply@www.firma.example"}), is_sender_sure=True)


def test_declared_form_writes_for_whoever_its_reply_to_names(build: Build) -> None:
    message = build(author="Form <noreply@www.firma.example>", reply_to=(mailbox("Carla <carla@kunde.example>"),))
    assert str(find_form_sender(message, _FORM)) == "Carla <carla@kunde.example>"
    assert find_form_sender(message, replace(_FORM, is_sender_sure=False)) is None
    assert find_form_sender(message, Circumstances(is_sender_sure=True)) is None
    assert find_form_sender(replace(message, reply_to=()), _FORM) is None


def test_declared_form_is_a_person_even_where_it_says_it_is_a_program(build: Build) -> None:
    message = build(
        author="Form <noreply@www.firma.example>",
        reply_to=(mailbox("Carla <carla@kunde.example>"),),
        headers={"Auto-Submitted": "auto-generated", "Precedence": "bulk"},
    )
    assert detect_kind(message, _FORM, ())[::2] == (Kind.ORDINARY, True)
    assert detect_kind(message, Circumstances(), ())[::2] == (Kind.AUTO_GENERATED, False)


def test_group_that_is_the_support_address_itself_lets_confirmations_out(build: Build) -> None:
    message = build(headers={"List-Id": "<support.firma.example>", "Precedence": "list"})
    ours = Circumstances(own_addresses=frozenset({"support@firma.example"}))
    assert detect_kind(message, ours, ())[::2] == (Kind.ORDINARY, True)
    assert detect_kind(message, Circumstances(), ())[::2] == (Kind.MAILING_LIST, False)
