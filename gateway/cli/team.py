"""`agents` and `channels`: who works here, and who gets what."""

from typing import Annotated

import typer

from gateway.cli.options import AsJson, ConfigPath, config_path

agents_app = typer.Typer(invoke_without_command=True, help="Who works here, who is away, and who has how many open tickets.")

Agent = Annotated[str, typer.Argument(metavar="AGENT", help="As the configuration names them.")]


@agents_app.callback()
def list_agents(context: typer.Context, *, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Who works here, who is away, and who has how many open tickets."""
    if context.invoked_subcommand is not None:
        context.obj = config or context.obj
        return
    from gateway.cli.show_team import show_agents  # noqa: PLC0415 heavy

    show_agents(config_path(context, config), as_json=as_json)


@agents_app.command("away")
def send_away(
    context: typer.Context,
    *,
    agent: Agent,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Such as 2d, or 2026-12-24 (that day included); otherwise until `back`.")
    ] = None,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Somebody is away: no notifications and no tickets."""
    from gateway.cli.show_team import send_away as send  # noqa: PLC0415 heavy

    raise typer.Exit(send(config_path(context, config), agent, until=until, as_json=as_json))


@agents_app.command("back")
def call_back(context: typer.Context, *, agent: Agent, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Somebody is here again."""
    from gateway.cli.people_work import ask_people  # noqa: PLC0415 heavy
    from gateway.pipeline.wishes import CallBack  # noqa: PLC0415 heavy

    raise typer.Exit(ask_people(config_path(context, config), [CallBack(agent=agent)], as_json=as_json))


def channels(context: typer.Context, *, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Show every channel: its addresses, where a forwarding rule leads to, who works on it, and whose mail it takes."""
    from gateway.cli.show_team import show_channels  # noqa: PLC0415 heavy

    show_channels(config_path(context, config), as_json=as_json)
