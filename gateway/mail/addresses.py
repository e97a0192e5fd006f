"""Mail addresses, and the mailboxes that header fields name.

An address that mail is sent to or taken for comes from `Address.parse`; what stands in somebody's header from `Address.of`.
"""

import re
from dataclasses import dataclass
from typing import Final, Self

from gateway.errors import InvalidAddress

_PLAIN_ADDRESS: Final = re.compile(r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64})@([a-z0-9-]+(?:\.[a-z0-9-]+)*)")
"""Nothing that `Address.parse` would refuse, as long as the domain is not too long; almost every address is like this."""
_LONGEST_DOMAIN: Final = 255


@dataclass(frozen=True, slots=True)
class Address:
    """One mail address: local part as written, domain in lower case (RFC 5321 section 2.4).

    `domain` is empty for something in an address field that is no address at all; such a value only ever comes from `of`.
    """

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}" if self.domain else self.local

    @property
    def key(self) -> str:
        """The form to compare by: everything case-folded, the domain as A-labels (RFC 5890 section 2.3.2.1)."""
        return f"{self.local.casefold()}@{ascii_domain(self.domain)}" if self.domain else self.local.casefold()

    @property
    def is_sendable(self) -> bool:
        """Tell whether mail can be sent there at all: `parse` would take it."""
        try:
            self.parse(str(self))
        except InvalidAddress:
            return False
        return True

    @classmethod
    def of(cls, text: str) -> Self:
        """Read whatever a header holds; never raises."""
        local, at, domain = text.strip().rpartition("@")
        return cls(local, domain.lower().rstrip(".")) if at else cls(text.strip(), "")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address that mail is to be sent to or taken for.

        Raises:
            InvalidAddress: no local part, no domain, white space, control characters, or longer than RFC 5321
                section 4.5.3.1 allows (64 octets before the @, 255 after it).
        """
        plain = _PLAIN_ADDRESS.fullmatch(text)
        if plain is not None and len(plain[2]) <= _LONGEST_DOMAIN:
            return cls(plain[1], plain[2])
        address = cls.of(text)
        octets = len(address.local.encode(errors="replace")), len(address.domain.encode(errors="replace"))
        if not (0 < octets[0] <= 64 and 0 < octets[1] <= _LONGEST_DOMAIN):  # noqa: PLR2004 the RFC's own number
            raise InvalidAddress(text)
        quoted = address.local.startswith('"') and address.local.endswith('"') and octets[0] > 2  # noqa: PLR2004
        if any(c in address.domain for c in '@<>()[],;:\\"') and not is_address_literal(address.domain):
            raise InvalidAddress(text)
        if any(ord(c) < 33 or ord(c) == 127 for c in address.domain) or ".." in address.domain:  # noqa: PLR2004
            raise InvalidAddress(text)
        if any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in address.local):  # noqa: PLR2004
            raise InvalidAddress(text)
        if not quoted and any(c in address.local for c in ' "<>()[],;:\\@'):
            raise InvalidAddress(text)
        return address


def is_address_literal(domain: str) -> bool:
    """Tell whether a domain part is an address literal like `[192.0.2.1]` (RFC 5321 section 4.1.3)."""
    return domain.startswith("[") and domain.endswith("]")


def ascii_domain(domain: str) -> str:
    """Return a domain as lower-case A-labels; what IDNA cannot take comes back as it was, in lower case."""
    lowered = domain.lower().rstrip(".")
    if lowered.isascii():
        return lowered
    import idna  # noqa: PLC0415 slow to import, and almost every domain is ASCII

    try:
        return idna.encode(lowered, uts46=True).decode("ascii")
    except idna.IDNAError:
        return lowered


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name, perhaps, and an address (RFC 5322 section 3.4)."""

    name: str | None
    address: Address

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else str(self.address)
