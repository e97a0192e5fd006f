"""What operators' wishes about people come to: decided like everything else, from what is known, and pure.

Start with `decide_people`. A wish that cannot be fulfilled changes nothing and says why; of a file of people every mistake is
said at once, with its line.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from gateway.errors import NotFound
from gateway.mail.addresses import Address
from gateway.people import Absence, Block, BlockKind
from gateway.pipeline.blocking import check_block, read_block
from gateway.pipeline.contact_wishes import Answer, add_contact, edit_contact, import_contacts, merge_contacts
from gateway.pipeline.effects import BlockSender, Decision, EndAbsence, LiftBlock, SetAbsence
from gateway.pipeline.known_people import KnownPeople
from gateway.pipeline.near import nearest
from gateway.pipeline.organisation_wishes import add_organisation, edit_organisation, remove_organisation
from gateway.pipeline.policy import Policy
from gateway.pipeline.reasons import Outcome, Reason
from gateway.pipeline.wishes import (
    AddBlock,
    AddContact,
    AddOrganisation,
    CallBack,
    EditContact,
    EditOrganisation,
    ImportContacts,
    MergeContacts,
    RemoveBlock,
    RemoveOrganisation,
    SendAway,
    Wish,
)
from gateway.storage.transaction import Reader
from gateway.tickets import TraceLine


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleRequest:
    """One thing an operator asks for."""

    wish: Wish
    by: str
    """Who asks: the account's name."""


def gather_known(tx: Reader, wish: Wish, now: datetime) -> KnownPeople:
    """Read what a wish rests on."""
    return KnownPeople(
        now=now,
        contacts=tx.people.contacts_of({address.key for address in _addresses_in(wish)}),
        organisations=tuple(tx.people.all_organisations()),
        blocks=tx.people.blocks() if isinstance(wish, AddBlock | RemoveBlock) else (),
        absences=tx.people.absences(),
    )


def _addresses_in(wish: Wish) -> Iterator[Address]:
    match wish:
        case AddContact():
            yield from wish.person.addresses
        case EditContact():
            yield from (wish.address, *wish.change.addresses, *wish.gone)
        case MergeContacts():
            yield from (wish.kept, wish.other)
        case ImportContacts():
            yield from (address for line in wish.lines for address in line.person.addresses)
        case _:
            return


def decide_people(request: PeopleRequest, known: KnownPeople, policy: Policy) -> Decision:
    """Return what a wish does.

    Raises:
        NotFound: whom it is about is not known.
        WrongCommand: it cannot be done; the text says why, one mistake a line.
    """
    what, effects = _decide(request, known, policy)
    because = f"{request.by} asked: {what}"
    return Decision(
        outcome=Outcome.RECORD,
        reason=Reason.OPERATOR_REQUEST,
        because=because,
        effects=effects,
        trace=(TraceLine(step="decide_people", hit=True, because=because),),
    )


def _decide(  # noqa: C901, PLR0911 one line for each wish, no more
    request: PeopleRequest, known: KnownPeople, policy: Policy
) -> Answer:
    wish = request.wish
    match wish:
        case AddContact():
            return add_contact(wish, known, policy)
        case EditContact():
            return edit_contact(wish, known, policy)
        case MergeContacts():
            return merge_contacts(wish, known, policy)
        case ImportContacts():
            return import_contacts(wish, known, policy)
        case AddOrganisation():
            return add_organisation(wish, known, policy)
        case EditOrganisation():
            return edit_organisation(wish, known, policy)
        case RemoveOrganisation():
            return remove_organisation(wish, known)
        case AddBlock():
            return _block(wish, known, policy, by=request.by)
        case RemoveBlock():
            return _lift(wish, known)
        case SendAway():
            return _send_away(wish, known, policy, by=request.by)
        case CallBack():
            agent = _agent(wish.agent, policy)
            return f"{agent} is back", (EndAbsence(agent=agent),) if agent in known.absences else ()
        case _:
            assert_never(wish)


def _operator(account: str) -> str:
    """Return how an operator is called: an account of this machine may be called like an agent, and is none."""
    return f"operator {account}"


def _block(wish: AddBlock, known: KnownPeople, policy: Policy, *, by: str) -> Answer:
    kind, value = check_block(*read_block(wish.value), policy)
    block = Block(kind=kind, value=value, at=known.now, by=_operator(by), why=wish.why)
    return f"block the {kind} {value}", (BlockSender(block=block),)


def _lift(wish: RemoveBlock, known: KnownPeople) -> Answer:
    kind, value = read_block(wish.value)
    return f"lift the block of the {kind} {value}", (LiftBlock(block=_standing(kind, value, known)),)


def _send_away(wish: SendAway, known: KnownPeople, policy: Policy, *, by: str) -> Answer:
    agent = _agent(wish.agent, policy)
    absence = Absence(agent=agent, since=known.now, by=_operator(by), until=wish.until)
    return f"{agent} is away", (SetAbsence(absence=absence),)


def _standing(kind: BlockKind, value: str, known: KnownPeople) -> Block:
    found = next((block for block in known.blocks if read_block(block.value) == (kind, value)), None)
    if found is None:
        message = f"the {kind} {value} is not blocked"
        raise NotFound(message)
    return found


def _agent(name: str, policy: Policy) -> str:
    if name not in policy.agents:
        meant = nearest(name, policy.agents)
        message = f"there is no agent {name}" + (
            f"; did you mean {meant}?" if meant else f"; there are: {', '.join(policy.agents)}"
        )
        raise NotFound(message)
    return name
