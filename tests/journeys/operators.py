"""Reads what an operator of a journey wants to change about people.

contact: {address: …, name: …, language: …}      know a person
merge: [kept@…, other@…]                          make one person of two
organisation: {name: …, domains: […], vip: …}    know a company; with `more:` domains are added to a known one
forget organisation: NAME
block: VALUE · unblock: VALUE · agent away: NAME · agent back: NAME
"""

from typing import Any

from gateway.mail.addresses import Address
from gateway.pipeline.wishes import (
    AddBlock,
    AddContact,
    AddOrganisation,
    CallBack,
    EditContact,
    EditOrganisation,
    MergeContacts,
    Person,
    RemoveBlock,
    RemoveOrganisation,
    SendAway,
    Wish,
)


def read_wish(step: dict[str, Any]) -> Wish:  # noqa: C901, PLR0911 one line for each
    match step:
        case {"contact": said}:
            return AddContact(person=_person(said, said["address"]))
        case {"edit contact": said}:
            return EditContact(address=Address.parse(said["address"]), change=_person(said, *said.get("more", ())))
        case {"merge": [kept, other]}:
            return MergeContacts(kept=Address.parse(kept), other=Address.parse(other))
        case {"organisation": said} if "more" in said:
            return EditOrganisation(name=said["name"], domains=tuple(said["more"]))
        case {"organisation": said}:
            return AddOrganisation(name=said["name"], domains=tuple(said.get("domains", ())), is_vip=said.get("vip", False))
        case {"forget organisation": name}:
            return RemoveOrganisation(name=name)
        case {"block": value}:
            return AddBlock(value=value, why=step.get("why", ""))
        case {"unblock": value}:
            return RemoveBlock(value=value)
        case {"agent away": agent}:
            return SendAway(agent=agent)
        case {"agent back": agent}:
            return CallBack(agent=agent)
        case _:
            message = f"an operator wants nothing known: {', '.join(step)}"
            raise AssertionError(message)


def _person(said: dict[str, Any], *addresses: str) -> Person:
    return Person(
        addresses=tuple(map(Address.parse, addresses)),
        name=said.get("name"),
        organisation=said.get("organisation"),
        type=said.get("type"),
        is_vip=said.get("vip"),
        notes=said.get("notes"),
        language=said.get("language"),
    )
