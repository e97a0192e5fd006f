# ruff: noqa: RUF001 the dash of a time span is meant
"""Attachments: harmless names, true types, big ones in the spool; winmail.dat, invitations, sealed mail."""

import hashlib
import struct
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from gateway.mail.content import Content
from gateway.pipeline.reading.attachments import attach_stored_mail, make_filename
from gateway.pipeline.reading.filetypes import detect_type
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.rtf import decompress_rtf, rtf_to_html, rtf_to_text


@pytest.mark.parametrize(
    ("name", "harmless"),
    [
        ("Rechnung.pdf", "Rechnung.pdf"),
        ("Übersicht für März.pdf", "Übersicht für März.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system32\\cmd.exe", "cmd.exe"),
        ("a/b\\c.txt", "c.txt"),
        ("a\x00b\r\nc.txt", "ab c.txt"),
        ("rechnung\u202efdp.exe", "rechnungfdp.exe"),
        ("\u2066a\u2069\u200e.txt", "a.txt"),
        ("con.txt", "_con.txt"),
        ("NUL", "_NUL"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("console.txt", "console.txt"),
        ("a<b>:c?.txt", "a_b__c_.txt"),
        ("ende. . ", "ende"),
        (".htaccess", "htaccess"),
        ("..", None),
        ("///", None),
        ("", None),
        (None, None),
        ("a" * 300 + ".pdf", "a" * 196 + ".pdf"),
        ("ä" * 300 + ".pdf", "ä" * 98 + ".pdf"),
        ("\ud800.txt", "\ufffd.txt"),
    ],
)
def test_filename_is_made_harmless(name: str | None, harmless: str | None) -> None:
    assert make_filename(name) == harmless


def zipped(*names: str) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("body", "claimed", "detected"),
    [
        (b"%PDF-1.7", "image/png", "application/pdf"),
        (b"MZ\x90\x00" + bytes(100), "application/pdf", "application/vnd.microsoft.portable-executable"),
        (b"\x89PNG\r\n\x1a\n....", "text/plain", "image/png"),
        (b"\xff\xd8\xff\xe0", "application/octet-stream", "image/jpeg"),
        (b"RIFF....WEBPVP8 ", "image/webp", "image/webp"),
        (b"....ftypheic....", "image/heic", "image/heic"),
        (b"<!DOCTYPE html><p>", "text/plain", "text/html"),
        (b"<svg xmlns=", "image/png", "image/svg+xml"),
        (b"a,b\n1,2\n", "text/csv", "text/csv"),
        (b"just text", "application/octet-stream", "text/plain"),
        (b"just text", "application/pdf", "text/plain"),
        (b"", "application/pdf", "application/x-empty"),
        (b"BEGIN:VCARD\nEND:VCARD", "text/x-vcard", "text/vcard"),
        (b"\x7fELF\x02", "text/plain", "application/x-elf"),
        (b"#!/bin/sh\n", "text/plain", "text/x-script"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "x/y", "application/msword"),
        (zipped("a.txt"), "application/pdf", "application/zip"),
        (
            zipped("[Content_Types].xml", "xl/workbook.xml"),
            "x/y",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        (zipped("META-INF/MANIFEST.MF"), "image/png", "application/java-archive"),
        (b"\x00\x01\x02\x03" * 8, "image/png", "application/octet-stream"),
    ],
)
def test_type_is_told_by_the_bytes(body: bytes, claimed: str, detected: str) -> None:
    assert detect_type(body, claimed) == detected


def test_big_attachments_go_to_the_spool_and_small_ones_stay(tmp_path: Path) -> None:
    big = b"\x00" * 300_000
    content = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: a/b\r\n\r\n"
        + big
        + b"\r\n--b\r\nContent-Type: a/b\r\n\r\nx\r\n--b--"
    )
    first, second = parse_message(content, spool=tmp_path).attachments
    assert first.content.body is None
    assert first.content.path is not None
    assert first.content.path.parent == tmp_path
    assert first.content.read() == big
    assert first.content.sha256 == hashlib.sha256(big).hexdigest()
    assert second.content.body == b"x"
    in_memory, _ = parse_message(content).attachments
    assert in_memory.content.body == big
    assert in_memory.content.sha256 == first.content.sha256


def test_a_stored_mail_can_be_attached_as_it_is() -> None:
    content = Content.of(b"any bytes")
    assert attach_stored_mail(content).content is content


# ------------------------------------------------------------------------------------------------------------- winmail.dat


def attribute(level: int, number: int, kind: int, value: bytes) -> bytes:
    return struct.pack("<BHHI", level, number, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def prop(number: int, kind: int, value: bytes) -> bytes:
    return struct.pack("<HHII", kind, number, 1, len(value)) + value + b"\0" * (-len(value) % 4)


def named_prop(value: bytes) -> bytes:
    name = "x-name\0".encode("utf-16-le")
    return (
        struct.pack("<HH", 0x1F, 0x8001) + bytes(16) + struct.pack("<II", 1, len(name)) + name + b"\0" * (-len(name) % 4)
        + struct.pack("<II", 1, len(value)) + value + b"\0" * (-len(value) % 4)
    )  # fmt: skip


def winmail(*, html: str | None = None) -> bytes:
    message = (
        [prop(0x1000, 0x1E, "Grüße aus Outlook\0".encode("cp1252"))]
        if html is None
        else [prop(0x1013, 0x102, html.encode("cp1252"))]
    )
    message.insert(0, named_prop("v\0".encode("utf-16-le")))
    message.insert(0, struct.pack("<HHI", 0x03, 0x3FDE, 1252))
    attachment = [prop(0x3707, 0x1F, "Übersicht lang.pdf\0".encode("utf-16-le")), prop(0x370E, 0x1E, b"application/pdf\0")]
    return (
        b"\x78\x9f\x3e\x22\x01\x00"
        + attribute(1, 0x9007, 6, struct.pack("<II", 1252, 0))
        + attribute(1, 0x9003, 6, struct.pack("<I", len(message)) + b"".join(message))
        + attribute(2, 0x9002, 6, bytes(14))
        + attribute(2, 0x8010, 1, b"UBERSI~1.PDF\0")
        + attribute(2, 0x800F, 6, b"%PDF-1.4 x")
        + attribute(2, 0x9005, 6, struct.pack("<I", len(attachment)) + b"".join(attachment))
    )


@pytest.mark.parametrize(
    ("content_type", "name"), [("application/ms-tnef", "winmail.dat"), ("application/octet-stream", "ATT0001.dat")]
)
def test_winmail_dat_is_replaced_by_what_is_inside(content_type: str, name: str) -> None:
    top = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n\r\n--b\r\n"
    head = f"{top}Content-Type: {content_type}; name={name}\r\n\r\n"
    message = parse_message(head.encode() + winmail() + b"\r\n--b--")
    assert message.text == "Grüße aus Outlook"
    (inside,) = message.attachments
    assert (inside.filename, inside.content_type, inside.part) == ("Übersicht lang.pdf", "application/pdf", "2")
    assert inside.content.read() == b"%PDF-1.4 x"


def test_html_in_winmail_dat_is_sanitised_and_read() -> None:
    message = parse_message(b"Content-Type: application/ms-tnef\r\n\r\n" + winmail(html="<p>Grüße<script>x</script></p>"))
    assert message.html == "<p>Grüße</p>"
    assert message.text == "Grüße"


def test_winmail_dat_that_breaks_off_gives_what_stood_before() -> None:
    whole = winmail()
    for length in range(6, len(whole), 7):
        message = parse_message(b"Content-Type: application/ms-tnef\r\n\r\n" + whole[:length])
        assert message.error is None
        assert message.text or message.attachments


def test_rich_text_is_unpacked() -> None:
    packed = bytes.fromhex("2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0")
    assert decompress_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert rtf_to_text(decompress_rtf(packed)) == "hello world"


def test_html_inside_rich_text_is_found() -> None:
    rtf = (
        rb"{\rtf1\ansi\ansicpg1252\fromhtml1{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Gr\'fc\'dfe \u8364 ?"
        rb"\htmlrtf\par}\htmlrtf0{\*\htmltag72 </p>}}"
    )
    assert rtf_to_html(rtf) == "<p>Grüße €</p>"


# ------------------------------------------------------------------------------------------------------------- invitations

INVITATION = """BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
SUMMARY:Besprechung\\, Teil 2 mit einer Zeile\\, die um
 gebrochen ist
DTSTART;TZID=W. Europe Standard Time:20240701T100000
DTEND;TZID=W. Europe Standard Time:20240701T113000
LOCATION:Raum 5
ORGANIZER;CN="Arndt, Anna":mailto:anna@firma.test
ATTENDEE;PARTSTAT=ACCEPTED;CN=Bea:mailto:bea@firma.test
BEGIN:VALARM
SUMMARY:not this
END:VALARM
END:VEVENT
END:VCALENDAR
"""


def test_invitation_is_summarised_in_both_zones_and_kept() -> None:
    message = parse_message(b"Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\n" + INVITATION.encode())
    assert message.text.splitlines() == [
        "[Invitation] Besprechung, Teil 2 mit einer Zeile, die umgebrochen ist",
        "When: 2024-07-01 10:00–11:30 Europe/Berlin (UTC+02:00) = 2024-07-01 08:00–09:30 UTC",
        "Where: Raum 5",
        "Organizer: Arndt, Anna <anna@firma.test>",
        "Attendees: Bea <bea@firma.test> (accepted)",
    ]
    assert message.attachments[0].content_type == "text/calendar"


@pytest.mark.parametrize(
    ("start", "when"),
    [
        ("DTSTART;VALUE=DATE:20240701", "When: 2024-07-01 (all day)"),
        ("DTSTART:20240701T100000Z", "When: 2024-07-01 10:00 UTC"),
        ("DTSTART:20240701T100000", "When: 2024-07-01 10:00"),
        ("DTSTART;TZID=Nowhere/Here:20240701T100000", "When: 2024-07-01 10:00 Nowhere/Here"),
        (
            "DTSTART;TZID=/a.test/20240101/America/New_York:20240701T100000",
            "When: 2024-07-01 10:00 America/New_York (UTC-04:00) = 2024-07-01 14:00 UTC",
        ),
        ("DTSTART;TZID=../../etc/passwd:20240701T100000", "When: 2024-07-01 10:00 ../../etc/passwd"),
        ("DTSTART:99999999T999999", "When: 99999999T999999"),
    ],
)
def test_moment_of_an_event_is_understood(start: str, when: str) -> None:
    event = f"BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\n{start}\r\nEND:VEVENT\r\nEND:VCALENDAR"
    assert parse_message(f"Content-Type: text/calendar\r\n\r\n{event}".encode()).text == f"[Cancelled event] x\n{when}"


def test_vcard_is_kept_as_an_attachment() -> None:
    message = parse_message(
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n--b\nContent-Type: text/vcard\n\nBEGIN:VCARD\nEND:VCARD\n--b--"
    )
    assert message.text == "hi"
    assert message.attachments[0].detected_type == "text/vcard"


# -------------------------------------------------------------------------------------------------------------- sealed mail


def test_clear_signed_mail_shows_its_text() -> None:
    message = parse_message(
        b"Content-Type: multipart/signed; protocol=x; boundary=b\n\n--b\nContent-Type: text/plain\n\nsigned\n--b\n"
        b"Content-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\nMIAG\n--b--"
    )
    assert message.text == "signed"
    assert message.attachments[0].filename == "smime.p7s"


@pytest.mark.parametrize("oid", ["06092a864886f70d010703", "060b2a864886f70d0109100117"])
@pytest.mark.parametrize("claim", ["; smime-type=enveloped-data", ""])
def test_encrypted_mail_says_so(oid: str, claim: str) -> None:
    body = b"\x30\x80" + bytes.fromhex(oid) + b"\xa0\x80\x00\x01\x02"
    message = parse_message(f"Content-Type: application/pkcs7-mime; name=smime.p7m{claim}\r\n\r\n".encode() + body)
    assert message.text == "[This mail is encrypted (S/MIME); it is attached unread.]"
    assert message.attachments[0].content.read() == body


def test_opaque_signed_mail_is_opened() -> None:
    part = b"Content-Type: a/b; name=x.y\r\n\r\nz"
    inner = b"Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nopaque\r\n--i\r\n" + part + b"\r\n--i--"
    octets = b"\x24\x80\x04" + bytes([len(inner) - 50]) + inner[:-50] + b"\x04\x32" + inner[-50:] + b"\x00\x00"
    body = (
        b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80\x02\x01\x01\x31\x00"
        b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80" + octets + b"\x00\x00"
    )
    message = parse_message(b"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\n" + body)
    assert message.text == "opaque"
    assert [a.filename for a in message.attachments] == ["x.y", None]


def test_pgp_mime_says_that_it_is_encrypted() -> None:
    message = parse_message(
        b"Content-Type: multipart/encrypted; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\n"
        b"Content-Type: application/octet-stream; name=encrypted.asc\n\n-----BEGIN PGP MESSAGE-----\n--b--"
    )
    assert message.text == "[This mail is encrypted (PGP); it is attached unread.]"
    assert [a.filename for a in message.attachments] == [None, "encrypted.asc"]


def test_pgp_armour_in_text_is_cut_out() -> None:
    signed = (
        "hi\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHallo\n- -- \nAnna\n"
        "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\nbye"
    )
    message = parse_message(f"Subject: x\n\n{signed}".encode())
    assert message.text == "hi\nHallo\n-- \nAnna\n\nbye"
    assert message.attachments[0].content_type == "application/pgp-signature"
    sealed = parse_message(b"Subject: x\n\n-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----")
    assert sealed.text == "[Here stands a text that is encrypted (PGP); it is attached unread.]"
    assert sealed.attachments[0].content.read().startswith(b"-----BEGIN PGP MESSAGE-----")
