"""A small world for the tests of the evidence: domains with keys and records, and mails between them."""

import base64
import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from gateway.evidence.canonical import BodyWish, Canonical, canonical_field, hash_bodies
from gateway.evidence.headers import Field, HeaderBlock
from gateway.evidence.observe import Observer
from gateway.evidence.settings import ForwarderSettings, ResolverSettings
from gateway.evidence.signature import HeaderPool
from gateway.evidence.signing import DkimSigner
from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.envelope import Door, Envelope
from gateway.mail.evidence import Evidence
from tests.evidence.fake_dns import Behaviour, FakeDns, Records

NOW = datetime.now(UTC)
"""dkimpy, which signs some of the mails here, takes the time from no other clock."""
KUNDE_IP = "198.51.100.7"
FORWARDER_IP = "203.0.113.5"
EVIL_IP = "192.0.2.66"
LIST_IP = "198.51.100.88"
CLOUD_IP = "198.51.100.200"

DIRECT = (
    b"From: Kurt Kunde <kurt@kunde.example>\r\n"
    b"To: support@firma.example\r\n"
    b"Subject: Rechnung 4711\r\n"
    b"Date: Mon, 01 Jun 2026 13:00:00 +0200\r\n"
    b"Message-ID: <1@kunde.example>\r\n"
    b"\r\n"
    b"Guten Tag,  ich habe eine Frage. \r\n"
    b"\r\n"
    b"Kurt\r\n"
    b"\r\n"
)
RECEIVED_BY_FORWARDER = (
    b"Received: from mail.kunde.example (mail.kunde.example [198.51.100.7])\r\n"
    b"\tby mx.firma.example (Postfix) with ESMTPS id 4X2z\r\n"
    b"\tfor <support@firma.example>; Mon,  1 Jun 2026 13:00:01 +0200 (CEST)\r\n"
)


@functools.cache
def rsa_pem(bits: int = 2048, number: int = 0) -> bytes:
    """Make a key once per run; `number` tells keys of the same size apart."""
    del number
    return _pem(rsa.generate_private_key(65_537, bits), serialization.PrivateFormat.TraditionalOpenSSL)


@functools.cache
def ed25519_pem() -> bytes:
    return _pem(ed25519.Ed25519PrivateKey.generate(), serialization.PrivateFormat.PKCS8)


def _pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, form: serialization.PrivateFormat) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def key_record(pem: bytes) -> str:
    """Return the TXT record of a private key, of RSA or Ed25519."""
    public = serialization.load_pem_private_key(pem, None).public_key()
    if isinstance(public, rsa.RSAPublicKey):
        octets = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={base64.b64encode(octets).decode()}"
    assert isinstance(public, ed25519.Ed25519PublicKey)
    return f"v=DKIM1; k=ed25519; p={base64.b64encode(public.public_bytes_raw()).decode()}"


def signer(domain: str = "kunde.example", selector: str = "s1", pem: bytes | None = None) -> DkimSigner:
    return DkimSigner(domain, selector, pem or rsa_pem())


def timed(content: bytes, *, made: datetime, until: datetime) -> bytes:
    """Sign for kunde.example with `t=` and `x=`."""
    block = HeaderBlock.read(content)
    wish = BodyWish(Canonical.RELAXED)
    body_hash = base64.b64encode(hash_bodies(content, block.body_start, {wish})[wish].digest).decode()
    own = (
        f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=kunde.example; s=s1; t={int(made.timestamp())};\r\n"
        f"\tx={int(until.timestamp())}; bh={body_hash}; h=from:subject; b="
    ).encode()
    signed = HeaderPool(block).select([b"from", b"subject"], Canonical.RELAXED, Field(b"", own))
    return own + _sign(b"".join(signed) + _relaxed(own).rstrip(b"\r\n"), None) + b"\r\n" + content


def sealed(content: bytes, domain: str, results: str, pem: bytes | None = None) -> bytes:
    """Return the mail with one more ARC set by `domain`, whose results are these (RFC 8617 section 5.1)."""
    block = HeaderBlock.read(content)
    number = len(block.all("arc-seal")) + 1
    wish = BodyWish(Canonical.RELAXED)
    body_hash = base64.b64encode(hash_bodies(content, block.body_start, {wish})[wish].digest).decode()
    own = f"ARC-Authentication-Results: i={number}; {domain}; {results}\r\n".encode()
    message = (
        f"ARC-Message-Signature: i={number}; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=arc;\r\n"
        f"\tbh={body_hash}; h=from:subject:date; b="
    ).encode()
    names = [b"from", b"subject", b"date"]
    signed = HeaderPool(block).select(names, Canonical.RELAXED, Field(b"", message))
    message += _sign(b"".join(signed) + _relaxed(message).rstrip(b"\r\n"), pem) + b"\r\n"
    validation = "none" if number == 1 else "pass"
    seal = f"ARC-Seal: i={number}; a=rsa-sha256; cv={validation}; d={domain}; s=arc; t=1780000000; b=".encode()
    sets = [
        _relaxed(one.raw)
        for i in range(1, number)
        for kind in ("arc-authentication-results", "arc-message-signature", "arc-seal")
        for one in block.all(kind)
        if f"i={i};".encode() in one.raw
    ]
    covered = b"".join(sets) + _relaxed(own) + _relaxed(message) + _relaxed(seal).rstrip(b"\r\n")
    return seal + _sign(covered, pem) + b"\r\n" + message + own + content


def _relaxed(raw: bytes) -> bytes:
    return canonical_field(raw, Canonical.RELAXED)


def _sign(content: bytes, pem: bytes | None) -> bytes:
    key = serialization.load_pem_private_key(pem or rsa_pem(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return base64.b64encode(key.sign(content, padding.PKCS1v15(), hashes.SHA256()))


@dataclass
class World:
    """Domains, and an observer that asks about them."""

    dns: FakeDns
    observer: Observer
    forwarders: list[ForwarderSettings] = field(default_factory=list)

    def set(self, name: str, records: Records | Behaviour) -> None:
        self.dns.zone[name] = records

    async def observe(
        self,
        content: bytes,
        *,
        client_ip: str | None = KUNDE_IP,
        helo: str | None = "mail.kunde.example",
        mail_from: str | None = "kurt@kunde.example",
        door: Door = Door.SMTP,
        forwarders: Sequence[ForwarderSettings] = (),
        now: datetime = NOW,
    ) -> Evidence:
        envelope = Envelope(
            reverse_path=Address.of(mail_from) if mail_from else None,
            recipients=(),
            received_at=now,
            door=door,
            client_ip=client_ip,
            helo=helo,
        )
        found = await self.observer.observe(envelope, Content.of(content), {"support": forwarders}, now=now)
        return found["support"]


def usual_zone() -> dict[str, Records | Behaviour]:
    """Return the zone that most stories play in."""
    key = key_record(rsa_pem())
    return {
        "kunde.example": {"TXT": ["v=spf1 ip4:198.51.100.7 -all"], "A": ["198.51.100.9"]},
        "_dmarc.kunde.example": {"TXT": ["v=DMARC1; p=reject; rua=mailto:dmarc@kunde.example"]},
        "s1._domainkey.kunde.example": {"TXT": [key]},
        "mail.kunde.example": {"TXT": ["v=spf1 a -all"], "A": ["198.51.100.7"]},
        "laden.example": {"TXT": ["v=spf1 ip4:198.51.100.7 -all"], "A": ["198.51.100.9"]},
        "s1._domainkey.laden.example": {"TXT": [key]},
        "leise.example": {"TXT": ["v=spf1 ip4:198.51.100.7 -all"], "A": ["198.51.100.9"]},
        "_dmarc.leise.example": {"TXT": ["v=DMARC1; p=none"]},
        "s1._domainkey.leise.example": {"TXT": [key]},
        "firma.example": {"TXT": ["v=spf1 ip4:203.0.113.0/24 ip4:198.51.100.200 -all"], "A": ["203.0.113.80"]},
        "_dmarc.firma.example": {"TXT": ["v=DMARC1; p=quarantine"]},
        "s1._domainkey.firma.example": {"TXT": [key]},
        "evil.example": {"TXT": ["v=spf1 ip4:192.0.2.66 -all"], "A": ["192.0.2.66"]},
        "s1._domainkey.evil.example": {"TXT": [key]},
        "arc._domainkey.evil.example": {"TXT": [key]},
        "arc._domainkey.siegel.example": {"TXT": [key]},
        "arc._domainkey.google.com": {"TXT": [key]},
        "_spf.google.com": {"TXT": ["v=spf1 ip4:198.51.100.200 -all"]},
        "lists.example": {"TXT": ["v=spf1 ip4:198.51.100.88 -all"], "A": ["198.51.100.88"]},
        "s1._domainkey.lists.example": {"TXT": [key]},
    }


def settings(dns: FakeDns) -> ResolverSettings:
    return ResolverSettings(servers=[dns.address], timeout=0.3, seconds_per_mail=3)
