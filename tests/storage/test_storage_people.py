"""Contacts, organisations, blocks and absences, on both engines."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.errors import ConcurrentChange, NotFound
from gateway.mail.addresses import Address
from gateway.people import Absence, Block, BlockKind, Contact, Organisation
from gateway.storage.database import Database
from gateway.tickets import Changes

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def _contact(number: int, *addresses: str, name: str | None = "Klara Kunde") -> Contact:
    return Contact(id=number, name=name, addresses=tuple(map(Address.of, addresses)), created_at=NOW)


async def _keep(database: Database, *contacts: Contact) -> None:
    await database.write(lambda tx: tx.apply(Changes(contacts=contacts)))


def _block(kind: BlockKind, value: str) -> Block:
    return Block(kind=kind, value=value, at=NOW, by="anna", why="nervt")


async def test_contact_comes_back_as_it_was_written(database: Database) -> None:
    firm = Organisation(id=7, name="Kunde & Söhne", domains=("kunde.example", "köln.example"), type="customer", is_vip=True)
    contact = Contact(
        id=8,
        name="Klara Kunde",
        addresses=(Address("Klara", "kunde.example"), Address("k", "privat.example")),
        created_at=NOW,
        organisation_id=7,
        type="buyer",
        is_vip=True,
        notes="zahlt\0 spät",
        language="de",
        verified_at=NOW + timedelta(days=1),
    )
    await database.write(lambda tx: tx.apply(Changes(organisations=(firm,), contacts=(contact,))))
    stored = replace(contact, notes="zahlt� spät")
    assert await database.read(lambda tx: tx.people.contact(8)) == stored
    assert await database.read(lambda tx: tx.people.contact_of("klara@kunde.example")) == stored
    assert await database.read(lambda tx: tx.people.contacts_of(["k@privat.example", "x@y.example"])) == {
        "k@privat.example": stored
    }
    assert await database.read(lambda tx: tx.people.organisation_of_domain("KÖLN.example")) == firm
    assert await database.read(lambda tx: tx.people.organisation_of_domain("a.kunde.example")) is None
    assert await database.read(lambda tx: tx.people.contacts_of_organisation(7)) == (stored,)
    assert await database.read(lambda tx: tuple(tx.people.all_organisations())) == (firm,)


async def test_unknown_people_are_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        await database.read(lambda tx: tx.people.contact(1))
    with pytest.raises(NotFound):
        await database.read(lambda tx: tx.people.organisation(1))
    assert await database.read(lambda tx: tx.people.contact_of("a@b.example")) is None


async def test_addresses_of_a_contact_become_exactly_the_new_ones(database: Database) -> None:
    await _keep(database, _contact(1, "a@x.example", "b@x.example"))
    changed = _contact(1, "c@x.example", "a@x.example", "A@X.example", name=None)
    await _keep(database, changed)
    assert await database.read(lambda tx: tx.people.contact(1)) == replace(changed, addresses=changed.addresses[:2])
    assert await database.read(lambda tx: tx.people.contact_of("b@x.example")) is None


async def test_address_of_somebody_else_moves_only_where_both_are_named(database: Database) -> None:
    await _keep(database, _contact(1, "a@x.example"), _contact(2, "b@x.example"))
    with pytest.raises(ConcurrentChange):
        await _keep(database, _contact(1, "a@x.example", "b@x.example"))
    assert await database.read(lambda tx: tx.people.contact(1)) == _contact(1, "a@x.example")
    merged = _contact(1, "a@x.example", "b@x.example")
    await _keep(database, merged, _contact(2))
    assert await database.read(lambda tx: tuple(tx.people.all_contacts())) == (merged,)


async def test_two_mails_of_a_new_author_make_one_contact(database: Database) -> None:
    async def decide(number: int) -> None:
        while True:
            known = await database.read(lambda tx: tx.people.contact_of("neu@x.example"))
            if known is not None:
                return
            try:
                await _keep(database, _contact(number, "neu@x.example"))
            except ConcurrentChange:
                continue

    await asyncio.gather(*(decide(number) for number in range(1, 9)))
    assert len(await database.read(lambda tx: tuple(tx.people.all_contacts()))) == 1


async def test_contacts_are_found_by_name_and_address(database: Database) -> None:
    await _keep(database, _contact(1, "a@x.example", name="Otto 100%"), _contact(2, "otto@x.example"), _contact(3, "c@x.example"))
    assert [c.id for c in await database.read(lambda tx: tx.people.find_contacts("OTTO"))] == [2, 1]
    assert [c.id for c in await database.read(lambda tx: tx.people.find_contacts("0%"))] == [1]
    assert [c.id for c in await database.read(lambda tx: tx.people.find_contacts("x.example", 2))] == [3, 2]


async def test_all_contacts_are_read_page_by_page(database: Database) -> None:
    await _keep(database, *(_contact(number, f"{number}@x.example") for number in range(1100)))
    assert await database.read(lambda tx: [c.id for c in tx.people.all_contacts()]) == list(range(1100))


@pytest.mark.parametrize(
    ("value", "kind", "author", "clients", "is_hit"),
    [
        ("a@x.example", BlockKind.ADDRESS, "a@x.example", [], True),
        ("a@x.example", BlockKind.ADDRESS, "b@x.example", [], False),
        ("x.example", BlockKind.DOMAIN, "a@x.example", [], True),
        ("x.example", BlockKind.DOMAIN, "a@mail.x.example", [], True),
        ("x.example", BlockKind.DOMAIN, "a@notx.example", [], False),
        ("mail.x.example", BlockKind.DOMAIN, "a@x.example", [], False),
        ("KÖLN.example", BlockKind.DOMAIN, "a@a.xn--kln-sna.example", [], True),
        ("x.example", BlockKind.DOMAIN, f"a@{'y.' * 5000}x.example", [], True),
        ("198.51.100.0/24", BlockKind.NETWORK, None, ["198.51.100.255"], True),
        ("198.51.100.0/24", BlockKind.NETWORK, None, ["198.51.101.0"], False),
        ("198.51.100.0/24", BlockKind.NETWORK, "a@x.example", ["192.0.2.1", "198.51.100.9"], True),
        ("198.51.100.0/24", BlockKind.NETWORK, None, ["::ffff:198.51.100.9"], True),
        ("198.51.100.7", BlockKind.NETWORK, None, ["198.51.100.7"], True),
        ("198.51.100.7/24", BlockKind.NETWORK, None, ["198.51.100.9"], True),
        ("::ffff:198.51.100.0/120", BlockKind.NETWORK, None, ["198.51.100.9"], True),
        ("0.0.0.0/0", BlockKind.NETWORK, None, ["203.0.113.1"], True),
        ("0.0.0.0/0", BlockKind.NETWORK, None, ["2001:db8::1"], False),
        ("2001:db8::/32", BlockKind.NETWORK, None, ["2001:db8:ffff::1"], True),
        ("2001:db8::/32", BlockKind.NETWORK, None, ["2001:db9::1"], False),
        ("2001:db8::1", BlockKind.NETWORK, None, ["2001:0db8:0:0::0001"], True),
        ("::/0", BlockKind.NETWORK, None, ["198.51.100.1"], False),
        ("198.51.100.0/24", BlockKind.NETWORK, None, ["no address", ""], False),
    ],
)
async def test_block_holds_what_it_names(
    database: Database, value: str, kind: BlockKind, author: str | None, clients: Sequence[str], *, is_hit: bool
) -> None:
    block = _block(kind, value)
    await database.write(lambda tx: tx.apply(Changes(blocks=(block,))))
    assert await database.read(lambda tx: tx.people.block_matching(author, clients)) == (block if is_hit else None)


async def test_nearest_block_is_the_one_that_is_named(database: Database) -> None:
    networks = [_block(BlockKind.NETWORK, "198.51.0.0/16"), _block(BlockKind.NETWORK, "198.51.100.0/24")]
    domains = [_block(BlockKind.DOMAIN, "example"), _block(BlockKind.DOMAIN, "x.example")]
    address = _block(BlockKind.ADDRESS, "a@x.example")
    for better in (*networks, *domains, address):
        await database.write(lambda tx, better=better: tx.apply(Changes(blocks=(better,))))  # type: ignore[misc]
        assert await database.read(lambda tx: tx.people.block_matching("a@x.example", ["198.51.100.1"])) == better
    await database.write(lambda tx: tx.apply(Changes(lifted_blocks=(address, domains[1]))))
    assert await database.read(lambda tx: tx.people.block_matching("a@x.example")) == domains[0]


async def test_block_is_replaced_and_lifted_in_whatever_spelling(database: Database) -> None:
    first, second = _block(BlockKind.NETWORK, "2001:db8::/32"), _block(BlockKind.NETWORK, "2001:DB8:0::/32")
    await database.write(lambda tx: tx.apply(Changes(blocks=(first,))))
    await database.write(lambda tx: tx.apply(Changes(blocks=(second,))))
    assert await database.read(lambda tx: tx.people.blocks()) == (second,)
    await database.write(lambda tx: tx.apply(Changes(lifted_blocks=(first,))))
    assert await database.read(lambda tx: tx.people.blocks()) == ()


async def test_agents_leave_and_come_back(database: Database) -> None:
    anna = Absence(agent="anna", since=NOW, by="anna")
    bert = Absence(agent="bert", since=NOW, by="anna", until=NOW + timedelta(days=3))
    later = replace(anna, since=NOW + timedelta(hours=1), by="bert")
    await database.write(lambda tx: tx.apply(Changes(absences=(anna, bert))))
    await database.write(lambda tx: tx.apply(Changes(absences=(later,))))
    assert await database.read(lambda tx: tx.people.absences()) == {"anna": later, "bert": bert}
    await database.write(lambda tx: tx.apply(Changes(returned=("anna", "nobody"))))
    assert await database.read(lambda tx: tx.people.absences()) == {"bert": bert}


async def test_thousands_of_contacts_are_imported_and_looked_up_at_once(database: Database) -> None:
    contacts = [_contact(number, f"{number}@x.example") for number in range(5_000)]
    await _keep(database, *contacts)
    keys = [f"{number}@x.example" for number in range(5_010)]
    found = await database.read(lambda tx: tx.people.contacts_of(keys))
    assert sorted(found.values(), key=lambda each: each.id) == contacts
    assert found["77@x.example"] == contacts[77]
