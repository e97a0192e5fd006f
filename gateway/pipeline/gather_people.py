"""Asks the database who the author of a mail is to us: known, blocked, or somebody who writes all the time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.mail.addresses import Mailbox
from gateway.mail.outbound import Purpose
from gateway.mail.reading import Reading
from gateway.mail.received import ReceivedMail
from gateway.people import Block, Contact, Organisation
from gateway.pipeline.commands import command_lines
from gateway.pipeline.commands_people import addresses_in, is_same
from gateway.pipeline.facts import TO_CUSTOMERS, TokenFact
from gateway.pipeline.likeness import likeness_of, said_in
from gateway.pipeline.loops import flood_key
from gateway.pipeline.policy import Policy
from gateway.pipeline.reasons import Reason
from gateway.pipeline.settings import IntakePolicy
from gateway.storage.said import NOTHING_SAID, SaidLately
from gateway.storage.transaction import Reader
from gateway.tickets import Post, Side, Ticket

_MONTH: Final = timedelta(days=30)
_MOST_COUNTED: Final = 500
"""Of an author's mails the newest ones are counted, more of them only where the limit for an hour is higher."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFacts:
    """What is known of an author; see the fields of the same names in `Facts`."""

    contact: Contact | None = None
    organisation: Organisation | None = None
    block: Block | None = None
    likeness: str = ""
    said: SaidLately = NOTHING_SAID
    is_flood_told: bool = False
    verifications_in_last_month: int = 0
    waiting: tuple[int, ...] = ()


def gather_people(  # noqa: PLR0913 what the other facts rest on, too
    tx: Reader,
    mail: ReceivedMail,
    reading: Reading,
    *,
    author: Mailbox | None,
    token: TokenFact | None,
    ticket: Ticket | None,
    policy: Policy,
    now: datetime,
) -> PeopleFacts:
    """Read who the author is to us."""
    key = author.address.key if author else None
    block = tx.people.block_matching(key, client_ips_of(mail))
    if author is None or key is None:
        return PeopleFacts(block=block)
    contact = tx.people.contact_of(key)
    writer = (reading.form_sender or author).address.key
    likeness = likeness_of(said_in(reading))
    cap = policy.loops.mails_per_author_and_hour
    here = ticket.id if ticket else None
    said = tx.tickets.said_lately(writer, likeness, ticket_id=here, now=now, most=max(cap, _MOST_COUNTED))
    asks = policy.channels[mail.channel].intake_policy is IntakePolicy.VERIFIED
    answers = token is not None and token.outbound.purpose is Purpose.VERIFICATION
    return PeopleFacts(
        contact=contact,
        organisation=_organisation_of(tx, contact, author.address.domain),
        block=block,
        likeness=likeness,
        said=said,
        is_flood_told=said.in_hour >= cap and tx.timers.get(flood_key(writer)) is not None,
        verifications_in_last_month=tx.outbox.automatic_count(key, since=now - _MONTH, purposes=(Purpose.VERIFICATION,))
        if asks and (contact is None or contact.verified_at is None)
        else 0,
        waiting=_waiting(tx, key) if answers else (),
    )


def client_ips_of(mail: ReceivedMail) -> tuple[str, ...]:
    """Return where a mail came from: the client, and the hop before a declared forwarder."""
    through = (mail.evidence.through.client_ip,) if mail.evidence.through else ()
    return tuple(ip for ip in (mail.envelope.client_ip, *through) if ip)


def find_namesake(
    tx: Reader, author: Mailbox, person: PeopleFacts, token: TokenFact | None, ticket: Ticket | None
) -> Contact | None:
    """Return who an unknown author may be: a person we know, who writes from another address.

    Whoever was given the token it answers; else a participant of its ticket, or somebody of the same organisation, with the same
    name. It is a guess for agents to look at: nothing is decided by it.
    """
    if person.contact is not None:
        return None
    if token is not None and token.outbound.purpose in TO_CUSTOMERS:
        return tx.people.contact_of(token.outbound.recipient.key)
    name = _squeezed(author.name or "")
    if not name:
        return None
    for participant in ticket.participants if ticket else ():
        if _squeezed(participant.mailbox.name or "") == name:
            return tx.people.contact_of(participant.mailbox.address.key)
    return tx.people.namesake(person.organisation.id, name) if person.organisation is not None else None


def gather_named(tx: Reader, reading: Reading, ticket: Ticket | None, posts: tuple[Post, ...]) -> Mapping[str, Contact]:
    """Return by address whom an agent's `#same` is about: whom it names, and who wrote on the ticket."""
    said = [line.argument for line in command_lines(reading.reply.visible) if line.command is not None and is_same(line.command)]
    if not said:
        return {}
    keys = {mailbox.address.key for argument in said for mailbox in addresses_in(argument)}
    keys |= {post.author.address.key for post in posts if post.side is Side.CUSTOMER}
    return tx.people.contacts_of(keys | ({ticket.requester.address.key} if ticket else set()))


def _organisation_of(tx: Reader, contact: Contact | None, domain: str) -> Organisation | None:
    """Return the contact's organisation, else the one at home in the domain or in one above it."""
    if contact is not None and contact.organisation_id is not None:
        return tx.people.organisation(contact.organisation_id)
    return next((found for name in domains_above(domain) if (found := tx.people.organisation_of_domain(name)) is not None), None)


def domains_above(domain: str) -> tuple[str, ...]:
    """Return a domain and those above it, down to two labels, where an organisation may be at home; the nearest first."""
    labels = domain.split(".")
    return tuple(".".join(labels[start:]) for start in range(max(len(labels) - 1, 1)))


def _waiting(tx: Reader, key: str) -> tuple[int, ...]:
    """Return the mails of an author that wait for a verification."""
    return tuple(each.id for each in tx.suspended.list(author=key) if each.reason == Reason.UNVERIFIED_SENDER)


def _squeezed(text: str) -> str:
    """Return a text without what mail programs change between two equal ones."""
    return " ".join(text.split()).casefold()
