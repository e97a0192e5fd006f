"""What operators ask for about people: a closed list of wishes. What each comes to is decided in `people_requests.py`."""

from dataclasses import dataclass
from datetime import datetime

from gateway.mail.addresses import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What somebody says of a person."""

    addresses: tuple[Address, ...]
    """The first is where we write to of our own accord."""
    name: str | None = None
    organisation: str | None = None
    """By its name, in any case."""
    type: str | None = None
    is_vip: bool | None = None
    notes: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """One line of a file."""

    line: int
    """Counted from 1, the header included."""
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class AddContact:
    """Know a person."""

    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class EditContact:
    """Change what is known of a person; None stays as it is, an empty text is taken away."""

    address: Address
    """Any of the person's."""
    change: Person
    """Its addresses are added."""
    gone: tuple[Address, ...] = ()
    """Addresses that are no longer the person's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeContacts:
    """Make one person of two; what is known of the first wins."""

    kept: Address
    other: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportContacts:
    """Know the people of a file; who is known already gets what the file says, and keeps what it does not."""

    lines: tuple[PersonLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOrganisation:
    """Know a company."""

    name: str
    domains: tuple[str, ...] = ()
    type: str | None = None
    is_vip: bool = False
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditOrganisation:
    """Change what is known of a company; None stays as it is, an empty text is taken away."""

    name: str
    new_name: str | None = None
    domains: tuple[str, ...] = ()
    """More of them."""
    gone: tuple[str, ...] = ()
    type: str | None = None
    is_vip: bool | None = None
    notes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveOrganisation:
    """Forget a company; its people stay, and belong to none."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddBlock:
    """Hold the mail of an address, a domain or a network from now on."""

    value: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveBlock:
    """Take it again."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAway:
    """An agent is away."""

    agent: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBack:
    """An agent is back."""

    agent: str


Wish = (
    AddContact
    | EditContact
    | MergeContacts
    | ImportContacts
    | AddOrganisation
    | EditOrganisation
    | RemoveOrganisation
    | AddBlock
    | RemoveBlock
    | SendAway
    | CallBack
)
