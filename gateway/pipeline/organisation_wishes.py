"""What wishes about organisations come to. Pure; a wish that cannot be fulfilled says why, and changes nothing."""

from collections.abc import Iterator
from dataclasses import replace

from gateway.errors import WrongCommand
from gateway.mail.addresses import Address, ascii_domain
from gateway.people import NEW_ID, Organisation
from gateway.pipeline.contact_wishes import Answer
from gateway.pipeline.effects import ForgetOrganisation, SaveOrganisation
from gateway.pipeline.freemail import FREE_MAIL_DOMAINS
from gateway.pipeline.known_people import KnownPeople, find_organisation, organisation_named, refuse
from gateway.pipeline.policy import Policy
from gateway.pipeline.wishes import AddOrganisation, EditOrganisation, RemoveOrganisation


def add_organisation(wish: AddOrganisation, known: KnownPeople, policy: Policy) -> Answer:
    """Know a company that nobody knew."""
    if not wish.name.strip():
        message = "an organisation has a name"
        raise WrongCommand(message)
    if organisation_named(wish.name, known) is not None:
        message = f"the organisation {wish.name} is known already: see `organisations edit`"
        raise WrongCommand(message)
    refuse(_domain_faults(wish.domains, None, known, policy))
    new = Organisation(
        id=NEW_ID,
        name=wish.name.strip(),
        domains=_unique_domains(wish.domains),
        type=wish.type or None,
        is_vip=wish.is_vip,
        notes=wish.notes,
    )
    return f"know the organisation {new.name}", (SaveOrganisation(organisation=new),)


def edit_organisation(wish: EditOrganisation, known: KnownPeople, policy: Policy) -> Answer:
    """Change what is known of a company."""
    old = find_organisation(wish.name, known)
    namesake = organisation_named(wish.new_name, known) if wish.new_name else None
    if namesake is not None and namesake.id != old.id:
        message = f"another organisation is called {namesake.name}"
        raise WrongCommand(message)
    gone = {ascii_domain(domain) for domain in wish.gone}
    strange = gone - {ascii_domain(domain) for domain in old.domains}
    if strange:
        message = f"{', '.join(sorted(strange))} is no domain of {old.name}"
        raise WrongCommand(message)
    refuse(_domain_faults(wish.domains, old, known, policy))
    domains = tuple(d for d in _unique_domains((*old.domains, *wish.domains)) if ascii_domain(d) not in gone)
    changed = replace(
        old,
        name=wish.new_name.strip() if wish.new_name and wish.new_name.strip() else old.name,
        domains=domains,
        type=old.type if wish.type is None else wish.type or None,
        is_vip=old.is_vip if wish.is_vip is None else wish.is_vip,
        notes=old.notes if wish.notes is None else wish.notes,
    )
    effects = (SaveOrganisation(organisation=changed),) if changed != old else ()
    return f"change what is known of the organisation {old.name}", effects


def _domain_faults(domains: tuple[str, ...], own: Organisation | None, known: KnownPeople, policy: Policy) -> Iterator[str]:
    ours = {
        policy.hostname,
        *(address.domain for channel in policy.channels.values() for address in (channel.address, *channel.also)),
    }
    for domain in domains:
        name = ascii_domain(domain)
        owner = next((o for o in known.organisations if name in map(ascii_domain, o.domains)), None)
        if not Address("a", name).is_sendable or "@" in domain:
            yield f"{domain!r} is no mail domain"
        elif name in FREE_MAIL_DOMAINS:
            yield f"anybody can have an address at {domain}: it belongs to no organisation"
        elif name in ours:
            yield f"{domain} is our own domain"
        elif owner is not None and (own is None or owner.id != own.id):
            yield f"{domain} is a domain of {owner.name}"


def _unique_domains(domains: tuple[str, ...]) -> tuple[str, ...]:
    return tuple({ascii_domain(domain): domain.lower().rstrip(".") for domain in domains}.values())


def remove_organisation(wish: RemoveOrganisation, known: KnownPeople) -> Answer:
    """Forget a company."""
    found = find_organisation(wish.name, known)
    return f"forget the organisation {found.name}", (ForgetOrganisation(organisation=found),)
