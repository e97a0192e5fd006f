"""What is there when the schema changes stays, and gets the new columns' values, on both engines."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config

from gateway.states import TicketStatus
from gateway.storage.automatic import Addressed
from gateway.storage.database import Database
from gateway.storage.said import NOTHING_SAID
from gateway.storage.transaction import Writer
from gateway.tickets import Changes, Side

if TYPE_CHECKING:
    from tests.storage.conftest import Make


def _take_back(tx: Writer) -> None:
    config = Config()
    config.set_main_option("script_location", "gateway.storage:migrations")
    config.attributes["connection"] = tx.connection
    command.downgrade(config, "0001")


async def test_rows_of_the_first_schema_get_what_the_second_knows(url: str, make: "Make", tmp_path: Path) -> None:
    fresh, answered = make.ticket(), make.ticket()
    solved = replace(make.ticket(status=TicketStatus.SOLVED), updated_at=make.now + timedelta(days=2))
    answers = tuple(
        replace(make.post(answered), side=Side.AGENT, agent="anna", created_at=make.now + timedelta(hours=hours))
        for hours in (2, 1)
    )
    mails = (make.outbound(recipient="A@Kunde.example"), make.outbound(recipient='"a@b"@köln.example'))
    first = await Database.open(data=tmp_path, database=url)
    await first.write(lambda tx: tx.apply(Changes(new_tickets=(fresh, answered, solved), posts=answers, outbound=mails)))
    await first.write(_take_back)
    await first.close()

    database = await Database.open(data=tmp_path, database=url)
    tickets = await database.read(lambda tx: tx.tickets.get_all([fresh.id, answered.id, solved.id]))
    assert tickets == (
        fresh,
        replace(answered, first_answered_at=make.now + timedelta(hours=1)),
        replace(solved, solved_at=make.now + timedelta(days=2)),
    )
    asked = [Addressed(recipient=replace(mail.recipient, local="x"), channel="none") for mail in mails]
    purposes = [mails[0].purpose]
    counts = await database.read(lambda tx: tx.outbox.automatic_counts(asked, since=make.now, purposes=purposes))
    assert [(each.recipient, each.domain) for each in counts] == [(0, 1), (0, 1)]
    await database.close()


async def test_posts_of_an_older_schema_stay_and_count_as_no_mails(url: str, make: "Make", tmp_path: Path) -> None:
    ticket = make.ticket()
    post = replace(make.post(ticket), likeness="f0")
    first = await Database.open(data=tmp_path, database=url)
    await first.write(lambda tx: tx.apply(Changes(new_tickets=(ticket,), posts=(post,))))
    await first.write(_take_back)
    await first.close()

    database = await Database.open(data=tmp_path, database=url)
    assert await database.read(lambda tx: tx.tickets.posts(ticket.id)) == (replace(post, likeness=None),)
    key = post.author.address.key
    said = await database.read(lambda tx: tx.tickets.said_lately(key, "f0", ticket_id=ticket.id, now=make.now, most=5))
    assert said == NOTHING_SAID
    await database.close()
