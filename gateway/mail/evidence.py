"""What can be proven about who sent a mail: the words of SPF, DKIM, ARC and DMARC, and the one word that comes of them.

Start with `Evidence`. The package `gateway.evidence` makes one; everybody else only reads it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class SpfResult(StrEnum):
    """RFC 7208 section 2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class SpfScope(StrEnum):
    """Which identity was asked about (RFC 7208 sections 2.3 and 2.4)."""

    MFROM = "mfrom"
    HELO = "helo"


class DkimResult(StrEnum):
    """RFC 8601 section 2.7.1."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 no password
    FAIL = "fail"
    POLICY = "policy"
    NEUTRAL = "neutral"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class ArcResult(StrEnum):
    """RFC 8617 section 4.4."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 no password
    FAIL = "fail"
    TEMPERROR = "temperror"


class DmarcResult(StrEnum):
    """RFC 9989, and RFC 8601 section 2.7.2 for the words."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 no password
    FAIL = "fail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class DmarcPolicy(StrEnum):
    """What a domain owner asks for, after `sp`, `np` and `t` were applied (RFC 9989)."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


class Assurance(StrEnum):
    """How sure we are that the author's domain sent the mail. Ordered in `docs/evidence.md`."""

    PROVEN = "proven"
    VOUCHED = "vouched"
    UNPROVEN = "unproven"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfEvidence:
    """One SPF answer."""

    result: SpfResult
    domain: str | None
    scope: SpfScope
    because: str = ""
    aligned: bool = False
    """Its domain is aligned with the author's (RFC 9989), whatever the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimEvidence:
    """One DKIM-Signature, evaluated."""

    result: DkimResult
    domain: str | None
    selector: str | None
    aligned: bool
    """Its domain is aligned with the author's (RFC 9989), whether or not it holds."""
    because: str
    signed_headers: tuple[str, ...] = ()
    """Lower-case names as in `h=`, repeated as there: what the signature covers."""
    is_testing: bool = False
    """The key says `t=y`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcEvidence:
    """The ARC chain (RFC 8617), whether we trust its sealers or not."""

    result: ArcResult
    sealer: str | None
    """`d=` of the newest seal."""
    trusted_sealer: str | None = None
    """`d=` of the newest seal by a sealer that the admin listed, where the chain holds."""
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DmarcEvidence:
    """DMARC of one hop (RFC 9989)."""

    result: DmarcResult
    policy: DmarcPolicy
    domain: str | None
    """The author's domain; None where From is missing, repeated or has several mailboxes."""
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Through:
    """The hop before a declared forwarder, seen through it."""

    forwarder: str
    """How the admin would name it: a hostname, a network, a domain or a preset."""
    client_ip: str | None
    helo: str | None
    mail_from: str | None
    """The un-rewritten reverse-path; the empty string is the null reverse-path, None is not known."""
    spf: SpfEvidence
    dmarc: DmarcEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that can be proven about who sent a mail, for one channel."""

    spf: SpfEvidence
    dkim: tuple[DkimEvidence, ...]
    arc: ArcEvidence
    dmarc: DmarcEvidence
    through: Through | None
    assurance: Assurance
    because: str
    """The deciding fact, in words an admin understands."""
    is_complete: bool = True
    """False when the time budget ran out before every question was answered."""

    @classmethod
    def unobserved(cls, assurance: Assurance = Assurance.UNPROVEN, *, because: str = "") -> Self:
        """Return evidence that says how sure we are and nothing of what was seen."""
        return cls(
            spf=SpfEvidence(result=SpfResult.NONE, domain=None, scope=SpfScope.MFROM),
            dkim=(),
            arc=ArcEvidence(result=ArcResult.NONE, sealer=None),
            dmarc=DmarcEvidence(result=DmarcResult.NONE, policy=DmarcPolicy.NONE, domain=None),
            through=None,
            assurance=assurance,
            because=because,
        )
