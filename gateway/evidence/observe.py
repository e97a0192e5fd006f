"""Observing one mail: all questions side by side, within one budget, and one `Evidence` per channel.

Start with `Observer.observe`. It never raises on any bytes; what is not answered in time is a temporary error.
"""

import asyncio
import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.evidence import arc, dkim, dmarc
from gateway.evidence.answers import RecordType
from gateway.evidence.canonical import BodyHash, BodyWish, hash_bodies
from gateway.evidence.conclude import Observation, align_spf, conclude, was_rewritten
from gateway.evidence.headers import Author, HeaderBlock, find_end, read_author
from gateway.evidence.resolver import MailQuestions, NoDns, Resolver, side_by_side
from gateway.evidence.rewriting import undo_rewriting
from gateway.evidence.settings import ForwarderSettings, ResolverSettings
from gateway.evidence.signature import HeaderPool, Signature
from gateway.evidence.spf import check_sender
from gateway.mail.addresses import ascii_domain
from gateway.mail.content import Content
from gateway.mail.envelope import Envelope
from gateway.mail.evidence import DkimEvidence, Evidence

BODY_TO_THREAD: Final = 256 * 1024
"""Octets from which on a body is hashed in a thread; below, that is a millisecond."""
HEADER_TO_THREAD: Final = 32 * 1024
"""Octets from which on a header block is taken apart and verified in a thread."""
MAX_HEADER_OCTETS: Final = 1024 * 1024
"""What stands below is not looked at for headers: no honest mail has more."""


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
        everybody = [f for declared in forwarders.values() for f in declared]
        common = await _observe(envelope, content, everybody, dns, now)
        per_channel = await side_by_side(dns, [conclude(common, declared) for declared in forwarders.values()])
        return dict(zip(forwarders, per_channel, strict=True))


async def _observe(
    envelope: Envelope, content: Content, forwarders: Sequence[ForwarderSettings], dns: MailQuestions, now: datetime
) -> Observation:
    """Ask everything that does not depend on a channel, side by side."""
    sealers = frozenset(sealer for one in forwarders for sealer in one.all_arc_sealers)
    claims = await _read_claims(content)
    block, author, readings, chain = claims.block, claims.author, claims.readings, claims.chain
    walker = dmarc.TreeWalker(dns)
    wishes = dkim.wished_bodies(readings) | chain.wished_bodies(sealers)
    dns.is_warm = _are_remembered(dns, _first_questions(envelope, author, readings, chain))
    bodies = await _hash(content, block.body_start, wishes) if dns.is_warm else {}
    asking = (
        dkim.fetch_keys(readings, dns),
        arc.fetch_keys(chain, sealers, dns),
        check_sender(dns, client_ip=envelope.client_ip, reverse_path=envelope.reverse_path, helo=envelope.helo),
        _discover(author, walker),
    )
    if dns.is_warm:
        keys, chain_keys, found, discovery = await asking[0], await asking[1], await asking[2], await asking[3]
    else:
        hashing = _hash(content, block.body_start, wishes)
        ahead = [dns.ask(name, RecordType.TXT) for name in _later_questions(envelope, author, readings, forwarders)]
        results = await asyncio.gather(hashing, *asking, asyncio.gather(*ahead))
        bodies, keys, chain_keys, found, discovery, _ = results

    def verify() -> tuple[tuple[DkimEvidence, ...], arc.VerifiedChain]:
        signatures = dkim.verify_signatures(readings, keys, claims.pool, bodies, now)
        return signatures, arc.verify_chain(chain, chain_keys, claims.pool, bodies, sealers, now)

    verified, sealed = await asyncio.to_thread(verify) if block.body_start > HEADER_TO_THREAD else verify()
    signatures, is_open = await dmarc.align_signatures(discovery, verified, walker)
    is_rewritten = was_rewritten(envelope)
    spf = found if is_rewritten else await align_spf(discovery, found, walker)
    return Observation(
        envelope=envelope,
        block=block,
        pool=claims.pool,
        author=author,
        discovery=discovery,
        walker=walker,
        is_rewritten=is_rewritten,
        spf=spf,
        dkim=signatures,
        is_alignment_open=is_open,
        chain=sealed,
        dmarc=await dmarc.judge(author, discovery, spf, signatures, walker, is_open=is_open),
        dns=dns,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claims:
    """What the header block says, taken apart; nothing is verified."""

    block: HeaderBlock
    pool: HeaderPool
    author: Author
    readings: dkim.Readings
    chain: arc.ArcChain


async def _read_claims(content: Content) -> _Claims:
    """Take the header block apart; a big one in a thread, so that other sessions go on."""
    head = await _read_head(content)
    if len(head) <= HEADER_TO_THREAD:
        return _take_apart(head, is_cut=False)
    end, _ = find_end(head)
    is_cut = end >= MAX_HEADER_OCTETS and content.size > MAX_HEADER_OCTETS
    if end <= HEADER_TO_THREAD:
        return _take_apart(head, is_cut=is_cut)
    return await asyncio.to_thread(_take_apart, head, is_cut=is_cut)


def _take_apart(head: bytes, *, is_cut: bool) -> _Claims:
    block = HeaderBlock.read(head)
    author = Author(address=None, because="the header is too long to be read") if is_cut else read_author(block)
    readings, chain = dkim.read_signatures(block), arc.read_chain(block)
    return _Claims(block=block, pool=HeaderPool(block), author=author, readings=readings, chain=chain)


def _first_questions(envelope: Envelope, author: Author, readings: dkim.Readings, chain: arc.ArcChain) -> list[str]:
    """Return names whose TXT records will surely be asked for."""
    names = [f"_dmarc.{name}" for name in dmarc.names_to_ask(author.domain)] if author.domain else []
    names += [f"{one.selector}._domainkey.{one.domain}" for one in readings if isinstance(one, Signature)]
    names += [f"{one.selector}._domainkey.{one.sealer}" for one in chain.instances]
    sender = envelope.reverse_path.domain if envelope.reverse_path else envelope.helo
    if sender and envelope.client_ip:
        names.append(ascii_domain(sender))
    return names


def _later_questions(
    envelope: Envelope, author: Author, readings: dkim.Readings, forwarders: Sequence[ForwarderSettings]
) -> frozenset[str]:
    """Return names whose TXT records are likely to be asked for once the first answers are there.

    They are asked together with those, so that slow servers cost their patience once, and not one after the other.
    """
    names = {domain for one in forwarders for domain in one.all_spf_domains}
    signers = {one.domain for one in readings if isinstance(one, Signature)}
    if envelope.reverse_path is not None:
        original = undo_rewriting(envelope.reverse_path).original
        before = ascii_domain(original.domain) if original else author.domain
        names |= {before} if before else set()
        signers |= {ascii_domain(envelope.reverse_path.domain)}
    if author.domain:
        organisation = ".".join(author.domain.split(".")[-2:])
        related = [one for one in signers - {author.domain} if one.endswith("." + organisation)]
        names |= {f"_dmarc.{name}" for one in related for name in dmarc.names_to_ask(one)}
    return frozenset(names)


def _are_remembered(dns: MailQuestions, names: Sequence[str]) -> bool:
    return all(dns.recall(name, RecordType.TXT) is not None for name in names)


async def _discover(author: Author, walker: dmarc.TreeWalker) -> dmarc.Discovery | None:
    return await walker.discover(author.domain) if author.domain else None


async def _read_head(content: Content) -> bytes:
    """Return the octets that hold the header block; a spooled content is read in a thread."""
    if content.body is not None:
        return content.body if content.size <= MAX_HEADER_OCTETS else content.body[:MAX_HEADER_OCTETS]
    return await asyncio.to_thread(_read_head_of_file, content)


def _read_head_of_file(content: Content) -> bytes:
    assert content.path is not None  # noqa: S101 exactly one of the two is set
    with content.path.open("rb") as file:
        return file.read(MAX_HEADER_OCTETS)


async def _hash(content: Content, start: int, wishes: frozenset[BodyWish]) -> dict[BodyWish, BodyHash]:
    if not wishes:
        return {}
    if content.body is not None and content.size < BODY_TO_THREAD:
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
