"""What `contacts`, `organisations` and `suspended blocks` print."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from gateway.cli.looking import look
from gateway.cli.output import counted, print_fields, print_heading, print_json, print_rows, print_text_block
from gateway.cli.people_work import read_address
from gateway.cli.plain import plain_fields
from gateway.cli.show_tickets import describe_ticket, show_tickets, when
from gateway.errors import NotFound
from gateway.people import Block, Contact, Organisation
from gateway.storage.ticket_list import TicketFilter
from gateway.storage.transaction import Reader
from gateway.tickets import Ticket

_MOST_TICKETS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whom a list shows; None is anybody."""

    text: str | None = None
    organisation: str | None = None
    type: str | None = None
    is_vip: bool | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    contact: Contact
    organisation: Organisation | None
    tickets: tuple[Ticket, ...] = ()


def show_contacts(path: Path, wanted: Wanted, *, as_json: bool) -> None:
    """Print the people who fit."""
    found = look(path, lambda tx: _find(tx, wanted))
    if as_json:
        for each in found:
            print_json(describe_contact(each.contact, each.organisation))
        return
    rows = (
        (
            each.contact.name or "",
            ", ".join(map(str, each.contact.addresses)),
            each.organisation.name if each.organisation else "",
            each.contact.type or "",
            "VIP" if each.contact.is_vip else "",
            "yes" if each.contact.verified_at else "",
            each.contact.language or "",
        )
        for each in found
    )
    columns = ("name", "addresses", "organisation", "type", "VIP", "verified", "language")
    print_rows(counted(len(found), "contact"), columns, rows, empty="Nobody is known.", spare=("language", "verified", "type"))


def _find(tx: Reader, wanted: Wanted) -> tuple[_Known, ...]:
    organisations = {organisation.id: organisation for organisation in tx.people.all_organisations()}
    contacts = tx.people.find_contacts(wanted.text, limit=10_000) if wanted.text else tx.people.all_contacts()
    known = (
        _Known(contact=contact, organisation=None if contact.organisation_id is None else organisations[contact.organisation_id])
        for contact in contacts
    )
    return tuple(islice((each for each in known if _fits(each, wanted)), wanted.limit))


def _fits(each: _Known, wanted: Wanted) -> bool:
    organisation = each.organisation.name.casefold() if each.organisation else None
    return (
        (wanted.organisation is None or organisation == wanted.organisation.casefold())
        and (wanted.type is None or each.contact.type == wanted.type)
        and (wanted.is_vip is None or each.contact.is_vip is wanted.is_vip)
    )


def show_contact(path: Path, text: str, *, as_json: bool) -> None:
    """Print a person and their newest tickets.

    Raises:
        NotFound: nobody is known by this address.
        WrongCommand: it is no address.
    """
    address = read_address(text)
    found = look(path, lambda tx: _read(tx, address.key))
    if found is None:
        message = f"nobody is known by {address}"
        raise NotFound(message)
    contact, organisation = found.contact, found.organisation
    if as_json:
        print_json(describe_contact(contact, organisation) | {"tickets": [describe_ticket(t) for t in found.tickets]})
        return
    print_fields(
        {
            "name": contact.name or "none",
            "addresses": ", ".join(map(str, contact.addresses)),
            "organisation": _named(organisation),
            "type": contact.type or "none",
            "VIP": "yes" if contact.is_vip else "no",
            "language": contact.language or "the channel's",
            "known since": when(contact.created_at),
            "verified": when(contact.verified_at) if contact.verified_at else "no",
        }
    )
    if contact.notes:
        print_heading("Notes")
        print_text_block(contact.notes)
    show_tickets(found.tickets, as_json=False)


def _named(organisation: Organisation | None) -> str:
    if organisation is None:
        return "none"
    return f"{organisation.name}{', VIP' if organisation.is_vip else ''}{f', {organisation.type}' if organisation.type else ''}"


def _read(tx: Reader, key: str) -> _Known | None:
    contact = tx.people.contact_of(key)
    if contact is None:
        return None
    organisation = tx.people.organisation(contact.organisation_id) if contact.organisation_id is not None else None
    tickets = [t for a in contact.addresses for t in tx.tickets.list(TicketFilter(requester=a.key, limit=_MOST_TICKETS))]
    newest = sorted(tickets, key=lambda ticket: ticket.id, reverse=True)[:_MOST_TICKETS]
    return _Known(contact=contact, organisation=organisation, tickets=tuple(newest))


def describe_contact(contact: Contact, organisation: Organisation | None) -> dict[str, Any]:
    """Return a person for JSON."""
    return plain_fields(contact) | {"organisation": organisation.name if organisation else None}


def show_organisations(path: Path, *, as_json: bool) -> None:
    """Print organisations and how many people of each are known."""

    def read(tx: Reader) -> tuple[tuple[Organisation, int], ...]:
        return tuple((each, len(tx.people.contacts_of_organisation(each.id))) for each in tx.people.all_organisations())

    found = look(path, read)
    if as_json:
        for organisation, count in found:
            print_json(plain_fields(organisation) | {"contacts": count})
        return
    rows = ((o.name, ", ".join(o.domains), o.type or "", "VIP" if o.is_vip else "", str(count), o.notes) for o, count in found)
    columns = ("name", "domains", "type", "VIP", "people", "notes")
    print_rows(counted(len(found), "organisation"), columns, rows, empty="No organisation is known.", spare=("notes", "type"))


def show_blocks(path: Path, *, as_json: bool) -> None:
    """Print whose mail is held."""
    blocks: tuple[Block, ...] = look(path, lambda tx: tx.people.blocks())
    if as_json:
        for block in blocks:
            print_json(plain_fields(block))
        return
    rows = ((block.kind.value, block.value, block.by, when(block.at), block.why) for block in blocks)
    columns = ("what", "value", "by", "since", "why")
    print_rows(counted(len(blocks), "block"), columns, rows, empty="Nobody is blocked.", spare=("since", "by"))
