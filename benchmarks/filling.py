"""A database with as many tickets as wanted: a real ticket is made once, and its rows are copied with other ids, names and words.

So the rows are whatever the product writes today. Only two things are smaller than in life: received bodies are short, and all
notifications share one body; neither is looked at by what is measured. The words of the posts follow Zipf's law (50,000 words).
"""

import hashlib
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from benchmarks.mails import names, signed_mails
from benchmarks.programs import CACHE, working_folder
from benchmarks.site import running_names, running_site

_BATCH: Final = 10_000
_STEP: Final = 1 << 36
_STEP_TIME: Final = timedelta(milliseconds=_STEP >> 22)
"""Between two copies, as ids and as time: more than the ids of one ticket lie apart. A million fill half a year."""
_WORDS_PER_POST: Final = 30
_SYLLABLES: Final = tuple(consonant + vowel for consonant in "bdfghklmn" for vowel in "aeiou")
_REQUESTERS: Final = 200_000
_IDS: Final = frozenset({"id", "ticket_id", "post_id", "received_id", "about_received_id", "last_seen_post_id"})
_TIMES: Final = frozenset({"created_at", "updated_at", "received_at", "at"})
_TABLES: Final = ("ticket", "participant", "content", "received", "post", "history", "outbound")

Row = dict[str, Any]


def vocabulary() -> list[str]:
    """Return the words, the most common first."""
    chance = random.Random(7)  # noqa: S311 the same words each time
    return list(dict.fromkeys("".join(chance.choices(_SYLLABLES, k=2 + n // 5000 % 4)) for n in range(120_000)))[:50_000]


def filled_data(tickets: int, on_progress: Callable[[int], None] = lambda _: None) -> Path:
    """Return a data folder with so many tickets; made once for each schema and each edition of this module. Copy it."""
    with working_folder() as folder:
        template = _template(folder)
        shape = hashlib.sha256(_schema(template).encode() + Path(__file__).read_bytes()).hexdigest()[:12]
        done = CACHE / f"filled-{tickets}-{shape}"
        if not done.exists():
            for old in CACHE.glob(f"filled-{tickets}-*"):
                shutil.rmtree(old)
            making = CACHE / f"making-{tickets}"
            shutil.rmtree(making, ignore_errors=True)
            shutil.copytree(template.parent, making)
            _fill(making / template.name, tickets, on_progress)
            making.rename(done)
    return done


def _template(folder: Path) -> Path:
    """Make one ticket as the product does; return the database, closed."""
    with running_names(folder / "names", names()) as dns, running_site(folder / "ours", "--no-relay", dns=dns) as site:
        from benchmarks.ticketing import make_tickets  # noqa: PLC0415 which needs sites, too

        make_tickets(site, list(signed_mails(2_000, 1)), folder / "mails")
    with sqlite3.connect(site.database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return site.database


def _schema(database: Path) -> str:
    with sqlite3.connect(database) as connection:
        return "\n".join(row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY 1"))


def _fill(database: Path, tickets: int, on_progress: Callable[[int], None]) -> None:
    """Copy the one ticket so often.

    Ids ascend, and indexes are made at the end, which makes a million a matter of minutes: FTS5 writes out what it gathered
    whenever an id is not above the one before, and a row is cheapest where it comes last. FTS5 gathers as much as it does by
    default, so that its index has many levels, as years leave it: a few large segments of one level would be merged at once by
    the first commits of whoever is measured here.
    """
    connection = sqlite3.connect(database, isolation_level=None)
    connection.row_factory = sqlite3.Row
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1500000", "foreign_keys=OFF", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    models = {table: [dict(row) for row in connection.execute(f"SELECT * FROM {table}")] for table in _TABLES}  # noqa: S608 our own names
    kept = models["received"][0]["content_sha256"]
    copied = models | {
        "content": [row for row in models["content"] if row["sha256"] == kept],
        "history": models["history"][:1],
        "outbound": models["outbound"][:1],
    }
    indexes = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
    connection.execute("BEGIN")
    for name, _ in indexes:
        connection.execute(f'DROP INDEX "{name}"')
    for table in _TABLES:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 likewise; they come back below, behind their copies
    texts = _texts()
    for start in range(0, tickets, _BATCH):
        numbers = range(start, min(start + _BATCH, tickets))
        said = [next(texts) for _ in numbers]
        for table, rows in copied.items():
            for row in rows:
                copies = [_copy(table, row, number, tickets, text) for number, text in zip(numbers, said, strict=True)]
                _insert(connection, table, row, copies)
        connection.executemany("INSERT INTO search (rowid, words) VALUES (?, ?)", list(_words(copied, numbers, tickets, said)))
        on_progress(numbers.stop)
    for table, rows in models.items():
        for row in rows:
            _insert(connection, table, row, [tuple((row | {"id": None} if table == "history" else row).values())])
    for _, statement in indexes:
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def _insert(connection: sqlite3.Connection, table: str, row: Row, values: Sequence[tuple[object, ...]]) -> None:
    columns, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
    connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)  # noqa: S608 our own names


def _words(models: Mapping[str, list[Row]], numbers: range, tickets: int, said: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the documents of the tickets and their posts, by ascending ids."""
    ticket, post = models["ticket"][0]["id"], models["post"][0]["id"]
    for number, text in zip(numbers, said, strict=True):
        documents = (_moved(ticket, number, tickets), f"2025-{number:07} Frage"), (_moved(post, number, tickets), text)
        yield from sorted(documents)


def _moved(model_id: int, number: int, tickets: int) -> int:
    return model_id - _STEP * (tickets - number)


def _earlier(moment: str, number: int, tickets: int) -> str:
    moved = datetime.fromisoformat(moment) - _STEP_TIME * (tickets - number)
    return moved.isoformat(sep=" ", timespec="microseconds")


def _copy(table: str, row: Row, number: int, tickets: int, text: str) -> tuple[object, ...]:
    person = f"person{number % _REQUESTERS}@kunde{number % 997}.example"
    digest = hashlib.sha256(b"%d" % number).hexdigest()
    changed: Row = {name: _moved(row[name], number, tickets) for name in _IDS & row.keys() if row[name] is not None}
    changed |= {name: _earlier(row[name], number, tickets) for name in _TIMES & row.keys()}
    match table:
        case "ticket":
            changed |= {"number": f"2025-{number:07}", "requester_address": person, "requester_key": person}
        case "participant":
            changed |= {"address": person, "address_key": person}
        case "content":
            changed |= {"sha256": digest, "size": 40, "body": digest[:40].encode()}
        case "received":
            changed |= {"delivery_key": digest, "content_sha256": digest, "author_key": person, "message_id": f"{digest}@kunde"}
        case "post":
            by_mail = {"author_key": person, "likeness": digest[:24]} if row["author_key"] is not None else {}
            changed |= {"author_address": person, "text": text, "message_id": f"{digest}@kunde"} | by_mail
        case "history":
            changed["id"] = None
        case _:
            changed |= {"message_id": f"{digest}@gw", "state": "sent", "next_attempt_at": None, "recipient_key": person}
    return tuple((row | changed).values())


def _texts() -> Iterator[str]:
    chance, words = random.Random(11), vocabulary()  # noqa: S311 the same texts each time
    weights = list(accumulate(1 / rank for rank in range(1, len(words) + 1)))
    while True:
        drawn = chance.choices(words, cum_weights=weights, k=_WORDS_PER_POST * 1000)
        for start in range(0, len(drawn), _WORDS_PER_POST):
            yield " ".join(drawn[start : start + _WORDS_PER_POST])
