"""Reverse-paths that a forwarder or a sender rewrote, and what stood there before.

SRS can be read without the forwarder's secret, not verified; nothing is believed because of it: SPF is asked about what it says.
"""

import re
from dataclasses import dataclass
from typing import Final

from gateway.mail.addresses import Address

_SRS0: Final = re.compile(r"srs0[=+-]([^=]{1,64})=([^=]{1,16})=([^=@]{1,253})=(.{1,256})", re.IGNORECASE | re.DOTALL)
_SRS1: Final = re.compile(r"srs1[=+-]([^=]{1,64})=([^=]{1,253})=[=+-](.{1,512})", re.IGNORECASE | re.DOTALL)
_BATV: Final = re.compile(r"(?:prvs|btv1)=(?:[^=/]{1,32}[=/])?([^=/].{0,255})", re.IGNORECASE | re.DOTALL)
_BATV_OLD: Final = re.compile(r"prvs=([^=/]{1,256})/[0-9a-f]{6,16}", re.IGNORECASE)
_GOOGLE: Final = re.compile(r"(.{1,200})\+caf_=([^=]{1,200})=([^=@]{1,253})", re.IGNORECASE | re.DOTALL)
_MICROSOFT: Final = re.compile(r"bounces\+srs=.{1,200}", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A reverse-path and the sender before it. `by_forwarder`: only forwarding makes such an address."""

    original: Address | None
    """None where the rewriting does not say who it was."""
    by_forwarder: bool


def undo_rewriting(address: Address) -> Rewritten:
    """Read SRS0, SRS1, BATV, Google's `+caf_=` and Microsoft's `bounces+SRS=`; anything else comes back as it is."""
    if "=" not in address.local:  # all of them have one, and hardly any other address
        return Rewritten(original=address, by_forwarder=False)
    local = address.local.strip('"')
    if _GOOGLE.fullmatch(local) or _MICROSOFT.fullmatch(local):
        return Rewritten(original=None, by_forwarder=True)
    forwarded = False
    chained = _SRS1.fullmatch(local)
    if chained:
        forwarded = True
        local = "SRS0=" + chained[3]
    original = _SRS0.fullmatch(local)
    if original:
        inner = Address(original[4], original[3].lower())
        return Rewritten(original=_undo_batv(inner), by_forwarder=True)
    if forwarded:
        return Rewritten(original=None, by_forwarder=True)
    return Rewritten(original=_undo_batv(address), by_forwarder=False)


def is_srs(address: Address) -> bool:
    """Tell whether a reverse-path is rewritten as the Sender Rewriting Scheme does."""
    if "=" not in address.local:
        return False
    local = address.local.strip('"')
    return bool(_SRS0.fullmatch(local) or _SRS1.fullmatch(local))


def _undo_batv(address: Address) -> Address:
    """Take the tag of a sender's own bounce address off (BATV)."""
    old = _BATV_OLD.fullmatch(address.local)
    if old:
        return Address(old[1], address.domain)
    tagged = _BATV.fullmatch(address.local)
    return Address(tagged[1], address.domain) if tagged else address
