"""`organisations`: the companies that people belong to, by the domains of their addresses."""

from typing import Annotated

import typer

from gateway.cli.options import AsJson, ConfigPath, config_path

organisations_app = typer.Typer(no_args_is_help=True, help="Companies whose people write to us: list, add, edit, remove.")

Called = Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")]
Type = Annotated[str | None, typer.Option("--type", metavar="WORD", help="A word of your own, such as customer.")]
Vip = Annotated[bool | None, typer.Option("--vip/--no-vip", help="Rules and agents see it.", show_default=False)]
Notes = Annotated[str | None, typer.Option("--notes", metavar="TEXT", help="What agents should know.")]


@organisations_app.command("list")
def list_organisations(context: typer.Context, *, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """List organisations and how many people of each are known."""
    from gateway.cli.show_people import show_organisations  # noqa: PLC0415 heavy

    show_organisations(config_path(context, config), as_json=as_json)


@organisations_app.command("add")
def add_organisation(  # noqa: PLR0913 one option for each
    context: typer.Context,
    *,
    name: Called,
    domains: Annotated[
        list[str] | None, typer.Argument(metavar="[DOMAIN]…", help="Mail domains of its own; never those of everybody.")
    ] = None,
    type: Type = None,  # noqa: A002 the option's name
    vip: Vip = None,
    notes: Notes = None,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Write down an organisation. People whose address lies in one of its domains belong to it."""
    from gateway.cli.people_work import ask_people  # noqa: PLC0415 heavy
    from gateway.pipeline.wishes import AddOrganisation  # noqa: PLC0415 heavy

    wish = AddOrganisation(name=name, domains=tuple(domains or []), type=type, is_vip=bool(vip), notes=notes or "")
    raise typer.Exit(ask_people(config_path(context, config), [wish], as_json=as_json))


@organisations_app.command("edit")
def edit_organisation(  # noqa: PLR0913 one option for each
    context: typer.Context,
    *,
    name: Called,
    rename: Annotated[str | None, typer.Option(metavar="NAME", help="Another name.")] = None,
    add_domain: Annotated[list[str] | None, typer.Option(metavar="DOMAIN", help="A further one of its own.")] = None,
    remove_domain: Annotated[list[str] | None, typer.Option(metavar="DOMAIN", help="No longer its own.")] = None,
    type: Type = None,  # noqa: A002 the option's name
    vip: Vip = None,
    notes: Notes = None,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Change what is known of an organisation; an empty text takes away."""
    from gateway.cli.people_work import ask_people  # noqa: PLC0415 heavy
    from gateway.pipeline.wishes import EditOrganisation  # noqa: PLC0415 heavy

    wish = EditOrganisation(
        name=name,
        new_name=rename,
        domains=tuple(add_domain or []),
        gone=tuple(remove_domain or []),
        type=type,
        is_vip=vip,
        notes=notes,
    )
    raise typer.Exit(ask_people(config_path(context, config), [wish], as_json=as_json))


@organisations_app.command("remove")
def remove_organisation(context: typer.Context, *, name: Called, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Forget an organisation; its people stay, and belong to none."""
    from gateway.cli.people_work import ask_people  # noqa: PLC0415 heavy
    from gateway.pipeline.wishes import RemoveOrganisation  # noqa: PLC0415 heavy

    raise typer.Exit(ask_people(config_path(context, config), [RemoveOrganisation(name=name)], as_json=as_json))
