"""Signing what we send with DKIM (RFC 6376, 8463): relaxed/relaxed, all of the body, and no room for a second From."""

import base64
import hashlib
from datetime import datetime
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa, utils

from gateway.evidence.canonical import BodyWish, Canonical, canonical_field, hash_bodies
from gateway.evidence.headers import Field, HeaderBlock
from gateway.evidence.keys import MIN_RSA_BITS
from gateway.evidence.signature import HeaderPool

SIGNED: Final = (
    "from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "auto-submitted",
    "list-id", "list-unsubscribe", "mime-version", "content-type", "content-transfer-encoding",
)  # fmt: skip
"""Fields that are signed when they are there (RFC 6376 section 5.4.1)."""
SEALED: Final = ("from", "reply-to", "to", "cc", "subject", "date")
"""Fields that nobody can add one more of without breaking the signature (section 8.15)."""
LINE: Final = 72


class UnusableSigningKey(Exception):
    """The private key cannot be read, or nobody would accept its signatures; the argument says why."""


class DkimSigner:
    """Signs mails of one domain with one key."""

    def __init__(self, domain: str, selector: str, key_pem: bytes) -> None:
        """Take the domain, the selector and the private key as PEM without a passphrase.

        Raises:
            UnusableSigningKey: no key, encrypted, neither RSA of 1024 bits or more nor Ed25519.
        """
        self.domain = domain.lower()
        self.selector = selector.lower()
        self._key = _load(key_pem)
        self._key_pem = key_pem

    def __reduce__(self) -> tuple[type["DkimSigner"], tuple[str, str, bytes]]:
        """Travel to another process of ours with the key."""
        return DkimSigner, (self.domain, self.selector, self._key_pem)

    @property
    def dns_record(self) -> tuple[str, str]:
        """Return the name and the text of the TXT record that the signatures need."""
        public = self._key.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            kind, form = "rsa", serialization.PublicFormat.SubjectPublicKeyInfo
            octets = public.public_bytes(serialization.Encoding.DER, form)
        else:
            kind, octets = "ed25519", public.public_bytes_raw()
        return f"{self.selector}._domainkey.{self.domain}", f"v=DKIM1; k={kind}; p={base64.b64encode(octets).decode()}"

    def sign(self, content: bytes, *, now: datetime | None = None) -> bytes:
        """Return a mail with a DKIM-Signature on top; its line ends must be CRLF. `now` fills in when it was made."""
        block = HeaderBlock.read(content)
        pool = HeaderPool(block)
        names = [name.encode() for name in SIGNED for _ in block.all(name)]
        names += [name.encode() for name in SEALED]
        wish = BodyWish(Canonical.RELAXED)
        body_hash = hash_bodies(content, block.body_start, {wish})[wish].digest
        algorithm = "rsa-sha256" if isinstance(self._key, rsa.RSAPrivateKey) else "ed25519-sha256"
        head = f"DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed; d={self.domain};\r\n\ts={self.selector};"
        if now is not None:
            head += f" t={int(now.timestamp())};"
        head += f"\r\n\tbh={base64.b64encode(body_hash).decode()};\r\n\th={_fold(b':'.join(names).decode(), ':')};\r\n\tb="
        own = Field(b"dkim-signature", head.encode() + b"\r\n")
        signed = pool.select(names, Canonical.RELAXED, own)
        signed.append(canonical_field(own.raw, Canonical.RELAXED).rstrip(b"\r\n"))
        value = base64.b64encode(self._sign(hashlib.sha256(b"".join(signed)).digest())).decode()
        folded = "\r\n\t ".join(value[i : i + LINE] for i in range(0, len(value), LINE))
        return head.encode() + folded.encode() + b"\r\n" + content

    def _sign(self, digest: bytes) -> bytes:
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))
        return self._key.sign(digest)


def _load(key_pem: bytes) -> rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
        message = f"the DKIM key cannot be read: {problem}"
        raise UnusableSigningKey(message) from None
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < MIN_RSA_BITS:
            message = f"the DKIM key has only {key.key_size} bits, and nobody accepts fewer than {MIN_RSA_BITS}"
            raise UnusableSigningKey(message)
        return key
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    raise UnusableSigningKey("the DKIM key is neither RSA nor Ed25519")


def _fold(text: str, separator: str) -> str:
    """Fold a list of names at its separators."""
    lines = [""]
    for part in text.split(separator):
        if len(lines[-1]) + len(part) > LINE:
            lines.append("")
        lines[-1] += part + separator
    return "\r\n\t ".join(lines).removesuffix(separator)
