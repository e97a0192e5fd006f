# ruff: noqa: RUF001 the letters of the world look alike, and are meant
"""Text under the charsets that senders use, by their real names and by their nicknames."""

import pytest

from gateway.pipeline.reading.charsets import decode_text, find_codec
from gateway.pipeline.reading.parse import parse_message

GERMAN = "Grüße aus Köln: 20 Äpfel, Öl und Übermaß"
RUSSIAN = "Добрый день, у меня вопрос о заказе"
CHINESE = "您好，我的订单有问题"
TAIWANESE = "您好，我的訂單有問題"
JAPANESE = "注文について質問があります。よろしくお願いします"
KOREAN = "주문에 대해 질문이 있습니다"
GREEK = "Καλημέρα, έχω μια ερώτηση"
POLISH = "Zażółć gęślą jaźń, proszę o pomoc"
TURKISH = "Merhaba, siparişim hakkında bir sorum var: ığüşöç"
HEBREW = "שלום, יש לי שאלה"
ARABIC = "مرحبا لدي سؤال عن طلبي"
THAI = "สวัสดี ฉันมีคำถาม"
QUOTED = "„Zitat“ – 5 €"

DECLARED = [
    ("utf-8", "utf-8", GERMAN),
    ("UTF8", "utf-8", RUSSIAN),
    ("unicode-1-1-utf-8", "utf-8", GERMAN),
    ("iso-8859-1", "latin-1", GERMAN),
    ("iso-8859-1", "cp1252", QUOTED),
    ("ISO8859-1", "cp1252", QUOTED),
    ("latin1", "cp1252", QUOTED),
    ("us-ascii", "cp1252", GERMAN),
    ("ansi_x3.4-1968", "cp1252", GERMAN),
    ("windows-1252", "cp1252", QUOTED),
    ("x-ansi", "cp1252", QUOTED),
    ("iso-8859-15", "iso-8859-15", "5 € für Œuvre"),
    ("iso-8859-2", "iso-8859-2", POLISH),
    ("windows-1250", "cp1250", POLISH),
    ("x-cp1250", "cp1250", POLISH),
    ("iso-8859-9", "cp1254", TURKISH),
    ("windows-1254", "cp1254", TURKISH),
    ("koi8-r", "koi8-r", RUSSIAN),
    ("koi8-u", "koi8-u", "Добрий день, є питання"),
    ("windows-1251", "cp1251", RUSSIAN),
    ("win-1251", "cp1251", RUSSIAN),
    ("iso-8859-5", "iso-8859-5", RUSSIAN),
    ("ibm866", "cp866", RUSSIAN),
    ("x-mac-cyrillic", "mac_cyrillic", RUSSIAN),
    ("macintosh", "mac_roman", GERMAN),
    ("iso-8859-7", "iso-8859-7", GREEK),
    ("windows-1253", "cp1253", GREEK),
    ("iso-8859-8-i", "iso-8859-8", HEBREW),
    ("windows-1255", "cp1255", HEBREW),
    ("iso-8859-6", "iso-8859-6", ARABIC),
    ("windows-1256", "cp1256", ARABIC),
    ("tis-620", "cp874", THAI),
    ("gb2312", "gb18030", CHINESE + "镕"),
    ("gbk", "gb18030", CHINESE),
    ("gb18030", "gb18030", CHINESE + "😀"),
    ("x-gbk", "gb18030", CHINESE),
    ("hz-gb-2312", "hz", CHINESE),
    ("big5", "big5", TAIWANESE),
    ("cn-big5", "big5", TAIWANESE),
    ("big5-hkscs", "big5hkscs", TAIWANESE + "咗"),
    ("euc-kr", "euc-kr", KOREAN),
    ("ks_c_5601-1987", "cp949", KOREAN + "똠"),
    ("ks_c_5601", "cp949", KOREAN),
    ("shift_jis", "cp932", JAPANESE + "①"),
    ("x-sjis", "cp932", JAPANESE),
    ("windows-31j", "cp932", JAPANESE + "髙"),
    ("euc-jp", "euc_jp", JAPANESE),
    ("iso-2022-jp", "iso2022_jp", JAPANESE),
    ("iso-2022-jp", "iso2022_jp_ext", "ﾊﾝｶｸ"),
    ("iso-2022-kr", "iso2022_kr", KOREAN),
    ("utf-7", "utf-7", GERMAN),
    ("unicode-1-1-utf-7", "utf-7", GERMAN),
    ("utf-16", "utf-16", GERMAN),
    ("utf-16le", "utf-16-le", GERMAN),
    ("utf-16be", "utf-16-be", GERMAN),
    ("utf-16", "utf-16-be", GERMAN),
    ("utf-16", "utf-16-le", GERMAN),
    ("ucs-2", "utf-16-be", GERMAN),
    ("utf-32", "utf-32", GERMAN),
    ('"utf-8"', "utf-8", GERMAN),
    ("utf-8*de", "utf-8", GERMAN),
]


@pytest.mark.parametrize(("name", "codec", "text"), DECLARED)
def test_text_under_a_declared_charset_is_read_as_its_sender_meant_it(name: str, codec: str, text: str) -> None:
    assert decode_text(text.encode(codec), name) == text


@pytest.mark.parametrize(
    ("name", "codec", "text"),
    [
        ("x-unknown", "utf-8", GERMAN),
        ("unknown-8bit", "cp1252", GERMAN),
        ("", "cp1252", GERMAN),
        ("no-such-charset", "utf-8", RUSSIAN),
        ("x-user-defined", "cp1252", QUOTED),
        ("utf-8", "cp1252", GERMAN),
        ("iso-8859-1", "utf-8", GERMAN),
        ("us-ascii", "utf-8", RUSSIAN),
        ("windows-1251", "utf-8", "\ufeff" + RUSSIAN),
        ("koi8-r\x00", "koi8-r", "plain"),
        ("us-ascii", "iso2022_jp", JAPANESE),
        ("gb2312", "utf-8", CHINESE),
        ("shift_jis", "utf-8", JAPANESE),
        ("gb2312", "gbk", "联通"),
    ],
)
def test_text_under_a_wrong_or_unknown_charset_is_still_read(name: str, codec: str, text: str) -> None:
    assert decode_text(text.encode(codec), name) == text.lstrip("\ufeff")


@pytest.mark.parametrize(
    ("codec", "text"),
    [("cp1251", RUSSIAN * 3), ("koi8-r", RUSSIAN * 3), ("gb18030", CHINESE * 5), ("cp932", JAPANESE * 4), ("cp949", KOREAN * 5)],
)
def test_undeclared_text_is_guessed_from_its_bytes(codec: str, text: str) -> None:
    assert decode_text(text.encode(codec)) == text


def test_one_broken_character_does_not_spoil_the_others() -> None:
    broken = GERMAN.encode() + b" \xc3"
    assert decode_text(broken, "utf-8") == GERMAN + " \ufffd"


def test_octets_that_windows_1252_leaves_out_are_no_error() -> None:
    assert decode_text(b"a\x81b\xe4", "iso-8859-1") == "a\ufffdbä"


@pytest.mark.parametrize(
    "name", ["rot13", "zlib", "base64", "idna", "punycode", "unicode_escape", "undefined", "hex", "../x", "a" * 500]
)
def test_codecs_that_are_no_charsets_are_not_used(name: str) -> None:
    assert find_codec(name) is None
    assert decode_text(GERMAN.encode(), name) == GERMAN


@pytest.mark.parametrize("octets", [bytes(range(256)), b"\xff" * 50, b"\xfe\xff\x00", b"\x1b$B", b"\xd8\x00\xd8\x00", b""])
@pytest.mark.parametrize(
    "name", [None, "utf-8", "utf-7", "utf-16", "iso-2022-jp", "hz", "gb2312", "big5", "euc-kr", "utf-32", "cp037"]
)
def test_no_bytes_under_any_charset_raise(octets: bytes, name: str | None) -> None:
    assert isinstance(decode_text(octets, name), str)


def test_html_may_name_its_charset_itself() -> None:
    html = b'Content-Type: text/html\r\n\r\n<html><head><meta charset="windows-1251"></head><p>' + RUSSIAN.encode("cp1251")
    assert parse_message(html).text == RUSSIAN
    older = (
        b'Content-Type: text/html\n\n<meta http-equiv="Content-Type" content="text/html; charset=koi8-r"><p>'
        + RUSSIAN.encode("koi8-r")
    )
    assert parse_message(older).text == RUSSIAN


def test_raw_header_octets_are_read_in_the_charset_of_the_body() -> None:
    mail = b"Subject: " + RUSSIAN.encode("koi8-r") + b"\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\nx"
    assert parse_message(mail).subject == RUSSIAN


def test_emoji_and_direction_marks_stay_in_text_and_control_characters_go() -> None:
    mail = "Content-Type: text/plain; charset=utf-8\r\n\r\n😀👩‍👩‍👧 \u200fשלום\u200e a\x00b\x07c\r\n".encode()
    assert parse_message(mail).text == "😀👩‍👩‍👧 \u200fשלום\u200e abc"
