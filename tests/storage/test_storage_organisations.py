"""Organisations that go, and namesakes in those that stay."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.errors import NotFound
from gateway.mail.addresses import Address
from gateway.people import Contact, Organisation
from gateway.storage.database import Database
from gateway.tickets import Changes

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
FIRM = Organisation(id=7, name="Kunde GmbH", domains=("kunde.example",))
OTHER = Organisation(id=9, name="Andere", domains=("andere.example",))
KIM = Contact(id=8, name="Käthe  Kunde", addresses=(Address("k", "kunde.example"),), created_at=NOW, organisation_id=7)


async def test_a_forgotten_organisation_leaves_its_people_and_frees_its_domains(database: Database) -> None:
    await database.apply(Changes(organisations=(FIRM, OTHER), contacts=(KIM,)))
    await database.apply(Changes(forgotten_organisations=(7,)))
    assert await database.read(lambda tx: tuple(tx.people.all_organisations())) == (OTHER,)
    assert await database.read(lambda tx: tx.people.contact(8)) == replace(KIM, organisation_id=None)
    with pytest.raises(NotFound):
        await database.read(lambda tx: tx.people.organisation(7))
    again = replace(FIRM, id=10)
    await database.apply(Changes(organisations=(again,)))
    assert await database.read(lambda tx: tx.people.organisation_of_domain("kunde.example")) == again


async def test_a_namesake_is_of_the_same_organisation_whatever_the_case_and_spaces(database: Database) -> None:
    await database.apply(Changes(organisations=(FIRM, OTHER), contacts=(KIM,)))
    assert await database.read(lambda tx: tx.people.namesake(7, " KÄTHE kunde")) == KIM
    assert await database.read(lambda tx: tx.people.namesake(9, "Käthe Kunde")) is None
    assert await database.read(lambda tx: tx.people.namesake(7, "Karl Kunde")) is None
