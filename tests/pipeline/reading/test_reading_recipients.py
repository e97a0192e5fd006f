"""Whom the author wrote to, seen through what forwarding leaves behind."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from gateway.mail import Address, Header, Mailbox, Message
from gateway.pipeline.circumstances import Circumstances
from gateway.pipeline.lists import find_original_author
from gateway.pipeline.recipients import find_original_recipients

Build = Callable[..., Message]
US: Final = Circumstances(
    own_addresses=frozenset({"support@firma.example", "billing@firma.example"}),
    intake_addresses=frozenset({"support-firma@gw.firma.example"}),
    hostname="gw.firma.example",
)
STRANGER: Final = (Mailbox(None, Address("x", "other.example")),)


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


def test_author_hidden_by_a_declared_list_is_found(build: Build) -> None:
    message = replace(
        build(author="Carla via Help <help@groups.example>"),
        headers=(
            Header("List-Id", "<help.groups.example>"),
            Header("X-Original-From", "Carla Kunde <carla@kunde.example>"),
        ),
    )
    declared = Circumstances(declared_lists=frozenset({"help.groups.example"}))
    assert str(find_original_author(message, declared)) == "Carla Kunde <carla@kunde.example>"
    assert find_original_author(message, Circumstances()) is None
