"""DMARC as in RFC 9989: the DNS tree walk, the organisational domain, alignment, and what the owner asks for.

`discover` finds the policy of an author's domain; `judge` compares what was authenticated with it. RFC 7489 records are
understood (`pct=0` is what `t=y` is now). Where no record exists anywhere, alignment means identical domains.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from gateway.evidence.answers import AnswerStatus, RecordType
from gateway.evidence.headers import Author
from gateway.evidence.resolver import Dns, side_by_side
from gateway.evidence.tags import without_white_space
from gateway.mail.evidence import DkimEvidence, DkimResult, DmarcEvidence, DmarcPolicy, DmarcResult, SpfEvidence, SpfResult

MAX_LABELS: Final = 8
"""A tree walk asks at most this often (RFC 9989 section 4.10)."""
_REMEMBERED: Final = 1024
"""Records that are not read again."""
_MILDER: Final = {
    DmarcPolicy.REJECT: DmarcPolicy.QUARANTINE,
    DmarcPolicy.QUARANTINE: DmarcPolicy.NONE,
    DmarcPolicy.NONE: DmarcPolicy.NONE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DmarcRecord:
    """One record, tags read. `policy` is None where it asks for nothing valid and wants no reports: no DMARC then."""

    name: str
    """The domain it stands at."""
    policy: DmarcPolicy | None
    subdomain_policy: DmarcPolicy | None
    missing_policy: DmarcPolicy | None
    is_testing: bool
    is_public_suffix: bool | None
    """`psd=`: yes, no, or None for not said."""
    is_strict_dkim: bool
    is_strict_spf: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The records on the way from a domain to the root, longest name first."""

    start: str
    records: tuple[DmarcRecord, ...]
    is_temporary_error: bool = False
    is_invalid: bool = False

    @property
    def organisational_domain(self) -> str:
        """RFC 9989 section 4.10.2."""
        for record in self.records:
            if record.is_public_suffix is False:
                return record.name
            if record.is_public_suffix and record.name != self.start:
                labels = self.start.split(".")
                return ".".join(labels[-(record.name.count(".") + 2) :])
        return self.records[-1].name if self.records else self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What DMARC says about an author's domain. `record` is None where there is none."""

    domain: str
    walk: Walk
    record: DmarcRecord | None
    policy: DmarcPolicy
    """Effective: sp, np and t applied."""


class TreeWalker:
    """Walks the tree for one mail; every domain is walked once."""

    def __init__(self, dns: Dns) -> None:
        self.dns = dns
        self._walks: dict[str, Walk] = {}

    async def walk(self, domain: str) -> Walk:
        """Ask for the records of a domain and of all above it, side by side (RFC 9989 section 4.10)."""
        walk = self._walks.get(domain)
        if walk is None:
            walk = self._walks[domain] = await self._walk(domain)
        return walk

    async def _walk(self, domain: str) -> Walk:
        names = names_to_ask(domain)
        answers = await side_by_side(self.dns, [self.dns.ask(f"_dmarc.{name}", RecordType.TXT) for name in names])
        records: list[DmarcRecord] = []
        for name, answer in zip(names, answers, strict=True):
            if answer.status is AnswerStatus.TEMPORARY:
                return Walk(start=domain, records=tuple(records), is_temporary_error=not records)
            if answer.status is AnswerStatus.INVALID and name == domain:
                return Walk(start=domain, records=(), is_invalid=True)
            record = read_record(name, answer.texts)
            if record is not None:
                records.append(record)
                if record.is_public_suffix is not None:
                    break
        return Walk(start=domain, records=tuple(records))

    async def discover(self, domain: str) -> Discovery:
        """Find the policy that applies to an author's domain (RFC 9989 section 4.10.1)."""
        if not self.dns.is_warm:
            await asyncio.gather(self.walk(domain), self.dns.ask(domain, RecordType.A))
        walk, exists = await self.walk(domain), await self.dns.ask(domain, RecordType.A)
        record = _applicable_record(walk)
        if record is None or record.policy is None:
            return Discovery(domain=domain, walk=walk, record=None, policy=DmarcPolicy.NONE)
        policy = record.policy
        if record.name != domain:
            policy = record.subdomain_policy or policy
            if exists.status is AnswerStatus.NO_NAME:
                policy = record.missing_policy or policy
        if record.is_testing:
            policy = _MILDER[policy]
        return Discovery(domain=domain, walk=walk, record=record, policy=policy)


def names_to_ask(domain: str) -> list[str]:
    """Return the names of a tree walk: the domain, then shorter ones, from seven labels down to one."""
    labels = domain.split(".")
    keep = len(labels) - 1 if len(labels) < MAX_LABELS else MAX_LABELS - 1
    return [domain, *(".".join(labels[-count:]) for count in range(keep, 0, -1))]


def _applicable_record(walk: Walk) -> DmarcRecord | None:
    """Return the author's own record, else the organisational domain's, else the public suffix's."""
    if not walk.records:
        return None
    by_name = {record.name: record for record in walk.records}
    own = by_name.get(walk.start) or by_name.get(walk.organisational_domain)
    return own or next((record for record in walk.records if record.is_public_suffix), None)


@lru_cache(_REMEMBERED)
def read_record(name: str, texts: tuple[bytes, ...]) -> DmarcRecord | None:
    """Read the one record of a name; None where there is none, or more than one (RFC 9989 section 4.7)."""
    found = [tags for tags in map(_read_tags, texts) if tags is not None]
    if len(found) != 1:
        return None
    tags = found[0]
    policy = _policy(tags.get(b"p"))
    bad_subpolicy = any(tag in tags and _policy(tags[tag]) is None for tag in (b"sp", b"np"))
    if policy is None or bad_subpolicy:
        policy = DmarcPolicy.NONE if has_report_address(tags.get(b"rua", b"")) else None
    is_testing = tags.get(b"t", b"").lower() == b"y" or (b"t" not in tags and tags.get(b"pct") == b"0")
    return DmarcRecord(
        name=name,
        policy=policy,
        subdomain_policy=None if bad_subpolicy else _policy(tags.get(b"sp")),
        missing_policy=None if bad_subpolicy else _policy(tags.get(b"np")),
        is_testing=is_testing,
        is_public_suffix={b"y": True, b"n": False}.get(tags.get(b"psd", b"").lower()),
        is_strict_dkim=tags.get(b"adkim", b"").lower() == b"s",
        is_strict_spf=tags.get(b"aspf", b"").lower() == b"s",
    )


def _read_tags(text: bytes) -> Mapping[bytes, bytes] | None:
    """Read tags leniently: what is malformed is left out, but `v=DMARC1` stands first and exactly so."""
    specs = text.split(b";")
    name, _, version = specs[0].partition(b"=")
    if name.strip().lower() != b"v" or version.strip() != b"DMARC1":
        return None
    tags: dict[bytes, bytes] = {}
    for spec in specs[1:]:
        tag, equals, value = spec.partition(b"=")
        if equals:
            tags.setdefault(tag.strip().lower(), value.strip())
    return tags


def _policy(value: bytes | None) -> DmarcPolicy | None:
    try:
        return DmarcPolicy(value.decode("ascii").lower()) if value else None
    except ValueError:
        return None


def has_report_address(value: bytes) -> bool:
    """Tell whether `rua=` holds an address to report to."""
    uris = without_white_space(value).lower().split(b",")
    return any(uri.startswith(b"mailto:") and b"@" in uri for uri in uris)


async def is_aligned(author: Discovery, domain: str | None, *, is_strict: bool, walker: TreeWalker) -> bool | None:
    """Tell whether a domain stands for the author's; None when the DNS did not say (RFC 9989 section 4.10.2)."""
    if domain is None:
        return False
    if domain == author.domain:
        return True
    if author.record is None or is_strict:
        return False
    organisation = author.walk.organisational_domain
    if domain != organisation and not domain.endswith("." + organisation):
        return False  # nobody needs to be asked, so that a silent server of a stranger's leaves nothing open
    walk = await walker.walk(domain)
    return None if walk.is_temporary_error else walk.organisational_domain == organisation


async def align_signatures(
    author: Discovery | None, dkim: tuple[DkimEvidence, ...], walker: TreeWalker
) -> tuple[tuple[DkimEvidence, ...], bool]:
    """Fill in which signatures are aligned; also returns whether the DNS left one of them open."""
    if author is None:
        return dkim, False
    is_strict = author.record is not None and author.record.is_strict_dkim
    checks = [is_aligned(author, d.domain, is_strict=is_strict, walker=walker) for d in dkim]
    aligned = await side_by_side(walker.dns, checks)
    might_pass = {DkimResult.PASS, DkimResult.TEMPERROR}
    open_ones = any(a is None and d.result in might_pass for d, a in zip(dkim, aligned, strict=True))
    return tuple(replace(d, aligned=bool(a)) for d, a in zip(dkim, aligned, strict=True)), open_ones


async def judge(
    author: Author,
    discovery: Discovery | None,
    spf: SpfEvidence,
    dkim: tuple[DkimEvidence, ...],
    walker: TreeWalker,
    *,
    is_open: bool = False,
) -> DmarcEvidence:
    """Say whether the author's domain is authenticated (RFC 9989 section 5.3). `is_open`: an alignment is not known."""
    if discovery is None:
        return DmarcEvidence(result=DmarcResult.NONE, policy=DmarcPolicy.NONE, domain=None, because=author.because)
    domain, policy = discovery.domain, discovery.policy
    if discovery.walk.is_invalid:
        because = f"the DMARC record of {domain} cannot be asked for"
        return DmarcEvidence(result=DmarcResult.PERMERROR, policy=policy, domain=domain, because=because)
    result, because = await _compare(discovery, spf, dkim, walker, is_open=is_open)
    return DmarcEvidence(result=result, policy=policy, domain=domain, because=because)


async def _compare(
    discovery: Discovery, spf: SpfEvidence, dkim: tuple[DkimEvidence, ...], walker: TreeWalker, *, is_open: bool
) -> tuple[DmarcResult, str]:
    record = discovery.record
    if discovery.walk.is_temporary_error and record is None:
        return DmarcResult.TEMPERROR, f"the DNS did not answer about the DMARC record of {discovery.domain}"
    if record is None:
        return DmarcResult.NONE, f"{discovery.domain} has no DMARC record"
    for signature in dkim:
        if signature.aligned and signature.result is DkimResult.PASS:
            return DmarcResult.PASS, f"DKIM of {signature.domain} is aligned"
    spf_aligned: bool | None = False
    if spf.result in {SpfResult.PASS, SpfResult.TEMPERROR}:
        spf_aligned = await is_aligned(discovery, spf.domain, is_strict=record.is_strict_spf, walker=walker)
    if spf_aligned and spf.result is SpfResult.PASS:
        return DmarcResult.PASS, f"SPF of {spf.domain} is aligned"
    is_open = is_open or any(d.aligned and d.result is DkimResult.TEMPERROR for d in dkim)
    if is_open or spf_aligned is None or (spf_aligned and spf.result is SpfResult.TEMPERROR):
        return DmarcResult.TEMPERROR, "the DNS did not answer about something that might authenticate the author"
    return DmarcResult.FAIL, f"neither SPF nor DKIM authenticates {discovery.domain}"
