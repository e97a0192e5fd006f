"""Hostile bytes: never an exception, never more than linear, nothing lost."""

import resource
import time
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.mail.message import Message
from gateway.pipeline.reading.addresses import parse_address_list
from gateway.pipeline.reading.bodies import read_bodies
from gateway.pipeline.reading.calendar import summarise_calendar
from gateway.pipeline.reading.dates import parse_date
from gateway.pipeline.reading.html import sanitise_html
from gateway.pipeline.reading.htmltext import html_to_text
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.rtf import decompress_rtf, rtf_to_text
from gateway.pipeline.reading.sealed import open_armour, open_signed_smime
from gateway.pipeline.reading.structure import split_parts
from gateway.pipeline.reading.text import clean_text, decode_words, join_flowed
from gateway.pipeline.reading.tnef import SIGNATURE, open_tnef
from gateway.pipeline.reading.transfer import decode_base64, take_files

TOP = b"From: a@b.test\r\nSubject: x\r\n"
HTML = TOP + b"Content-Type: text/html\r\n\r\n"
MIXED = TOP + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def nested(levels: int) -> bytes:
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(levels)) + b"\r\nx"


HOSTILE: dict[str, Callable[[], bytes]] = {
    "16 KB of newlines": lambda: TOP + b"\r\n" + b"\n" * 16_384,
    "50 KB of quote marks": lambda: TOP + b"\r\n" + b">" * 50_000,
    "25,000 quoted lines": lambda: TOP + b"\r\n" + b">\n" * 25_000,
    "100,000 parts": lambda: MIXED + b"--b\r\n\r\nx\r\n" * 100_000,
    "500,000 delimiters": lambda: MIXED + b"--b\n" * 500_000,
    "900 levels": lambda: nested(900),
    "20,000 levels": lambda: nested(20_000),
    "50,000 multiparts without an end": lambda: (
        MIXED + b"".join(b"--b\r\nContent-Type: multipart/mixed; boundary=q%d\r\n\r\n" % i for i in range(50_000))
    ),
    "boundaries that only occur at the end": lambda: (
        MIXED
        + b"".join(b"--b\r\nContent-Type: multipart/mixed; boundary=q%d\r\n\r\n" % i for i in range(900))
        + b"x" * 5_000_000
        + b"".join(b"\n--q%d" % i for i in range(900))
    ),
    "64 KB of dots in From": lambda: b"From: " + b"." * 65_536 + b"\r\n\r\n",
    "64 KB of brackets in From": lambda: b"From: " + b"<" * 65_536 + b"\r\n\r\n",
    "64 KB of parentheses in From": lambda: b"From: " + b"(" * 65_536 + b"\r\n\r\n",
    "64 KB of quotes in From": lambda: b'From: "' + b'\\"' * 32_768 + b"\r\n\r\n",
    "64 KB of brackets and quotes in From": lambda: b"From: " + b'<"' * 32_768 + b"\r\n\r\n",
    "64 KB of open literals in From": lambda: b"From: " + b"[" * 65_536 + b"\r\n\r\n",
    "30,000 open encoded words in From": lambda: b"From: " + b"=?a?q?" * 30_000 + b"\r\n\r\n",
    "60,000 addresses in To": lambda: b"To: " + b"a@b," * 60_000 + b"\r\n\r\n",
    "100 long fields of addresses": lambda: (b"To: " + b"a@b," * 60_000 + b"\r\n") * 100 + b"\r\n",
    "500 fields of words in no charset": lambda: (
        (b"X: " + b"=?x-unknown?q?" + b"=C1=B5=D7" * 20 + b"?= x " * 200 + b"\r\n") * 500 + b"\r\n"
    ),
    "20,000 words in no charset": lambda: b"Subject: " + (b"=?x?q?" + b"=C1=B5=D7" * 6 + b"?= x ") * 20_000 + b"\r\n\r\n",
    "900 texts in no charset": lambda: (
        MIXED + b"".join(b"--b\r\n\r\n" + bytes([i % 128 + 128, 181, 215, 130]) * 500 + b"\r\n" for i in range(900))
    ),
    "10 MB of Subject": lambda: b"Subject: " + b"x" * 10_000_000 + b"\r\n\r\n",
    "2 million folded lines of Subject": lambda: b"Subject: " + b"x\r\n " * 2_000_000 + b"\r\n\r\n",
    "300,000 encoded words in Subject": lambda: b"Subject: " + b"=?utf-8?q?=41?= " * 300_000 + b"\r\n\r\n",
    "300,000 open encoded words in Subject": lambda: b"Subject: " + b"=?a?q?" * 300_000 + b"?=\r\n\r\n",
    "500,000 fields": lambda: b"X-A: b\r\n" * 500_000 + b"\r\nx",
    "300,000 stray lines": lambda: b"Subject: x\r\n" + b"stray\r\nTo: a@b\r\n" * 300_000,
    "100,000 references": lambda: b"References: " + b"<a@b> " * 100_000 + b"\r\n\r\n",
    "100,000 open references": lambda: b"References: " + b"<" * 100_000 + b"\r\n\r\n",
    "20,000 parameters": lambda: b"Content-Type: text/plain; " + b"a=b; " * 20_000 + b"\r\n\r\nx",
    "20,000 open quotes in parameters": lambda: b"Content-Type: text/plain; " + b'a="' * 20_000 + b"\r\n\r\nx",
    "100 KB of div": lambda: HTML + b"<div>" * 20_000,
    "100 KB of b": lambda: HTML + b"<b>" * 33_000,
    "unclosed fonts and paragraphs": lambda: HTML + b"".join(b"<font size=%d><p>" % i for i in range(6_000)),
    "unclosed links and blocks": lambda: HTML + b"".join(b"<a href=http://x%d.test><div>" % i for i in range(5_000)),
    "100 KB of tables": lambda: HTML + b"<table><tr><td>x" * 6_000,
    "100 KB of lists": lambda: HTML + b"<ul><li>x" * 12_000,
    "100 KB of quotes": lambda: HTML + b"<blockquote>x" * 8_000,
    "100 KB of brackets": lambda: HTML + b"<" * 100_000,
    "100 KB of open tags": lambda: HTML + b"<div " * 20_000,
    "20,000 attributes": lambda: HTML + b"<p " + b" ".join(b"a%d=1" % i for i in range(20_000)) + b">x",
    "100 KB of ampersands": lambda: HTML + b"&" * 100_000,
    "100 KB of comments": lambda: HTML + b"<!--" * 25_000,
    "100 KB of svg": lambda: HTML + b"<svg>" * 20_000,
    "misnested formatting": lambda: HTML + b"<b>" * 20 + b"<div>" * 150 + b"</b><b>" * 12_000,
    "5 MB of paragraphs": lambda: HTML + b"<p>x" * 1_250_000,
    "5 MB of tables": lambda: HTML + b"<table><tr><td>x" * 300_000,
    "5 MB of links": lambda: HTML + b"<a href=http://a.test>http://b.test</a>" * 128_000,
    "3 MB of base64 padding": lambda: TOP + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"YQ=" * 1_000_000,
    "200,000 begin lines": lambda: TOP + b"\r\n" + b"begin 644 x\n" * 200_000,
    "20,000 uuencoded files that never end": lambda: TOP + b"\r\n" + (b"begin 644 x\n" + b"M" + b"a" * 60 + b"\n") * 20_000,
    "2,000 armours that never end": lambda: TOP + b"\r\n" + b"-----BEGIN PGP MESSAGE-----\n" * 2_000,
    "300,000 flowed lines": lambda: TOP + b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"> x \n" * 300_000,
    "3 MB of unknown octets": lambda: TOP + b"\r\n" + b"\xe4\xf6 " * 1_000_000,
    "every octet": lambda: TOP + b"\r\n" + bytes(range(256)) * 10_000,
    "50,000 events": lambda: TOP + b"Content-Type: text/calendar\r\n\r\n" + b"BEGIN:VEVENT\r\n" * 50_000,
    "100 KB of params": lambda: TOP + b"Content-Type: text/enriched\r\n\r\n" + b"<param>" * 15_000,
    "100 KB of groups in RTF": lambda: TOP + b"\r\n" + b"{" * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_takes_two_seconds_at_most(name: str) -> None:
    content = HOSTILE[name]()
    begun = time.process_time()
    message = parse_message(content)
    assert time.process_time() - begun < 2
    assert isinstance(message, Message)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1_500_000


@pytest.mark.parametrize("name", ["100,000 parts", "10 MB of Subject", "100 KB of tables", "100 KB of lists", "900 levels"])
def test_hostile_mail_takes_200_mb_at_most(name: str) -> None:
    content = HOSTILE[name]()
    tracemalloc.start()
    try:
        parse_message(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200_000_000


@pytest.mark.parametrize(
    "name", ["100 KB of b", "100 KB of tables", "300,000 open encoded words in Subject", "64 KB of parentheses in From"]
)
def test_ten_times_the_size_takes_no_more_than_thirty_times_as_long(name: str) -> None:
    content = HOSTILE[name]()

    def seconds(mail: bytes) -> float:
        begun = time.process_time()
        parse_message(mail)
        return time.process_time() - begun

    head, _, tail = content.partition(b"\r\n\r\n") if b"\r\n\r\n" in content[:200] else (content[:20], b"", content[20:])
    small = min(seconds(content) for _ in range(3))
    assert seconds(head + _ + tail * 10) < max(0.3, small * 30)


FRAGMENTS = [
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Type: text/html; charset=utf-7\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"\r\n",
    b"\n",
    b"--b\r\n",
    b"--b--\r\n",
    b"Content-Type: multipart/alternative; boundary=c\r\n",
    b"--c\n",
    b"<div><b>",
    b"</p>",
    b"=?utf-8?q?=C3?=",
    b"Subject: ",
    b"From: ",
    b"Content-Type: message/rfc822\r\n",
    b"begin 644 x\n",
    b"=ybegin \n",
    b"M\n",
    b"\xff\xfe",
    b"\x00",
    b"YQ==",
    b"Content-Disposition: attachment; filename*0*=",
    b"Content-Type: application/ms-tnef\r\n\r\n\x78\x9f\x3e\x22",
    b"Content-Type: text/calendar\r\n\r\nBEGIN:VEVENT\nDTSTART:20240101T000000\n",
    b"Date: 1 Jan 24 0:0 ",
    b"Content-Type: application/pkcs7-mime\r\n\r\n\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02",
    b"-----BEGIN PGP MESSAGE-----\n",
    b"Content-Type: text/plain; format=flowed\n",
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=30)), max_size=40).map(b"".join))
def test_any_bytes_become_a_message_that_storage_takes(content: bytes) -> None:
    message = parse_message(content)
    assert message.error is None
    for text in (message.text, message.subject, message.html, message.message_id, *(h.value for h in message.headers)):
        if text is not None:
            assert "\x00" not in text
            text.encode()
    for attachment in message.attachments:
        assert attachment.content.size == len(attachment.content.read())
        assert attachment.filename is None or not set(attachment.filename) & set('/\\\x00<>:"|?*')


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=30)), max_size=40).map(b"".join))
def test_every_leaf_is_body_or_kept(content: bytes) -> None:
    root = split_parts(content).root
    leaves = [leaf for leaf in root.leaves() if content[leaf.start : leaf.end].strip()]
    body = read_bodies(content, root)
    kept = {id(k.part) for k in body.kept}
    for leaf in leaves:
        assert id(leaf) in kept or leaf.type.startswith(("text/", "multipart/"))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.binary(max_size=300))
def test_no_reader_raises_on_anything(text: str, octets: bytes) -> None:
    parse_address_list(text)
    decode_words(text)
    decode_words(f"=?{text}?=")
    html_to_text(sanitise_html(text))
    html_to_text(text)
    join_flowed(text, delete_space=True)
    clean_text(text + "\ud800")
    open_armour(text)
    parse_date(octets)
    summarise_calendar(octets)
    summarise_calendar(b"BEGIN:VEVENT\nDTSTART:" + octets)
    decode_base64(octets)
    take_files(b"begin 644 x\n" + octets)
    open_tnef(SIGNATURE + octets)
    decompress_rtf(octets)
    rtf_to_text(octets)
    open_signed_smime(octets)
