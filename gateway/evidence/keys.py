"""Public keys in the DNS: reading the record, and checking a signature with it (RFC 6376 section 3.6, 8301, 8463)."""

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import load_der_public_key

from gateway.evidence.answers import AnswerStatus, RecordType
from gateway.evidence.resolver import Dns
from gateway.evidence.tags import MalformedTags, parse_tags, without_white_space
from gateway.mail.evidence import DkimResult

MIN_RSA_BITS: Final = 1024
"""RFC 8301 section 3.2."""
MAX_RSA_BITS: Final = 8192
"""Bigger ones only cost time."""
MAX_RECORD: Final = 16_384
ED25519_OCTETS: Final = 32

_PREHASHED: Final = utils.Prehashed(hashes.SHA256())
_PADDING: Final = padding.PKCS1v15()
_REMEMBERED: Final = 512
"""Keys that are not read again: reading one costs as much as checking a signature."""


class UnusableKey(Exception):
    """There is no key to check with: the word for it, and why."""

    def __init__(self, result: DkimResult, because: str) -> None:
        super().__init__(because)
        self.result = result
        self.because = because


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key that may check signatures."""

    key: rsa.RSAPublicKey | ed25519.Ed25519PublicKey
    is_testing: bool
    """`t=y`"""
    is_strict: bool
    """`t=s`: the identity must lie in the very domain."""

    def holds(self, signature: bytes, digest: bytes) -> bool:
        """Tell whether a signature over content with this SHA-256 is right."""
        try:
            if isinstance(self.key, rsa.RSAPublicKey):
                self.key.verify(signature, digest, _PADDING, _PREHASHED)
            else:
                self.key.verify(signature, digest)
        except InvalidSignature:
            return False
        return True


async def fetch_key(dns: Dns, *, selector: str, domain: str, algorithm: str) -> PublicKey:
    """Ask for the key of a signature; `algorithm` is `rsa` or `ed25519`.

    Raises:
        UnusableKey: temporary error, no key, a revoked or malformed or weak one.
    """
    name = f"{selector}._domainkey.{domain}"
    answer = await dns.ask(name, RecordType.TXT)
    if answer.status is AnswerStatus.TEMPORARY:
        raise UnusableKey(DkimResult.TEMPERROR, f"the DNS did not answer about the key {name}")
    if answer.status is AnswerStatus.INVALID:
        raise UnusableKey(DkimResult.PERMERROR, f"the key's name {name[:80]} cannot be asked about")
    records = [text for text in answer.texts if b"p=" in text.replace(b" ", b"")]
    if not records:
        raise UnusableKey(DkimResult.PERMERROR, f"there is no key {name}")
    if len(records) > 1:
        raise UnusableKey(DkimResult.PERMERROR, f"there is more than one key {name}")
    return read_key(records[0], algorithm)


@lru_cache(_REMEMBERED)
def read_key(record: bytes, algorithm: str) -> PublicKey:
    """Read a key record (RFC 6376 section 3.6.1).

    Raises:
        UnusableKey: revoked, malformed, weak, or not meant for this.
    """
    if len(record) > MAX_RECORD:
        raise UnusableKey(DkimResult.PERMERROR, "the key record is too long")
    try:
        tags = parse_tags(record)
    except MalformedTags as problem:
        raise UnusableKey(DkimResult.PERMERROR, f"the key record is malformed: {problem}") from None
    if tags.get(b"v", b"DKIM1") != b"DKIM1" or (b"v" in tags and next(iter(tags)) != b"v"):
        raise UnusableKey(DkimResult.PERMERROR, "the key record is of another version")
    if tags.get(b"k", b"rsa").lower() != algorithm.encode():
        raise UnusableKey(DkimResult.PERMERROR, "the key is of another algorithm than the signature")
    if b"sha256" not in _list(tags.get(b"h", b"sha256")):
        raise UnusableKey(DkimResult.PERMERROR, "the key does not allow SHA-256")
    if not {b"*", b"email"} & set(_list(tags.get(b"s", b"*"))):
        raise UnusableKey(DkimResult.PERMERROR, "the key is not for mail")
    encoded = without_white_space(tags.get(b"p", b""))
    if not encoded:
        raise UnusableKey(DkimResult.PERMERROR, "the key was revoked")
    flags = _list(tags.get(b"t", b""))
    return PublicKey(key=_load(encoded, algorithm), is_testing=b"y" in flags, is_strict=b"s" in flags)


def _list(value: bytes) -> list[bytes]:
    return without_white_space(value).lower().split(b":")


def _load(encoded: bytes, algorithm: str) -> rsa.RSAPublicKey | ed25519.Ed25519PublicKey:
    try:
        der = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise UnusableKey(DkimResult.PERMERROR, "the key is no base64") from None
    try:
        if algorithm == "ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(der[-ED25519_OCTETS:])
        bits = _rsa_bits(der)
        if bits and bits < MIN_RSA_BITS:
            raise UnusableKey(DkimResult.POLICY, f"the key has only {bits} bits")
        key = load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnusableKey(DkimResult.PERMERROR, "the key cannot be read") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise UnusableKey(DkimResult.PERMERROR, "the key is no RSA key")
    if key.key_size < MIN_RSA_BITS:
        raise UnusableKey(DkimResult.POLICY, f"the key has only {key.key_size} bits")
    if key.key_size > MAX_RSA_BITS:
        raise UnusableKey(DkimResult.POLICY, f"the key has {key.key_size} bits, more than anybody needs")
    return key


def _rsa_bits(der: bytes) -> int:
    """Find the size of the modulus in SubjectPublicKeyInfo or RSAPublicKey without trusting it; 0 when not found.

    The library refuses weak keys before it would tell their size.
    """
    position = 0
    for _ in range(8):  # SEQUENCE, AlgorithmIdentifier, BIT STRING, SEQUENCE, INTEGER: few steps, whatever the bytes
        if position + 2 > len(der):
            return 0
        tag, length, start = der[position], der[position + 1], position + 2
        if length & 0x80:
            count = length & 0x7F
            length, start = int.from_bytes(der[start : start + count]), start + count
        if tag == 0x02:  # noqa: PLR2004 INTEGER
            return int.from_bytes(der[start : start + length]).bit_length()
        is_identifier = tag == 0x30 and der[start : start + 1] == b"\x06"  # noqa: PLR2004 SEQUENCE of an OID
        position = start + length if is_identifier else start + (1 if tag == 0x03 else 0)  # noqa: PLR2004 BIT STRING
    return 0
