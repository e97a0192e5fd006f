"""The table of commands: no word twice, every one documented, every one played in a story."""

from collections import Counter
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gateway.pipeline.commands import COMMANDS, command_lines
from gateway.pipeline.near import nearest
from gateway.pipeline.spoken import Command

ROOT = Path(__file__).parents[3]
_NAMES = [command.words[0] for command in COMMANDS]


def _told() -> Counter[str]:
    """Count by first word which commands the agents of the stories say."""
    found: Counter[str] = Counter()
    for path in (ROOT / "tests" / "journeys").glob("*/given.yaml"):
        for step in YAML(typ="safe").load(path.read_text("utf-8"))["steps"]:
            body = str(step.get("mail", "")).partition("\n\n")[2]
            found.update(line.command.words[0] for line in command_lines(body) if line.command is not None)
    return found


def test_no_word_means_two_things() -> None:
    counted = Counter(word for command in COMMANDS for word in {w.casefold() for w in (*command.words, *command.german)})
    assert [word for word, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("command", COMMANDS, ids=_NAMES)
def test_command_has_words_and_help_in_both_languages(command: Command) -> None:
    assert command.words
    assert command.german
    assert command.help.de != command.help.en
    assert all(word == word.lower() and " " not in word for word in (*command.words, *command.german))


def test_every_command_is_played_in_a_story() -> None:
    told = _told()
    assert [name for name in _NAMES if not told[name]] == []


@pytest.mark.parametrize("command", COMMANDS, ids=_NAMES)
def test_page_for_agents_explains_every_command(command: Command) -> None:
    page = (ROOT / "docs" / "agents.md").read_text("utf-8")
    german = ", ".join(f"`#{word}`" for word in command.german)
    assert f"| `{command.usage('en')}` | {german} | {command.help.en} |" in page


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("clos", "close"), ("asign", "assign"), ("priorty", "priority"), ("erledgt", "erledigt"), ("xyzzy", None)],
)
def test_mistyped_word_is_understood_as_the_nearest(typed: str, meant: str | None) -> None:
    assert nearest(typed, [word for command in COMMANDS for word in (*command.words, *command.german)]) == meant


def test_only_the_first_lines_count() -> None:
    assert [line.word for line in command_lines("#close\n\n# note\n#Take\nText\n#open")] == ["#close", "#note", "#Take"]


def test_number_sign_before_a_number_is_text() -> None:
    assert command_lines("#1 der Liste\n#close") == ()
