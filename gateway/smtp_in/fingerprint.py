"""What is looked at in a mail before the 250: whose it is, how far it has come, and whether we have it already.

A linear scan of the header block's bytes; nothing is decoded that does not have to be. Real reading is the pipeline's.

**The delivery key.** A client that never saw our 250 sends again, and the second copy must give no second ticket. But mail
servers stamp and sign anew on each attempt, so the digest leaves out trace and signature fields, and counts neither on the
order nor on the folding of the others. With a Message-ID every `X-` field is left out as well; without one the digest is all
there is to tell two mails apart, so they count.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from gateway.mail.addresses import Address
from gateway.mail.content import Content

HEADER_READ: Final = 1_048_576
"""Octets of a spooled mail that are read to find its header block; no header limit may be larger."""

_TRACE: Final = frozenset(
    {
        b"received",
        b"received-spf",
        b"return-path",
        b"delivered-to",
        b"envelope-to",
        b"delivery-date",
        b"dkim-signature",
        b"domainkey-signature",
        b"dkim-filter",
        b"authentication-results",
        b"authentication-results-original",
        b"autocrypt",
        b"x-received",
        b"x-original-to",
        b"x-envelope-to",
        b"x-envelope-from",
        b"x-ham-report",
        b"x-virus-scanned",
        b"x-authentication-warning",
        b"feedback-id",
        b"resent-message-id",
        b"thread-index",
    }
)
_TRACE_PREFIXES: Final = (b"arc-", b"x-forwarded-", b"x-google-", b"x-gm-", b"x-ms-", b"x-microsoft-", b"x-spam", b"x-exchange-")
_FOLD: Final = (b" ", b"\t")
_BODY_READ: Final = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderFacts:
    """What the header block of a mail says, as far as accepting it needs to know."""

    size: int
    """Octets of the header block, with its line ends, without the empty line."""
    fields: int
    hops: int
    """How many Received fields there are."""
    message_id: str | None
    """Without the angle brackets."""
    author: Address | None
    """The first address of the first From field."""
    has_one_author: bool
    """There is one From field, and it seems to hold one mailbox."""
    subject: bytes | None
    """The raw value, unfolded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """A scanned mail: its facts, and the digest of what does not change from one attempt to the next."""

    facts: HeaderFacts
    digest: bytes

    def delivery_key(self, channel: str) -> str:
        """Return the key under which a channel takes this mail once: 64 hex digits."""
        author = self.facts.author.key if self.facts.author is not None else ""
        text = "\0".join((channel, author, self.facts.message_id or ""))
        return hashlib.sha256(text.encode(errors="surrogateescape") + b"\0" + self.digest).hexdigest()


def fingerprint(content: Content) -> Fingerprint:
    """Scan a mail; a spooled one is read once, a part at a time (run that in a thread). Raises OSError."""
    if content.body is not None:
        end, start = find_body(content.body)
        facts, digest = _scan(content.body[:end])
        digest.update(memoryview(content.body)[start:])
        return Fingerprint(facts=facts, digest=digest.digest())
    assert content.path is not None  # noqa: S101 exactly one of the two is set
    with content.path.open("rb") as file:
        head = file.read(HEADER_READ)
        end, start = find_body(head)
        facts, digest = _scan(head[:end])
        digest.update(head[start:])
        for octets in _pieces(file):
            digest.update(octets)
    return Fingerprint(facts=facts, digest=digest.digest())


def find_body(octets: bytes) -> tuple[int, int]:
    """Return where the header block ends and where the body begins; bare LFs count as line ends here, as for most readers."""
    if octets.startswith((b"\r\n", b"\n")):
        return 0, octets.index(b"\n") + 1
    strict = octets.find(b"\n\r\n")
    loose = octets.find(b"\n\n", 0, strict if strict >= 0 else None)
    if loose >= 0:
        return loose + 1, loose + 2
    return (strict + 1, strict + 3) if strict >= 0 else (len(octets), len(octets))


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while octets := file.read(_BODY_READ):
        yield octets


def _scan(head: bytes) -> tuple[HeaderFacts, "hashlib._Hash"]:
    hops = fields = 0
    message_id: str | None = None
    froms: list[bytes] = []
    subject: bytes | None = None
    kept: list[bytes] = []
    extra: list[bytes] = []
    for name, value in _fields(head):
        fields += 1
        if name == b"received":
            hops += 1
            continue
        if name in _TRACE or name.startswith(_TRACE_PREFIXES):
            continue
        words = b" ".join(value.split())
        if name == b"message-id" and message_id is None:
            message_id = words.strip(b"<> ").decode("utf-8", "replace").replace("\0", "") or None
        elif name == b"from":
            froms.append(words)
        elif name == b"subject" and subject is None:
            subject = words
        (extra if name.startswith(b"x-") else kept).append(name + b":" + words)
    if message_id is None:
        kept += extra
    kept.sort()
    digest = hashlib.sha256(b"\n".join(kept) + b"\n\n")
    facts = HeaderFacts(
        size=len(head),
        fields=fields,
        hops=hops,
        message_id=message_id,
        author=first_address(froms[0]) if froms else None,
        has_one_author=len(froms) == 1 and froms[0].count(b"<") <= 1 and froms[0].count(b"@") - froms[0].count(b"<") <= 1,
        subject=subject,
    )
    return facts, digest


def _fields(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield each field as its name in lower case and its value, folds and all; a line that is no field has an empty name."""
    lines = head.split(b"\n")
    lines.append(b"")
    pending = b""
    folds: list[bytes] = []
    for line in lines:
        if line.startswith(_FOLD) and pending:
            folds.append(line)
            continue
        if pending:
            if folds:
                pending = b"".join((pending, *folds))
                folds = []
            name, colon, value = pending.partition(b":")
            yield (name.rstrip().lower(), value) if colon else (b"", pending)
        pending = line if line.strip() else b""


def first_address(value: bytes) -> Address | None:
    """Return the first address of a From value: what stands in the first angle brackets, or else the first word with an @."""
    text = value.decode("utf-8", "replace")
    start = text.find("<")
    if start >= 0:
        inside = text[start + 1 :].partition(">")[0].strip()
        return Address.of(inside) if "@" in inside else None
    word = next((w for w in text.replace(",", " ").split() if "@" in w), None)
    return Address.of(word) if word is not None else None
