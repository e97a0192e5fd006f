"""The commands about the service itself: run it, hand it mail, look how it is, and keep what it must not lose."""

import os
from io import BufferedReader
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli.exits import Exit
from gateway.cli.options import AsJson, ConfigPath, chosen_config, config_path
from gateway.cli.output import print_error
from gateway.errors import ConfigError

DOOR: Final = Path("/run/ticket-gateway/inject.sock")
"""Where the example configuration and the systemd unit put the inject door."""
_MBOX_NULL: Final = "MAILER-DAEMON"
_LINE_OCTETS: Final = 1024


def run(
    context: typer.Context,
    *,
    config: ConfigPath = None,
    log_level: Annotated[str, typer.Option(metavar="LEVEL", help="debug, info, warning or error.")] = "info",
    as_root: Annotated[bool, typer.Option("--as-root", help="Stay root after binding: for a container of its own only.")] = False,
) -> None:
    """Take mail until SIGTERM. SIGHUP reads the configuration again; a wrong one changes nothing.

    Exit codes: 78 a wrong configuration, 69 a database or an address that cannot be had.
    """
    from gateway.cli.serving import serve  # noqa: PLC0415 heavy

    raise typer.Exit(serve(config_path(context, config), log_level=log_level, as_root=as_root))


def inject(
    context: typer.Context,
    *,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            "--rcpt-to",
            metavar="ADDRESS",
            help="A recipient; otherwise $ORIGINAL_RECIPIENT or $RECIPIENT.",
        ),
    ] = None,
    sender: Annotated[
        str | None,
        typer.Option(
            "--sender",
            "--mail-from",
            metavar="ADDRESS",
            help="The reverse-path; otherwise $SENDER or the mbox line.",
        ),
    ] = None,
    door: Annotated[Path | None, typer.Option("--socket", metavar="PATH", help=f"The gateway's socket, such as {DOOR}.")] = None,
    config: ConfigPath = None,
) -> None:
    """Hand a mail from standard input to the running gateway: for a pipe alias.

    In /etc/aliases: support: "|ticket-gateway inject --to support@firma.example". Exit codes are those of sysexits; after 75 the
    mail server tries again.
    """
    from gateway.smtp_in.inject import inject as hand_over  # noqa: PLC0415 heavy

    recipients = to or [word for word in (os.environ.get("ORIGINAL_RECIPIENT") or os.environ.get("RECIPIENT"),) if word]
    if not recipients:
        print_error("no recipient: say --to ADDRESS")
        raise typer.Exit(Exit.USAGE)
    where = door or _configured_door(chosen_config(context, config)) or DOOR
    mail = open(0, "rb", closefd=False)  # noqa: SIM115 standard input, whatever stands in sys.stdin
    reverse_path = sender if sender is not None else os.environ.get("SENDER") or _mbox_sender(mail)
    bare = reverse_path.strip().removeprefix("<").removesuffix(">")
    injected = hand_over(mail, door=where, sender="" if bare == _MBOX_NULL else bare, recipients=recipients)
    if injected.exit_code != Exit.OK:
        print_error(injected.text)
    raise typer.Exit(injected.exit_code)


def _mbox_sender(mail: BufferedReader) -> str:
    """Return the reverse-path that a delivering mail server wrote into a first line `From …`; nothing is read away."""
    words = mail.peek(_LINE_OCTETS).split(b"\n", 1)[0].split(b" ")
    return words[1].decode("utf-8", "replace") if words[0] == b"From" and len(words) > 1 else ""


def _configured_door(config: Path | None) -> Path | None:
    """Return the inject door of a configuration that was named; a wrong one is no reason to bounce the mail."""
    if config is None:
        return None
    from gateway.config import load_config  # noqa: PLC0415 heavy

    try:
        listeners = load_config(config, needs_secrets=False).listen
    except ConfigError as error:
        print_error(error.problems[0])
        raise typer.Exit(Exit.TEMPORARY) from None
    return next((Path(entry.inject.removeprefix("unix:")) for entry in listeners if entry.inject is not None), None)


def route(
    context: typer.Context,
    *,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="An envelope recipient.")],
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Say what an address leads to; exit code 67 when mail to it is refused."""
    from gateway.cli.serving import show_route  # noqa: PLC0415 heavy

    raise typer.Exit(show_route(config_path(context, config), address, as_json=as_json))


def doctor(context: typer.Context, *, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Examine folder, database, doors, certificates, smarthosts and DNS; 1 when something is ill. Changes nothing."""
    from gateway.cli.doctor import examine  # noqa: PLC0415 heavy

    raise typer.Exit(examine(config_path(context, config), as_json=as_json))


def dns_records(context: typer.Context, *, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Print the records that the DNS must have, as lines of a zone file: MX, SPF, DKIM and DMARC."""
    from gateway.cli.dns_records import show_dns_records  # noqa: PLC0415 heavy

    show_dns_records(config_path(context, config), as_json=as_json)


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="End after the conversation; 0 only if every step held.")] = False,
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65_535, help="Where to take mail; 0 chooses a free port.")] = 0,
) -> None:
    """Play a conversation through real SMTP on this machine, then wait for your own mail."""
    from gateway.cli.demo.play import demo as play  # noqa: PLC0415 heavy

    raise typer.Exit(play(once=once, port=port))


def backup(
    context: typer.Context,
    *,
    to: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder, or that of an earlier backup.")],
    read: Annotated[bool, typer.Option("--verify", help="Then read every body in it, the older ones, too.")] = False,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Copy database, bodies and intake journal while the gateway runs; 1 when something of it is lost or damaged.

    Into the same folder again only what is new is copied. What you wrote yourself (configuration, templates, keys) is not in it.
    """
    from gateway.cli.backing_up import back_up  # noqa: PLC0415 heavy

    raise typer.Exit(back_up(config_path(context, config), to, read=read, as_json=as_json))


def verify(context: typer.Context, *, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Check that every row has its bytes, every large body its row, and the journal; 1 when something is lost or damaged."""
    from gateway.cli.verifying import verify as verify_storage  # noqa: PLC0415 heavy

    raise typer.Exit(verify_storage(config_path(context, config), as_json=as_json))
