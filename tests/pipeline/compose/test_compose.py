"""What leaves is read back by the standard library's parser, which is nobody's friend of ours."""

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import InvalidAddress
from gateway.mail.addresses import Address, Mailbox
from gateway.mail.message import Header
from gateway.pipeline.compose import Draft, DraftAttachment, compose

KUNDE = Mailbox("Käthe Öztürk", Address("kaethe", "kunde.example"))
SUPPORT = Mailbox("Firma Support", Address("support", "firma.example"))
DRAFT = Draft(
    from_=SUPPORT,
    to=KUNDE,
    subject="Ihre Rechnung",
    message_id="abc234@gw.firma.example",
    date=datetime(2026, 11, 21, 20, 30, tzinfo=UTC),
    text="Guten Tag\n",
)
ANY_TEXT = st.text(max_size=300)
HOSTILE = st.one_of(
    ANY_TEXT,
    st.text(alphabet='ab \r\n\t\x00\x0b\x85\u2028\ud800äé€😀=?_:,;<>"\\()@.-', max_size=400),
    st.sampled_from(["\r\nBcc: opfer@kunde.example", "=?utf-8?q?x?=", "a" * 5000, "ä" * 3000, " ", ""]),
)


def parse(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def flat(text: str) -> str:
    """Say what a text may become in a header: one line, no controls, no halves of characters."""
    cleaned = "".join(" " if ord(c) < 32 or 127 <= ord(c) < 160 else "?" if 0xD800 <= ord(c) < 0xE000 else c for c in text)
    return " ".join(cleaned.split())


def lines_of(text: str) -> str:
    """Say what a text may become in a body."""
    kept = "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if c in "\t\n" or (ord(c) >= 32 and ord(c) != 127))
    kept = kept.encode("utf-8", "replace").decode()
    return kept if kept.endswith("\n") else kept + "\n"


def assert_sound(content: bytes) -> None:
    assert content.replace(b"\r\n", b"").count(b"\n") == 0
    assert content.replace(b"\r\n", b"").count(b"\r") == 0
    assert b"\0" not in content
    lines = content.split(b"\r\n")
    assert max(len(line) for line in lines) <= 998
    assert all(len(line) <= 76 for line in lines if b"=?utf-8?" in line), "RFC 2047 section 2"


def body_text(part: EmailMessage) -> str:
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)
    return raw.decode().replace("\r\n", "\n")


def test_a_short_english_mail_stays_readable_to_the_eye() -> None:
    content = compose(replace(DRAFT, to=Mailbox(None, Address("anna", "kunde.example"))))
    assert content.decode("ascii") == (
        "Date: Sat, 21 Nov 2026 20:30:00 +0000\r\n"
        "From: Firma Support <support@firma.example>\r\n"
        "To: anna@kunde.example\r\n"
        "Subject: Ihre Rechnung\r\n"
        "Message-ID: <abc234@gw.firma.example>\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: text/plain; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\n"
        "Guten Tag\r\n"
    )


def test_the_same_draft_gives_the_same_bytes() -> None:
    draft = replace(DRAFT, html="<p>ä</p>", attachments=(DraftAttachment(filename="x", content_type="text/plain", content=b"x"),))
    assert compose(draft) == compose(draft)


@given(subject=HOSTILE)
def test_a_subject_comes_back_as_it_was_and_never_makes_a_header_line(subject: str) -> None:
    content = compose(replace(DRAFT, subject=subject))
    assert_sound(content)
    assert content.isascii()
    parsed = parse(content)
    assert parsed["Subject"] == flat(subject)
    assert parsed["Bcc"] is None
    assert len(parsed.keys()) == 8


@given(name=HOSTILE)
def test_a_display_name_comes_back_as_it_was_and_never_becomes_an_address(name: str) -> None:
    content = compose(replace(DRAFT, from_=replace(SUPPORT, name=name), cc=(KUNDE, replace(SUPPORT, name=name))))
    assert_sound(content)
    assert [a.addr_spec for a in parse(content)["Cc"].addresses] == ["kaethe@kunde.example", "support@firma.example"]
    # The older parser joins encoded words as RFC 2047 says; the newer one of Python 3.11 puts spaces between them in names.
    ((read_name, address),) = getaddresses([email.message_from_bytes(content)["From"]])
    assert address == "support@firma.example"
    assert str(make_header(decode_header(read_name))) == flat(name)[:200].strip()


@given(local=st.text(alphabet="abc.+-_'/{}", min_size=1, max_size=30), quoted=st.text(alphabet="ab .@<>,;:", max_size=20))
def test_every_address_comes_back_as_it_was(local: str, quoted: str) -> None:
    for address in (Address(local, "kunde.example"), Address(f'"{quoted}x"', "kunde.example")):
        content = compose(replace(DRAFT, to=Mailbox("Kim, Kunde", address), reply_to=Mailbox(None, address)))
        assert_sound(content)
        for field in ("To", "Reply-To"):
            (read,) = parse(content)[field].addresses
            assert (read.username, read.domain) == (address.local.strip('"'), "kunde.example")


@given(text=HOSTILE, html=st.none() | HOSTILE)
def test_texts_come_back_as_they_were_without_controls(text: str, html: str | None) -> None:
    content = compose(replace(DRAFT, text=text, html=html))
    assert_sound(content)
    assert content.isascii()
    parsed = parse(content)
    parts = [p for p in parsed.walk() if not p.is_multipart()]
    assert [body_text(p) for p in parts] == [lines_of(t) for t in (text, html) if t is not None]


@given(filename=HOSTILE, content=st.binary(max_size=300), content_type=HOSTILE)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_attachments_come_back_byte_for_byte_whatever_they_are_called(filename: str, content: bytes, content_type: str) -> None:
    attachment = DraftAttachment(filename=filename, content_type=content_type, content=content)
    parsed = parse(compose(replace(DRAFT, attachments=(attachment,))))
    _, part = parsed.iter_parts()
    assert part.get_payload(decode=True) == content
    # Not get_filename(): it takes angle brackets and quotation marks off.
    assert part["Content-Disposition"].params.get("filename", "") == flat(filename)
    assert part.get_content_disposition() == "attachment"


@given(references=st.lists(HOSTILE | st.from_regex(r"[a-z0-9.]{1,80}@[a-z]{1,20}\.example", fullmatch=True), max_size=60))
def test_references_keep_the_first_and_the_last_ten(references: list[str]) -> None:
    content = compose(replace(DRAFT, references=tuple(references), in_reply_to=references[-1] if references else None))
    assert_sound(content)
    kept = re.findall(r"<([^>]*)>", email.message_from_bytes(content)["References"] or "")
    good = list(dict.fromkeys(r for r in references if re.fullmatch(r"[!-;=?-~]{1,250}", r)))
    assert kept == (good if len(good) <= 11 else [good[0], *good[-10:]])


def test_html_pictures_and_files_stand_in_the_tree_that_mail_programs_expect() -> None:
    picture = DraftAttachment(filename="logo.png", content_type="image/png", content=b"\x89PNG", content_id="logo@x", inline=True)
    file = DraftAttachment(filename="Übersicht 2026.pdf", content_type="application/pdf", content=b"%PDF" * 1000)
    parsed = parse(compose(replace(DRAFT, html='<img src="cid:logo@x">', attachments=(picture, file))))
    assert [p.get_content_type() for p in parsed.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    assert [p.get_filename() for p in parsed.iter_attachments()] == ["Übersicht 2026.pdf"]


def test_a_text_that_looks_like_a_boundary_ends_no_part() -> None:
    draft = replace(DRAFT, text="x", html="<p>x</p>")
    boundary = parse(compose(draft)).get_boundary()
    text = f"--{boundary}--\nmore\n"
    parsed = parse(compose(replace(draft, text=text)))
    plain, _ = parsed.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert body_text(plain) == text


def test_an_attached_mail_that_would_need_encoding_goes_out_as_octets() -> None:
    for raw, expected in (
        (b"Subject: x\r\n\r\ny\r\n", "message/rfc822"),
        ("Subject: ä\r\n".encode(), "application/octet-stream"),
    ):
        attachment = DraftAttachment(filename="mail.eml", content_type="message/rfc822", content=raw)
        _, part = parse(compose(replace(DRAFT, attachments=(attachment,)))).iter_parts()
        assert part.get_content_type() == expected
        inner = part.get_payload(0) if part.is_multipart() else None
        got = inner.as_bytes().replace(b"\n", b"\r\n") if isinstance(inner, EmailMessage) else part.get_payload(decode=True)
        assert got == raw


def test_automatic_mail_says_so_and_mail_by_people_does_not() -> None:
    automatic = parse(compose(replace(DRAFT, auto_submitted="auto-replied", suppress_auto_response=True)))
    assert (automatic["Auto-Submitted"], automatic["X-Auto-Response-Suppress"]) == ("auto-replied", "All")
    by_person = parse(compose(DRAFT))
    assert (by_person["Auto-Submitted"], by_person["X-Auto-Response-Suppress"]) == (None, None)


def test_domains_leave_as_a_labels_and_only_an_odd_local_part_needs_utf_8() -> None:
    content = compose(replace(DRAFT, to=Mailbox(None, Address("info", "müller.example"))))
    assert b"To: info@xn--mller-kva.example\r\n" in content
    content = compose(replace(DRAFT, to=Mailbox("Jörg", Address("jörg", "müller.example"))))
    assert "<jörg@xn--mller-kva.example>\r\n".encode() in content


def test_the_date_keeps_its_own_offset() -> None:
    here = timezone(timedelta(hours=1))
    content = compose(replace(DRAFT, date=datetime(2026, 11, 21, 21, 30, tzinfo=here)))
    assert b"Date: Sat, 21 Nov 2026 21:30:00 +0100\r\n" in content


def test_what_is_no_address_is_left_out_of_cc_and_refused_in_to() -> None:
    broken = Mailbox("x", Address("undisclosed recipients", ""))
    assert parse(compose(replace(DRAFT, cc=(broken,))))["Cc"] is None
    with pytest.raises(InvalidAddress):
        compose(replace(DRAFT, to=broken))


def test_further_headers_are_written_but_never_instead_of_our_own() -> None:
    assert parse(compose(replace(DRAFT, headers=(Header("X-Ticket", "2026-1"),))))["X-Ticket"] == "2026-1"
    for name in ("Subject", "bcc", "X Bad", "X-Bad:\r\nBcc"):
        with pytest.raises(ValueError, match=r"compose itself|no name"):
            compose(replace(DRAFT, headers=(Header(name, "x"),)))


def test_a_message_id_that_could_break_the_header_is_refused() -> None:
    for message_id in ("a b@x", "a@x>\r\nBcc: b@x", "", "ä@x"):
        with pytest.raises(ValueError, match="no message id"):
            compose(replace(DRAFT, message_id=message_id))
