"""Makes docs/agents.md and docs/agents.de.md: a hand-written frame, and every command from its row in the table."""

from pathlib import Path

from gateway.pipeline.commands import COMMANDS
from gateway.pipeline.spoken import Command

_HEADS = {"en": ("type", "or in German", "what it does"), "de": ("das tippen Sie", "oder", "das geschieht")}


def introduction(language: str) -> Path:
    """Return the hand-written frame of a language."""
    return Path(__file__).with_name(f"agents_introduction.{language}.md")


def render(language: str) -> str:
    """Return the page."""
    head = f"| {' | '.join(_HEADS[language])} |"
    table = "\n".join((head, "|---|---|---|", *(_row(command, language) for command in COMMANDS)))
    return introduction(language).read_text(encoding="utf-8").replace("{commands}", table)


def _row(command: Command, language: str) -> str:
    others = command.german if language == "en" else dict.fromkeys((*command.german, *command.words))
    first = command.german[0] if language == "de" else None
    words = ", ".join(f"`#{word}`" for word in others if word != first)
    return f"| `{command.usage(language)}` | {words} | {command.help.to(language)} |"
