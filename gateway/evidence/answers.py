"""What DNS messages mean: questions' names, records, aliases and how long each may be believed (RFC 1035, 2308)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

MAX_TTL_SECONDS: Final = 86_400
NO_SOA_TTL_SECONDS: Final = 60
"""How long a negative answer without an SOA is remembered (RFC 2308 leaves it to us)."""
FAILURE_TTL_SECONDS: Final = 5
"""How long a failure is remembered (RFC 9520 section 3.2)."""
MAX_ALIASES: Final = 10
MAX_RECORDS: Final = 200
"""More records of one name than this are left unread."""

_UNASKABLE: Final = frozenset('"\\\x7f') | frozenset(map(chr, range(32)))


class RecordType(StrEnum):
    """The record types that evidence is made of."""

    A = "A"
    AAAA = "AAAA"
    MX = "MX"
    PTR = "PTR"
    TXT = "TXT"


class AnswerStatus(StrEnum):
    """What became of a question."""

    FOUND = "found"
    NO_DATA = "no data"
    NO_NAME = "no such name"
    TEMPORARY = "temporary error"
    INVALID = "invalid"
    """The name cannot exist, its aliases loop, or the answer makes no sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The records of one name and type.

    `texts` holds TXT records, each joined to one string; `hosts` holds addresses, or names in lower case without the
    last dot (MX: best first).
    """

    status: AnswerStatus
    texts: tuple[bytes, ...] = ()
    hosts: tuple[str, ...] = ()

    @property
    def is_void(self) -> bool:
        """Tell whether the DNS surely holds nothing there (RFC 7208 section 4.6.4)."""
        return self.status in {AnswerStatus.NO_DATA, AnswerStatus.NO_NAME}


TEMPORARY: Final = Answer(status=AnswerStatus.TEMPORARY)
INVALID: Final = Answer(status=AnswerStatus.INVALID)


def absolute_name(text: str) -> dns.name.Name | None:
    """Turn text into an absolute name; None for what cannot or must not be asked (RFC 1035 section 2.3.4)."""
    labels = text.removesuffix(".").split(".")
    if not text.isascii() or not all(0 < len(label) < 64 for label in labels) or not _UNASKABLE.isdisjoint(text):  # noqa: PLR2004
        return None
    try:
        return dns.name.Name([*(label.encode("ascii") for label in labels), b""])
    except dns.exception.DNSException:
        return None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one response says, for how long (seconds)."""

    answer: Answer
    ttl: float
    alias: dns.name.Name | None = None
    """Where the question goes on."""


def read_response(response: dns.message.Message, target: dns.name.Name, kind: RecordType) -> Reading:
    """Follow the aliases inside one response to the records, or to the name to ask next."""
    wanted = dns.rdatatype.from_text(kind.value)
    ttl = float(MAX_TTL_SECONDS)
    start = target
    for _ in range(MAX_ALIASES):
        records = response.get_rrset(response.answer, target, dns.rdataclass.IN, wanted)
        if records is not None:
            return Reading(_read_records(records, kind), min(ttl, records.ttl))
        alias = response.get_rrset(response.answer, target, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if alias is None:
            break
        ttl = min(ttl, alias.ttl)
        target = alias[0].target
    else:
        return Reading(INVALID, FAILURE_TTL_SECONDS)
    if response.rcode() == dns.rcode.NXDOMAIN:
        return Reading(Answer(status=AnswerStatus.NO_NAME), min(ttl, _negative_ttl(response)))
    if target != start and not response.authority:
        return Reading(INVALID, ttl, alias=target)
    return Reading(Answer(status=AnswerStatus.NO_DATA), min(ttl, _negative_ttl(response)))


def _negative_ttl(response: dns.message.Message) -> float:
    """Return how long "nothing there" may be believed (RFC 2308 section 5)."""
    for rrset in response.authority:
        if rrset.rdtype == dns.rdatatype.SOA:
            return float(min(rrset.ttl, rrset[0].minimum))
    return NO_SOA_TTL_SECONDS


def _read_records(records: dns.rrset.RRset, kind: RecordType) -> Answer:
    some = list(records)[:MAX_RECORDS]
    match kind:
        case RecordType.TXT:
            return Answer(status=AnswerStatus.FOUND, texts=tuple(b"".join(r.strings) for r in some))
        case RecordType.A | RecordType.AAAA:
            return Answer(status=AnswerStatus.FOUND, hosts=tuple(r.address for r in some))
        case RecordType.MX:
            some.sort(key=lambda r: r.preference)
            return Answer(status=AnswerStatus.FOUND, hosts=tuple(_host(r.exchange) for r in some))
        case RecordType.PTR:
            return Answer(status=AnswerStatus.FOUND, hosts=tuple(_host(r.target) for r in some))


def _host(name: dns.name.Name) -> str:
    """Return a name as text; the root is the empty string, and odd octets make the name unaskable."""
    return ".".join(label.decode("ascii", "replace").lower() for label in name.labels if label)
