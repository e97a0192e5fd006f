"""What wishes about contacts come to. Pure; a wish that cannot be fulfilled says why, and changes nothing."""

from collections.abc import Iterator
from dataclasses import replace

from gateway.errors import WrongCommand
from gateway.people import NEW_ID, Contact
from gateway.pipeline.effects import Effect, SaveContact
from gateway.pipeline.joining import join_addresses, join_people
from gateway.pipeline.known_people import (
    KnownPeople,
    at_home,
    find_contact,
    find_organisation,
    no_organisation,
    organisation_named,
    refuse,
)
from gateway.pipeline.policy import Policy
from gateway.pipeline.settings import LANGUAGES
from gateway.pipeline.wishes import AddContact, EditContact, ImportContacts, MergeContacts, Person, PersonLine

Answer = tuple[str, tuple[Effect, ...]]
"""What is done, in words, and its effects."""


def add_contact(wish: AddContact, known: KnownPeople, policy: Policy) -> Answer:
    """Know a person whom nobody knew."""
    first = wish.person.addresses[0]
    taken = next((a for a in wish.person.addresses if a.key in known.contacts), None)
    if taken is not None:
        message = f"{taken} is known already: see `contacts show {taken}`"
        raise WrongCommand(message)
    refuse(_faults(wish.person, known, policy))
    return f"know {first}", (SaveContact(contact=_make(wish.person, known)),)


def edit_contact(wish: EditContact, known: KnownPeople, policy: Policy) -> Answer:
    """Change what is known of a person."""
    contact = find_contact(wish.address, known)
    for address in wish.change.addresses:
        owner = known.contacts.get(address.key)
        if owner is not None and owner.id != contact.id:
            message = f"{address} is somebody else's; if they are one person: `contacts merge {wish.address} {address}`"
            raise WrongCommand(message)
    theirs = {address.key for address in contact.addresses}
    for address in wish.gone:
        if address.key not in theirs:
            message = f"{address} is no address of {wish.address}"
            raise WrongCommand(message)
    refuse(_faults(wish.change, known, policy))
    gone = {address.key for address in wish.gone}
    addresses = tuple(a for a in join_addresses(contact.addresses, wish.change.addresses) if a.key not in gone)
    if not addresses:
        message = f"a person keeps one address at least; to forget them: `contacts erase {wish.address}`"
        raise WrongCommand(message)
    changed = _changed(replace(contact, addresses=addresses), wish.change, known)
    return f"change what is known of {wish.address}", (SaveContact(contact=changed),) if changed != contact else ()


def merge_contacts(wish: MergeContacts, known: KnownPeople, policy: Policy) -> Answer:
    """Make one person of two; an address that nobody is known by becomes one of theirs."""
    kept, other = find_contact(wish.kept, known), known.contacts.get(wish.other.key)
    if other is None:
        more = Person(addresses=(wish.other,))
        return edit_contact(EditContact(address=wish.kept, change=more), known, policy)
    if kept.id == other.id:
        message = f"{wish.kept} and {wish.other} are one person already"
        raise WrongCommand(message)
    return f"{wish.kept} and {wish.other} are one person", join_people(kept, other, wish.other)


def import_contacts(wish: ImportContacts, known: KnownPeople, policy: Policy) -> Answer:
    """Know everybody in a file, or nobody."""
    mistakes = find_mistakes(wish.lines, known, policy)
    refuse(f"line {line}: {why}" for line, why in mistakes)
    effects = []
    for line in wish.lines:
        old = next(iter(_owners(line.person, known).values()), None)
        if old is None:
            effects.append(SaveContact(contact=_make(line.person, known)))
            continue
        addresses = join_addresses(line.person.addresses, old.addresses)
        changed = _changed(replace(old, addresses=addresses, verified_at=old.verified_at or known.now), line.person, known)
        effects += [SaveContact(contact=changed)] if changed != old else []
    return f"import contacts: {len(wish.lines)}", tuple(effects)


def find_mistakes(lines: tuple[PersonLine, ...], known: KnownPeople, policy: Policy) -> tuple[tuple[int, str], ...]:
    """Return what is wrong with the people of a file, each mistake with its line."""
    found: list[tuple[int, str]] = []
    first_line: dict[str, int] = {}
    line_of_contact: dict[int, int] = {}
    for line in lines:
        found += [(line.line, why) for why in _faults(line.person, known, policy)]
        for address in line.person.addresses:
            before = first_line.setdefault(address.key, line.line)
            if before != line.line:
                found.append((line.line, f"{address} stands in line {before}, too"))
        owners = _owners(line.person, known)
        if len(owners) > 1:
            one, other, *_ = (str(owner.addresses[0]) for owner in owners.values())
            found.append((line.line, f"{one} and {other} are two people; if not: `contacts merge {one} {other}`"))
        for owner in owners:
            before = line_of_contact.setdefault(owner, line.line)
            if before != line.line:
                found.append((line.line, f"the person of line {before} stands here again, with another address"))
    return tuple(found)


def _owners(person: Person, known: KnownPeople) -> dict[int, Contact]:
    owners = (known.contacts[address.key] for address in person.addresses if address.key in known.contacts)
    return {owner.id: owner for owner in owners}


def _make(person: Person, known: KnownPeople) -> Contact:
    """Whoever is written down by hand is known: nobody asks them to verify themselves."""
    addresses = join_addresses((), person.addresses)
    new = Contact(id=NEW_ID, name=None, addresses=addresses, created_at=known.now, verified_at=known.now)
    homes = (at_home(address.domain, known) for address in person.addresses)
    home = next((organisation for organisation in homes if organisation is not None), None)
    return _changed(replace(new, organisation_id=home.id if home else None), person, known)


def _changed(contact: Contact, said: Person, known: KnownPeople) -> Contact:
    """Return the contact with what is said; None says nothing, an empty text takes away."""
    organisation_id = contact.organisation_id
    if said.organisation is not None:
        organisation_id = find_organisation(said.organisation, known).id if said.organisation else None
    return replace(
        contact,
        name=contact.name if said.name is None else said.name or None,
        organisation_id=organisation_id,
        type=contact.type if said.type is None else said.type or None,
        is_vip=contact.is_vip if said.is_vip is None else said.is_vip,
        notes=contact.notes if said.notes is None else said.notes,
        language=contact.language if said.language is None else said.language or None,
    )


def _faults(person: Person, known: KnownPeople, policy: Policy) -> Iterator[str]:
    for address in person.addresses:
        if not address.is_sendable:
            yield f"{address} is no address that mail could be sent to"
        elif address.key in policy.agent_of_address:
            yield f"{address} is an agent's: {policy.agent_of_address[address.key]}"
        elif policy.is_own_address(address):
            yield f"{address} is our own address"
    if person.organisation and organisation_named(person.organisation, known) is None:
        yield no_organisation(person.organisation, known)
    if person.language and person.language not in LANGUAGES:
        yield f"there is no language {person.language}; there are: {', '.join(LANGUAGES)}"
