"""Header fields: encoded words, parameters, addresses, ids and dates, as they should be and as they are."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.mail.addresses import Address, Mailbox
from gateway.pipeline.reading.addresses import parse_address_list
from gateway.pipeline.reading.dates import parse_date
from gateway.pipeline.reading.headers import parse_ids, parse_message_id
from gateway.pipeline.reading.parameters import parse_parameters
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.text import decode_unstructured


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"),
        (b"=?utf-8?B?R3LDvMOfZQ?=", "Grüße"),
        (b"=?iso-8859-1?Q?Gr=FC=DFe_an_alle?=", "Grüße an alle"),
        (b"=?utf-8?q?Gr=C3?= =?utf-8?q?=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?q?Gr=C3?=\r\n =?UTF-8?Q?=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?b?R3L?= =?utf-8?b?DvMOfZQ==?=", "Grüße"),
        (b"=?utf-8?q?eins?= =?iso-8859-1?q?_zw=F6lf?=", "eins zwölf"),
        (b"Re: =?utf-8?q?=C3=A4?= und =?utf-8?q?=C3=B6?=", "Re: ä und ö"),
        (b"=?utf-8?q?Gr=C3=BC=C3=9Fe aus K=C3=B6ln?=", "Grüße aus Köln"),
        (b"=?utf-8?q?Wie_geht's??=", "Wie geht's?"),
        (b"=?windows-1252?q?f=FCr=80?=", "für€"),
        (b"=?utf-8?q?f=FCr?=", "für"),
        (b"=?utf-8*de?q?=C3=A4?=", "ä"),
        (b"=?x-unknown?q?=C3=A4?=", "ä"),
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("latin-1"), "Grüße"),
        (b"=?utf-8?q?offen", "=?utf-8?q?offen"),
        (b"=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        (b"=?gb2312?B?xOO6ww==?=", "你好"),
        (b"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        (b'"=?utf-8?q?=C3=A4?="', '"ä"'),
        (b"lang\r\n gefaltet\r\n\tund noch einmal", "lang gefaltet und noch einmal"),
        (b"a\x00b\x1b[31mc", "ab[31mc"),
        (b"=?utf-8?q?a=0D=0ABcc:_x?=", "a Bcc: x"),
        (b"=?utf-8?b?8J+YgA==?=", "😀"),
        (b"", ""),
    ],
)
def test_subject_is_decoded(raw: bytes, subject: str) -> None:
    assert decode_unstructured(raw) == subject


def box(address: str, name: str | None = None) -> Mailbox:
    return Mailbox(name, Address.of(address))


@pytest.mark.parametrize(
    ("text", "mailboxes"),
    [
        ("a@b.test", [box("a@b.test")]),
        ("Anna <a@B.Test>", [box("a@b.test", "Anna")]),
        ("Local.PART@b.test", [box("Local.PART@b.test")]),
        ('"Müller, Hans" <h@b.test>, x@y.test', [box("h@b.test", "Müller, Hans"), box("x@y.test")]),
        ("a@b.test (Anna Arndt)", [box("a@b.test", "Anna Arndt")]),
        ("Freunde: a@b.test, Bea <c@d.test>;, e@f.test", [box("a@b.test"), box("c@d.test", "Bea"), box("e@f.test")]),
        ("undisclosed-recipients:;", []),
        ("=?utf-8?q?M=C3=BCller,_Hans?= <h@b.test>", [box("h@b.test", "Müller, Hans")]),
        ('"=?utf-8?q?M=C3=BCller?=" <h@b.test>', [box("h@b.test", "Müller")]),
        ('"sehr seltsam"@b.test', [box('"sehr seltsam"@b.test')]),
        ('"a@b.test" <c@d.test>', [box("c@d.test", "a@b.test")]),
        ("'Anna' <a@b.test>", [box("a@b.test", "Anna")]),
        ("<@relay.test,@other.test:a@b.test>", [box("a@b.test")]),
        ("Anna a@b.test", [box("a@b.test", "Anna")]),
        ("a@b.test; c@d.test", [box("a@b.test"), box("c@d.test")]),
        ("Anna <mailto:a@b.test>", [box("a@b.test", "Anna")]),
        ("Anna <a@b.test", [box("a@b.test", "Anna")]),
        ("Anna <a@b.test, Bea <c@d.test>", [box("a@b.test", "Anna"), box("c@d.test", "Bea")]),
        ("a(komisch(geschachtelt))@b.test", [box("a@b.test", "komisch(geschachtelt)")]),
        ('"offen <a@b.test>', [box("a@b.test", "offen")]),
        ("x@[IPv6:2001:db8::1]", [box("x@[ipv6:2001:db8::1]")]),
        ("jürgen@bücher.test", [box("jürgen@bücher.test")]),
        ('"a@b.test"', [box("a@b.test")]),
        ('"Anna Arndt" a@b.test', [box("a@b.test", "Anna Arndt")]),
        ("root", [box("root")]),
        ("niemand hier", []),
        ("<>", []),
        ("Anna <>", []),
        (",,,", []),
        ("a@b.test,,c@d.test", [box("a@b.test"), box("c@d.test")]),
        ("A <a@b.test> <c@d.test>", [box("a@b.test", "A"), box("c@d.test")]),
        ('"Anna \\"die\\" Arndt" <a@b.test>', [box("a@b.test", 'Anna "die" Arndt')]),
    ],
)
def test_address_list_gives_every_mailbox(text: str, mailboxes: list[Mailbox]) -> None:
    assert list(parse_address_list(text)) == mailboxes


def test_every_field_of_a_name_counts_and_a_repeated_from_is_noticed() -> None:
    message = parse_message(b"From: a@b.test\r\nFrom: c@d.test\r\nTo: e@f.test\r\nTo: g@h.test\r\n\r\n")
    assert [str(m) for m in message.from_] == ["a@b.test", "c@d.test"]
    assert [str(m) for m in message.to] == ["e@f.test", "g@h.test"]
    assert message.has_repeated_from
    assert message.author is None


@pytest.mark.parametrize(
    ("raw", "ids"),
    [
        (b"<a@b>", ("a@b",)),
        (b"<a@b> <c@d>\r\n <e@f>", ("a@b", "c@d", "e@f")),
        (b"<a@b>,<c@d>", ("a@b", "c@d")),
        (b"a@b c@d", ("a@b", "c@d")),
        (b"<long\r\n @b>", ("long@b",)),
        (b'Your message of "Mon" <a@b>', ("a@b",)),
        (b"Message from x@y.test of Monday", ()),
        (b"<a@b> <a@b>", ("a@b",)),
        (b"<<a@b>>", ("a@b",)),
        (b"<a@b", ("a@b",)),
        (b"", ()),
    ],
)
def test_ids_are_found_among_what_mail_programs_write(raw: bytes, ids: tuple[str, ...]) -> None:
    assert parse_ids([raw]) == ids


def test_message_id_without_an_at_sign_is_still_an_id() -> None:
    assert parse_message_id(b"<abc123>") == "abc123"
    assert parse_message_id(b"abc123") == "abc123"
    assert parse_message_id(b"two words") is None
    assert parse_message_id(None) is None


def hours(count: float) -> timezone:
    return timezone(timedelta(hours=count))


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        (b"Mon, 1 Jul 2024 10:11:12 +0200", datetime(2024, 7, 1, 10, 11, 12, tzinfo=hours(2))),
        (b"1 Jul 24 10:11 EDT", datetime(2024, 7, 1, 10, 11, tzinfo=hours(-4))),
        (b"Mon, 1 Jul 2024 10:11:12 +0200 (CEST)", datetime(2024, 7, 1, 10, 11, 12, tzinfo=hours(2))),
        (b"Mon (Montag), 1 Jul 2024 10:11:12 +0200", datetime(2024, 7, 1, 10, 11, 12, tzinfo=hours(2))),
        (b"Mon, 1 Jul 2024 10:11:12 CEST", datetime(2024, 7, 1, 10, 11, 12, tzinfo=hours(2))),
        (b"Mon, 1 Jul 2024 10:11:12 GMT", datetime(2024, 7, 1, 10, 11, 12, tzinfo=UTC)),
        (b"Mon, 1 Jul 2024 10:11:12 -0000", datetime(2024, 7, 1, 10, 11, 12, tzinfo=UTC)),
        (b"Mon, 1 Jul 2024 10:11:12 +0530", datetime(2024, 7, 1, 10, 11, 12, tzinfo=hours(5.5))),
        (b"Mon Jul  1 10:11:12 2024", datetime(2024, 7, 1, 10, 11, 12, tzinfo=UTC)),
        (b"2024-07-01T10:11:12+02:00", datetime(2024, 7, 1, 10, 11, 12, tzinfo=hours(2))),
        (b"2024-07-01 10:11:12 +0200", datetime(2024, 7, 1, 10, 11, 12, tzinfo=hours(2))),
        (b"Mon, 1 Jul 99 10:11:12 +0000", datetime(1999, 7, 1, 10, 11, 12, tzinfo=UTC)),
        (b"Mon, 1 Jul 124 10:11:12 +0000", datetime(2024, 7, 1, 10, 11, 12, tzinfo=UTC)),
        (b"Mo, 1 Juli 2024 10:11:12 +0200", datetime(2024, 7, 1, 10, 11, 12, tzinfo=hours(2))),
        (b"Mon, 1 Jul 2024 10.11.12 +0200", datetime(2024, 7, 1, 10, 11, 12, tzinfo=hours(2))),
        (b"2002/09/14 Sat 02:29:32 CDT", datetime(2002, 9, 14, 2, 29, 32, tzinfo=hours(-5))),
        (b"Mon,\r\n 1 Jul 2024 10:11:60 +0200", datetime(2024, 7, 1, 10, 11, 59, tzinfo=hours(2))),
        (b"Mon, 1 Jul 2024 10:11:12 +9999", datetime(2024, 7, 1, 10, 11, 12, tzinfo=UTC)),
        (b"Mon, 31 Feb 2024 10:11:12 +0000", None),
        (b"yesterday", None),
        (b"", None),
        (b"Mon, 1 Jul 99999999 10:11:12 +0000", None),
    ],
)
def test_date_keeps_its_own_offset(raw: bytes, moment: datetime | None) -> None:
    found = parse_date(raw)
    assert found == moment
    assert moment is None or (found is not None and found.utcoffset() == moment.utcoffset())


@pytest.mark.parametrize(
    ("raw", "filename"),
    [
        (b"attachment; filename=a.pdf", "a.pdf"),
        (b'attachment; filename="a b.pdf"', "a b.pdf"),
        (b"attachment; filename=a b.pdf", "a b.pdf"),
        (b"attachment; filename*=utf-8''%C3%A4.pdf", "ä.pdf"),
        (b"attachment; filename*=iso-8859-1'de'%E4.pdf", "ä.pdf"),
        (b"attachment; filename*0=lang; filename*1=er.pdf", "langer.pdf"),
        (b"attachment; filename*1=er.pdf; filename*0=lang", "langer.pdf"),
        (b"attachment; filename*0*=utf-8''%C3; filename*1*=%A4; filename*2=.pdf", "ä.pdf"),
        (b"attachment; filename=x.pdf; filename*=utf-8''%C3%A4.pdf", "ä.pdf"),
        (b'attachment; filename="=?utf-8?q?=C3=A4=2Epdf?="', "ä.pdf"),
        (b"attachment; filename==?utf-8?q?=C3=A4=2Epdf?=", "ä.pdf"),
        (b'attachment; filename="=?utf-8?q?=C3?=\r\n =?utf-8?q?=A4=2Epdf?="', "ä.pdf"),
        ('attachment; filename="ä.pdf"'.encode(), "ä.pdf"),
        ('attachment; filename="ä.pdf"'.encode("latin-1"), "ä.pdf"),
        (b'attachment; filename="a\\"b.pdf"', 'a"b.pdf'),
        (b'attachment; filename="C:\\temp\\a.pdf"', "C:\\temp\\a.pdf"),
        (b'attachment; filename="offen.pdf', "offen.pdf"),
        (b'attachment; FileName = "a;b.pdf" ; size=5', "a;b.pdf"),
        (b"attachment; filename*=%C3%A4.pdf", "ä.pdf"),
        (b"attachment; filename*=x-unknown''%E4.pdf", "ä.pdf"),
        (b"attachment; filename=Scan (2).pdf", "Scan (2).pdf"),
        (b"attachment", None),
        (b"", None),
        (b";;;=;*=;", None),
    ],
)
def test_filename_parameter_is_decoded(raw: bytes, filename: str | None) -> None:
    assert parse_parameters(raw).get("filename") == filename


def test_headers_are_kept_in_order_decoded_and_capped() -> None:
    message = parse_message(b"X-One: =?utf-8?q?=C3=A4?=\r\nX-Two: " + b"x" * 20_000 + b"\r\nx-one: b\r\n\r\n")
    assert [h.name for h in message.headers] == ["X-One", "X-Two", "x-one"]
    assert message.all_headers("X-ONE") == ("ä", "b")
    assert len(message.header("x-two") or "") == 8192


def test_no_more_than_a_thousand_fields_are_kept_but_what_the_body_needs_is_found() -> None:
    message = parse_message(b"X: y\r\n" * 1500 + b"Content-Type: text/html\r\n\r\n<p>Hallo</p>")
    assert len(message.headers) == 1000
    assert message.text == "Hallo"


def test_a_bare_carriage_return_hides_no_field() -> None:
    message = parse_message(b"From: a@b.test\r\nX-Trick: 1\rFrom: c@d.test\r\n\r\nx")
    assert [str(m) for m in message.from_] == ["a@b.test"]
