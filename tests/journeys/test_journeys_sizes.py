"""Mails that are too big for a golden file: what leaves because of them stays readable, and sendable."""

from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.mail.outbound import Purpose
from gateway.pipeline.settings import ParseSettings
from gateway.pipeline.worker import Workers
from gateway.storage.database import Database
from tests.journeys.stage import Stage, make_policy

_LARGEST = 500_000
_LONGEST_HEADER = 4_000


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with Workers(ParseSettings()) as workers:
        database = await Database.open(data=tmp_path)
        yield Stage(folder=tmp_path, database=database, workers=workers, policy=make_policy({}))
        await database.close()


@pytest.mark.asyncio
async def test_huge_fields_of_a_mail_do_not_make_huge_notifications(stage: Stage) -> None:
    recipients = ",\n ".join(f"r{number}@viele.example" for number in range(10_000))
    head = (
        f'From: "{"N" * 50_000}" <kunde@kunde.example>\nTo: support@firma.example,\n {recipients}\nSubject: {"S " * 50_000}\n'
        f"Message-ID: <one@kunde.example>\nReferences: {' '.join(f'<{number}@kunde.example>' for number in range(5000))}\n\n"
    )
    arrival = await stage.take(head + "Eine Zeile mit Text & <b>mehr</b>.\n" * 20_000)
    sent = arrival.changes.outbound
    assert [mail.purpose for mail in sent] == [Purpose.CONFIRMATION, Purpose.NEW_TICKET, Purpose.NEW_TICKET]
    for mail in sent:
        content = mail.content.read()
        assert len(content) < _LARGEST
        message = message_from_bytes(content, policy=policy.compat32)
        assert [name for name, value in message.items() if len(str(value)) > _LONGEST_HEADER] == []
