"""What `explain` tells a person: the mail, what can be proven about its sender, and how the decision came about."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gateway.cli.explain_mail import Explained
from gateway.cli.output import clean, print_rich, say_step
from gateway.evidence.words import tell_story as tell_evidence
from gateway.mail.evidence import Assurance, Evidence
from gateway.mail.reading import Reading
from gateway.pipeline.effects import Decision

_COLOURS = {
    Assurance.PROVEN: "green",
    Assurance.VOUCHED: "cyan",
    Assurance.UNPROVEN: "yellow",
    Assurance.CONTRADICTED: "red",
}
_TEXT_LINES = 12
_LINE_LENGTH = 160


def tell_story(explained: Explained) -> None:
    """Print the story of one mail."""
    parts: list[RenderableType] = []
    if explained.error:
        parts.append(Text(clean(explained.error), style="red"))
    if explained.reading is not None:
        parts.append(_claims(explained.reading))
    if explained.evidence is not None:
        parts.append(_proof(explained.evidence))
    if explained.decision is not None:
        parts += _conclusion(explained.decision)
    elif explained.refusal is not None:
        parts.append(Text(clean(f"Refused in the SMTP session: {explained.refusal.because}"), style="bold red"))
    print_rich(Panel(Group(*parts), title=clean(explained.job.file or "batch"), title_align="left", border_style="dim"))


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True, min_width=10)
    grid.add_column(overflow="fold")
    return grid


def _claims(reading: Reading) -> Table:
    """Show what the mail says of itself."""
    message = reading.message
    grid = _grid()
    rows = {
        "From": ", ".join(map(str, message.from_)) or "nobody",
        "To": ", ".join(map(str, message.to)) or "nobody",
        "Subject": message.subject or "none",
        "Kind": f"{reading.kind} ({reading.kind_because})" + ("" if reading.respond else "; nothing automatic may answer"),
    }
    if message.error:
        rows["Damage"] = message.error
    if message.attachments:
        rows["Attached"] = ", ".join(f"{a.filename or a.detected_type} ({a.content.size:,} octets)" for a in message.attachments)
    if reading.forwarded is not None:
        rows["Forwarded"] = f"a mail of {reading.forwarded.author}"
    for name, value in rows.items():
        grid.add_row(name, Text(clean(value)))
    grid.add_row("Says", Text(clean(_shortened(reading.reply.visible or message.text))))
    return grid


def _shortened(text: str) -> str:
    lines = [line if len(line) <= _LINE_LENGTH else line[:_LINE_LENGTH] + "…" for line in text.strip().splitlines()]
    more = [f"… {len(lines) - _TEXT_LINES} more lines"] if len(lines) > _TEXT_LINES else []
    return "\n".join(lines[:_TEXT_LINES] + more)


def _proof(evidence: Evidence) -> Table:
    """Show what can be proven about the sender."""
    grid = _grid()
    colour = _COLOURS[evidence.assurance]
    grid.add_row("Sender", Text.assemble((evidence.assurance.value, f"bold {colour}"), clean(f": {evidence.because}")))
    for sentence in tell_evidence(evidence)[:-1]:  # the last one says the word and its reason again
        grid.add_row("", Text(clean(sentence), style="dim"))
    return grid


def _conclusion(decision: Decision) -> Iterator[RenderableType]:
    """Show every step that looked, and what comes of it."""
    grid = _grid()
    for line in decision.trace:
        mark = Text("▶ ", style="bold") if line.hit else Text("  ")
        style = "bold" if line.hit else "dim"
        grid.add_row(mark + Text(say_step(line.step), style=style), Text(clean(line.because), style=style))
    yield Text("")
    yield grid
    where = f" in {decision.ticket}" if decision.ticket else f" in queue {decision.queue}" if decision.queue else ""
    yield Text(clean(f"→ {decision.outcome} ({decision.reason}){where}"), style="bold")
    effects = ", ".join(type(effect).__name__ for effect in decision.effects)
    if effects:
        yield Text(f"  {effects}", style="dim")
