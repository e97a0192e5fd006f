"""Mails as customers write them: signed with DKIM, from many authors of many domains, no two alike."""

import base64
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from itertools import count
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.evidence.signing import DkimSigner

_DOMAINS: Final = tuple(f"kunde{number:02}.example" for number in range(20))
_PLAIN_OCTETS: Final = 30_000
"""Above this a mail is a letter with a picture attached."""
_LETTER_OCTETS: Final = 1500
_JPEG: Final = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
"""What a picture begins with."""
_TEXT_PART: Final = b"--grenze\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
_PICTURE_PART: Final = (
    b"--grenze\r\nContent-Type: image/jpeg; name=bild.jpg\r\nContent-Transfer-Encoding: base64\r\n"
    b"Content-Disposition: attachment; filename=bild.jpg\r\n\r\n"
)
_SERIAL: Final = count(1)
_SENTENCES: Final = (
    "Guten Tag die Lieferung vom Montag ist leider nicht vollständig angekommen es fehlen zwei Stück aus der Bestellung und "
    "auf der Rechnung steht ein anderer Betrag als im Angebot könnten Sie das bitte prüfen und mir sagen wann ich mit dem Rest "
    "rechnen kann vielen Dank für Ihre Mühe und freundliche Grüße aus Köln"
)
_WORDS: Final = tuple(_SENTENCES.split())


@cache
def signers() -> tuple[DkimSigner, ...]:
    """Return one signer for each domain, with RSA keys of 2048 bits."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return tuple(DkimSigner(domain, "sommer", pem) for domain in _DOMAINS)


def names() -> list[tuple[str, str]]:
    """Return the TXT records that the authors' domains publish."""
    records = [signer.dns_record for signer in signers()]
    records += [(domain, "v=spf1 ip4:127.0.0.1 -all") for domain in _DOMAINS]
    records += [(f"_dmarc.{domain}", "v=DMARC1; p=reject") for domain in _DOMAINS]
    return records


def signed_mails(size: int, number: int) -> Iterator[tuple[str, bytes]]:
    """Yield `(reverse-path, content)` of new signed mails of about `size` octets."""
    for serial in (next(_SERIAL) for _ in range(number)):
        signer = signers()[serial % len(_DOMAINS)]
        author = f"kunde{serial}@{signer.domain}"
        yield author, signer.sign(_content(author, serial, size), now=datetime.now(UTC))


def _content(author: str, serial: int, size: int) -> bytes:
    chance = random.Random(serial)  # noqa: S311 no secret
    head = (
        f"From: Kunde {serial} <{author}>\r\nTo: Firma Support <support@firma.example>\r\n"
        f"Subject: Frage zur Bestellung {serial}\r\nDate: {format_datetime(datetime.now(UTC))}\r\n"
        f"Message-ID: <bench-{serial}-{chance.getrandbits(60):x}@{author.rpartition('@')[2]}>\r\nMIME-Version: 1.0\r\n"
    )
    if size < _PLAIN_OCTETS:
        top = head + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        return top.encode() + _letter(chance, size - len(top) - 800)
    picture = base64.encodebytes(_JPEG + chance.randbytes((size - _LETTER_OCTETS - 1200) * 19 // 26)).replace(b"\n", b"\r\n")
    top = head + "Content-Type: multipart/mixed; boundary=grenze\r\n\r\n"
    return b"".join((top.encode(), _TEXT_PART, _letter(chance, _LETTER_OCTETS), _PICTURE_PART, picture, b"--grenze--\r\n"))


def _letter(chance: random.Random, size: int) -> bytes:
    lines: list[bytes] = []
    while size > 0:
        lines.append(" ".join(chance.choices(_WORDS, k=11)).encode() + b"\r\n")
        size -= len(lines[-1])
    return b"".join(lines)


def write_mails(mails: Sequence[tuple[str, bytes]]) -> bytes:
    """Return mails in the form that `loader.py` reads: the reverse-path, the length, the content with its dots doubled."""
    pieces: list[bytes] = []
    for reverse_path, content in mails:
        body = content.replace(b"\r\n.", b"\r\n..")
        pieces += (f"{reverse_path} {len(body)}\n".encode(), body)
    return b"".join(pieces)
