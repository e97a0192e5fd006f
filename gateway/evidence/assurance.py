"""How sure we are of the author: ONE table, read from top to bottom, the first row that is true decides.

`docs/evidence.md` prints this very table. A row is a word, the sentence an admin reads, and what has to be so.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.mail.evidence import (
    Assurance,
    DkimEvidence,
    DkimResult,
    DmarcEvidence,
    DmarcPolicy,
    DmarcResult,
    SpfEvidence,
    SpfResult,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything that the table looks at. `spf` and `dmarc` are those of the hop that counts.

    That hop is the last one, or the one before the declared forwarder.
    """

    author_domain: str | None
    why_no_author: str
    has_dmarc_record: bool
    dkim: tuple[DkimEvidence, ...]
    spf: SpfEvidence
    dmarc: DmarcEvidence
    is_spf_aligned: bool
    """SPF passes for a domain that stands for the author's."""
    is_sender_known: bool
    """We know who handed the mail over and with which reverse-path, so that a failing SPF means something."""
    is_rewritten: bool
    """The reverse-path was rewritten on the way by somebody who was not declared."""
    forwarder: str | None
    """The declared forwarder it came through."""
    voucher: str | None
    """Who vouches for the author: a listed sealer, or a declared forwarder's own results."""
    is_temporary: bool
    """The DNS did not answer something that might have authenticated the author."""

    @property
    def proving_signature(self) -> DkimEvidence | None:
        """The first signature of the author's domain that holds."""
        return next((d for d in self.dkim if d.aligned and d.result is DkimResult.PASS), None)

    @property
    def where(self) -> str:
        """How a sentence speaks of the hop that counts."""
        return f", seen through {self.forwarder}" if self.forwarder else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the table."""

    assurance: Assurance
    when: str
    """What has to be so, for the documentation."""
    holds: Callable[[Findings], bool]
    because: Callable[[Findings], str]


def _proves(method: str, result: str, domain: str | None, f: Findings) -> str:
    """Say what proves the author, and by which domain, where that is not the author's own."""
    if domain == f.author_domain:
        return f"{method} of the author's domain {domain} {result}"
    return f"{method} of {domain} {result}, which stands for the author's domain {f.author_domain}"


def _dkim_because(f: Findings) -> str:
    return _proves("DKIM", "holds", f.proving_signature.domain if f.proving_signature else None, f)


def _asks_for_care(f: Findings) -> bool:
    return f.dmarc.result is DmarcResult.FAIL and f.dmarc.policy in {DmarcPolicy.QUARANTINE, DmarcPolicy.REJECT}


def _fails_for_own_domain(f: Findings) -> bool:
    return not f.has_dmarc_record and f.spf.result is SpfResult.FAIL and f.spf.domain == f.author_domain


ROWS: tuple[Row, ...] = (
    Row(
        assurance=Assurance.UNPROVEN,
        when="From is missing, stands twice, names several mailboxes or cannot be read: nothing authenticates it.",
        holds=lambda f: f.author_domain is None,
        because=lambda f: f"{f.why_no_author}, so nothing authenticates the author",
    ),
    Row(
        assurance=Assurance.PROVEN,
        when="A DKIM signature of the author's domain (DMARC-aligned) holds, whichever way the mail came.",
        holds=lambda f: f.proving_signature is not None,
        because=_dkim_because,
    ),
    Row(
        assurance=Assurance.PROVEN,
        when="SPF passes for the author's domain (DMARC-aligned), directly or at the hop before a declared forwarder.",
        holds=lambda f: f.is_spf_aligned,
        because=lambda f: _proves("SPF", f"passes{f.where}", f.spf.domain, f),
    ),
    Row(
        assurance=Assurance.VOUCHED,
        when="A listed ARC sealer, or a declared forwarder's own Authentication-Results, says that the author was authenticated.",
        holds=lambda f: f.voucher is not None,
        because=lambda f: f"{f.voucher} says that {f.author_domain} was authenticated when the mail arrived there",
    ),
    Row(
        assurance=Assurance.UNPROVEN,
        when="The DNS did not answer something that might have authenticated the author: a temporary error never contradicts.",
        holds=lambda f: f.is_temporary,
        because=lambda f: f"the DNS did not answer something that might have authenticated {f.author_domain}",
    ),
    Row(
        assurance=Assurance.UNPROVEN,
        when="The author is not authenticated, and who handed the mail over or with which reverse-path is not known.",
        holds=lambda f: not f.is_sender_known,
        because=lambda f: f"nothing authenticates {f.author_domain}, and the hop that could contradict it is not known{f.where}",
    ),
    Row(
        assurance=Assurance.CONTRADICTED,
        when="DMARC fails under an effective policy of quarantine or reject.",
        holds=_asks_for_care,
        because=lambda f: f"DMARC of {f.author_domain} fails{f.where}, and its owner asks to {f.dmarc.policy} such mail",
    ),
    Row(
        assurance=Assurance.CONTRADICTED,
        when="There is no DMARC record at all, and SPF fails for the author's own domain.",
        holds=_fails_for_own_domain,
        because=lambda f: (
            f"SPF of {f.author_domain} forbids {f.spf.because.split(' ')[0]}{f.where}, and no DMARC record says otherwise"
        ),
    ),
    Row(
        assurance=Assurance.UNPROVEN,
        when="The reverse-path was rewritten by a forwarder that is not declared, so that its SPF says nothing of the author.",
        holds=lambda f: f.is_rewritten,
        because=lambda f: (
            f"a forwarder that is not declared rewrote the reverse-path, and no DKIM signature of {f.author_domain} holds"
        ),
    ),
    Row(
        assurance=Assurance.UNPROVEN,
        when="Everything else.",
        holds=lambda _: True,
        because=lambda f: (
            f"neither DKIM nor SPF authenticates {f.author_domain}{f.where}, and its owner does not ask to refuse such mail"
        ),
    ),
)


def assess(findings: Findings) -> tuple[Assurance, str]:
    """Return the word and the deciding fact."""
    row = next(row for row in ROWS if row.holds(findings))
    return row.assurance, row.because(findings)


def table() -> str:
    """Return the table as `docs/evidence.md` shows it."""
    lines = ["| | assurance | when |", "|---|---|---|"]
    lines.extend(f"| {number} | `{row.assurance}` | {row.when} |" for number, row in enumerate(ROWS, 1))
    return "\n".join(lines)
