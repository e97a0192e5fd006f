"""From what was observed to one channel's evidence: through its forwarders, by whose word, and how sure we are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.evidence import arc, dmarc
from gateway.evidence.assurance import Findings, assess
from gateway.evidence.headers import Author, HeaderBlock
from gateway.evidence.resolver import MailQuestions
from gateway.evidence.results import AuthenticationResults, read_results
from gateway.evidence.rewriting import undo_rewriting
from gateway.evidence.settings import ForwarderSettings
from gateway.evidence.signature import HeaderPool
from gateway.evidence.spf import check_sender
from gateway.evidence.through import Passage, Pathfinder, SenderBefore, own_results, sender_before
from gateway.mail.envelope import Envelope
from gateway.mail.evidence import (
    DkimEvidence,
    DkimResult,
    DmarcEvidence,
    DmarcResult,
    Evidence,
    SpfEvidence,
    SpfResult,
    SpfScope,
    Through,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What is the same for every channel."""

    envelope: Envelope
    block: HeaderBlock
    pool: HeaderPool
    author: Author
    discovery: dmarc.Discovery | None
    walker: dmarc.TreeWalker
    is_rewritten: bool
    """Some forwarder rewrote the reverse-path."""
    spf: SpfEvidence
    dkim: tuple[DkimEvidence, ...]
    is_alignment_open: bool
    chain: arc.VerifiedChain
    dmarc: DmarcEvidence
    dns: MailQuestions


async def conclude(common: Observation, forwarders: Sequence[ForwarderSettings]) -> Evidence:
    """Look through the channel's forwarders, and decide the word."""
    sealers = frozenset(s for f in forwarders for s in f.all_arc_sealers)
    trusted = common.chain.trusted(sealers)
    sealed = read_results(trusted.results) if trusted and arc.covers_author(trusted, common.pool) else None
    pathfinder = Pathfinder(common.block, forwarders, common.dns)
    passage = await pathfinder.find(common.envelope, common.spf)
    is_forwarded = passage is not None and not passage.is_submission
    before, through = None, None
    if passage is not None and is_forwarded:
        before = sender_before(common.envelope, passage, common.block, sealed, common.author.domain)
        through = await _look_through(common, passage, before)
    voucher = await _find_voucher(common, passage, forwarders, sealed, trusted.sealer if trusted else None)
    findings = _find(common, through, before, voucher)
    if pathfinder.is_uncertain:
        findings = replace(findings, is_temporary=True)
    assurance, because = assess(findings)
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


async def _look_through(common: Observation, passage: Passage, before: SenderBefore) -> Through:
    """Ask SPF and DMARC of the hop before (RFC 7208 section 2.4 for its null reverse-path)."""
    hop = passage.hop
    if hop is None or not before.is_known:
        because = passage.why_unknown if hop is None else "the reverse-path before the forwarder is not known"
        domain = before.address.domain if before.address else None
        spf = SpfEvidence(result=SpfResult.NONE, domain=domain, scope=SpfScope.MFROM, because=because)
    else:
        found = await check_sender(common.dns, client_ip=hop.ip, reverse_path=before.address, helo=hop.helo)
        spf = await align_spf(common.discovery, found, common.walker)
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


def _find(common: Observation, through: Through | None, before: SenderBefore | None, voucher: str | None) -> Findings:
    """Gather what the table looks at, from the hop that counts."""
    spf = through.spf if through else common.spf
    judged = through.dmarc if through else common.dmarc
    is_rewritten = through is None and common.is_rewritten
    if through is not None:
        is_known = through.client_ip is not None and before is not None and before.is_known
    else:
        is_known = common.envelope.client_ip is not None
    has_record = common.discovery is not None and bool(common.discovery.walk.records)
    return Findings(
        author_domain=common.author.domain,
        why_no_author=common.author.because,
        has_dmarc_record=has_record,
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


def was_rewritten(envelope: Envelope) -> bool:
    """Tell whether some forwarder rewrote the reverse-path: whose domain stands there then says nothing of the author."""
    return envelope.reverse_path is not None and undo_rewriting(envelope.reverse_path).by_forwarder


async def align_spf(author: dmarc.Discovery | None, spf: SpfEvidence, walker: dmarc.TreeWalker) -> SpfEvidence:
    """Fill in whether the domain that SPF was asked about stands for the author's."""
    if author is None:
        return spf
    is_strict = author.record is not None and author.record.is_strict_spf
    return replace(spf, aligned=bool(await dmarc.is_aligned(author, spf.domain, is_strict=is_strict, walker=walker)))


def _is_temporary(common: Observation, spf: SpfEvidence, judged: DmarcEvidence) -> bool:
    if judged.result is DmarcResult.TEMPERROR:
        return True
    domain = common.author.domain
    signatures = any(d.result is DkimResult.TEMPERROR and d.domain == domain for d in common.dkim)
    return signatures or (spf.result is SpfResult.TEMPERROR and spf.domain == domain)


async def _find_voucher(
    common: Observation,
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


async def _says_so(common: Observation, results: AuthenticationResults) -> bool:
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
                domain, is_strict = method.domain("header.from"), True
            case "dkim":
                domain, is_strict = method.domain("header.d", "header.i"), record is not None and record.is_strict_dkim
            case "spf":
                domain, is_strict = method.domain("smtp.mailfrom"), record is not None and record.is_strict_spf
            case _:
                continue
        if await dmarc.is_aligned(author, domain, is_strict=is_strict, walker=common.walker):
            return True
    return False
