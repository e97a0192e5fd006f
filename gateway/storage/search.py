"""Full-text search over tickets: FTS5 on SQLite, tsvector on PostgreSQL, one function for both.

A document is a ticket (number, subject, requester) or a post (author, text, names of attachments); its id is theirs, so the
newest come first by walking the ids down, which stays fast for words that are everywhere. The index holds no copy of the text: a
change of a ticket takes the old words out and puts the new ones in.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Integer, Text, TextClause, bindparam, select, text
from sqlalchemy.types import TypeEngine

from gateway.storage.columns import clean_text
from gateway.storage.rows import PostRow, TicketRow, table_of
from gateway.storage.statements import is_sqlite
from gateway.storage.tickets import TicketReader
from gateway.tickets import Post, Ticket

LONGEST_DOCUMENT: Final = 200_000
"""Characters; what stands behind them is kept, but not found. PostgreSQL takes no more than 1 MB of words."""
_LONGEST_WORD: Final = 64
_MOST_WORDS: Final = 16
_LONGEST_QUERY: Final = 1000
_SHORTEST_BEGINNING: Final = 3
"""Characters before a `*`: with fewer it would stand for a large part of all words, and take seconds."""
_WORD: Final = re.compile(r"[^\W_]+")
_TERM: Final = re.compile(r"[^\W_]+\*?")

_TICKET: Final = table_of(TicketRow)
_POST: Final = table_of(PostRow)


def _statement(sql: str, **types: TypeEngine[Any]) -> TextClause:
    return text(sql).bindparams(*(bindparam(name, type_=type_) for name, type_ in types.items()))


_FIND_SQLITE: Final = _statement(
    "SELECT rowid FROM search WHERE search MATCH :query AND rowid < :before ORDER BY rowid DESC LIMIT :limit",
    query=Text(),
    before=BigInteger(),
    limit=Integer(),
)
_FIND_POSTGRESQL: Final = _statement(
    "SELECT id FROM search WHERE words @@ to_tsquery('simple', :query) AND id < :before ORDER BY id DESC LIMIT :limit",
    query=Text(),
    before=BigInteger(),
    limit=Integer(),
)
_ADD_SQLITE: Final = _statement("INSERT INTO search (rowid, words) VALUES (:id, :words)", id=BigInteger(), words=Text())
_ADD_POSTGRESQL: Final = _statement(
    "INSERT INTO search (id, words) VALUES (:id, to_tsvector('simple', :words))", id=BigInteger(), words=Text()
)
_REMOVE_SQLITE: Final = _statement(
    "INSERT INTO search (search, rowid, words) VALUES ('delete', :id, :words)", id=BigInteger(), words=Text()
)
_REMOVE_POSTGRESQL: Final = _statement("DELETE FROM search WHERE id = :id", id=BigInteger())
_LARGEST_ID: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    id: int
    words: str


class SearchReader:
    """Finds tickets."""

    def __init__(self, connection: Connection, tickets: TicketReader) -> None:
        self._connection = connection
        self._tickets = tickets

    def find(self, query: str, *, limit: int = 50) -> tuple[Ticket, ...]:
        """Return tickets whose number, subject, requester or posts hold all words of the query, the newest mention first.

        Words are compared without case and accents; `word*` finds what begins so
        (three characters at least). Anything else in the query only parts words.
        """
        terms = read_terms(query)
        if not terms or limit <= 0:
            return ()
        found: dict[int, None] = {}
        before = _LARGEST_ID
        page = max(64, limit * 2)
        while len(found) < limit:
            documents = self._documents(terms, before, page)
            if documents:
                found |= dict.fromkeys(self._ticket_ids(documents))
            if len(documents) < page:
                break
            before = documents[-1]
        return self._tickets.get_all(list(found)[:limit])

    def _documents(self, terms: Sequence[str], before: int, limit: int) -> list[int]:
        if is_sqlite(self._connection):
            query = " ".join(f'"{term[:-1]}"*' if term.endswith("*") else f'"{term}"' for term in terms)
            statement = _FIND_SQLITE
        else:
            query = " & ".join(f"{term[:-1]}:*" if term.endswith("*") else term for term in terms)
            statement = _FIND_POSTGRESQL
        return list(self._connection.scalars(statement, {"query": query, "before": before, "limit": limit}))

    def _ticket_ids(self, documents: Sequence[int]) -> Iterable[int]:
        posts = select(_POST.c.id, _POST.c.ticket_id).where(_POST.c.id.in_(documents))
        ticket_of = {row.id: row.ticket_id for row in self._connection.execute(posts)}
        return [ticket_of.get(document, document) for document in documents]


class SearchWriter(SearchReader):
    """Keeps the index true."""

    def add(self, tickets: Sequence[Ticket], posts: Sequence[Post]) -> None:
        """Take in new tickets and posts, by ascending ids: FTS5 writes a segment whenever one is not above the one before."""
        documents = [*map(_ticket_document, tickets), *map(_post_document, posts)]
        self._add(sorted(documents, key=lambda document: document.id))

    def forget(self, tickets: Sequence[Ticket] = (), posts: Sequence[Post] = ()) -> None:
        """Take out tickets and posts, given as they stand in the database."""
        self._remove([*map(_ticket_document, tickets), *map(_post_document, posts)])

    def forget_changed(self, tickets: Sequence[Ticket]) -> tuple[Ticket, ...]:
        """Take out the old words of those tickets that read otherwise now; call before they are written, `add` them after."""
        if not tickets:
            return ()
        old = {ticket.id: _ticket_document(ticket) for ticket in self._tickets.get_all([ticket.id for ticket in tickets])}
        changed = tuple(t for t in tickets if t.id in old and old[t.id] != _ticket_document(t))
        self._remove([old[ticket.id] for ticket in changed])
        return changed

    def _add(self, documents: Sequence[_Document]) -> None:
        if documents:
            lite = is_sqlite(self._connection)
            rows = [{"id": d.id, "words": d.words if lite else plain_words(d.words)} for d in documents]
            self._connection.execute(_ADD_SQLITE if lite else _ADD_POSTGRESQL, rows)

    def _remove(self, documents: Sequence[_Document]) -> None:
        if documents and is_sqlite(self._connection):
            self._connection.execute(_REMOVE_SQLITE, [{"id": d.id, "words": d.words} for d in documents])
        elif documents:
            self._connection.execute(_REMOVE_POSTGRESQL, [{"id": d.id} for d in documents])


def read_terms(query: str) -> tuple[str, ...]:
    """Return the words to look for, at most 16, as they stand in the index; `*` at the end of one is kept."""
    terms = (match[0] for match in _TERM.finditer(_fold(query[:_LONGEST_QUERY])))
    return tuple(dict.fromkeys(map(_bound, terms)))[:_MOST_WORDS]


def _bound(term: str) -> str:
    word = term.removesuffix("*")
    if len(word) > _LONGEST_WORD:
        return word[:_LONGEST_WORD] + "*"
    return word if len(word) < _SHORTEST_BEGINNING else term


def plain_words(document: str) -> str:
    """Return a document as words with spaces between, in lower case and without accents, each at most 64 characters."""
    return " ".join(match[0][:_LONGEST_WORD] for match in _WORD.finditer(_fold(document)))


def _fold(document: str) -> str:
    if document.isascii():
        return document.lower()
    decomposed = unicodedata.normalize("NFD", document.lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _ticket_document(ticket: Ticket) -> _Document:
    requester = ticket.requester
    return _document(ticket.id, [ticket.number, ticket.subject, requester.name or "", str(requester.address), *ticket.tags])


def _post_document(post: Post) -> _Document:
    names = [attachment.filename or "" for attachment in post.attachments]
    return _document(post.id, [post.author.name or "", str(post.author.address), post.text, *names])


def _document(number: int, parts: Sequence[str]) -> _Document:
    return _Document(id=number, words=clean_text("\n".join(parts)[:LONGEST_DOCUMENT]))
