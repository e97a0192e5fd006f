"""`report`: how much came, how much was done, how fast, and what waits."""

from typing import Annotated

import typer

from gateway.cli.options import AsJson, ConfigPath, config_path
from gateway.figures import Dimension


def report(
    context: typer.Context,
    *,
    since: Annotated[str, typer.Option(metavar="WHEN", help="From then on: so long ago (30d), or a day (2026-11-01).")] = "30d",
    until: Annotated[str | None, typer.Option(metavar="WHEN", help="Before then; otherwise now.")] = None,
    by: Annotated[list[Dimension] | None, typer.Option(help="By what; may be repeated. Otherwise by all of them.")] = None,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Show the figures of a span of time: new, solved, open by age, how fast, and which promises were kept."""
    from gateway.cli.show_report import make_report, show_report  # noqa: PLC0415 heavy

    made = make_report(config_path(context, config), since=since, until=until)
    show_report(made, tuple(by or Dimension), as_json=as_json)
