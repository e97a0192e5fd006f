"""What stands between us and the client: a load balancer (PROXY protocol) or a front mail server (XCLIENT, XFORWARD).

Only those that the admin listed are believed; whether they are is asked elsewhere. Both say who the real client was.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from aiosmtpd.proxy_protocol import V2_CMD, get_proxy

from gateway.smtp_in.limits import plain_ip
from gateway.smtp_in.wire import Wire

XCLIENT_NAMES: Final = frozenset({"NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT", "REVERSE_NAME"})
XFORWARD_NAMES: Final = frozenset({"NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"})
_UNAVAILABLE: Final = frozenset({"[UNAVAILABLE]", "[TEMPUNAVAIL]"})
_HEX: Final = re.compile(r"\+([0-9A-F]{2})")


class BadProxyHeader(Exception):
    """A connection from a load balancer did not begin with a PROXY header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedClient:
    """The client of a front mail server, as far as it says."""

    ip: str | None
    helo: str | None


async def read_proxied_client(wire: Wire) -> str | None:
    """Read a PROXY protocol header, version 1 or 2, and return the client's address.

    None means the balancer's own connection, such as a health check.

    Raises:
        BadProxyHeader: there is none.
        EOFError: the connection ended before it.
    """
    found = await get_proxy(wire)
    if not found.valid:
        raise BadProxyHeader(found.error)
    if found.version == 2 and found.command == V2_CMD.LOCAL:  # noqa: PLR2004 the protocol's version
        return None
    address = found.src_addr
    return plain_ip(str(address)) if isinstance(address, ipaddress.IPv4Address | ipaddress.IPv6Address) else None


def read_announced_client(argument: str, *, names: frozenset[str], before: AnnouncedClient | None) -> AnnouncedClient | None:
    """Read the attributes of XCLIENT or XFORWARD on top of what was said before; None when they are malformed."""
    ip, helo = (before.ip, before.helo) if before is not None else (None, None)
    words = argument.split()
    for word in words:
        name, equals, coded = word.partition("=")
        if not equals or name.upper() not in names:
            return None
        value: str | None = _HEX.sub(lambda match: chr(int(match[1], 16)), coded)
        if value in _UNAVAILABLE:
            value = None
        if name.upper() == "ADDR":
            ip = _read_ip(value) if value is not None else None
            if value is not None and ip is None:
                return None
        elif name.upper() == "HELO":
            helo = "".join(c for c in value if c.isprintable()) if value is not None else None
    return AnnouncedClient(ip=ip, helo=helo) if words else None


def _read_ip(text: str) -> str | None:
    if text[:5].upper() == "IPV6:":
        text = text[5:]
    try:
        return plain_ip(str(ipaddress.ip_address(text)))
    except ValueError:
        return None
