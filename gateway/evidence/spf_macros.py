"""Macro expansion of SPF (RFC 7208 section 7)."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from gateway.evidence.spf_record import macros
from gateway.mail.addresses import Address

MAX_EXPANDED: Final = 4096
"""No name or explanation needs more; what is longer is cut at the left."""

_MACRO: Final = macros()


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroContext:
    """The values that macros stand for. `validated` is the macro p."""

    ip: ipaddress.IPv4Address | ipaddress.IPv6Address
    sender: Address
    helo: str
    domain: str
    validated: str

    def value(self, letter: str) -> str:
        """Return what a letter stands for, before transformers."""
        is_v4 = self.ip.version == 4  # noqa: PLR2004 the older protocol
        values = {
            "s": f"{self.sender.local}@{self.sender.domain}",
            "l": self.sender.local,
            "o": self.sender.domain,
            "d": self.domain,
            "i": str(self.ip) if is_v4 else ".".join(self.ip.exploded.replace(":", "")).upper(),
            "p": self.validated,
            "v": "in-addr" if is_v4 else "ip6",
            "h": self.helo,
        }
        return values.get(letter, "unknown")


def expand(spec: str, context: MacroContext) -> str:
    """Replace every macro of a checked text (RFC 7208 section 7.3)."""
    return _MACRO.sub(lambda match: _expand_one(match, context), spec)[-MAX_EXPANDED:]


def _expand_one(match: "re.Match[str]", context: MacroContext) -> str:
    if match[1] is None:
        return {"%%": "%", "%_": " ", "%-": "%20"}[match[0]]
    delimiters = match[4] or "."
    value = context.value(match[1].lower())
    parts = re.split("[" + re.escape(delimiters) + "]", value)
    if match[3]:
        parts.reverse()
    if match[2]:
        parts = parts[-int(match[2]) :]
    joined = ".".join(parts)
    return quote(joined, safe="-._~") if match[1].isupper() else joined
