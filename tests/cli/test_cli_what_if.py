"""What would have become of stored mail under another configuration."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.app import utc_now
from gateway.cli.exits import Exit
from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.envelope import Envelope, Recipient, RouteKind
from gateway.mail.evidence import Assurance
from gateway.mail.received import ReceivedMail
from gateway.pipeline.mail_tests import _evidence
from gateway.storage.accepting import Acceptance
from gateway.storage.database import Database
from tests.cli.conftest import Command

CONFIG = """\
hostname: gw.firma.example
data: {data}
listen: [{{smtp: "127.0.0.1:2525"}}]
smarthosts: {{main: {{host: smtp.firma.example}}}}
agents:
  anna: {{name: Anna, addresses: [anna@firma.example]}}
  clara: {{name: Clara, addresses: [clara@firma.example]}}
queues: {{support: {{agents: [anna]}}, accounting: {{agents: [clara]}}}}
channels:
  support: {{address: support@firma.example, display_name: Firma, queue: support, smarthosts: [main]}}
"""
RULES = """\
rules:
  - when: {subject_contains: Rechnung}
    then: [{queue: accounting}, {tag: rechnung}]
  - when: {author_domain: spam.example}
    then: [refuse]
"""


@pytest.fixture
def configs(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    text = CONFIG.format(data=tmp_path / "data")
    old.write_text(text, "utf-8")
    new.write_text(text + RULES, "utf-8")
    (tmp_path / "data").mkdir()
    asyncio.run(_store(tmp_path / "data"))
    return old, new


async def _store(folder: Path) -> None:
    database = await Database.open(data=folder, clock=utc_now)
    stories = (("kim@kunde.example", "Rechnung", 1), ("kim@kunde.example", "Hallo", 2), ("x@spam.example", "Kauf", 3))
    old = ("kim@kunde.example", "Alte Rechnung", 20)
    acceptances = []
    for number, (author, subject, days) in enumerate((old, *stories), start=1):
        address = Address.parse("support@firma.example")
        mail = ReceivedMail(
            id=number,
            channel="support",
            envelope=Envelope(
                reverse_path=Address.parse(author),
                recipients=(Recipient(address=address, channel="support", kind=RouteKind.CHANNEL),),
                received_at=utc_now() - timedelta(days=days),
                client_ip="192.0.2.1",
            ),
            content=Content.of(f"From: {author}\r\nSubject: {subject}\r\nMessage-ID: <{number}@x>\r\n\r\nHallo\r\n".encode()),
            evidence=_evidence(Assurance.PROVEN, author.partition("@")[2], forwarded=False),
        )
        acceptances.append(Acceptance(mail=mail, delivery_key=str(number), author_key=author, subject=subject))
    await database.accept(acceptances)
    await database.close()


def test_mail_that_would_go_differently_is_shown_and_nothing_is_changed(command: Command, configs: tuple[Path, Path]) -> None:
    old, new = configs
    ran = command("-c", old, "what-if", new, "--since", "7d", "--json")
    assert ran.code == Exit.OK, ran.err
    assert {answer["subject"]: answer["differs"] for answer in ran.answers} == {
        "Rechnung": ["queue: support → accounting", "tags: none → rechnung", "notify: anna → clara"],
        "Kauf": [
            "outcome: open → refuse",
            "reason: new_matter → rule_refused",
            "queue: support → none",
            "priority: normal → none",
            "status: new → none",
            "assignee: nobody → none",
            "notify: anna → none",
            "answer: confirmation → nothing",
        ],
    }
    assert command("-c", old, "tickets", "list", "--json").answers == []


def test_the_table_says_what_would_differ_and_how_many_mails_were_replayed(command: Command, configs: tuple[Path, Path]) -> None:
    old, new = configs
    told = command("-c", old, "what-if", new).out
    assert "queue: support → accounting" in told
    assert "3 mails replayed, 2 would have gone differently. Nothing was changed." in told
    assert "4 mails replayed, 3 would" in command("-c", old, "what-if", new, "--since", "4w").out
    assert "0 would have gone differently" in command("-c", old, "what-if", old).out


def test_a_duration_that_is_none_is_said_before_anything_is_read(command: Command, configs: tuple[Path, Path]) -> None:
    old, new = configs
    ran = command("-c", old, "what-if", new, "--since", "gestern")
    assert ran.code == Exit.USAGE
    assert "is not a duration" in ran.err
