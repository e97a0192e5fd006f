"""`templates`: the texts people see, and whose they are."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.cli.options import AsJson, ConfigPath, chosen_config

templates_app = typer.Typer(no_args_is_help=True, help="Look at the texts people see: list, show, preview.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Such as new_ticket, new_ticket-short (a variant) or _words.")]
Channel = Annotated[str | None, typer.Option(metavar="KEY", help="As this channel has it.")]
Language = Annotated[Literal["de", "en"] | None, typer.Option(help="Otherwise the channel's.")]


@templates_app.command("list")
def list_templates(context: typer.Context, *, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """List all texts, what they are for, and which files of yours replace them."""
    from gateway.cli.show_templates import list_all  # noqa: PLC0415 heavy

    list_all(chosen_config(context, config), as_json=as_json)


@templates_app.command("show")
def show_template(
    context: typer.Context,
    *,
    name: Name,
    channel: Channel = None,
    language: Language = None,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Print the files that a text is made from, to copy and change, and the variables that they may name."""
    from gateway.cli.show_templates import show_one  # noqa: PLC0415 heavy

    show_one(chosen_config(context, config), name, channel=channel, language=language, as_json=as_json)


@templates_app.command("preview")
def preview_template(  # noqa: PLR0913 one parameter for each option
    context: typer.Context,
    *,
    name: Name,
    channel: Channel = None,
    language: Language = None,
    sample: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="Which of the samples.")] = 1,
    html: Annotated[bool, typer.Option("--html", help="Print the HTML.", show_default=False)] = False,
    text: Annotated[bool, typer.Option("--text", help="Print the plain text alone.", show_default=False)] = False,
    mail: Annotated[
        Path | None, typer.Option("--mail", metavar="FILE", help="Write it as a mail to open in a mail program; - prints it.")
    ] = None,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Show a text made for a sample ticket. A template that fails ends with its file and line."""
    from gateway.cli.show_templates import Preview, preview  # noqa: PLC0415 heavy

    wanted = Preview(
        name=name, channel=channel, language=language, sample=sample, html=html, text=text, mail=mail, as_json=as_json
    )
    raise typer.Exit(preview(chosen_config(context, config), wanted))
