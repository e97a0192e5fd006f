"""DKIM: every signature of a mail, evaluated (RFC 6376, 8301, 8463). The checking itself is in `signature.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from gateway.evidence.canonical import BodyHash, BodyWish
from gateway.evidence.headers import HeaderBlock
from gateway.evidence.keys import PublicKey, UnusableKey, fetch_key
from gateway.evidence.resolver import Dns, side_by_side
from gateway.evidence.signature import HeaderPool, Signature, UnusableSignature, read_signature, verify
from gateway.mail.evidence import DkimEvidence, DkimResult

MAX_SIGNATURES: Final = 16
"""Signatures below these are not looked at (RFC 6376 section 4.2 allows a limit)."""

_REMEMBERED: Final = 512
_MOST_REMEMBERED: Final = 100
"""Names in one list."""

Readings = Sequence[Signature | UnusableSignature]


def read_signatures(block: HeaderBlock) -> Readings:
    """Take the DKIM-Signature fields apart, topmost first; what cannot be used says why."""
    readings: list[Signature | UnusableSignature] = []
    for source in block.all("dkim-signature")[:MAX_SIGNATURES]:
        try:
            readings.append(read_signature(source))
        except UnusableSignature as problem:
            readings.append(problem)
    return readings


def wished_bodies(readings: Readings) -> frozenset[BodyWish]:
    """Return the body hashes that these signatures need."""
    return frozenset(reading.body for reading in readings if isinstance(reading, Signature))


async def fetch_keys(readings: Readings, dns: Dns) -> list[PublicKey | UnusableKey | None]:
    """Ask for all keys side by side; None where the signature itself cannot be used."""
    return await side_by_side(dns, [_fetch(reading, dns) for reading in readings])


async def _fetch(reading: Signature | UnusableSignature, dns: Dns) -> PublicKey | UnusableKey | None:
    if isinstance(reading, UnusableSignature):
        return None
    try:
        return await fetch_key(dns, selector=reading.selector, domain=reading.domain, algorithm=reading.algorithm)
    except UnusableKey as problem:
        return problem


def verify_signatures(
    readings: Readings,
    keys: Sequence[PublicKey | UnusableKey | None],
    pool: HeaderPool,
    bodies: Mapping[BodyWish, BodyHash],
    now: datetime,
) -> tuple[DkimEvidence, ...]:
    """Evaluate the signatures, topmost first. `aligned` is filled in by whoever knows the author's policy."""
    return tuple(_judge(reading, key, pool, bodies, now) for reading, key in zip(readings, keys, strict=True))


def _judge(
    reading: Signature | UnusableSignature,
    key: PublicKey | UnusableKey | None,
    pool: HeaderPool,
    bodies: Mapping[BodyWish, BodyHash],
    now: datetime,
) -> DkimEvidence:
    if isinstance(reading, UnusableSignature):
        return DkimEvidence(
            result=reading.result, domain=reading.domain, selector=reading.selector, aligned=False, because=reading.because
        )
    if key is None or isinstance(key, UnusableKey):
        result = DkimResult.PERMERROR if key is None else key.result
        because = "there is no key" if key is None else key.because
        is_testing = False
    else:
        verdict = verify(reading, key, pool, bodies[reading.body], now)
        result, because, is_testing = verdict.result, verdict.because, key.is_testing
    return DkimEvidence(
        result=result,
        domain=reading.domain,
        selector=reading.selector,
        aligned=False,
        because=because,
        signed_headers=_as_text(reading.signed)
        if len(reading.signed) <= _MOST_REMEMBERED
        else _as_text.__wrapped__(reading.signed),
        is_testing=is_testing,
    )


@lru_cache(_REMEMBERED)
def _as_text(names: tuple[bytes, ...]) -> tuple[str, ...]:
    """Return the names of `h=` as evidence holds them."""
    return tuple(name.decode("ascii", "replace") for name in names)
