"""The options of `explain`. Everything that is wrong with them is said before any output."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.exits import Exit
from gateway.cli.options import AsJson, ConfigPath, chosen_config
from gateway.cli.output import print_error
from gateway.errors import WrongCommand

if TYPE_CHECKING:
    from gateway.cli.explain_jobs import Job


def _option(metavar: str, text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(metavar=metavar, help=text, show_default=False)
    return option


def explain(  # noqa: PLR0913 one parameter for each option
    context: typer.Context,
    *,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE…", help="Raw mails; a folder stands for all files in it, - for standard input."),
    ] = None,
    config: ConfigPath = None,
    as_json: AsJson = False,
    client_ip: Annotated[str | None, _option("IP", "Who handed the mail over.")] = None,
    helo: Annotated[str | None, _option("NAME", "What that server called itself.")] = None,
    mail_from: Annotated[str | None, _option("ADDRESS", "The reverse-path; the empty text is the null reverse-path.")] = None,
    rcpt_to: Annotated[list[str] | None, _option("ADDRESS", "An envelope recipient; may be repeated.")] = None,
    resolver: Annotated[str | None, _option("IP:PORT", "The only DNS server to ask.")] = None,
    no_dns: Annotated[bool, typer.Option("--no-dns", help="Ask nobody: every DNS result is a temporary error.")] = False,
    at: Annotated[str | None, _option("ISO8601", "When it came; signatures expire by this clock.")] = None,
    channel: Annotated[str | None, _option("KEY", "Through which channel it came.")] = None,
    batch: Annotated[
        str | None, _option("NDJSON", "One mail per line, with its own circumstances; - for standard input.")
    ] = None,
) -> None:
    """Say what would become of raw mails, and why. Changes nothing.

    Without a configuration a built-in sample (support@firma.example) and an empty database serve.
    """
    from gateway.cli.explain import Wishes, explain_jobs  # noqa: PLC0415 heavy
    from gateway.cli.explain_jobs import Job, read_circumstances  # noqa: PLC0415 heavy

    said = {"client_ip": client_ip, "helo": helo, "mail_from": mail_from, "rcpt_to": rcpt_to or None}
    circumstances = read_circumstances(said | {"resolver": resolver, "at": at, "channel": channel}, Job())
    if circumstances.error is not None:
        raise WrongCommand(circumstances.error)
    if not files and not batch:
        message = "nothing to explain: name a file, a folder, - for standard input, or --batch"
        raise WrongCommand(message)
    try:
        jobs = _jobs(files or [], batch, circumstances)
    except OSError as error:
        print_error(f"{batch}: {error.strerror}")
        raise typer.Exit(Exit.NO_INPUT) from None
    raise typer.Exit(explain_jobs(jobs, Wishes(config=chosen_config(context, config), as_json=as_json, uses_dns=not no_dns)))


def _jobs(files: Sequence[str], batch: str | None, circumstances: "Job") -> "Iterator[Job]":
    """Return the jobs; the batch is opened at once, so that a missing one is noticed before any output. Raises OSError."""
    from gateway.cli.explain_jobs import STDIN, jobs_of_batch, jobs_of_files  # noqa: PLC0415 heavy

    lines = None
    if batch:
        lines = open(0, "rb", closefd=False) if batch == STDIN else Path(batch).open("rb")  # noqa: SIM115 closed below

    def together() -> "Iterator[Job]":
        yield from jobs_of_files(files, circumstances)
        if lines is not None:
            with lines:
                yield from jobs_of_batch(lines, circumstances)

    return together()
