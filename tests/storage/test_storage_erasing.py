"""Handing out and taking away everything about a person, on both engines."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest_asyncio
from sqlalchemy import inspect, select, table, text

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.content import Content
from gateway.mail.outbound import Attempt, Outcome, Purpose
from gateway.people import Contact
from gateway.states import OutboundState, ReceivedState
from gateway.storage.database import Database
from gateway.storage.erasing import erase_person
from gateway.storage.transaction import Reader
from gateway.tickets import (
    Changes,
    HistoryLine,
    OutboundChange,
    Part,
    Participant,
    Post,
    ReceivedChange,
    Side,
    StoredAttachment,
    Ticket,
)

if TYPE_CHECKING:
    from tests.storage.conftest import Make

SECRET = "heimlich"
"""Stands in everything that is the person's."""
LARGE = 100_000


@dataclass(frozen=True)
class Desk:
    """A person with a ticket of their own, one of somebody else where they took part, and somebody else."""

    contact: Contact
    own: Ticket
    other: Ticket
    posts: tuple[Post, ...]
    shared: Content
    photo: Content


def _post(make: "Make", ticket: Ticket, words: str, *, author: Mailbox | None = None, **changes: object) -> Post:
    post = make.post(ticket, words, message_id=f"{words}-{next(make.ids)}@kunde.example")
    return replace(post, author=author or ticket.requester, **changes)  # type: ignore[arg-type]


@pytest_asyncio.fixture
async def desk(database: Database, make: "Make") -> Desk:
    me = Mailbox("Klara Heimlich", Address("klara-heimlich", "kunde.example"))
    contact = Contact(id=next(make.ids), name=me.name, addresses=(me.address,), created_at=make.now, notes=SECRET)
    own = replace(make.ticket(f"Mein {SECRET}", requester=str(me.address)), category=SECRET, tags=(SECRET,))
    part = Participant(mailbox=me, part=Part.CC, added_by="anna")
    other = make.ticket("Drucker brennt", requester="otto@sonst.example")
    other = replace(other, participants=(*other.participants, part))
    shared, photo = Content.of(b"logo" * 10), Content.of(SECRET.encode() * (LARGE // 8))
    attached = tuple(
        StoredAttachment(filename=f"{SECRET}.png", content_type="image/png", size=c.size, sha256=c.sha256)
        for c in (shared, photo)
    )
    mine = _post(make, own, f"{SECRET} eins", author=me, attachments=attached, html=SECRET, quoted=SECRET, likeness=SECRET)
    answer = _post(
        make, own, f"Liebe {SECRET}", author=Mailbox("Anna", Address("anna", "firma.example")), side=Side.AGENT, agent="anna"
    )
    theirs = _post(make, other, "Feuer", attachments=(replace(attached[0], filename="logo.png"),))
    joined = _post(make, other, f"{SECRET} zwei", author=me, likeness=SECRET)
    mail = make.acceptance(
        f"Subject: {SECRET}\r\n\r\n".encode() + SECRET.encode() * LARGE, author_key=me.address.key, subject=SECRET, because=SECRET
    )
    waiting = make.acceptance(f"Subject: {SECRET} 2\r\n\r\n".encode(), author_key=me.address.key, subject=SECRET)
    strange = make.acceptance(b"Subject: Feuer\r\n\r\nFeuer\r\n")
    await database.accept([mail, waiting, strange])
    out = (
        make.outbound(f"An {SECRET}".encode(), recipient=str(me.address), ticket=own),
        replace(make.outbound(f"Von {SECRET}".encode(), recipient="anna@firma.example", ticket=own), purpose=Purpose.NEW_REPLY),
        replace(make.outbound(f"Von {SECRET} an Otto".encode(), recipient="otto@sonst.example", ticket=other), post_id=joined.id),
        make.outbound(b"An Otto", recipient="otto@sonst.example", ticket=other),
    )
    received = tuple(
        ReceivedChange(id=each.mail.id, old=ReceivedState.RECEIVED, new=new, reason="x", because=because, ticket_id=ticket_id)
        for each, new, ticket_id, because in (
            (mail, ReceivedState.TICKETED, own.id, SECRET),
            (waiting, ReceivedState.SUSPENDED, None, SECRET),
            (strange, ReceivedState.TICKETED, other.id, "new"),
        )
    )
    sent = Attempt(outbound_id=out[0].id, at=make.now, smarthost="main", outcome=Outcome.SENT, code=250, reply=f"<{SECRET}> ok")
    changes = Changes(
        received=received,
        new_tickets=(own, other),
        contacts=(contact,),
        posts=(mine, answer, theirs, joined),
        history=(
            HistoryLine(ticket_id=own.id, at=make.now, by="anna", what=f"category: {SECRET}", why="#category"),
            HistoryLine(ticket_id=other.id, at=make.now, by="anna", what=f"cc: {me.address}", why=f"#cc {me.address}"),
            HistoryLine(ticket_id=other.id, at=make.now, by="anna", what="status: open", why="#open"),
        ),
        outbound=out,
        contents=(shared, photo),
    )
    await database.apply(changes)
    await database.write(lambda tx: tx.outbox.claim_due(now=make.now, limit=1, lease_seconds=60, node="a"))
    done = OutboundChange(id=out[0].id, old=OutboundState.SENDING, new=OutboundState.SENT, attempt=sent, last_reply=SECRET)
    await database.write(lambda tx: tx.apply(Changes(outbound_changes=(done,))))
    return Desk(contact=contact, own=own, other=other, posts=(mine, answer, theirs, joined), shared=shared, photo=photo)


def everything(tx: Reader) -> str:
    """Return the whole database as text, without the search index."""
    names = [name for name in inspect(tx.connection).get_table_names() if not name.startswith("search")]
    return "\n".join(
        str(tuple(row)) for name in names for row in tx.connection.execute(select(text("*")).select_from(table(name)))
    )


async def test_export_holds_all_that_is_about_a_person_and_nothing_of_others(database: Database, desk: Desk) -> None:
    dossier = await database.read(lambda tx: tx.person.export(desk.contact))
    assert dossier.contact == desk.contact
    assert dossier.tickets == (desk.own, desk.other)
    assert [post.text for post in dossier.posts] == ["heimlich eins", "Liebe heimlich", "heimlich zwei"]
    assert [attachment.filename for attachment in dossier.posts[0].attachments] == ["heimlich.png"] * 2
    assert [(line.subject, line.author) for line in dossier.received] == [("heimlich", "klara-heimlich@kunde.example")] * 2
    assert [str(line.recipient) for line in dossier.outbound] == [
        "klara-heimlich@kunde.example",
        "anna@firma.example",
        "otto@sonst.example",
    ]


async def test_nothing_of_an_erased_person_is_left(database: Database, desk: Desk) -> None:
    assert SECRET in await database.read(everything)
    progress: list[tuple[int, int]] = []
    erasure = await erase_person(database, desk.contact, by="operator", on_progress=lambda *each: progress.append(each))
    left = await database.read(everything)
    assert [line for line in left.splitlines() if SECRET in line.lower()] == []
    assert (erasure.tickets, erasure.posts, erasure.received, erasure.outbound, erasure.undecided) == (1, 3, 2, 3, 0)
    assert erasure.contents == 6
    assert progress[-1] == (5, 5)
    assert await database.read(lambda tx: tx.search.find(SECRET)) == ()
    assert await database.read(lambda tx: tuple(tx.people.all_contacts())) == ()


async def test_stub_of_a_ticket_keeps_number_dates_status_and_queue(database: Database, desk: Desk) -> None:
    await erase_person(database, desk.contact, by="operator")
    stub = await database.read(lambda tx: tx.tickets.get(desk.own.id))
    kept = replace(
        desk.own, subject="erased", requester=Mailbox(None, Address("erased", "")), participants=(), category=None, tags=()
    )
    assert stub == replace(kept, version=2)
    assert await database.read(lambda tx: tx.search.find(desk.own.number)) == (stub,)
    authors = await database.read(lambda tx: [(str(post.author.address), post.text) for post in tx.tickets.posts(desk.own.id)])
    assert authors == [("erased", "erased"), ("anna@firma.example", "erased")]
    assert await database.read(lambda tx: tx.tickets.open_of_requester("erased", "support")) == ()
    history = await database.read(lambda tx: tx.tickets.history(desk.own.id))
    assert [(line.by, line.what) for line in history] == [("operator", "a person was erased")]


async def test_tickets_and_bytes_of_others_stay(database: Database, desk: Desk) -> None:
    await erase_person(database, desk.contact, by="operator")
    other = await database.read(lambda tx: tx.tickets.get(desk.other.id))
    assert other == replace(desk.other, participants=desk.other.participants[:1], version=2)
    posts = await database.read(lambda tx: tx.tickets.posts(desk.other.id))
    assert posts[0] == desk.posts[2]
    assert posts[1].text == "erased"
    history = await database.read(lambda tx: [line.what for line in tx.tickets.history(desk.other.id)])
    assert history == ["erased", "status: open", "a person was erased"]
    assert (await database.blobs.get(desk.shared.sha256)).read() == desk.shared.read()
    assert [ticket.id for ticket in await database.read(lambda tx: tx.search.find("feuer"))] == [desk.other.id]
    mails = await database.read(lambda tx: [(mail.state, mail.content.read()) for mail in tx.outbox.of_ticket(desk.other.id)])
    assert mails[0][0] is OutboundState.DROPPED
    assert mails[1] == (OutboundState.QUEUED, b"An Otto")


async def test_what_waits_for_a_person_is_not_released_any_more(database: Database, desk: Desk) -> None:
    await erase_person(database, desk.contact, by="operator")
    assert await database.read(lambda tx: tx.suspended.list()) == ()
    states = await database.read(lambda tx: [(line.state, line.subject) for line in tx.received.list()])
    assert states == [(ReceivedState.TICKETED, "Hallo"), (ReceivedState.DISCARDED, None), (ReceivedState.TICKETED, None)]


async def test_verification_is_clean_after_an_erasure_and_erased_bytes_may_come_again(
    database: Database, desk: Desk, make: "Make"
) -> None:
    await erase_person(database, desk.contact, by="operator")
    found = await database.verify()
    assert (found.missing, found.damaged, found.orphans) == ((), (), ())
    again = Content.of(SECRET.encode() * (LARGE // 8))
    small = make.acceptance(f"Subject: {SECRET} 2\r\n\r\n".encode())
    await database.blobs.put(again)
    await database.accept([small])
    assert (await database.blobs.get(again.sha256)).read() == again.read()
    assert (await database.read(lambda tx: tx.received.get(small.mail.id))).content.read() == small.mail.content.read()
    assert (await database.verify()).is_sound


async def test_mail_that_nobody_has_decided_yet_stays_and_so_does_the_contact(
    database: Database, desk: Desk, make: "Make"
) -> None:
    fresh = make.acceptance(b"Subject: noch offen\r\n\r\n", author_key=desk.contact.addresses[0].key)
    await database.accept([fresh])
    erasure = await erase_person(database, desk.contact, by="operator")
    assert erasure.undecided == 1
    assert await database.read(lambda tx: tx.received.get(fresh.mail.id)) == fresh.mail
    assert await database.read(lambda tx: tx.people.contact(desk.contact.id)) == desk.contact


async def test_erasing_twice_finishes_what_was_begun(database: Database, desk: Desk) -> None:
    await erase_person(database, desk.contact, by="operator")
    left = await database.read(everything)
    again = await erase_person(database, desk.contact, by="operator")
    assert (again.tickets, again.posts, again.received, again.outbound, again.contents) == (0, 0, 0, 0, 0)
    assert await database.read(everything) == left
