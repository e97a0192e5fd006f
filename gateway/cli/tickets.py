"""`tickets`: look at tickets."""

from typing import Annotated

import typer

from gateway.cli.options import AsJson, ConfigPath, config_path
from gateway.states import TicketStatus

app = typer.Typer(no_args_is_help=True, help="Look at tickets: list, show, search, export.")

Limit = Annotated[int, typer.Option("--limit", "-n", min=1, metavar="NUMBER", help="At most so many.")]


@app.command("list")
def list_tickets(  # noqa: PLR0913 one parameter for each option
    context: typer.Context,
    *,
    status: Annotated[
        list[TicketStatus] | None, typer.Option(help="With this status; may be repeated. Otherwise all but closed ones.")
    ] = None,
    queue: Annotated[str | None, typer.Option(metavar="KEY", help="In this queue.")] = None,
    assignee: Annotated[str | None, typer.Option(metavar="KEY", help="Of this agent.")] = None,
    requester: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Of this customer.")] = None,
    limit: Limit = 50,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """List tickets, the newest first."""
    from gateway.cli.show_tickets import find_tickets, show_tickets  # noqa: PLC0415 heavy
    from gateway.storage.tickets import TicketFilter  # noqa: PLC0415 heavy

    wanted = TicketFilter(statuses=tuple(status or ()), queue=queue, assignee=assignee, limit=limit)
    show_tickets(find_tickets(config_path(context, config), wanted, requester=requester), as_json=as_json)


@app.command("search")
def search_tickets(
    context: typer.Context,
    *,
    words: Annotated[list[str], typer.Argument(help="All of them must occur; `word*` finds what begins so.")],
    limit: Limit = 50,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Find tickets by words in number, subject, requester or text."""
    from gateway.cli.looking import look  # noqa: PLC0415 heavy
    from gateway.cli.show_tickets import show_tickets  # noqa: PLC0415 heavy

    found = look(config_path(context, config), lambda tx: tx.search.find(" ".join(words), limit=limit))
    show_tickets(found, as_json=as_json)


@app.command("show")
def show_ticket(
    context: typer.Context,
    *,
    number: Annotated[str, typer.Argument(help="The ticket's number, such as 2026-000123.")],
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Show a ticket: who said what, what went out, what changed."""
    from gateway.cli.show_tickets import show_whole  # noqa: PLC0415 heavy

    show_whole(config_path(context, config), number, as_json=as_json)


@app.command("export")
def export_tickets(
    context: typer.Context,
    *,
    numbers: Annotated[list[str] | None, typer.Argument(help="These tickets; otherwise all.")] = None,
    config: ConfigPath = None,
) -> None:
    """Print whole tickets as JSON, one per line, with posts and history."""
    from gateway.cli.show_tickets import export  # noqa: PLC0415 heavy

    export(config_path(context, config), tuple(numbers or ()))
