"""People while a decision is carried out: who is known, blocked or away from then on."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from gateway.people import NEW_ID, Absence, Block, Contact, Organisation
from gateway.pipeline.effects import ForgetOrganisation, MakeContact, SaveContact, SaveOrganisation, VerifyContact

_Known = TypeVar("_Known", Contact, Organisation)


@dataclass(slots=True, kw_only=True)
class PeopleSheet:
    """What a decision makes of contacts, organisations, blocks and absences."""

    now: datetime
    new_id: Callable[[], int]
    contacts: list[Contact] = field(default_factory=list)
    organisations: list[Organisation] = field(default_factory=list)
    forgotten_organisations: list[int] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    lifted_blocks: list[Block] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)

    def make_contact(self, effect: MakeContact) -> None:
        """Know a person from now on."""
        contact = Contact(
            id=self.new_id(),
            name=effect.mailbox.name,
            addresses=(effect.mailbox.address,),
            created_at=self.now,
            organisation_id=effect.organisation_id,
            verified_at=self.now if effect.is_verified else None,
        )
        self.contacts.append(contact)

    def verify_contact(self, effect: VerifyContact) -> None:
        """Know that a person reads the mail of their address."""
        self.contacts.append(replace(effect.contact, verified_at=self.now))

    def save_contact(self, effect: SaveContact) -> None:
        """Write down what is known of a person."""
        self.contacts.append(self._with_id(effect.contact))

    def save_organisation(self, effect: SaveOrganisation) -> None:
        """Write down what is known of a company."""
        self.organisations.append(self._with_id(effect.organisation))

    def forget_organisation(self, effect: ForgetOrganisation) -> None:
        """Know a company no more."""
        self.forgotten_organisations.append(effect.organisation.id)

    def _with_id(self, known: _Known) -> _Known:
        return known if known.id != NEW_ID else replace(known, id=self.new_id())
