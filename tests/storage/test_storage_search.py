"""Full-text search, on both engines."""

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from gateway.storage.database import Database
from gateway.storage.search import read_terms
from gateway.tickets import Changes, Ticket, TicketChange

if TYPE_CHECKING:
    from tests.storage.conftest import Make

QUERIES = (
    "2026-004711",
    "004711",
    "Müller",
    "muller",
    "MÜLLER@kunde.example",
    "Drucker brennt",
    "löschzug",
    "lösch*",
    "Straße",
    "GROSSRAUM",
    "löschzug kommt",
    '"kommt"',
)
HOSTILE = (
    '"',
    '""',
    "'",
    "a@b.example",
    "subject:x",
    "* *",
    "NEAR(a b)",
    "a AND OR NOT",
    "(((",
    "a & | ! :* <->",
    "\\",
    "%_",
    "-",
    "^x",
    "\0",
    "\ud800",
    "{a b}:c",
    "x" * 5000,
    "wort " * 5000,
    "\N{COMBINING ACUTE ACCENT}",
    "'; DROP TABLE ticket; --",
    "rowid",
    "日本語",
)


async def _find(database: Database, query: str, *, limit: int = 50) -> list[int]:
    return [ticket.id for ticket in await database.read(lambda tx: tx.search.find(query, limit=limit))]


async def _open(database: Database, make: "Make", ticket: Ticket, *texts: str) -> None:
    posts = tuple(make.post(ticket, text) for text in texts)
    await database.write(lambda tx: tx.apply(Changes(new_tickets=(ticket,), posts=posts)))


async def test_ticket_is_found_by_number_requester_subject_and_text(database: Database, make: "Make") -> None:
    ticket = make.ticket("Drucker brennt in der Straße", requester="müller@kunde.example", number="2026-004711")
    await _open(database, make, make.ticket("Ganz anderes", requester="x@y.example"), "Nichts davon.")
    await _open(database, make, ticket, "Der Löschzug kommt.", "Großraum und Grossraum")
    for query in QUERIES:
        assert await _find(database, query) == [ticket.id], query


async def test_all_words_must_stand_in_one_place(database: Database, make: "Make") -> None:
    ticket = make.ticket()
    await _open(database, make, ticket, "eins zwei", "drei")
    assert await _find(database, "eins zwei") == [ticket.id]
    assert await _find(database, "eins vier") == []
    assert await _find(database, "ein") == []


async def test_newest_mention_comes_first_and_each_ticket_once(database: Database, make: "Make") -> None:
    tickets = [make.ticket(f"Fall {n}") for n in range(80)]
    await database.write(lambda tx: tx.apply(Changes(new_tickets=tuple(tickets))))
    posts = [make.post(ticket, "wort wort") for ticket in tickets for _ in range(3)]
    await database.write(lambda tx: tx.apply(Changes(posts=(*posts, make.post(tickets[5], "noch ein wort")))))
    assert await _find(database, "wort", limit=3) == [tickets[5].id, tickets[79].id, tickets[78].id]
    assert len(await _find(database, "wort", limit=200)) == 80
    assert await _find(database, "wort", limit=0) == []


async def test_changed_subject_is_found_and_the_old_one_is_not(database: Database, make: "Make") -> None:
    ticket = make.ticket("Alter Betreff")
    await _open(database, make, ticket, "Text")
    changed = TicketChange(ticket=replace(ticket, subject="Neuer Betreff"), old_version=1)
    await database.write(lambda tx: tx.apply(Changes(changed_tickets=(changed,))))
    assert await _find(database, "neuer") == [ticket.id]
    assert await _find(database, "alter") == []
    assert await _find(database, "betreff") == [ticket.id]


async def test_hostile_queries_find_nothing_and_break_nothing(database: Database, make: "Make") -> None:
    ticket = make.ticket()
    await _open(database, make, ticket, "harmlos")
    for query in HOSTILE:
        assert await _find(database, query) == []
    assert await _find(database, "harmlos") == [ticket.id]


async def test_hostile_text_is_indexed_without_harm(database: Database, make: "Make") -> None:
    ticket = make.ticket()
    await _open(database, make, ticket, *HOSTILE, "w" * 300_000, "\N{COMBINING ACUTE ACCENT}" * 10_000, "ende " * 100_000)
    assert await _find(database, "ende") == [ticket.id]


def test_beginning_of_less_than_three_characters_is_a_word() -> None:
    assert read_terms("ab* abc* * a*b " + "x" * 70) == ("ab", "abc*", "a", "b", "x" * 64 + "*")


@given(st.text())
def test_terms_are_words_in_lower_case_and_bounded(query: str) -> None:
    terms = read_terms(query)
    assert len(terms) <= 16
    assert all(0 < len(term) <= 65 and term.removesuffix("*").isalnum() for term in terms)
