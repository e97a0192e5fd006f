"""How commands begin and end."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import __version__
from gateway.cli.output import clean, to_json
from gateway.config import load_text
from tests.cli.conftest import Command
from tests.config.small import SMALL

HEAVY = ("pydantic", "sqlalchemy", "ruamel.yaml", "rich.table", "asyncio", "structlog", "gateway.app")


def test_the_version_is_printed(command: Command) -> None:
    assert command("--version").out == f"ticket-gateway {__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["explain", "--help"], ["tickets", "--help"], ["config", "--help"]])
def test_help_ends_well_and_explains(command: Command, arguments: list[str]) -> None:
    ran = command(*arguments)
    assert (ran.code, ran.err) == (0, "")
    assert "Usage:" in ran.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--frobnicate"],
        ["frobnicate"],
        ["explain", "--frobnicate", "mail.eml"],
        ["explain", "--json", "--resolver", "nowhere", "mail.eml"],
        ["explain", "--client-ip", "nobody", "mail.eml"],
        ["explain", "--at", "teatime", "mail.eml"],
        ["explain"],
        ["tickets", "list", "--limit", "many"],
        ["inject"],
    ],
)
def test_a_wrong_command_line_ends_with_64_and_one_line_before_any_output(command: Command, arguments: list[str]) -> None:
    ran = command(*arguments)
    assert (ran.code, ran.out) == (64, "")
    assert ran.err.startswith("ticket-gateway: ")
    assert ran.err.count("\n") == 1


def test_help_imports_nothing_heavy() -> None:
    program = f"import sys, gateway.cli; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_wrong_configuration_ends_with_78_and_one_line_for_each_mistake(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text("hostnam: gw\nlimits: {connections: many}\n", encoding="utf-8")
    ran = command("check-config", file)
    assert (ran.code, ran.out) == (78, "")
    assert f"{file}:1:1: hostnam: is not known here; did you mean `hostname`?" in ran.err.splitlines()
    assert f"{file}:2:23: limits.connections: must be a whole number" in ran.err.splitlines()


def test_the_configuration_can_be_named_before_or_after_the_command_or_by_the_environment(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "none.yaml"
    assert str(missing) in command("--config", missing, "tickets", "list").err
    assert str(missing) in command("tickets", "list", "-c", missing).err
    monkeypatch.setenv("TICKET_GATEWAY_CONFIG", str(missing))
    ran = command("tickets", "list")
    assert (ran.code, str(missing) in ran.err) == (78, True)


def test_mistakes_can_be_read_by_programs(command: Command, tmp_path: Path) -> None:
    ran = command("check-config", tmp_path / "none.yaml", "--json")
    assert ran.code == 78
    assert ran.answers == [
        {"file": f"{tmp_path}/none.yaml", "problems": [f"{tmp_path}/none.yaml: cannot be read: No such file or directory"]}
    ]


def test_json_never_holds_lone_surrogates() -> None:
    assert to_json({"subject": "a\udce4b"}) == '{"subject": "a\N{REPLACEMENT CHARACTER}b"}'


def test_mail_cannot_steer_the_terminal() -> None:
    assert clean("a\x1b[2Jb\tc\n\x07") == "a\N{REPLACEMENT CHARACTER}[2Jb\tc\n\N{REPLACEMENT CHARACTER}"


def test_what_is_in_force_is_itself_a_configuration_that_says_the_same(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(SMALL, encoding="utf-8")
    checked = command("check-config", file)
    assert (checked.code, checked.out) == (0, f"{file}: good: 1 channel, 1 queue, 2 agents, 1 smarthost\n")
    shown = command("config", "show", "-c", file)
    assert load_text(shown.out, file="shown.yaml").config == load_text(SMALL, file="small.yaml").config
    assert json.loads(command("config", "show", "-c", file, "--json").out)["limits"]["message_size"] == 50_000_000


def test_the_example_and_the_schema_are_printed(command: Command) -> None:
    assert command("config", "example").out.startswith("# yaml-language-server: $schema=gateway.schema.json\n")
    assert json.loads(command("config", "schema").out)["title"] == "Ticket Gateway"
