"""How two become one person: what is known of the first wins, and nothing is lost. Pure."""

from dataclasses import replace

from gateway.mail.addresses import Address
from gateway.people import Contact
from gateway.pipeline.effects import SaveContact


def join_people(kept: Contact, other: Contact | None, address: Address) -> tuple[SaveContact, ...]:
    """Make one person of two; where nobody is known by the other address, it becomes one of the first's."""
    if other is None:
        return (SaveContact(contact=replace(kept, addresses=join_addresses(kept.addresses, (address,)))),)
    if other.id == kept.id:
        return ()
    merged = replace(
        kept,
        name=kept.name or other.name,
        addresses=join_addresses(kept.addresses, other.addresses),
        created_at=min(kept.created_at, other.created_at),
        organisation_id=kept.organisation_id if kept.organisation_id is not None else other.organisation_id,
        type=kept.type or other.type,
        is_vip=kept.is_vip or other.is_vip,
        notes="\n".join(dict.fromkeys(note for note in (kept.notes, other.notes) if note)),
        language=kept.language or other.language,
        verified_at=kept.verified_at or other.verified_at,
    )
    return SaveContact(contact=replace(other, addresses=())), SaveContact(contact=merged)


def join_addresses(first: tuple[Address, ...], more: tuple[Address, ...]) -> tuple[Address, ...]:
    """Return addresses each once, as they were written first."""
    joined: dict[str, Address] = {}
    for address in (*first, *more):
        joined.setdefault(address.key, address)
    return tuple(joined.values())
