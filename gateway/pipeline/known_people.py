"""What is known already of those whom a wish names. Values, and looking into them; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.errors import NotFound, WrongCommand
from gateway.mail.addresses import Address, ascii_domain
from gateway.people import Absence, Block, Contact, Organisation
from gateway.pipeline.near import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPeople:
    """What is known already of those whom a wish names."""

    now: datetime
    contacts: Mapping[str, Contact]
    """By `Address.key`."""
    organisations: tuple[Organisation, ...] = ()
    """All of them."""
    blocks: tuple[Block, ...] = ()
    absences: Mapping[str, Absence] = field(default_factory=dict)


def find_contact(address: Address, known: KnownPeople) -> Contact:
    """Return whom an address belongs to.

    Raises:
        NotFound: nobody is known by it.
    """
    if address.key not in known.contacts:
        message = f"nobody is known by {address}"
        raise NotFound(message)
    return known.contacts[address.key]


def find_organisation(name: str, known: KnownPeople) -> Organisation:
    """Return an organisation by its name, in any case.

    Raises:
        NotFound: there is none of that name.
    """
    found = organisation_named(name, known)
    if found is None:
        raise NotFound(no_organisation(name, known))
    return found


def organisation_named(name: str, known: KnownPeople) -> Organisation | None:
    """Return an organisation by its name, or None."""
    wanted = name.strip().casefold()
    return next((o for o in known.organisations if o.name.casefold() == wanted), None)


def no_organisation(name: str, known: KnownPeople) -> str:
    """Say that there is none of that name."""
    meant = nearest(name, (o.name.casefold() for o in known.organisations))
    like = next((o.name for o in known.organisations if o.name.casefold() == meant), None)
    return f"there is no organisation {name}" + (f"; did you mean {like}?" if like else "; add it first: `organisations add`")


def at_home(domain: str, known: KnownPeople) -> Organisation | None:
    """Return whose domain that is, or one above it."""
    labels = ascii_domain(domain).split(".")
    homes = {ascii_domain(d): organisation for organisation in known.organisations for d in organisation.domains}
    above = (".".join(labels[start:]) for start in range(max(len(labels) - 1, 1)))
    return next((homes[name] for name in above if name in homes), None)


def refuse(mistakes: Iterable[str]) -> None:
    """Raise `WrongCommand` with every mistake, one a line, where there is one."""
    found = tuple(mistakes)
    if found:
        raise WrongCommand("\n".join(found))
