"""The commands and their options, and how each of them ends.

A command is a light function, here or in a module of its group, whose body imports what does the work. Errors raised on purpose
become one clear line and an exit code of sysexits in `run`.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from gateway import __version__
from gateway.cli.contacts import contacts_app
from gateway.cli.exits import Exit
from gateway.cli.explain_options import explain
from gateway.cli.mails import failed_app, outbox_app, suspended_app
from gateway.cli.options import CONFIG_VARIABLE, AsJson, ConfigPath, config_path
from gateway.cli.organisations import organisations_app
from gateway.cli.output import print_error, print_text
from gateway.cli.reporting import report
from gateway.cli.service import backup, demo, dns_records, doctor, inject, route, verify
from gateway.cli.service import run as run_service
from gateway.cli.team import agents_app, channels
from gateway.cli.templates import templates_app
from gateway.cli.tickets import app as tickets_app
from gateway.errors import ConfigError, GatewayError, NotFound, PermanentError, TransientError, WrongCommand

_SERVICE = "Run it"
_WORK = "Tickets and mail"
_PEOPLE = "People and addresses"
_UNDERSTAND = "Understand it"

app = typer.Typer(
    name="ticket-gateway",
    help="Mail to a support address becomes tickets, and agents answer from their mail program.",
    epilog="Begin with `ticket-gateway demo`, or with `ticket-gateway config example > gateway.yaml`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
)
config_app = typer.Typer(no_args_is_help=True, help="Show the configuration: as it is, as an example, as a schema.")
app.add_typer(config_app, name="config", rich_help_panel=_SERVICE)


def main() -> None:
    """Run the command of this process's arguments, and end the process."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code."""
    try:
        code = typer.main.get_command(app).main(args=list(arguments), prog_name="ticket-gateway", standalone_mode=False)
    except TyperException as error:
        if message := _usage(error):
            print_error(message)
        return Exit.USAGE
    except typer.Exit as exit_:
        return exit_.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except GatewayError as error:
        return _end_with(error)
    return code if isinstance(code, int) else Exit.OK


def _usage(error: TyperException) -> str:
    """Return one line, or nothing where the help was printed already."""
    message = " ".join(error.format_message().replace("Value error, ", "").split())
    context = getattr(error, "ctx", None)
    return f"{message} (try `{context.command_path} --help`)" if message and context is not None else message


def _end_with(error: GatewayError) -> int:
    """Say what went wrong, and choose the exit code."""
    match error:
        case ConfigError():
            sys.stdout.flush()
            sys.stderr.write("".join(f"{problem}\n" for problem in error.problems))
            return Exit.CONFIG
        case NotFound():
            code = Exit.NO_SUCH
        case WrongCommand():
            code = Exit.USAGE
        case TransientError():
            code = Exit.TEMPORARY
        case PermanentError():
            code = Exit.DATA
        case _:
            code = Exit.SOFTWARE
    print_error(str(error) or type(error).__name__)
    return code


def _show_version(*, wanted: bool) -> None:
    if wanted:
        print_text(f"ticket-gateway {__version__}\n")
        raise typer.Exit


@app.callback()
def choose(
    context: typer.Context,
    *,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", envvar=CONFIG_VARIABLE, help="The configuration.", show_default=False),
    ] = None,
    version: Annotated[  # noqa: ARG001 its callback does the work
        bool,
        typer.Option("--version", callback=lambda value: _show_version(wanted=value), is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Mail to a support address becomes tickets, and agents answer from their mail program."""
    context.obj = config


@app.command("check-config", rich_help_panel=_SERVICE)
def check_config(
    context: typer.Context,
    *,
    file: Annotated[
        Path | None, typer.Argument(help="The file to check; otherwise the one of --config.", show_default=False)
    ] = None,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Report every mistake of the configuration at once, as `file:line:column: key: reason`; 78 when there is one."""
    from gateway.cli.config_commands import check  # noqa: PLC0415 heavy

    raise typer.Exit(check(file or config_path(context, config), as_json=as_json))


@app.command("what-if", rich_help_panel=_UNDERSTAND)
def what_if(
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="NEW.yaml", help="The other configuration.")],
    since: Annotated[str, typer.Option(metavar="DURATION", help="Mail of so long, such as 7d.")] = "7d",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Replay stored mail under another configuration and say what would have gone differently. Changes nothing."""
    from gateway.cli.what_if import what_if as compare  # noqa: PLC0415 heavy

    raise typer.Exit(compare(config_path(context, config), file, since=since, as_json=as_json))


@config_app.command("show")
def config_show(context: typer.Context, *, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Print the configuration with every default filled in; secrets stay as they are written."""
    from gateway.cli.config_commands import show  # noqa: PLC0415 heavy

    show(config_path(context, config), as_json=as_json)


@config_app.command("example")
def config_example() -> None:
    """Print a configuration to begin with, every setting explained."""
    from gateway.config.example import render_example  # noqa: PLC0415 heavy

    print_text(render_example())


@config_app.command("schema")
def config_schema() -> None:
    """Print the JSON schema of the configuration, for editors."""
    from gateway.config.example import render_schema  # noqa: PLC0415 heavy

    print_text(render_schema())


app.command("run", rich_help_panel=_SERVICE)(run_service)
app.command("inject", rich_help_panel=_SERVICE)(inject)
app.command("doctor", rich_help_panel=_SERVICE)(doctor)
app.command("backup", rich_help_panel=_SERVICE)(backup)
app.command("verify", rich_help_panel=_SERVICE)(verify)
app.command("explain", rich_help_panel=_UNDERSTAND)(explain)
app.command("report", rich_help_panel=_WORK)(report)
app.command("route", rich_help_panel=_UNDERSTAND)(route)
app.command("dns-records", rich_help_panel=_UNDERSTAND)(dns_records)
app.command("demo", rich_help_panel=_UNDERSTAND)(demo)
app.add_typer(tickets_app, name="tickets", rich_help_panel=_WORK)
app.add_typer(suspended_app, name="suspended", rich_help_panel=_WORK)
app.add_typer(failed_app, name="failed", rich_help_panel=_WORK)
app.add_typer(outbox_app, name="outbox", rich_help_panel=_WORK)
app.add_typer(contacts_app, name="contacts", rich_help_panel=_PEOPLE)
app.add_typer(organisations_app, name="organisations", rich_help_panel=_PEOPLE)
app.add_typer(agents_app, name="agents", rich_help_panel=_PEOPLE)
app.command("channels", rich_help_panel=_PEOPLE)(channels)
app.add_typer(templates_app, name="templates", rich_help_panel=_UNDERSTAND)
