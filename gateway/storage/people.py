"""Contacts and organisations: who somebody is by their address, and who is at home in a domain."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, or_, select, update

from gateway.errors import NotFound
from gateway.mail.addresses import Address, ascii_domain
from gateway.people import Contact, Organisation
from gateway.storage.blocks import BlockReader, BlockWriter
from gateway.storage.columns import index_key
from gateway.storage.people_rows import ContactAddressRow, ContactRow, OrganisationDomainRow, OrganisationRow
from gateway.storage.rows import table_of
from gateway.storage.statements import AnyRow, upsert

_CONTACT: Final = table_of(ContactRow)
_ADDRESS: Final = table_of(ContactAddressRow)
_ORGANISATION: Final = table_of(OrganisationRow)
_DOMAIN: Final = table_of(OrganisationDomainRow)
_PAGE: Final = 500
_MOST_COLLEAGUES: Final = 5000
"""Of one organisation, who are looked through for a namesake."""

_OWNERS: Final = select(_ADDRESS.c.address_key, _ADDRESS.c.contact_id).where(
    _ADDRESS.c.address_key.in_(bindparam("keys", expanding=True))
)
_CONTACTS: Final = select(_CONTACT).where(_CONTACT.c.id.in_(bindparam("ids", expanding=True)))
_ADDRESSES: Final = (
    select(_ADDRESS)
    .where(_ADDRESS.c.contact_id.in_(bindparam("ids", expanding=True)))
    .order_by(_ADDRESS.c.contact_id, _ADDRESS.c.position)
)
_ORGANISATIONS: Final = select(_ORGANISATION).where(_ORGANISATION.c.id.in_(bindparam("ids", expanding=True)))
_DOMAINS: Final = (
    select(_DOMAIN)
    .where(_DOMAIN.c.organisation_id.in_(bindparam("ids", expanding=True)))
    .order_by(_DOMAIN.c.organisation_id, _DOMAIN.c.position)
)
_AT_HOME: Final = select(_DOMAIN.c.domain, _DOMAIN.c.organisation_id).where(
    _DOMAIN.c.domain.in_(bindparam("domains", expanding=True))
)

_FORGET_DOMAINS: Final = delete(_DOMAIN).where(_DOMAIN.c.organisation_id == bindparam("owner"))
_LEAVE_ORGANISATION: Final = update(_CONTACT).where(_CONTACT.c.organisation_id == bindparam("owner")).values(organisation_id=None)
_FORGET_ORGANISATION: Final = delete(_ORGANISATION).where(_ORGANISATION.c.id == bindparam("owner"))
_FORGET_ADDRESSES: Final = delete(_ADDRESS).where(_ADDRESS.c.contact_id == bindparam("owner"))
_FORGET_CONTACT: Final = delete(_CONTACT).where(_CONTACT.c.id == bindparam("owner"))


class PeopleReader(BlockReader):
    """Reads contacts and organisations, and who is blocked or away."""

    def contact(self, contact_id: int) -> Contact:
        """Return one contact.

        Raises:
            NotFound: no such contact.
        """
        found = self._contacts_by_id([contact_id])
        if not found:
            message = f"no contact {contact_id}"
            raise NotFound(message)
        return found[contact_id]

    def contact_of(self, address_key: str) -> Contact | None:
        """Return whom an address belongs to (`Address.key`), if it is known."""
        return self.contacts_of([address_key]).get(address_key)

    def contacts_of(self, address_keys: Iterable[str]) -> dict[str, Contact]:
        """Return by address whom it belongs to; addresses that nobody has are left out."""
        wanted = {index_key(key): key for key in address_keys}
        if not wanted:
            return {}
        keys = sorted(wanted)
        found: dict[str, Contact] = {}
        for start in range(0, len(keys), _PAGE):
            rows = self._connection.execute(_OWNERS, {"keys": keys[start : start + _PAGE]})
            owners = {row.address_key: row.contact_id for row in rows}
            contacts = self._contacts_by_id(sorted(set(owners.values())))
            found |= {wanted[key]: contacts[contact_id] for key, contact_id in owners.items()}
        return found

    def find_contacts(self, text: str, limit: int = 20) -> tuple[Contact, ...]:
        """Return contacts whose name or an address of theirs contains a text, in any case of ASCII letters, newest first."""
        named = _CONTACT.c.name.icontains(text, autoescape=True)
        at = _CONTACT.c.id.in_(select(_ADDRESS.c.contact_id).where(_ADDRESS.c.address_key.icontains(text, autoescape=True)))
        query = select(_CONTACT.c.id).where(or_(named, at)).order_by(_CONTACT.c.id.desc()).limit(limit)
        ids = self._connection.scalars(query).all()
        found = self._contacts_by_id(ids)
        return tuple(found[each] for each in ids)

    def namesake(self, organisation_id: int, name: str) -> Contact | None:
        """Return the oldest contact of an organisation with a name, in any case and with any white space."""
        query = select(_CONTACT.c.id, _CONTACT.c.name).where(_CONTACT.c.organisation_id == organisation_id)
        wanted = " ".join(name.split()).casefold()
        named = self._connection.execute(
            query.where(_CONTACT.c.name.is_not(None)).order_by(_CONTACT.c.id).limit(_MOST_COLLEAGUES)
        )
        found = next((row.id for row in named if " ".join(row.name.split()).casefold() == wanted), None)
        return None if found is None else self.contact(found)

    def contacts_of_organisation(self, organisation_id: int) -> tuple[Contact, ...]:
        """Return who belongs to an organisation, oldest first."""
        query = select(_CONTACT.c.id).where(_CONTACT.c.organisation_id == organisation_id).order_by(_CONTACT.c.id)
        return tuple(self._contacts_by_id(self._connection.scalars(query).all()).values())

    def all_contacts(self) -> Iterator[Contact]:
        """Yield every contact, oldest first; never more than a page of them is in memory."""
        after = -1
        query = select(_CONTACT.c.id).order_by(_CONTACT.c.id).limit(_PAGE)
        while ids := self._connection.scalars(query.where(_CONTACT.c.id > after)).all():
            found = self._contacts_by_id(ids)
            yield from (found[each] for each in ids)
            after = ids[-1]

    def organisation(self, organisation_id: int) -> Organisation:
        """Return one organisation.

        Raises:
            NotFound: no such organisation.
        """
        found = self._organisations([organisation_id])
        if not found:
            message = f"no organisation {organisation_id}"
            raise NotFound(message)
        return found[0]

    def organisation_of_domain(self, domain: str) -> Organisation | None:
        """Return whose mail domain that is, exactly that one, if it is known."""
        return self.organisations_of_domains([domain]).get(domain)

    def organisations_of_domains(self, domains: Iterable[str]) -> dict[str, Organisation]:
        """Return by domain whose mail domain it is, exactly that one; those that nobody has are left out."""
        wanted = {domain: ascii_domain(domain) for domain in domains}
        asked = sorted(set(wanted.values()))
        owners: dict[str, int] = {}
        for start in range(0, len(asked), _PAGE):
            rows = self._connection.execute(_AT_HOME, {"domains": asked[start : start + _PAGE]})
            owners |= {row.domain: row.organisation_id for row in rows}
        known = {each.id: each for each in self._organisations(sorted(set(owners.values())))} if owners else {}
        return {domain: known[owners[name]] for domain, name in wanted.items() if name in owners}

    def all_organisations(self) -> Iterator[Organisation]:
        """Yield every organisation, oldest first."""
        after = -1
        query = select(_ORGANISATION.c.id).order_by(_ORGANISATION.c.id).limit(_PAGE)
        while ids := self._connection.scalars(query.where(_ORGANISATION.c.id > after)).all():
            yield from self._organisations(ids)
            after = ids[-1]

    def _contacts_by_id(self, ids: Sequence[int]) -> dict[int, Contact]:
        """Return contacts in the order asked for."""
        if not ids:
            return {}
        addresses: dict[int, list[Address]] = defaultdict(list)
        for row in self._connection.execute(_ADDRESSES, {"ids": list(ids)}):
            addresses[row.contact_id].append(Address.of(row.address))
        rows = {row.id: row for row in self._connection.execute(_CONTACTS, {"ids": list(ids)})}
        return {each: _make_contact(rows[each], tuple(addresses[each])) for each in ids if each in rows}

    def _organisations(self, ids: Sequence[int]) -> tuple[Organisation, ...]:
        domains: dict[int, list[str]] = defaultdict(list)
        for row in self._connection.execute(_DOMAINS, {"ids": list(ids)}):
            domains[row.organisation_id].append(row.written)
        rows = {row.id: row for row in self._connection.execute(_ORGANISATIONS, {"ids": list(ids)})}
        return tuple(
            Organisation(
                id=rows[each].id,
                name=rows[each].name,
                domains=tuple(domains[each]),
                type=rows[each].type,
                is_vip=rows[each].is_vip,
                notes=rows[each].notes,
            )
            for each in ids
            if each in rows
        )


class PeopleWriter(PeopleReader, BlockWriter):
    """Changes contacts and organisations, and who is blocked or away."""

    def keep_organisations(self, organisations: Sequence[Organisation]) -> None:
        """Write organisations as they are from now on.

        Raises:
            ConcurrentChange: one that is not among them has a domain of theirs (what the driver raises, translated).
        """
        if not organisations:
            return
        upsert(self._connection, _ORGANISATION, [_organisation_values(each) for each in organisations])
        self._connection.execute(_FORGET_DOMAINS, [{"owner": each.id} for each in organisations])
        rows = [
            {"domain": ascii_domain(domain), "organisation_id": each.id, "position": position, "written": domain}
            for each in organisations
            for position, domain in enumerate(each.domains)
        ]
        if rows:
            self._connection.execute(_DOMAIN.insert(), rows)

    def forget_organisations(self, organisation_ids: Sequence[int]) -> None:
        """Know organisations no more; their contacts stay, and belong to none."""
        if organisation_ids:
            owners = [{"owner": each} for each in organisation_ids]
            for statement in (_LEAVE_ORGANISATION, _FORGET_DOMAINS, _FORGET_ORGANISATION):
                self._connection.execute(statement, owners)

    def keep_contacts(self, contacts: Sequence[Contact]) -> None:
        """Write contacts as they are from now on: their addresses become exactly these; who has none left is gone.

        An address moves only where both are among them, the one who loses it and the one who gets it.

        Raises:
            ConcurrentChange: one that is not among them has an address of theirs (what the driver raises, translated).
        """
        if not contacts:
            return
        kept = [each for each in contacts if each.addresses]
        upsert(self._connection, _CONTACT, [_contact_values(each) for each in kept])
        self._connection.execute(_FORGET_ADDRESSES, [{"owner": each.id} for each in contacts])
        rows = [
            {"address_key": key, "contact_id": each.id, "position": position, "address": str(address)}
            for each in kept
            for position, (key, address) in enumerate(_unique(each.addresses).items())
        ]
        if rows:
            self._connection.execute(_ADDRESS.insert(), rows)
        gone = [{"owner": each.id} for each in contacts if not each.addresses]
        if gone:
            self._connection.execute(_FORGET_CONTACT, gone)


def _unique(addresses: Iterable[Address]) -> dict[str, Address]:
    """Return addresses by key, each as it was written first."""
    unique: dict[str, Address] = {}
    for address in addresses:
        unique.setdefault(index_key(address.key), address)
    return unique


def _make_contact(row: AnyRow, addresses: tuple[Address, ...]) -> Contact:
    return Contact(
        id=row.id,
        name=row.name,
        addresses=addresses,
        created_at=row.created_at,
        organisation_id=row.organisation_id,
        type=row.type,
        is_vip=row.is_vip,
        notes=row.notes,
        language=row.language,
        verified_at=row.verified_at,
    )


def _contact_values(contact: Contact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "name": contact.name,
        "created_at": contact.created_at,
        "organisation_id": contact.organisation_id,
        "type": contact.type,
        "is_vip": contact.is_vip,
        "notes": contact.notes,
        "language": contact.language,
        "verified_at": contact.verified_at,
    }


def _organisation_values(organisation: Organisation) -> dict[str, Any]:
    return {
        "id": organisation.id,
        "name": organisation.name,
        "type": organisation.type,
        "is_vip": organisation.is_vip,
        "notes": organisation.notes,
    }
