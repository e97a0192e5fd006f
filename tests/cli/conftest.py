"""Running a command inside the test process, and what it printed."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.entry import run


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def answers(self) -> list[dict[str, Any]]:
        """What it printed, one JSON object per line."""
        return [json.loads(line) for line in self.out.splitlines()]


Command = Callable[..., Ran]

MAIL = """\
From: =?utf-8?q?J=C3=BCrgen?= Kunde <Juergen@Kunde.example>
To: support@firma.example
Subject: Rechnung
Message-ID: <one@kunde.example>
Date: Sat, 21 Nov 2026 10:00:00 +0100

Wo ist meine Rechnung?
"""


@pytest.fixture
def command(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command and return its exit code and what it printed; all of it must be UTF-8."""
    monkeypatch.delenv("TICKET_GATEWAY_CONFIG", raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def run_command(*arguments: str | Path) -> Ran:
        capfdbinary.readouterr()
        code = run([str(argument) for argument in arguments])
        printed = capfdbinary.readouterr()
        return Ran(code=code, out=printed.out.decode("utf-8"), err=printed.err.decode("utf-8"))

    return run_command


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    """Return a file with an ordinary mail."""
    path = tmp_path / "mail.eml"
    path.write_bytes(MAIL.replace("\n", "\r\n").encode())
    return path
