"""One signature over headers and body, as DKIM-Signature and ARC-Message-Signature share it (RFC 6376, RFC 8617).

`read_signature` takes the tags apart; `verify` needs the key and the body's hash and does no I/O.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from gateway.evidence.canonical import BodyHash, BodyWish, Canonical, canonical_field
from gateway.evidence.headers import Field, HeaderBlock
from gateway.evidence.keys import PublicKey
from gateway.evidence.tags import MalformedTags, empty_tag, parse_tags, without_white_space
from gateway.mail.addresses import ascii_domain
from gateway.mail.evidence import DkimResult

CLOCK_SKEW_SECONDS: Final = 3600
"""How far in the future a signature may have been made."""

MAX_SIGNED_NAMES: Final = 1000
"""Names in `h=`; no signer lists more."""

ONLY_ONCE: Final = (
    b"cc", b"content-transfer-encoding", b"content-type", b"date", b"from", b"in-reply-to", b"message-id", b"mime-version",
    b"references", b"reply-to", b"sender", b"subject", b"to",
)  # fmt: skip
"""Fields that stand once at most (RFC 5322 section 3.6): a second one would be shown and not be signed. In order."""

_REMEMBERED: Final = 512
"""Names, and lists of names, that are not read again."""
_LONGEST_REMEMBERED: Final = 1000
"""Octets of one."""
_DIGITS: Final = 76
"""Of a number (RFC 6376 section 3.5)."""
_FIELD_NAME: Final = re.compile(rb"[\x21-\x39\x3c-\x7e]+")
_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_LONGEST_HOST: Final = 253
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_FORMS: Final = {f"{header}/{body}".encode(): (header, body) for header in Canonical for body in Canonical}
"""What `c=` says, as nearly everybody writes it."""


def is_host(text: str) -> bool:
    """Tell whether a name may be asked about: letters, digits, hyphens and underscores only, whatever `d=` says."""
    return len(text) <= _LONGEST_HOST and _has_good_labels(text)


@lru_cache(_REMEMBERED)
def _has_good_labels(text: str) -> bool:
    return _HOST.fullmatch(text) is not None


class UnusableSignature(Exception):
    """It cannot be checked, or need not be: the word for it, and why."""

    def __init__(self, result: DkimResult, because: str, *, domain: str | None = None, selector: str | None = None) -> None:
        super().__init__(because)
        self.result = result
        self.because = because
        self.domain = domain
        self.selector = selector


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature whose tags make sense; nothing is verified yet. Times are seconds since 1970."""

    source: Field
    domain: str
    selector: str
    identity_domain: str
    algorithm: str
    """`rsa` or `ed25519`."""
    header_form: Canonical
    body: BodyWish
    signed: tuple[bytes, ...]
    """Lower-case names of `h=`, in order."""
    body_hash: bytes
    value: bytes
    signed_at: int | None
    expires_at: int | None


@dataclass(slots=True)
class HeaderPool:
    """The fields of a mail, and their canonical forms, each made once however many signatures there are."""

    block: HeaderBlock
    _canonical: dict[Canonical, dict[int, bytes]] = field(default_factory=dict)
    """By the identity of the field, which the block keeps alive."""

    def select(self, names: Sequence[bytes], form: Canonical, but: Field) -> list[bytes]:
        """Return the canonical fields that `h=` names, each name taken from the bottom up (RFC 6376 section 5.4.2)."""
        by_name, canonical = self.block.by_name, self._canonical.setdefault(form, {})
        left: dict[bytes, int] = {}
        chosen: list[bytes] = []
        for name in names:
            candidates = by_name.get(name)
            if candidates is None:
                continue
            index = left.get(name, len(candidates)) - 1
            if index >= 0 and candidates[index] is but:
                index -= 1
            left[name] = max(index, 0)
            if index >= 0:
                one = candidates[index]
                made = canonical.get(id(one))
                if made is None:
                    made = canonical[id(one)] = canonical_field(one.raw, form)
                chosen.append(made)
        return chosen


def read_signature(source: Field, *, is_arc: bool = False) -> Signature:
    """Take a signature field apart (RFC 6376 section 3.5, for ARC-Message-Signature RFC 8617 section 4.1.2).

    Raises:
        UnusableSignature: malformed, or an algorithm that nobody may use any more.
    """
    try:
        tags = parse_tags(source.value)
    except MalformedTags as problem:
        raise UnusableSignature(DkimResult.PERMERROR, f"the signature is malformed: {problem}") from None
    domain, selector = _text(tags.get(b"d")), _text(tags.get(b"s"))
    domain = ascii_domain(domain) if domain else None
    try:
        return _build(source, tags, domain, selector, is_arc=is_arc)
    except UnusableSignature as problem:
        shown = domain if domain and is_host(domain) else None
        shown_selector = selector if selector and is_host(selector) else None
        raise UnusableSignature(problem.result, problem.because, domain=shown, selector=shown_selector) from None


def _build(source: Field, tags: Mapping[bytes, bytes], domain: str | None, selector: str | None, *, is_arc: bool) -> Signature:
    required = (b"a", b"b", b"bh", b"d", b"h", b"s") if is_arc else (b"v", b"a", b"b", b"bh", b"d", b"h", b"s")
    for name in required:
        if not tags.get(name):
            raise _malformed(name.decode() + "= is missing")
    if domain is None or not is_host(domain) or selector is None or not is_host(selector):
        raise _malformed("d= or s= is no name")
    if not is_arc and tags[b"v"] != b"1":
        raise _malformed("it is of an unknown version")
    if b"q" in tags and b"dns/txt" not in without_white_space(tags[b"q"]).lower().split(b":"):
        raise _malformed("its key is not in the DNS")
    header_form, body_form = _forms(tags.get(b"c", b"simple/simple"))
    signed = _signed_names(tags[b"h"]) if len(tags[b"h"]) <= _LONGEST_REMEMBERED else _signed_names.__wrapped__(tags[b"h"])
    if not signed:
        raise _malformed("h= is no list of field names")
    if not is_arc and b"from" not in signed:
        raise _malformed("From is not signed")
    signed_at, expires_at = _number(tags, b"t"), _number(tags, b"x")
    if signed_at is not None and expires_at is not None and expires_at < signed_at:
        raise _malformed("it expires before it was made")
    return Signature(
        source=source,
        domain=domain,
        selector=selector.lower(),
        identity_domain=domain if is_arc else _identity_domain(tags.get(b"i"), domain),
        algorithm=_algorithm(tags[b"a"]),
        header_form=header_form,
        body=BodyWish(body_form, None if is_arc else _number(tags, b"l")),
        signed=signed,
        body_hash=_base64(tags[b"bh"], "bh="),
        value=_base64(tags[b"b"], "b="),
        signed_at=signed_at,
        expires_at=expires_at,
    )


@lru_cache(_REMEMBERED)
def _signed_names(value: bytes) -> tuple[bytes, ...]:
    """Return the names of `h=`, in order; none where it is no list of names. A sender names the same in all its mails."""
    names = tuple(without_white_space(value).lower().split(b":"))
    return names if len(names) <= MAX_SIGNED_NAMES and all(map(_FIELD_NAME.fullmatch, names)) else ()


def _malformed(why: str) -> UnusableSignature:
    return UnusableSignature(DkimResult.PERMERROR, f"the signature is malformed: {why}")


def _text(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _algorithm(value: bytes) -> str:
    match value.lower():
        case b"rsa-sha256":
            return "rsa"
        case b"ed25519-sha256":
            return "ed25519"
        case b"rsa-sha1":
            raise UnusableSignature(DkimResult.POLICY, "rsa-sha1 proves nothing any more")
        case _:
            raise _malformed("its algorithm is not known")


def _forms(value: bytes) -> tuple[Canonical, Canonical]:
    if value in _FORMS:
        return _FORMS[value]
    header, _, body = value.lower().partition(b"/")
    try:
        return Canonical(header.strip().decode()), Canonical((body or b"simple").strip().decode())
    except ValueError:
        raise _malformed("c= is not known") from None


def _number(tags: Mapping[bytes, bytes], name: bytes) -> int | None:
    value = tags.get(name)
    if value is None:
        return None
    if not (value.isdigit() and len(value) <= _DIGITS):
        raise _malformed(name.decode() + "= is no number")
    return int(value)


def _base64(value: bytes, what: str) -> bytes:
    try:
        return base64.b64decode(without_white_space(value), validate=True)
    except (binascii.Error, ValueError):
        raise _malformed(what + " is no base64") from None


def _identity_domain(value: bytes | None, domain: str) -> str:
    if value is None:
        return domain
    text = _text(value)
    if text is None or "@" not in text:
        raise _malformed("i= is no address")
    found = ascii_domain(text.rpartition("@")[2])
    if found != domain and not found.endswith("." + domain):
        raise _malformed("i= lies outside of d=")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one signature."""

    result: DkimResult
    because: str


def verify(signature: Signature, key: PublicKey, pool: HeaderPool, body: BodyHash, now: datetime) -> Verdict:
    """Check everything that is left: times, identity, body hash, the signature itself, and what it leaves out."""
    if key.is_strict and signature.identity_domain != signature.domain:
        return Verdict(result=DkimResult.PERMERROR, because="i= lies in a subdomain, which the key does not allow (t=s)")
    outdated = _check_times(signature, now)
    if outdated:
        return Verdict(result=DkimResult.PERMERROR, because=outdated)
    failure = _check_body(signature, body) or _check_headers(signature, key, pool)
    if failure:
        return Verdict(result=DkimResult.FAIL, because=failure)
    length = signature.body.length
    if length is not None and length < body.total:
        return Verdict(result=DkimResult.POLICY, because=f"it leaves out {body.total - length} octets of the body (l=)")
    twice = unsigned_repetition(signature.signed, pool)
    if twice:
        return Verdict(result=DkimResult.POLICY, because=f"a second {twice} field is not signed")
    testing = ", though the domain is only testing (t=y)" if key.is_testing else ""
    return Verdict(result=DkimResult.PASS, because=f"DKIM of {signature.domain} holds{testing}")


def _check_body(signature: Signature, body: BodyHash) -> str | None:
    if signature.body.length is not None and signature.body.length > body.total:
        return "the body is shorter than the part that was signed (l=)"
    return None if body.digest == signature.body_hash else "the body was changed"


def _check_headers(signature: Signature, key: PublicKey, pool: HeaderPool) -> str | None:
    form = signature.header_form
    chosen = pool.select(signature.signed, form, signature.source)
    own = canonical_field(empty_tag(signature.source.raw, b"b"), form).rstrip(b"\r\n")
    digest = hashlib.sha256(b"".join((*chosen, own))).digest()
    return None if key.holds(signature.value, digest) else "the headers were changed, or the key is another one"


def _check_times(signature: Signature, now: datetime) -> str | None:
    seconds = now.timestamp()
    if signature.expires_at is not None and signature.expires_at < seconds:
        return "the signature has expired"
    if signature.signed_at is not None and signature.signed_at > seconds + CLOCK_SKEW_SECONDS:
        return "the signature was made in the future"
    return None


def unsigned_repetition(signed: Sequence[bytes], pool: HeaderPool) -> str | None:
    """Name a field that is signed, but stands more often than it is signed (RFC 6376 section 8.15)."""
    by_name = pool.block.by_name
    for name in ONLY_ONCE:
        if name in by_name and len(by_name[name]) > 1 and 0 < signed.count(name) < len(by_name[name]):
            return name.decode().title()
    return None
