"""Lists by filters and views, and the figures of a span, on a real database."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.exits import Exit
from gateway.mail.addresses import Address, Mailbox
from gateway.people import Clock
from gateway.states import TicketStatus
from gateway.storage.database import Database
from gateway.tickets import Changes, Part, Participant, Priority, Ticket
from tests.cli.conftest import Command

CONFIG = """
hostname: gw.firma.example
data: {folder}
listen: [{{smtp: "127.0.0.1:0"}}]
smarthosts: {{main: {{host: 127.0.0.1, security: none}}}}
agents: {{anna: {{name: Anna Arndt, addresses: [anna@firma.example]}}}}
queues: {{support: {{agents: [anna]}}, accounting: {{agents: [anna]}}}}
channels: {{support: {{address: support@firma.example, display_name: Support, queue: support, smarthosts: [main]}}}}
clocks: {{default: {{normal: {{resolution: 3d}}}}}}
views:
  mine: {{assignee: anna, order: oldest}}
  burning: {{late: true, priority: [high, urgent, normal]}}
  fresh: {{newer_than: 2d}}
"""
NOW = datetime.now(UTC)
KIM = Mailbox("Kim", Address.parse("kim@kunde.example"))


def ticket(number: int, **changes: Any) -> Ticket:
    made = Ticket(
        id=number,
        number=f"2026-{number:06d}",
        subject=f"Matter {number}",
        status=TicketStatus.OPEN,
        priority=Priority.NORMAL,
        queue="support",
        channel="support",
        requester=KIM,
        answer_from=Address.parse("support@firma.example"),
        language="de",
        created_at=NOW - timedelta(hours=5),
        updated_at=NOW,
        participants=(Participant(mailbox=KIM, part=Part.REQUESTER, added_by="author"),),
    )
    return replace(made, **changes)


TICKETS = (
    ticket(1, assignee="anna", created_at=NOW - timedelta(days=10), clock=Clock(resolution_due_at=NOW - timedelta(days=1))),
    ticket(2, queue="accounting", tags=("vat",), clock=Clock(resolution_due_at=NOW + timedelta(days=1))),
    ticket(3, priority=Priority.HIGH, category="printer", subject="The PRINTER burns"),
    ticket(
        4,
        status=TicketStatus.CLOSED,
        assignee="anna",
        created_at=NOW - timedelta(hours=3),
        first_answered_at=NOW - timedelta(hours=2),
        solved_at=NOW - timedelta(hours=1),
    ),
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    async def fill() -> None:
        database = await Database.open(data=tmp_path / "data")
        try:
            await database.apply(Changes(new_tickets=TICKETS))
        finally:
            await database.close()

    asyncio.run(fill())
    file = tmp_path / "gateway.yaml"
    file.write_text(CONFIG.format(folder=tmp_path / "data"))
    return file


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ([], [3, 2, 1]),
        (["--status", "closed"], [4]),
        (["--queue", "accounting"], [2]),
        (["--channel", "other"], []),
        (["--assignee", "anna"], [1]),
        (["--priority", "high", "--priority", "low"], [3]),
        (["--tag", "vat"], [2]),
        (["--category", "printer"], [3]),
        (["--requester", "KIM@kunde.example"], [3, 2, 1]),
        (["--text", "printer"], [3]),
        (["--since", "1d"], [3, 2]),
        (["--until", "2d"], [1]),
        (["--late"], [1]),
        (["--unassigned"], [3, 2]),
        (["--view", "mine"], [1]),
        (["--view", "mine", "--status", "open", "--status", "closed"], [1, 4]),
        (["--view", "burning"], [1]),
        (["--view", "fresh"], [3, 2]),
        (["--view", "fresh", "--limit", "1"], [3]),
    ],
)
def test_lists_hold_what_was_asked_for(command: Command, config: Path, options: list[str], numbers: list[int]) -> None:
    ran = command("-c", config, "tickets", "list", "--json", *options)
    assert ran.code == Exit.OK
    assert [int(answer["number"][-6:]) for answer in ran.answers] == numbers


def test_lists_show_how_each_ticket_stands_with_its_clock(command: Command, config: Path) -> None:
    assert [a["clock_state"] for a in command("-c", config, "tickets", "list", "--json").answers] == [None, "in_time", "late"]
    drawn = command("-c", config, "tickets", "list").out
    assert "late since" in drawn
    assert "due 20" in drawn


def test_a_ticket_shows_its_clock_and_one_without_a_promise_none(command: Command, config: Path) -> None:
    assert "late since" in command("-c", config, "tickets", "show", "2026-000001").out
    assert "clock" not in command("-c", config, "tickets", "show", "2026-000003").out


def test_unknown_view_is_refused_with_those_that_are_known(command: Command, config: Path) -> None:
    ran = command("-c", config, "tickets", "list", "--view", "nine")
    assert ran.code == Exit.NO_SUCH
    assert "mine, burning, fresh" in ran.err


def test_report_counts_what_came_and_how_fast_it_was_done(command: Command, config: Path) -> None:
    (report,) = command("-c", config, "report", "--since", "7d", "--json", "--by", "queue").answers
    assert (report["total"]["new"], report["total"]["solved"], report["total"]["open"]) == (3, 1, 3)
    assert report["total"]["first_answer"]["median"] == pytest.approx(3600, abs=5)
    assert list(report["by"]) == ["queue"]
    assert {each["name"]: each["new"] for each in report["by"]["queue"]} == {"support": 2, "accounting": 1}
    assert sum(report["total"]["open_by_age"].values()) == 3


def test_report_draws_tables_and_bars(command: Command, config: Path) -> None:
    drawn = command("-c", config, "report").out
    assert "By channel" in drawn
    assert "█" in drawn
    assert "1h 00m" in drawn
    assert "No mail is suspended." in drawn


@pytest.mark.parametrize("options", [["--since", "soon"], ["--since", "1d", "--until", "2d"], ["--until", "99999999w"]])
def test_span_that_makes_no_sense_is_refused(command: Command, config: Path, options: list[str]) -> None:
    ran = command("-c", config, "report", *options)
    assert ran.code == Exit.USAGE
    assert ran.err.count("\n") == 1
