"""Observing one mail: all questions side by side, within one budget, and one `Evidence` per channel.

Start with `Observer.observe`. It never raises on any bytes; what is not answered in time is a temporary error.
"""

import asyncio
import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gateway.evidence import arc, dkim, dmarc
from gateway.evidence.assurance import Findings, assess
from gateway.evidence.canonical import BodyHash, BodyWish, hash_bodies
from gateway.evidence.headers import Author, HeaderBlock, read_author
from gateway.evidence.resolver import MailQuestions, NoDns, RecordType, Resolver, side_by_side
from gateway.evidence.results import AuthenticationResults, read_results
from gateway.evidence.rewriting import undo_rewriting
from gateway.evidence.settings import ForwarderSettings, ResolverSettings
from gateway.evidence.signature import HeaderPool, Signature
from gateway.evidence.spf import check_sender
from gateway.evidence.through import Passage, SenderBefore, find_passage, own_results, sender_before
from gateway.mail import (
    Content,
    DkimEvidence,
    DkimResult,
    DmarcEvidence,
    DmarcResult,
    Envelope,
    Evidence,
    SpfEvidence,
    SpfResult,
    SpfScope,
    Through,
    ascii_domain,
)

THREAD_FROM_OCTETS: Final = 32 * 1024
"""Bodies from this size on are hashed in a thread."""
MAX_HEADER_OCTETS: Final = 1024 * 1024
"""What stands below is not looked at for headers: no honest mail has more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Observation:
    """What is the same for every channel."""

    envelope: Envelope
    block: HeaderBlock
    pool: HeaderPool
    author: Author
    discovery: dmarc.Discovery | None
    walker: dmarc.TreeWalker
    spf: SpfEvidence
    dkim: tuple[DkimEvidence, ...]
    is_alignment_open: bool
    chain: arc.VerifiedChain
    dmarc: DmarcEvidence
    dns: MailQuestions


class Observer:
    """Finds out what can be proven about mails; shares one resolver, and its cache, among them."""

    def __init__(self, settings: ResolverSettings, *, dns: Resolver | NoDns | None = None) -> None:
        """Build from the settings; `dns` replaces the resolver (`NoDns` where nobody may be asked)."""
        self._settings = settings
        self._dns: Resolver | NoDns = dns if dns is not None else Resolver(settings)

    async def aclose(self) -> None:
        """End what is still being asked."""
        await self._dns.aclose()

    async def observe(
        self, envelope: Envelope, content: Content, forwarders: Mapping[str, Sequence[ForwarderSettings]], *, now: datetime
    ) -> dict[str, Evidence]:
        """Return the evidence for each channel of `forwarders` (name → its declared forwarders).

        `now` is the clock of signature expiry. Raises OSError only, when a spooled content is gone.
        """
        deadline = asyncio.get_running_loop().time() + self._settings.seconds_per_mail
        dns = MailQuestions(self._dns, questions=self._settings.questions_per_mail, deadline=deadline)
        sealers = frozenset(s for declared in forwarders.values() for f in declared for s in f.all_arc_sealers)
        common = await _observe(envelope, content, sealers, dns, now)
        per_channel = await side_by_side(dns, [_conclude(common, declared) for declared in forwarders.values()])
        return dict(zip(forwarders, per_channel, strict=True))


async def _observe(
    envelope: Envelope, content: Content, sealers: frozenset[str], dns: MailQuestions, now: datetime
) -> _Observation:
    """Ask everything that does not depend on a channel, side by side."""
    block = HeaderBlock.read(await _read_head(content))
    pool = HeaderPool(block)
    author = read_author(block)
    readings = dkim.read_signatures(block)
    chain = arc.read_chain(block)
    walker = dmarc.TreeWalker(dns)
    wishes = dkim.wished_bodies(readings) | chain.wished_bodies(sealers)
    dns.is_warm = _is_remembered(dns, _first_questions(envelope, author, readings, chain))
    asking = (
        dkim.fetch_keys(readings, dns),
        arc.fetch_keys(chain, sealers, dns),
        check_sender(dns, client_ip=envelope.client_ip, reverse_path=envelope.reverse_path, helo=envelope.helo),
        _discover(author, walker),
    )
    hashing = _hash(content, block.body_start, wishes)
    if dns.is_warm:
        bodies, keys, chain_keys = await hashing, await asking[0], await asking[1]
        found, discovery = await asking[2], await asking[3]
    else:
        bodies, keys, chain_keys, found, discovery = await asyncio.gather(hashing, *asking)
    verified = dkim.verify_signatures(readings, keys, pool, bodies, now)
    signatures, is_open = await dmarc.align_signatures(discovery, verified, walker)
    spf = found if _was_rewritten(envelope) else await _align_spf(discovery, found, walker)
    return _Observation(
        envelope=envelope,
        block=block,
        pool=pool,
        author=author,
        discovery=discovery,
        walker=walker,
        spf=spf,
        dkim=signatures,
        is_alignment_open=is_open,
        chain=arc.verify_chain(chain, chain_keys, pool, bodies, sealers, now),
        dmarc=await dmarc.judge(author, discovery, spf, signatures, walker, is_open=is_open),
        dns=dns,
    )


def _first_questions(
    envelope: Envelope, author: Author, readings: dkim.Readings, chain: arc.ArcChain
) -> list[tuple[str, RecordType]]:
    """Return what will surely be asked."""
    names = [f"_dmarc.{author.domain}"] if author.domain else []
    names += [f"{one.selector}._domainkey.{one.domain}" for one in readings if isinstance(one, Signature)]
    names += [f"{one.selector}._domainkey.{one.sealer}" for one in chain.instances]
    sender = envelope.reverse_path.domain if envelope.reverse_path else envelope.helo
    if sender and envelope.client_ip:
        names.append(ascii_domain(sender))
    return [(name, RecordType.TXT) for name in names]


def _is_remembered(dns: MailQuestions, questions: Sequence[tuple[str, RecordType]]) -> bool:
    return all(dns.recall(name, kind) is not None for name, kind in questions)


async def _discover(author: Author, walker: dmarc.TreeWalker) -> dmarc.Discovery | None:
    return await walker.discover(author.domain) if author.domain else None


async def _read_head(content: Content) -> bytes:
    """Return the octets that hold the header block; a spooled content is read in a thread."""
    if content.body is not None:
        return content.body
    return await asyncio.to_thread(_read_head_of_file, content)


def _read_head_of_file(content: Content) -> bytes:
    assert content.path is not None  # noqa: S101 exactly one of the two is set
    with content.path.open("rb") as file:
        return file.read(MAX_HEADER_OCTETS)


async def _hash(content: Content, start: int, wishes: frozenset[BodyWish]) -> dict[BodyWish, BodyHash]:
    if not wishes:
        return {}
    if content.body is not None and content.size < THREAD_FROM_OCTETS:
        return hash_bodies(content.body, start, wishes)
    return await asyncio.to_thread(_hash_content, content, start, wishes)


def _hash_content(content: Content, start: int, wishes: frozenset[BodyWish]) -> dict[BodyWish, BodyHash]:
    if content.body is not None:
        return hash_bodies(content.body, start, wishes)
    assert content.path is not None  # noqa: S101 exactly one of the two is set
    with content.path.open("rb") as file:
        if not content.size:
            return hash_bodies(b"", 0, wishes)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            return hash_bodies(mapped, start, wishes)


# ------------------------------------------------------------------------------------------------------------ per channel


async def _conclude(common: _Observation, forwarders: Sequence[ForwarderSettings]) -> Evidence:
    """Look through the channel's forwarders, and decide the word."""
    sealers = frozenset(s for f in forwarders for s in f.all_arc_sealers)
    trusted = common.chain.trusted(sealers)
    sealed = read_results(trusted.results) if trusted and arc.covers_author(trusted, common.pool) else None
    passage = await find_passage(common.block, common.envelope, common.spf, forwarders, common.dns)
    is_forwarded = passage is not None and not passage.is_submission
    before, through = None, None
    if passage is not None and is_forwarded:
        before = sender_before(common.envelope, passage, common.block, sealed, common.author.domain)
        through = await _look_through(common, passage, before)
    voucher = await _find_voucher(common, passage, forwarders, sealed, trusted.sealer if trusted else None)
    assurance, because = assess(_find(common, through, before, voucher))
    return Evidence(
        spf=common.spf,
        dkim=common.dkim,
        arc=common.chain.evidence(sealers),
        dmarc=common.dmarc,
        through=through,
        assurance=assurance,
        because=because,
        is_complete=not common.dns.is_exhausted,
    )


async def _look_through(common: _Observation, passage: Passage, before: SenderBefore) -> Through:
    """Ask SPF and DMARC of the hop before (RFC 7208 section 2.4 for its null reverse-path)."""
    hop = passage.hop
    if hop is None or not before.is_known:
        because = (
            "who handed the mail to the forwarder is not known"
            if hop is None
            else "the reverse-path before the forwarder is not known"
        )
        domain = before.address.domain if before.address else None
        spf = SpfEvidence(result=SpfResult.NONE, domain=domain, scope=SpfScope.MFROM, because=because)
    else:
        found = await check_sender(common.dns, client_ip=hop.ip, reverse_path=before.address, helo=hop.helo)
        spf = await _align_spf(common.discovery, found, common.walker)
    judged = await dmarc.judge(common.author, common.discovery, spf, common.dkim, common.walker, is_open=common.is_alignment_open)
    mail_from = (str(before.address) if before.address else "") if before.is_known else None
    return Through(
        forwarder=passage.label,
        client_ip=hop.ip if hop else None,
        helo=hop.helo if hop else None,
        mail_from=mail_from,
        spf=spf,
        dmarc=judged,
    )


def _find(common: _Observation, through: Through | None, before: SenderBefore | None, voucher: str | None) -> Findings:
    """Gather what the table looks at, from the hop that counts."""
    spf = through.spf if through else common.spf
    judged = through.dmarc if through else common.dmarc
    is_rewritten = through is None and _was_rewritten(common.envelope)
    if through is not None:
        is_known = through.client_ip is not None and before is not None and before.is_known
    else:
        is_known = common.envelope.client_ip is not None
    record = common.discovery.record if common.discovery else None
    return Findings(
        author_domain=common.author.domain,
        why_no_author=common.author.because,
        has_dmarc_record=record is not None,
        dkim=common.dkim,
        spf=spf,
        dmarc=judged,
        is_spf_aligned=spf.aligned and spf.result is SpfResult.PASS,
        is_sender_known=is_known,
        is_rewritten=is_rewritten,
        forwarder=through.forwarder if through else None,
        voucher=voucher,
        is_temporary=_is_temporary(common, spf, judged),
    )


def _was_rewritten(envelope: Envelope) -> bool:
    """Tell whether some forwarder rewrote the reverse-path: whose domain stands there then says nothing of the author."""
    return envelope.reverse_path is not None and undo_rewriting(envelope.reverse_path).by_forwarder


async def _align_spf(author: dmarc.Discovery | None, spf: SpfEvidence, walker: dmarc.TreeWalker) -> SpfEvidence:
    """Fill in whether the domain that SPF was asked about stands for the author's."""
    if author is None:
        return spf
    is_strict = author.record is not None and author.record.is_strict_spf
    return replace(spf, aligned=bool(await dmarc.is_aligned(author, spf.domain, is_strict=is_strict, walker=walker)))


def _is_temporary(common: _Observation, spf: SpfEvidence, judged: DmarcEvidence) -> bool:
    if judged.result is DmarcResult.TEMPERROR:
        return True
    domain = common.author.domain
    signatures = any(d.result is DkimResult.TEMPERROR and d.domain == domain for d in common.dkim)
    return signatures or (spf.result is SpfResult.TEMPERROR and spf.domain == domain)


async def _find_voucher(
    common: _Observation,
    passage: Passage | None,
    forwarders: Sequence[ForwarderSettings],
    sealed: AuthenticationResults | None,
    sealer: str | None,
) -> str | None:
    """Return who says that the author was authenticated: a listed sealer, or the forwarder's own results."""
    if common.discovery is None:
        return None
    if sealed is not None and sealer is not None and _counts(sealer, passage, forwarders) and await _says_so(common, sealed):
        return f"the ARC seal of {sealer}"
    for results in own_results(passage, common.block) if passage else ():
        if await _says_so(common, results):
            return f"{results.authserv_id}, a declared forwarder,"
    return None


def _counts(sealer: str, passage: Passage | None, forwarders: Sequence[ForwarderSettings]) -> bool:
    """Tell whether a sealer may vouch: a shared cloud's only for mail that our own tenant forwarded."""
    listing = [f for f in forwarders if arc.is_listed(sealer, f.all_arc_sealers)]
    return any(not f.is_shared or (passage is not None and passage.forwarder is f) for f in listing)


async def _says_so(common: _Observation, results: AuthenticationResults) -> bool:
    """Tell whether results of somebody else authenticate the author (RFC 8601 section 2.7)."""
    assert common.discovery is not None  # noqa: S101 asked only for mail with an author
    author = common.discovery
    record = author.record
    domain: str | None
    for method in results.methods:
        if method.result != "pass":
            continue
        match method.method:
            case "dmarc":
                domain, is_strict = method.domain("header.from", "from") or author.domain, True
            case "dkim":
                domain, is_strict = method.domain("header.d", "header.i"), record is not None and record.is_strict_dkim
            case "spf":
                domain, is_strict = method.domain("smtp.mailfrom"), record is not None and record.is_strict_spf
            case _:
                continue
        if await dmarc.is_aligned(author, domain, is_strict=is_strict, walker=common.walker):
            return True
    return False
