"""One mail, one smarthost: what is said on the wire, and what each answer comes to."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP
from pydantic import SecretStr

from gateway.mail.addresses import Address
from gateway.relay.connection import Handover, outward
from gateway.relay.sink import KeptMail, Sink
from gateway.relay.tries import Stage
from tests.relay.servers import SILENCE, Certificates, Connect, Script, Serve, addresses, check_login, closed_port

Play = Callable[[Script], Awaitable[int]]

CONTENT = b"Subject: x\r\n\r\n.dot\r\n..\r\nend\r\n"
HANDOVER = Handover(
    reverse_path=Address("bounce-1", "gw.firma.example"), recipient=Address("kunde", "kunde.example"), content=CONTENT
)


async def test_a_mail_arrives_as_it_is_dots_included(connect: Connect, sink: Sink) -> None:
    smarthost = connect(await sink.start())
    visit = await smarthost.hand_over(HANDOVER)
    assert (visit.stage, visit.code, visit.reply) == (Stage.DOT, 250, "2.0.0 kept")
    assert sink.mails == [KeptMail("bounce-1@gw.firma.example", "kunde@kunde.example", CONTENT)]


async def test_the_null_reverse_path_leaves_as_angle_brackets(connect: Connect, play: Play) -> None:
    script = Script()
    smarthost = connect(await play(script))
    await smarthost.hand_over(replace(HANDOVER, reverse_path=None))
    assert addresses(script.heard) == ["MAIL FROM:<> SIZE=29", "RCPT TO:<kunde@kunde.example>"]


async def test_one_connection_carries_many_mails_but_not_too_many(connect: Connect, play: Play) -> None:
    script = Script()
    smarthost = connect(await play(script), mails_per_connection=3)
    for _ in range(7):
        assert (await smarthost.hand_over(HANDOVER)).code == 250
    assert script.connections == 3
    assert len(script.contents) == 7
    await smarthost.close()
    assert script.heard[-1] == "QUIT"


async def test_a_kept_connection_that_the_server_has_closed_is_replaced(connect: Connect, play: Play) -> None:
    script = Script(replies={"MAIL": ["250 ok", "421 idle for too long", "250 ok"]})
    smarthost = connect(await play(script))
    assert [(await smarthost.hand_over(HANDOVER)).code for _ in range(2)] == [250, 250]
    assert script.connections == 2


@pytest.mark.parametrize(
    ("replies", "stage", "code"),
    [
        ({"GREETING": "554 go away"}, Stage.CONNECT, 554),
        ({"GREETING": "421 busy"}, Stage.CONNECT, 421),
        ({"GREETING": None}, Stage.CONNECT, None),
        ({"GREETING": "this is no SMTP"}, Stage.CONNECT, None),
        ({"EHLO": "502 what", "HELO": "550 no"}, Stage.HELLO, 550),
        ({"MAIL": "451 later"}, Stage.MAIL, 451),
        ({"MAIL": None}, Stage.MAIL, None),
        ({"RCPT": "450 greylisted"}, Stage.RCPT, 450),
        ({"RCPT": "550 5.1.1 nobody"}, Stage.RCPT, 550),
        ({"DATA": "452 disk full"}, Stage.DATA, 452),
        ({"DATA": "250 what"}, Stage.DATA, 250),
        ({"DATA": None}, Stage.DATA, None),
        ({"DOT": "554 spam"}, Stage.DOT, 554),
        ({"DOT": "421 closing"}, Stage.DOT, 421),
        ({"DOT": None}, Stage.DOT, None),
        ({"DOT": "354 again"}, Stage.DOT, 354),
    ],
    ids=str,
)
async def test_each_refusal_is_told_apart_by_how_far_it_got(
    connect: Connect, play: Play, replies: dict[str, str | list[str | None] | None], stage: Stage, code: int | None
) -> None:
    smarthost = connect(await play(Script(replies=replies)))
    visit = await smarthost.hand_over(HANDOVER)
    assert (visit.stage, visit.code) == (stage, code)


async def test_after_a_refused_recipient_the_connection_takes_the_next_mail(connect: Connect, play: Play) -> None:
    script = Script(replies={"RCPT": ["550 nobody", "250 ok"]})
    smarthost = connect(await play(script))
    assert [(await smarthost.hand_over(HANDOVER)).code for _ in range(2)] == [550, 250]
    assert script.connections == 1
    assert "RSET" in script.heard


async def test_a_silent_server_is_given_up_after_the_time_out(connect: Connect, play: Play) -> None:
    smarthost = connect(await play(Script(replies={"DOT": SILENCE})), data_timeout=0.2)
    visit = await smarthost.hand_over(HANDOVER)
    assert (visit.stage, visit.code) == (Stage.DOT, None)


async def test_a_dead_server_is_left_alone_for_a_moment(connect: Connect) -> None:
    smarthost = connect(closed_port())
    first, second = [await smarthost.hand_over(HANDOVER) for _ in range(2)]
    assert (first.stage, first.code) == (second.stage, second.code) == (Stage.CONNECT, None)
    assert second.reply.startswith("not asked again so soon: ")


async def test_a_250_that_comes_before_the_mail_is_not_taken_for_its_acknowledgement(connect: Connect, play: Play) -> None:
    script = Script(replies={"DATA": "354 go on\r\n250 already yours", "DOT": "554 no"})
    visit = await connect(await play(script)).hand_over(HANDOVER)
    assert (visit.stage, visit.code) == (Stage.DATA, None)
    assert script.contents == []


async def test_a_repaired_server_is_asked_at_once_after_a_reload(connect: Connect) -> None:
    smarthost = connect(closed_port())
    await smarthost.hand_over(HANDOVER)
    smarthost.refresh()
    visit = await smarthost.hand_over(HANDOVER)
    assert not visit.reply.startswith("not asked")


async def test_nothing_is_begun_when_the_lease_is_nearly_over(connect: Connect, play: Play) -> None:
    script = Script()
    smarthost = connect(await play(script))
    visit = await smarthost.hand_over(HANDOVER, deadline=0)
    assert (visit.stage, visit.code) == (Stage.CONNECT, None)
    assert script.connections == 0


async def test_starttls_with_our_own_authority_and_a_login(connect: Connect, serve: Serve, certificates: Certificates) -> None:
    sink = Sink()
    port = await serve(
        lambda: SMTP(sink, hostname="x", tls_context=certificates.server, require_starttls=True, auth_required=True,
                     authenticator=check_login), None
    )  # fmt: skip
    login = {"username": "gateway", "password": SecretStr("geheim"), "ca_file": certificates.ca_file, "security": "starttls"}
    smarthost = connect(port, **login)
    visit = await smarthost.hand_over(HANDOVER)
    assert (visit.stage, visit.code) == (Stage.DOT, 250)
    assert visit.tls is not None
    assert visit.tls.startswith("TLSv1.3 ")
    assert len(sink.mails) == 1
    wrong = connect(port, **{**login, "password": SecretStr("falsch")})
    refused = await wrong.hand_over(HANDOVER)
    assert (refused.stage, refused.code) == (Stage.AUTH, 535)


async def test_tls_from_the_start(connect: Connect, serve: Serve, certificates: Certificates) -> None:
    sink = Sink()
    port = await serve(lambda: SMTP(sink, hostname="x"), certificates.server)
    smarthost = connect(port, security="tls", ca_file=certificates.ca_file)
    visit = await smarthost.hand_over(HANDOVER)
    assert (visit.stage, visit.code) == (Stage.DOT, 250)


async def test_a_certificate_of_an_unknown_authority_is_refused(
    connect: Connect, serve: Serve, certificates: Certificates
) -> None:
    sink = Sink()
    port = await serve(lambda: SMTP(sink, hostname="x", tls_context=certificates.server), None)
    smarthost = connect(port, security="starttls")
    visit = await smarthost.hand_over(HANDOVER)
    assert (visit.stage, visit.code) == (Stage.HELLO, None)
    assert "certificate" in visit.reply
    assert sink.mails == []
    careless = connect(port, security="starttls", verify=False)
    assert (await careless.hand_over(HANDOVER)).code == 250


async def test_without_starttls_not_a_word_of_the_mail_is_said(connect: Connect, play: Play) -> None:
    script = Script()
    smarthost = connect(await play(script), security="starttls", username="gateway", password=SecretStr("geheim"))
    visit = await smarthost.hand_over(HANDOVER)
    assert (visit.stage, visit.code) == (Stage.HELLO, None)
    assert script.heard == ["EHLO gw.firma.example"]


async def test_a_missing_file_of_authorities_is_said_and_nothing_is_sent(connect: Connect, play: Play, tmp_path: Path) -> None:
    script = Script()
    smarthost = connect(await play(script), security="starttls", ca_file=tmp_path / "none.pem")
    visit = await smarthost.hand_over(HANDOVER)
    assert visit.code is None
    assert "cannot read the trusted authorities" in visit.reply
    assert script.connections == 0


async def test_an_address_outside_ascii_needs_a_server_that_takes_it(connect: Connect, play: Play) -> None:
    there = replace(HANDOVER, recipient=Address("jörg", "müller.example"))
    script = Script()
    plain = connect(await play(script))
    visit = await plain.hand_over(there)
    assert visit.stage is Stage.OFFER
    assert addresses(script.heard) == []
    modern = Script(replies={"EHLO": "250-me\r\n250-8BITMIME\r\n250 SMTPUTF8"})
    able = connect(await play(modern))
    assert (await able.hand_over(there)).code == 250
    assert addresses(modern.heard) == [
        "MAIL FROM:<bounce-1@gw.firma.example> SMTPUTF8",
        "RCPT TO:<jörg@xn--mller-kva.example>",
    ]


async def test_a_domain_outside_ascii_alone_needs_nothing_special(connect: Connect, play: Play) -> None:
    script = Script()
    smarthost = connect(await play(script))
    await smarthost.hand_over(replace(HANDOVER, recipient=Address("info", "müller.example")))
    assert addresses(script.heard)[1] == "RCPT TO:<info@xn--mller-kva.example>"


async def test_a_mail_that_is_bigger_than_the_server_takes_is_not_even_offered(connect: Connect, play: Play) -> None:
    script = Script(replies={"EHLO": "250-me\r\n250 SIZE 10"})
    smarthost = connect(await play(script))
    visit = await smarthost.hand_over(HANDOVER)
    assert (visit.stage, visit.code, visit.reply) == (Stage.OFFER, 552, "the server takes at most 10 octets")
    assert addresses(script.heard) == []


async def test_an_address_that_could_add_a_parameter_is_never_said(connect: Connect, play: Play) -> None:
    script = Script()
    smarthost = connect(await play(script))
    visit = await smarthost.hand_over(replace(HANDOVER, recipient=Address("a> NOTIFY=NEVER <b", "kunde.example")))
    assert visit.stage is Stage.OFFER
    assert addresses(script.heard) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a\nb\n", b"a\r\nb\r\n"),
        (b"a\rb", b"a\r\nb\r\n"),
        (b"a\r\n.\nb\r\n", b"a\r\n.\r\nb\r\n"),
        (b"a\r\r\nb\r\n", b"a\r\n\r\nb\r\n"),
        (b"", b"\r\n"),
        (b"a\r\nb\r\n", b"a\r\nb\r\n"),
    ],
)
def test_line_ends_are_normalised_outward(content: bytes, expected: bytes) -> None:
    assert outward(content) == expected
