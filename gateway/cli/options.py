"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Final

import typer

DEFAULT_CONFIG: Final = Path("/etc/ticket-gateway/gateway.yaml")
CONFIG_VARIABLE: Final = "TICKET_GATEWAY_CONFIG"

ConfigPath = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help=f"The configuration; otherwise ${CONFIG_VARIABLE}, otherwise {DEFAULT_CONFIG}.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.", show_default=False)]


def chosen_config(context: typer.Context, own: Path | None) -> Path | None:
    """Return the configuration that was asked for, after the command's name or before it, or None."""
    given = own or context.obj
    return given if isinstance(given, Path) else None


def config_path(context: typer.Context, own: Path | None) -> Path:
    """Return the configuration to use."""
    return chosen_config(context, own) or DEFAULT_CONFIG
