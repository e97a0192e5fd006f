"""The pipeline that cannot go on says so by ending: whoever started it starts it again, and no mail waits for ever."""

import asyncio
from pathlib import Path

import pytest

from gateway.app import open_gateway
from gateway.config.load import load_config
from gateway.mail.content import Content
from gateway.mail.envelope import Envelope
from gateway.mail.evidence import (
    Evidence,
)
from gateway.mail.received import ReceivedMail
from gateway.pipeline.journey import Road
from gateway.pipeline.runner import Runner
from gateway.storage.accepting import Acceptance
from gateway.storage.database import utc_now

CONFIG = """
hostname: gw.firma.example
data: {data}
listen: [{{smtp: "127.0.0.1:0"}}]
smarthosts: {{main: {{host: 127.0.0.1, port: 1, security: none}}}}
agents: {{anna: {{name: Anna Arndt, addresses: [anna@firma.example], alias: Anna}}}}
queues: {{support: {{agents: [anna]}}}}
channels:
  support: {{address: support@firma.example, display_name: Firma Support, queue: support, smarthosts: [main], language: de}}
"""

EVIDENCE = Evidence.unobserved()


class NoWayOn(Exception):
    """A fault that nobody foresaw."""


async def test_pipeline_ends_when_nothing_can_be_settled_any_more(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(CONFIG.format(data=tmp_path))
    async with open_gateway(load_config(file)) as gateway:
        mail = ReceivedMail(
            id=1,
            channel="support",
            envelope=Envelope(reverse_path=None, recipients=(), received_at=utc_now()),
            content=Content.of(b"From: k@kunde.example\r\n\r\nHallo\r\n"),
            evidence=EVIDENCE,
        )
        await gateway.database.accept([Acceptance(mail=mail, delivery_key="key")])
        await gateway.workers.start()

        def road() -> Road:
            task = asyncio.current_task()
            if task is not None and task.get_name() == "settling":
                raise NoWayOn
            return gateway.road()

        running = asyncio.create_task(Runner(road=road, node="local").run())
        ended, _ = await asyncio.wait({running}, timeout=30)
        running.cancel()
        with pytest.raises(NoWayOn):
            await running
        assert ended, "it went on claiming mails that nobody settles"
