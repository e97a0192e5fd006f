"""The true type of a file, by its bytes.

Our own short list comes first: what support mail carries, and what is dangerous. puremagic answers for the rest.
"""

import re
import struct
from collections.abc import Callable
from typing import Final

_HEAD: Final = 65_536
_MAGIC: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"MSCF", "application/vnd.ms-cab-compressed"),
    (b"\x7fELF", "application/x-elf"),
    (b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (b"\xca\xfe\xba\xbe", "application/java-vm"),
    (b"\0asm", "application/wasm"),
    (b"L\0\0\0\x01\x14\x02\0", "application/x-ms-shortcut"),
    (b"ITSF", "application/vnd.ms-htmlhelp"),
    (b"{\\rtf", "application/rtf"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"-----BEGIN PGP MESSAGE-----", "application/pgp-encrypted"),
    (b"-----BEGIN PGP SIGNATURE-----", "application/pgp-signature"),
    (b"-----BEGIN PGP PUBLIC KEY BLOCK-----", "application/pgp-keys"),
    (b"#!", "text/x-script"),
)
_ZIP_MEMBERS: Final = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (b"META-INF/MANIFEST.MF", "application/java-archive"),
    (b"AndroidManifest.xml", "application/vnd.android.package-archive"),
)
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_STREAMS: Final = (
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("VisioDocument", "application/vnd.visio"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
)
_ANY_OLE: Final = "application/x-ole-storage"
_OLE_CLAIMS: Final = frozenset({claimed for _, claimed in _OLE_STREAMS} | {"application/vnd.ms-project", "application/x-msi"})
"""What such a file may be where none of its streams tells."""
_TEXTUAL: Final = ("text/", "message/", "application/json", "application/xml", "application/pgp", "application/x-sh")
_FIELD: Final = re.compile(rb"([A-Za-z][A-Za-z0-9-]{1,60}):[ \t]")
_MAIL_FIELDS: Final = frozenset(b"received from to subject date message-id mime-version return-path".split())
_ENOUGH_FIELDS: Final = 3
_FORGIVEN: Final = 3
_CONTROL: Final = bytes(set(range(32)) - set(b"\t\n\r\f\x1b\b"))


def detect_type(body: bytes, claimed: str) -> str:
    """Return the type that the bytes show; the claimed one only where they cannot contradict it.

    Empty files are `application/x-empty`; what is unknown and not text is `application/octet-stream`.
    """
    if not body:
        return "application/x-empty"
    head = body[:_HEAD]
    found = _by_magic(head, body)
    if found:
        return claimed if found == _ANY_OLE and claimed in _OLE_CLAIMS else found
    if is_text(head):
        return _text_type(head, claimed)
    return _ask_puremagic(body[: _HEAD // 4])


def _by_magic(head: bytes, body: bytes) -> str | None:
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _zip_type(head, body)
    if head.startswith(_OLE):
        return next((t for name, t in _OLE_STREAMS if name.encode("utf-16-le") in body), _ANY_OLE)
    if head.startswith(b"RIFF"):
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _iso_media_type(head[8:12])
    return next((t for t, is_one in _SHAPES if is_one(head)), None)


_SHAPES: Final[tuple[tuple[str, Callable[[bytes], bool]], ...]] = (
    ("application/vnd.microsoft.portable-executable", lambda h: h.startswith(b"MZ") and b"\0" in h[:64]),
    ("audio/mpeg", lambda h: len(h) > 1 and h[0] == 0xFF and h[1] & 0xE6 == 0xE2),  # noqa: PLR2004 an MPEG layer 3 frame
    ("image/bmp", lambda h: h.startswith(b"BM") and h[6:10] == b"\0\0\0\0"),
    ("application/pkcs7-mime", lambda h: h[:1] == b"0" and b"\x2a\x86\x48\x86\xf7\x0d\x01\x07" in h[:32]),
    ("application/x-tar", lambda h: h[257:262] == b"ustar"),
)


def _iso_media_type(brand: bytes) -> str:
    if brand in {b"heic", b"heix", b"mif1", b"msf1", b"heim"}:
        return "image/heic"
    if brand == b"avif":
        return "image/avif"
    if brand == b"qt  ":
        return "video/quicktime"
    return "audio/mp4" if brand in {b"M4A ", b"M4B "} else "video/mp4"


def _zip_type(head: bytes, body: bytes) -> str:
    if head[30:38] == b"mimetype" and (length := int.from_bytes(head[18:22], "little")) < 100:  # noqa: PLR2004 stored, short
        return head[38 : 38 + length].decode("ascii", "replace").strip() or "application/zip"
    directory = body[-_HEAD:]
    return next((t for name, t in _ZIP_MEMBERS if name in directory or name in head), "application/zip")


def is_text(head: bytes) -> bool:
    """Tell whether bytes could be text in some charset; a few stray control characters are forgiven."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return True
    controls = len(head) - len(head.translate(None, _CONTROL))
    return controls <= max(_FORGIVEN, len(head) // 50)


def _text_type(head: bytes, claimed: str) -> str:
    start = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "text/html"
    if start.startswith((b"<?xml", b"<svg")):
        is_image = start.startswith(b"<svg") or b"<svg" in head[:4096].lower()
        return "image/svg+xml" if is_image else "text/xml" if claimed == "text/xml" else "application/xml"
    if start.startswith((b"begin:vcalendar", b"begin:vcard")):
        return "text/calendar" if start.startswith(b"begin:vcalendar") else "text/vcard"
    if _looks_like_mail(head[:4096]):
        return "message/rfc822"
    return claimed if claimed.startswith(_TEXTUAL) and claimed != "text/html" else "text/plain"


def _looks_like_mail(head: bytes) -> bool:
    """Tell whether text begins with the header block of a mail: fields only, three of those that every mail has."""
    if not _FIELD.match(head):
        return False
    names = set()
    for line in head.replace(b"\r\n", b"\n").split(b"\n"):
        field = _FIELD.match(line)
        if not line or (field is None and line[:1] not in b" \t"):
            break
        if field is not None:
            names.add(field[1].lower())
    return len(names & _MAIL_FIELDS) >= _ENOUGH_FIELDS


def _ask_puremagic(head: bytes) -> str:
    import puremagic  # noqa: PLC0415 slow to import, and seldom asked

    try:
        found: str = puremagic.from_string(head, mime=True)
    except (puremagic.PureError, ValueError, LookupError, struct.error):
        return "application/octet-stream"
    return found if "/" in found else "application/octet-stream"
