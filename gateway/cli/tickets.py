"""`tickets`: look at tickets."""

from typing import Annotated

import typer

from gateway.cli.options import AsJson, ConfigPath, config_path
from gateway.states import TicketStatus
from gateway.tickets import Priority

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
    channel: Annotated[str | None, typer.Option(metavar="KEY", help="That came in by this channel.")] = None,
    priority: Annotated[list[Priority] | None, typer.Option(help="With this priority; may be repeated.")] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="WORD", help="With this tag; may be repeated: with all of them.")
    ] = None,
    category: Annotated[str | None, typer.Option(metavar="WORD", help="In this category.")] = None,
    requester: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Of this customer.")] = None,
    text: Annotated[str | None, typer.Option(metavar="TEXT", help="With this somewhere in the subject.")] = None,
    since: Annotated[str | None, typer.Option(metavar="WHEN", help="Opened since: so long ago (7d), or a day.")] = None,
    until: Annotated[str | None, typer.Option(metavar="WHEN", help="Opened before.")] = None,
    late: Annotated[bool, typer.Option("--late", help="Whose time has run out.", show_default=False)] = False,
    unassigned: Annotated[bool, typer.Option("--unassigned", help="That nobody has.", show_default=False)] = False,
    view: Annotated[str | None, typer.Option(metavar="NAME", help="As this view of the configuration says.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, metavar="NUMBER", help="At most so many.")] = None,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """List tickets, the newest first, or as a view says; what is given besides a view narrows it down."""
    from gateway.cli.listing import Wanted, list_wanted  # noqa: PLC0415 heavy

    wanted = Wanted(
        status=tuple(status or ()),
        queue=queue,
        assignee=assignee,
        channel=channel,
        priority=tuple(priority or ()),
        tag=tuple(tag or ()),
        category=category,
        requester=requester,
        text=text,
        since=since,
        until=until,
        late=late,
        unassigned=unassigned,
        limit=limit,
    )
    list_wanted(config_path(context, config), wanted, view=view, as_json=as_json)


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
