"""What somebody types to block: an address, a domain, or a network. Pure."""

from ipaddress import ip_network
from typing import assert_never

from gateway.errors import InvalidAddress, WrongCommand
from gateway.mail.addresses import Address, ascii_domain
from gateway.people import BlockKind
from gateway.pipeline.policy import Policy


def read_block(text: str) -> tuple[BlockKind, str]:
    """Read `kunde@firma.example`, `firma.example` (or `@firma.example`), `198.51.100.0/24` or `2001:db8::1`.

    Raises:
        WrongCommand: it is none of them.
    """
    written = text.strip()
    try:
        return BlockKind.NETWORK, str(ip_network(written, strict=False))
    except ValueError:
        pass
    local, at, domain = written.rpartition("@")
    if at and local:
        try:
            return BlockKind.ADDRESS, Address.parse(written).key
        except InvalidAddress:
            pass
    elif "." in domain.strip(".") and Address("a", ascii_domain(domain)).is_sendable:
        return BlockKind.DOMAIN, ascii_domain(domain)
    message = f"{text!r} is no address, no domain and no network, such as a@b.example, b.example or 198.51.100.0/24"
    raise WrongCommand(message)


def check_block(kind: BlockKind, value: str, policy: Policy) -> tuple[BlockKind, str]:
    """Return the same, unless it would lock ourselves out.

    Raises:
        WrongCommand: it is our own, or everybody.
    """
    agents = [address for agent in policy.agents.values() for address in agent.addresses]
    channels = [address for channel in policy.channels.values() for address in (channel.address, *channel.also)]
    match kind:
        case BlockKind.ADDRESS:
            is_ours = value in policy.agent_of_address or policy.is_own_address(Address.of(value))
        case BlockKind.DOMAIN:
            domains = {policy.hostname, *(ascii_domain(address.domain) for address in (*agents, *channels))}
            is_ours = any(domain == value or domain.endswith(f".{value}") for domain in domains)
        case BlockKind.NETWORK:
            is_ours = value.endswith("/0")
        case _:
            assert_never(kind)
    if is_ours:
        message = f"{value} is everybody" if kind is BlockKind.NETWORK else f"{value} is our own"
        raise WrongCommand(message)
    return kind, value
