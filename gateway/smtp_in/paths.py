"""The arguments of MAIL and RCPT: a path and its parameters (RFC 5321 section 4.1.2), read without a grammar engine.

aiosmtpd reads them with the header parser of the standard library, which costs 0.4 ms a mail.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from gateway.errors import InvalidAddress
from gateway.mail.addresses import Address

_PATH: Final = re.compile(
    r"""[ ]?                                      # some clients write a space after the colon
    <(?:@[^:<>]{1,255}:)?                         # a source route is read and ignored (appendix C)
    ( (?: "(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e]){0,62}"@ | [^\s"<>@\x00-\x1f\x7f]{1,64}@? )?
      [^\s"<>@\x00-\x1f\x7f]{0,255} )
    >((?:[ ][!-~\x80-\U0010ffff]+)*)[ ]*""",
    re.VERBOSE,
)
_PLAIN: Final = re.compile(r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64})@((?:[A-Za-z0-9_-]{1,63}\.){1,8}[A-Za-z0-9-]{1,63})")
"""What nearly every address looks like: it needs none of the finer checks."""
_COMMON: Final = re.compile(f"<{_PLAIN.pattern}>")
"""A whole argument that holds such an address and nothing else."""
_PARAMETER: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~]+))?")


_DOMAIN_OCTETS: Final = 255
_REMEMBERED: Final = 1024
"""Arguments that are not read again: nearly all mail is for the same few recipients."""
_LONGEST_REMEMBERED: Final = 200
"""Characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """What stood in MAIL FROM or RCPT TO."""

    address: Address | None
    """None for `<>`."""
    parameters: tuple[tuple[str, str], ...] = field(default=())
    """Name in upper case and value, in order; the value is empty where there is none."""


def parse_path(argument: str, *, keyword: str) -> Path | None:
    """Read `FROM:<…> PARAM=…` or `TO:<…>`; None when it is not that.

    A recipient `<postmaster>` has no domain (RFC 5321 section 4.5.1) and comes back with an empty one.
    """
    return _parse(argument, keyword) if len(argument) <= _LONGEST_REMEMBERED else _parse.__wrapped__(argument, keyword)


@lru_cache(_REMEMBERED)
def _parse(argument: str, keyword: str) -> Path | None:
    start = len(keyword)
    if argument[:start].upper() != keyword:
        return None
    common = _COMMON.fullmatch(argument, start)
    if common is not None and len(common[2]) <= _DOMAIN_OCTETS:
        return Path(address=Address(common[1], common[2].lower()))
    match = _PATH.fullmatch(argument, start)
    if match is None:
        return None
    text, tail = match.group(1, 2)
    words = [_PARAMETER.fullmatch(word) for word in tail.split()]
    try:
        address = _read_address(text)
        parameters = tuple((word[1].upper(), word[2] or "") for word in words if word is not None)
    except InvalidAddress:
        return None
    return Path(address=address, parameters=parameters) if len(parameters) == len(words) else None


def _read_address(text: str) -> Address | None:
    if not text:
        return None
    plain = _PLAIN.fullmatch(text)
    if plain is not None and len(plain[2]) <= _DOMAIN_OCTETS:
        return Address(plain[1], plain[2].lower())
    return Address(text, "") if text.casefold() == "postmaster" else Address.parse(text)
