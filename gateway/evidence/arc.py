"""ARC: the chain of seals (RFC 8617). Whether the chain holds is one question, whose seals count is another.

`read_chain` sorts the fields into instances, `verify_chain` checks them with the keys; who is trusted is the channel's affair.
"""

import base64
import binascii
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.evidence.canonical import BodyHash, BodyWish, Canonical
from gateway.evidence.canonical import canonical_field as canonical
from gateway.evidence.headers import Field, HeaderBlock
from gateway.evidence.keys import PublicKey, UnusableKey, fetch_key
from gateway.evidence.resolver import Dns, side_by_side
from gateway.evidence.signature import (
    HeaderPool,
    Signature,
    UnusableSignature,
    is_host,
    read_signature,
    unsigned_repetition,
    verify,
)
from gateway.evidence.tags import MalformedTags, empty_tag, parse_tags, without_white_space
from gateway.mail.addresses import ascii_domain
from gateway.mail.evidence import ArcEvidence, ArcResult, DkimResult

MAX_INSTANCES: Final = 50
"""RFC 8617 section 4.2.1."""
_ALGORITHMS: Final = {b"rsa-sha256": "rsa", b"ed25519-sha256": "ed25519"}
_NAMES: Final = (b"arc-authentication-results", b"arc-message-signature", b"arc-seal")


class BrokenChain(Exception):
    """The chain fails whatever the DNS says; the argument says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcInstance:
    """One ARC set. `results` is what stands behind `i=N;` in ARC-Authentication-Results, on one line."""

    number: int
    seal: Field
    message_signature: Field
    authentication_results: Field
    results: str
    sealer: str
    selector: str
    algorithm: str
    value: bytes
    signature: Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcChain:
    """The instances, oldest first; empty where there is no ARC at all, or where `broken` says what is wrong."""

    instances: tuple[ArcInstance, ...] = ()
    broken: str | None = None
    claimed_sealer: str | None = None

    def wished_bodies(self, sealers: Collection[str]) -> frozenset[BodyWish]:
        """Return the body hashes that checking needs."""
        return frozenset(one.signature.body for one in self.signatures_to_check(sealers))

    def signatures_to_check(self, sealers: Collection[str]) -> tuple[ArcInstance, ...]:
        """Return the newest instance, and those of sealers that count for somebody."""
        if not self.instances:
            return ()
        return tuple(one for one in self.instances if one is self.instances[-1] or is_listed(one.sealer, sealers))


_NO_CHAIN: Final = ArcChain()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedChain:
    """What the chain came to. `standing` are the instances whose own message signature still holds, newest first."""

    result: ArcResult
    because: str
    sealer: str | None
    standing: tuple[ArcInstance, ...] = ()

    def trusted(self, sealers: Collection[str]) -> ArcInstance | None:
        """Return the newest instance of a listed sealer that still speaks about this very mail."""
        return next((one for one in self.standing if is_listed(one.sealer, sealers)), None) if self.standing else None

    def evidence(self, sealers: Collection[str]) -> ArcEvidence:
        """Return the chain as one channel sees it."""
        trusted = self.trusted(sealers)
        return ArcEvidence(
            result=self.result,
            sealer=self.sealer,
            trusted_sealer=trusted.sealer if trusted else None,
            because=self.because,
        )


_NOTHING_VERIFIED: Final = VerifiedChain(result=ArcResult.NONE, because="there is no ARC", sealer=None)


def is_listed(sealer: str, sealers: Collection[str]) -> bool:
    """Tell whether a sealer is one of these domains or lies below one."""
    return any(sealer == listed or sealer.endswith("." + listed) for listed in sealers)


def read_chain(block: HeaderBlock) -> ArcChain:
    """Sort the ARC fields of a mail into instances (RFC 8617 section 5.2, steps 1 to 3)."""
    if block.by_name.keys().isdisjoint(_NAMES):
        return _NO_CHAIN
    fields = {name: block.by_name.get(name, ()) for name in _NAMES}
    claimed = _claimed_sealer(fields[b"arc-seal"])
    try:
        return ArcChain(instances=_read_instances(fields), claimed_sealer=claimed)
    except BrokenChain as problem:
        return ArcChain(broken=str(problem), claimed_sealer=claimed)


def _claimed_sealer(seals: Sequence[Field]) -> str | None:
    """Return `d=` of the topmost seal, for display only."""
    try:
        domain = parse_tags(seals[0].value).get(b"d", b"").decode("ascii") if seals else ""
    except (MalformedTags, UnicodeDecodeError):
        return None
    return domain.lower() if is_host(domain) else None


def _read_instances(fields: Mapping[bytes, Sequence[Field]]) -> tuple[ArcInstance, ...]:
    count = len(fields[b"arc-seal"])
    if any(len(found) != count for found in fields.values()):
        raise BrokenChain("an ARC set is incomplete")
    if count > MAX_INSTANCES:
        raise BrokenChain("there are more than fifty ARC sets")
    sorted_fields = {name: {_instance_number(one): one for one in found} for name, found in fields.items()}
    if any(set(found) != set(range(1, count + 1)) for found in sorted_fields.values()):
        raise BrokenChain("the ARC sets are not numbered one by one")
    results, messages, seals = (sorted_fields[name] for name in _NAMES)
    return tuple(_read_instance(i, results[i], messages[i], seals[i]) for i in range(1, count + 1))


def _instance_number(one: Field) -> int:
    first = one.value.partition(b";")[0]
    if one.name != b"arc-authentication-results":
        try:
            first = b"i=" + parse_tags(one.value).get(b"i", b"")
        except MalformedTags as problem:
            raise BrokenChain(f"an ARC field is malformed: {problem}") from None  # noqa: EM102 short and told only here
    name, _, number = without_white_space(first).partition(b"=")
    if name.lower() != b"i" or not number.isdigit() or len(number) > 2 or number.startswith(b"0"):  # noqa: PLR2004 1 to 50
        raise BrokenChain("an ARC field has no instance number")
    return int(number)


def _read_instance(number: int, results: Field, message: Field, seal: Field) -> ArcInstance:
    tags = parse_tags(seal.value)
    expected = b"none" if number == 1 else b"pass"
    if tags.get(b"cv", b"").lower() != expected:
        raise BrokenChain(
            "a seal says that the chain had failed before" if tags.get(b"cv") == b"fail" else "a seal's cv= is wrong"
        )
    algorithm = _ALGORITHMS.get(tags.get(b"a", b"").lower())
    domain, selector = (tags.get(name, b"").decode("utf-8", "replace") for name in (b"d", b"s"))
    domain = ascii_domain(domain)
    if algorithm is None or b"h" in tags or not is_host(domain) or not is_host(selector):
        raise BrokenChain("a seal is malformed")
    try:
        signature = read_signature(message, is_arc=True)
        value = base64.b64decode(without_white_space(tags.get(b"b", b"")), validate=True)
    except (UnusableSignature, binascii.Error, ValueError):
        raise BrokenChain("an ARC-Message-Signature or a seal is malformed") from None
    if b"arc-seal" in signature.signed:
        raise BrokenChain("an ARC-Message-Signature covers a seal")
    return ArcInstance(
        number=number,
        seal=seal,
        message_signature=message,
        authentication_results=results,
        results=results.unfolded.partition(";")[2].strip(),
        sealer=domain,
        selector=selector,
        algorithm=algorithm,
        value=value,
        signature=signature,
    )


Keys = Mapping[tuple[str, str, str], PublicKey | UnusableKey]


async def fetch_keys(chain: ArcChain, sealers: Collection[str], dns: Dns) -> Keys:
    """Ask for all keys of a chain side by side."""
    if not chain.instances:
        return {}
    wanted = {(one.selector, one.sealer, one.algorithm) for one in chain.instances}
    for one in chain.signatures_to_check(sealers):
        wanted.add((one.signature.selector, one.signature.domain, one.signature.algorithm))
    names = sorted(wanted)
    return dict(zip(names, await side_by_side(dns, [_fetch(name, dns) for name in names]), strict=True))


async def _fetch(name: tuple[str, str, str], dns: Dns) -> PublicKey | UnusableKey:
    selector, domain, algorithm = name
    try:
        return await fetch_key(dns, selector=selector, domain=domain, algorithm=algorithm)
    except UnusableKey as problem:
        return problem


def verify_chain(
    chain: ArcChain,
    keys: Keys,
    pool: HeaderPool,
    bodies: Mapping[BodyWish, BodyHash],
    sealers: Collection[str],
    now: datetime,
) -> VerifiedChain:
    """Check all seals, the newest message signature, and those of sealers that count (RFC 8617 section 5.2)."""
    if chain.broken:
        return VerifiedChain(result=ArcResult.FAIL, because=chain.broken, sealer=chain.claimed_sealer)
    if not chain.instances:
        return _NOTHING_VERIFIED
    sealer = chain.instances[-1].sealer
    for one in chain.instances:
        key = keys[(one.selector, one.sealer, one.algorithm)]
        if isinstance(key, UnusableKey):
            result = ArcResult.TEMPERROR if key.result is DkimResult.TEMPERROR else ArcResult.FAIL
            return VerifiedChain(result=result, because=f"seal {one.number}: {key.because}", sealer=sealer)
    broken = _first_broken_seal(chain, keys)
    if broken:
        return VerifiedChain(result=ArcResult.FAIL, because=f"seal {broken} does not hold", sealer=sealer)
    standing: list[ArcInstance] = []
    for one in reversed(chain.signatures_to_check(sealers)):
        key = keys[(one.signature.selector, one.signature.domain, one.signature.algorithm)]
        result, because = _check_message(one, key, pool, bodies, now)
        if result is ArcResult.PASS:
            standing.append(one)
        elif one is chain.instances[-1]:
            return VerifiedChain(result=result, because=because, sealer=sealer)
    because = f"the ARC chain holds, sealed last by {sealer}"
    return VerifiedChain(result=ArcResult.PASS, because=because, sealer=sealer, standing=tuple(standing))


def _first_broken_seal(chain: ArcChain, keys: Keys) -> int | None:
    """Check each seal over all sets up to its own; the hash goes on from set to set (RFC 8617 section 5.1.1)."""
    hasher = hashlib.sha256()
    for one in chain.instances:
        hasher.update(canonical(one.authentication_results.raw, Canonical.RELAXED))
        hasher.update(canonical(one.message_signature.raw, Canonical.RELAXED))
        until_here = hasher.copy()
        until_here.update(canonical(empty_tag(one.seal.raw, b"b"), Canonical.RELAXED).rstrip(b"\r\n"))
        hasher.update(canonical(one.seal.raw, Canonical.RELAXED))
        key = keys[(one.selector, one.sealer, one.algorithm)]
        if isinstance(key, UnusableKey) or not key.holds(one.value, until_here.digest()):
            return one.number
    return None


def _check_message(
    one: ArcInstance, key: PublicKey | UnusableKey, pool: HeaderPool, bodies: Mapping[BodyWish, BodyHash], now: datetime
) -> tuple[ArcResult, str]:
    if isinstance(key, UnusableKey):
        result = ArcResult.TEMPERROR if key.result is DkimResult.TEMPERROR else ArcResult.FAIL
        return result, f"message signature {one.number}: {key.because}"
    verdict = verify(one.signature, key, pool, bodies[one.signature.body], now)
    if verdict.result is DkimResult.PASS:
        return ArcResult.PASS, verdict.because
    return ArcResult.FAIL, f"message signature {one.number}: {verdict.because}"


def covers_author(one: ArcInstance, pool: HeaderPool) -> bool:
    """Tell whether an instance's message signature covers From, so that its results are about this author."""
    return b"from" in one.signature.signed and unsigned_repetition(one.signature.signed, pool) is None
