"""Tables stay readable on a narrow terminal, whatever strangers call themselves."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

PROGRAM = """
from gateway.cli.output import print_rows
columns = ("number", "status", "priority", "queue", "agent", "requester", "changed", "subject")
address = "maximiliane.musterfrau-beispielhausen@abteilung.grosskunde.example"
rows = [
    ("2026-000329", "new", "normal", "support", "", address, "2026-11-21 22:00", "Ein Betreff mit vielen guten Wörtern darin"),
    ("2026-000328", "pending", "normal", "support", "", "k@kunde.example", "2026-11-21 21:59", "Lüfter"),
]
print_rows("2 tickets", columns, rows, empty="", spare=("priority", "agent", "queue", "changed"))
"""


def on_a_terminal(columns: int) -> list[str]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], stdout=theirs, env=environment | {"TERM": "xterm", "PYTHONUTF8": "1"}, check=True
    )
    assert done.returncode == 0
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        return re.sub(r"\x1b\[[0-9;]*m", "", terminal.read(65_536).decode()).splitlines()


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_table_fits_and_cuts_neither_numbers_nor_subjects(columns: int) -> None:
    lines = on_a_terminal(columns)
    assert all(len(line) <= columns for line in lines)
    text = "\n".join(lines)
    for word in ("2026-000329", "2026-000328", "pending", "Lüfter", "Betreff", "Wörtern", "requester", "subject"):
        assert word in text
    assert "agent" not in text, "a column without a single word is not shown"


def test_wide_terminal_shows_what_a_narrow_one_leaves_out() -> None:
    assert "priority" not in "\n".join(on_a_terminal(80))
    assert "priority" in "\n".join(on_a_terminal(200))


def test_rows_stand_below_each_other_where_columns_would_be_too_narrow_to_read() -> None:
    lines = [line.rstrip() for line in on_a_terminal(40)]
    assert all(len(line) <= 40 for line in lines)
    assert "number     2026-000329" in lines
    assert "subject    Lüfter" in lines
    assert not any(line.startswith("agent") for line in lines), "what is empty is not named"
