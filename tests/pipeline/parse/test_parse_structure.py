"""Trees of parts, whole and broken: nothing vanishes, and the parts are numbered as IMAP counts."""

import hashlib

import pytest

from gateway.mail.message import Message
from gateway.pipeline.reading import parse
from gateway.pipeline.reading.parse import parse_message


def mail(*lines: str, end: str = "\r\n") -> bytes:
    return end.join(lines).encode("utf-8", "surrogateescape")


def alternative(plain: str, html: str) -> bytes:
    head = "Content-Type: multipart/alternative; boundary=b"
    return mail(head, "", "--b", "", plain, "--b", "Content-Type: text/html", "", html, "--b--")


def attached(message: Message) -> list[tuple[str, str | None, str]]:
    return [(a.part, a.filename, a.content_type) for a in message.attachments]


MIXED = (
    "Content-Type: multipart/mixed; boundary=b",
    "",
    "preamble",
    "--b",
    "Content-Type: text/plain",
    "",
    "text",
    "--b",
    "Content-Type: application/pdf; name=a.pdf",
    "Content-Transfer-Encoding: base64",
    "",
    "JVBERi0xLjQ=",
    "--b--",
    "epilogue",
)


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_line_ends_of_any_kind_give_the_same_message(end: str) -> None:
    message = parse_message(mail(*MIXED, end=end))
    assert message.text == "text"
    assert attached(message) == [("2", "a.pdf", "application/pdf")]
    assert message.attachments[0].content.read() == b"%PDF-1.4"
    assert message.attachments[0].detected_type == "application/pdf"
    assert message.error is None


def test_parts_are_numbered_as_imap_counts() -> None:
    message = parse_message(
        mail(
            "Content-Type: multipart/mixed; boundary=a",
            "",
            "--a",
            "Content-Type: multipart/related; boundary=b",
            "",
            "--b",
            "Content-Type: text/html",
            "",
            "<p>Hallo</p>",
            "--b",
            "Content-Type: image/png",
            "Content-ID: <logo@x>",
            "",
            "x",
            "--b--",
            "--a",
            "Content-Type: application/zip; name=z.zip",
            "",
            "z",
            "--a--",
        )
    )
    assert attached(message) == [("1.2", None, "image/png"), ("2", "z.zip", "application/zip")]
    logo, _ = message.attachments
    assert logo.inline
    assert logo.content_id == "logo@x"


def test_the_body_of_a_mail_of_one_part_is_part_one() -> None:
    assert attached(parse_message(b"Content-Type: image/png; name=a.png\r\n\r\nx")) == [("1", "a.png", "image/png")]


def test_plain_text_goes_before_html_and_both_are_kept() -> None:
    message = parse_message(alternative("plain", "<p>html"))
    assert message.text == "plain"
    assert message.html == "<p>html</p>"
    assert message.attachments == ()


@pytest.mark.parametrize(
    "stub",
    [
        "",
        "  \r\n ",
        "Your mail client does not support HTML.",
        "This message is in HTML format.",
        "Bitte verwenden Sie ein E-Mail-Programm, das HTML anzeigen kann.",
        "To view this email, please use an HTML compatible viewer.",
        "Votre logiciel ne prend pas en charge le format HTML.",
    ],
)
def test_html_is_read_where_the_plain_part_says_nothing(stub: str) -> None:
    message = parse_message(alternative(stub, "<p>Inhalt</p>"))
    assert message.text == "Inhalt"


def test_a_question_about_html_is_no_stub() -> None:
    text = "Kann ich in meinem Newsletter eigenes HTML verwenden? Ich finde die Einstellung nicht.\r\nAnna"
    message = parse_message(alternative(text, "<p>Inhalt</p>"))
    assert message.text.startswith("Kann ich")


def test_later_text_parts_are_joined() -> None:
    message = parse_message(
        mail(
            "Content-Type: multipart/mixed; boundary=b",
            "",
            "--b",
            "",
            "one",
            "--b",
            "Content-Type: text/plain",
            "",
            "two",
            "--b",
            "Content-Type: text/html",
            "",
            "<p>three</p>",
            "--b--",
        )
    )
    assert message.text == "one\n\ntwo\n\nthree"
    assert message.attachments == ()


def test_a_forwarded_mail_is_an_attachment_with_the_bytes_as_they_stand() -> None:
    inner = mail("Subject: inner", "Content-Type: multipart/mixed; boundary=c", "", "--c", "", "inside  ", "--c--", "")
    outer = mail(
        "Content-Type: multipart/mixed; boundary=b", "", "--b", "", "see below", "--b", "Content-Type: message/rfc822", "", ""
    )
    message = parse_message(outer + inner + b"\r\n--b--\r\n")
    assert message.text == "see below"
    assert attached(message) == [("2", None, "message/rfc822")]
    assert message.attachments[0].content.read() == inner
    assert message.attachments[0].content.sha256 == hashlib.sha256(inner).hexdigest()


BROKEN = {
    "nothing at all": (b"", "", 0),
    "one line feed": (b"\n", "", 0),
    "no headers": (b"Hello there\nhow are you\n", "Hello there\nhow are you", 0),
    "no body": (b"Subject: x", "", 0),
    "blank first line": (b"\r\nSubject: x\r\n\r\nbody", "body", 0),
    "mbox line": (b"From a@b.test Mon Jan  1 10:00:00 2024\nSubject: x\n\nbody", "body", 0),
    "escaped mbox line": (b">From a@b.test Mon Jan  1 10:00:00 2024\nSubject: x\n\nbody", "body", 0),
    "byte order mark": (b"\xef\xbb\xbfSubject: x\n\nbody", "body", 0),
    "doubled carriage returns": (b"Subject: x\r\r\n\r\r\nbody", "body", 0),
    "no blank line": (b"Subject: x\nbody without a gap", "body without a gap", 0),
    "stray line among fields": (b"Subject: x\nstray\nTo: a@b.test\n\nbody", "body", 0),
    "continuation first": (b" odd\nSubject: x\n\nbody", " odd\nSubject: x\n\nbody", 0),
    "field without a name": (b": x\nSubject: y\n\nbody", ": x\nSubject: y\n\nbody", 0),
    "blank before the colon": (b"Subject : x\n\nbody", "body", 0),
    "missing boundary": (
        b"Content-Type: multipart/mixed\n\n--x\nContent-Type: text/plain\n\none\n--x\n\ntwo\n--x--",
        "one\n\ntwo",
        0,
    ),
    "wrong boundary": (b"Content-Type: multipart/mixed; boundary=y\n\n--x\nContent-Type: text/plain\n\none\n--x--", "one", 0),
    "empty boundary": (b'Content-Type: multipart/mixed; boundary=""\n\njust text', "just text", 0),
    "boundary that never comes": (b"Content-Type: multipart/mixed; boundary=y\n\njust text", "just text", 0),
    "no final boundary": (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo", "one\n\ntwo", 0),
    "cut off in a header": (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\nContent-Ty", "one\n\nContent-Ty", 0),
    "boundary with blanks": (b'Content-Type: multipart/mixed; boundary="a b"\n\n--a b  \n\none\n--a b--', "one", 0),
    "boundary with a colon": (b'Content-Type: multipart/mixed; boundary="=_a:b"\n\n--=_a:b\n\none\n--=_a:b\n--=_a:b--', "one", 0),
    "boundary that begins another": (
        (
            b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=bb\n\n"
            b"--bb\n\none\n--bb--\n--b\n\ntwo\n--b--"
        ),
        "one\n\ntwo",
        0,
    ),
    "the same boundary twice": (
        (
            b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=b\n\n"
            b"--b\n\none\n--b--\n--b\n\ntwo\n--b--"
        ),
        "one\n\ntwo",
        0,
    ),
    "inner never closed": (
        (
            b"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=b\n\n"
            b"--b\n\none\n--a\n\ntwo\n--a--"
        ),
        "one\n\ntwo",
        0,
    ),
    "parts after the end": (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n--b\n\ntwo\n--b--", "one", 0),
    "part without a blank line": (b"Content-Type: multipart/mixed; boundary=b\n\n--b\nno header\n--b--", "no header", 0),
    "empty part": (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\none\n--b--", "one", 0),
    "multipart without parts": (b"Content-Type: multipart/mixed; boundary=b\n\n--b--\n", "", 0),
    "unknown transfer encoding": (b"Content-Transfer-Encoding: x-odd\n\nbody", "body", 0),
    "encoding with a comment": (b"Content-Transfer-Encoding: base64 (what else)\n\nYm9keQ==", "body", 0),
    "base64 without padding": (b"Content-Transfer-Encoding: base64\n\nYm9keQ", "body", 0),
    "base64 with junk": (b"Content-Transfer-Encoding: base64\n\nYm!9\x80ke*Q==", "body", 0),
    "base64 in two pieces": (b"Content-Transfer-Encoding: base64\n\nYg==\nb2R5\n", "body", 0),
    "base64 with a footer": (b"Content-Transfer-Encoding: base64\n\nYm9keQ==\n____________\nTo unsubscribe go away\n", None, 0),
    "base64 cut off": (b"Content-Transfer-Encoding: base64\n\nYm9keQYm9", "body\x06&\x0f", None),
    "quoted-printable cut off": (b"Content-Transfer-Encoding: quoted-printable\n\nbo=64y=", "body", 0),
    "quoted-printable with stray signs": (b"Content-Transfer-Encoding: quoted-printable\n\na=b=ZZ=3D", "a=b=ZZ=", 0),
    "quoted-printable in lower case": (b"Content-Transfer-Encoding: Quoted-Printable\n\n=c3=a4", "ä", 0),
    "type without a subtype": (b"Content-Type: text\n\nbody", "body", 0),
    "empty type": (b"Content-Type:\n\nbody", "body", 0),
    "type of two": (b"Content-Type: text/plain; charset=utf-8\nContent-Type: text/html\n\n<b>", "<b>", 0),
    "html that says plain": (b"Content-Type: text/plain\n\n<html><body><p>Hallo</p></body></html>", "Hallo", 0),
    "image that says plain": (
        b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\niVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ",
        "",
        1,
    ),
    "digest": (b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\ny\n--b--", "", 1),
    "encoded multipart": (
        b"Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n--b\n\none\n--b--",
        "one",
        0,
    ),
    "single part that is an attachment": (
        b"Content-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\nx",
        "",
        1,
    ),
    "NUL in text": (b"Content-Type: text/plain\n\na\x00b", "ab", 0),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_structure_is_read_as_far_as_it_goes(name: str) -> None:
    content, text, attachments = BROKEN[name]
    message = parse_message(content)
    assert message.error is None
    if text is None:
        assert message.text == "body\n____________\nTo unsubscribe go away"
    elif attachments is not None:
        assert message.text == text
    if attachments is not None:
        assert len(message.attachments) == attachments


def test_uuencoded_and_yenc_files_in_text_are_attachments() -> None:
    encoded = bytes((c + 42) & 255 for c in b"yenc body")
    message = parse_message(
        b"Subject: x\n\nbefore\nbegin 644 a.txt\n#0V%T\n`\nend\nbetween\n=ybegin line=128 size=9 name=b c.bin\n"
        + encoded
        + b"\n=yend size=9\nafter"
    )
    assert message.text == "before\nbetween\nafter"
    assert [(a.filename, a.content.read()) for a in message.attachments] == [("a.txt", b"Cat"), ("b c.bin", b"yenc body")]


def test_the_word_begin_in_text_is_no_file() -> None:
    text = "begin 644 times if you must\nand then stop\nend"
    assert parse_message(f"Subject: x\n\n{text}".encode()).text == text


def test_flowed_paragraphs_are_joined() -> None:
    head = "Content-Type: text/plain; format=flowed"
    assert (
        parse_message(mail(head, "", "one ", "two ", "three", "", "> a ", "> b", "-- ", "me")).text
        == "one two three\n\n> a b\n-- \nme"
    )
    assert parse_message(mail(head + "; delsp=yes", "", "lang ", "wort")).text == "langwort"


def test_too_many_parts_are_kept_as_one_attachment() -> None:
    message = parse_message(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 5000)
    assert message.error is not None
    assert message.text.startswith("x\n\nx")
    rest = message.attachments[-1].content.read()
    assert rest.count(b"--b\r\n\r\nx") + 999 == 5000


def test_what_is_nested_too_deep_is_kept_as_one_attachment() -> None:
    levels = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(200))
    message = parse_message(levels + b"\r\ndeep down")
    assert message.error is not None
    assert message.attachments[0].content.read().endswith(b"deep down")


def test_partial_message_says_so() -> None:
    message = parse_message(b"Content-Type: message/partial; id=x; number=2; total=5\r\n\r\npiece")
    assert "piece 2 of 5" in message.text
    assert message.attachments[0].content.read() == b"piece"


def test_text_around_an_attachment_in_the_html_alternative_is_not_doubled() -> None:
    message = parse_message(
        mail(
            "Content-Type: multipart/alternative; boundary=a", "", "--a", "", "before after", "--a",
            "Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: text/html", "", "<p>before</p>", "--b",
            "Content-Type: application/pdf; name=x.pdf", "", "x", "--b", "Content-Type: text/html", "", "<p>after</p>", "--b--",
            "--a--",
        )
    )  # fmt: skip
    assert message.text == "before after"
    assert message.html == "<p>before</p>\n<p>after</p>"
    assert attached(message) == [("2.2", "x.pdf", "application/pdf")]


def test_very_long_text_is_shown_in_part_and_attached_as_a_whole() -> None:
    message = parse_message(b"Subject: x\r\n\r\n" + b"line of text\r\n" * 200_000)
    assert message.text.startswith("line of text\n")
    assert message.text.endswith("attached.]")
    assert message.attachments[0].content.size == 200_000 * 14


def test_a_fault_of_ours_still_gives_a_message_with_the_raw_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise TypeError("a fault")

    monkeypatch.setattr(parse, "read_bodies", fail)
    content = b"Subject: =?utf-8?q?=C3=A4?=\r\n\r\nbody"
    message = parse_message(content)
    assert message.error == "TypeError: a fault"
    assert message.subject == "ä"
    assert "body" in message.text
    assert message.attachments[0].content.read() == content


def test_field_names_with_blanks_do_not_end_the_header() -> None:
    message = parse_message(b"From: a@b.test\nOdd Name: x\nX-Next: y\nSubject: z\n\nbody")
    assert (message.subject, message.text) == ("z", "body")


def test_text_after_a_huge_embedded_image_is_still_shown() -> None:
    image = b'<img src="data:image/png;base64,' + b"A" * 2_000_000 + b'">'
    message = parse_message(b"Content-Type: text/html\r\n\r\n<p>before</p>" + image + b"<p>after</p>")
    assert message.text == "before\n\nafter"
    assert message.attachments[0].content.size > 2_000_000
