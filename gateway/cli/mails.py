"""`suspended`, `failed` and `outbox`: look at mail that waits, and say what becomes of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import AsJson, ConfigPath, config_path
from gateway.errors import WrongCommand
from gateway.states import OutboundState, ReceivedState

if TYPE_CHECKING:
    from gateway.cli.requesting import Which

suspended_app = typer.Typer(no_args_is_help=True, help="Mail that waits for a person: list, show, accept, reject, block.")
failed_app = typer.Typer(no_args_is_help=True, help="Mail that a fault of ours stopped: list, show, retry, reject.")
outbox_app = typer.Typer(no_args_is_help=True, help="Mail on its way out: list, show, retry, hold, drop.")

Limit = Annotated[int, typer.Option("--limit", "-n", min=1, metavar="NUMBER", help="At most so many.")]
Ids = Annotated[list[str], typer.Argument(metavar="ID…", help="As the list shows them.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.")]


@suspended_app.command("list")
def list_suspended(context: typer.Context, *, limit: Limit = 50, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """List suspended mail and why it is suspended, the newest first."""
    from gateway.cli.show_mails import show_received_list  # noqa: PLC0415 heavy

    show_received_list(config_path(context, config), ReceivedState.SUSPENDED, limit=limit, as_json=as_json)


@failed_app.command("list")
def list_failed(context: typer.Context, *, limit: Limit = 50, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """List mail that a fault of ours stopped, the newest first; its bytes are kept."""
    from gateway.cli.show_mails import show_received_list  # noqa: PLC0415 heavy

    show_received_list(config_path(context, config), ReceivedState.FAILED, limit=limit, as_json=as_json)


@suspended_app.command("show")
@failed_app.command("show")
def show_received(
    context: typer.Context,
    *,
    mail: Id,
    raw: Annotated[bool, typer.Option("--raw", help="Print the mail as it came, below what was found out about it.")] = False,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Show a received mail: what it says, what could be proven, and every step of the decision."""
    from gateway.cli.show_mails import show_raw_mail, show_received_mail  # noqa: PLC0415 heavy

    if raw:
        show_raw_mail(config_path(context, config), mail)
    else:
        show_received_mail(config_path(context, config), mail, as_json=as_json)


@outbox_app.command("list")
def list_outbox(
    context: typer.Context,
    *,
    state: Annotated[
        list[OutboundState] | None, typer.Option(help="In this state; may be repeated. Otherwise all that did not arrive.")
    ] = None,
    limit: Limit = 50,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """List outbound mail and the smarthost's last words, the newest first."""
    from gateway.cli.show_mails import show_outbox  # noqa: PLC0415 heavy

    show_outbox(config_path(context, config), tuple(state or ()), limit=limit, as_json=as_json)


@outbox_app.command("show")
def show_outbound(context: typer.Context, *, mail: Id, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Show an outbound mail and every attempt to hand it over."""
    from gateway.cli.show_mails import show_outbound_mail  # noqa: PLC0415 heavy

    show_outbound_mail(config_path(context, config), mail, as_json=as_json)


SomeIds = Annotated[list[str] | None, typer.Argument(metavar="[ID]…", help="As the list shows them.", show_default=False)]
All = Annotated[bool, typer.Option("--all", help="Everything that waits, or of that what --reason and --channel say.")]
OfReason = Annotated[str | None, typer.Option("--reason", metavar="REASON", help="With --all: held for this, such as loop.")]
OfChannel = Annotated[str | None, typer.Option("--channel", metavar="CHANNEL", help="With --all: of this channel.")]


@suspended_app.command(
    "accept", help="Take suspended mail after all. Only what had held it is skipped: a forged agent still cannot act."
)
@suspended_app.command("reject", help="Discard suspended mail; its author hears nothing.")
def work_suspended(
    context: typer.Context,
    *,
    mails: SomeIds = None,
    everything: All = False,
    reason: OfReason = None,
    channel: OfChannel = None,
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Take suspended mail, or discard it: as the command is called."""
    from gateway.cli.requesting import ask_for_suspended  # noqa: PLC0415 heavy
    from gateway.pipeline.requests import Verb  # noqa: PLC0415 heavy

    which = _which(mails, everything=everything, reason=reason, channel=channel)
    raise typer.Exit(ask_for_suspended(Verb(str(context.info_name)), config_path(context, config), which, as_json=as_json))


@suspended_app.command("block")
def block(
    context: typer.Context,
    *,
    value: Annotated[str, typer.Argument(metavar="VALUE|ID", help="An address, a domain, a network, or a suspended mail.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="For whoever asks later.")] = "",
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Hold the mail of somebody from now on; of a suspended mail its author's, and the mail itself is discarded."""
    from gateway.cli.blocks import block_sender  # noqa: PLC0415 heavy

    raise typer.Exit(block_sender(config_path(context, config), value, why=why, as_json=as_json))


@suspended_app.command("unblock")
def unblock(
    context: typer.Context,
    *,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="As `suspended blocks` shows it.")],
    config: ConfigPath = None,
    as_json: AsJson = False,
) -> None:
    """Take mail of a blocked sender again; what was held meanwhile still waits."""
    from gateway.cli.people_work import ask_people  # noqa: PLC0415 heavy
    from gateway.pipeline.wishes import RemoveBlock  # noqa: PLC0415 heavy

    raise typer.Exit(ask_people(config_path(context, config), [RemoveBlock(value=value)], as_json=as_json))


@suspended_app.command("blocks")
def list_blocks(context: typer.Context, *, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """List whose mail is held, who said so, and why, the newest first."""
    from gateway.cli.show_people import show_blocks  # noqa: PLC0415 heavy

    show_blocks(config_path(context, config), as_json=as_json)


@failed_app.command("reject")
def reject_failed(context: typer.Context, *, mails: Ids, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Discard failed mail; its author hears nothing."""
    _ask(context, "reject", mails, config, as_json=as_json)


@failed_app.command("retry")
def retry_failed(context: typer.Context, *, mails: Ids, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Process failed mail again, after the fault is mended."""
    _ask(context, "retry failed", mails, config, as_json=as_json)


@outbox_app.command("retry")
def retry(context: typer.Context, *, mails: Ids, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Send now what waits, is held, or bounced."""
    _ask(context, "retry", mails, config, as_json=as_json)


@outbox_app.command("hold")
def hold(context: typer.Context, *, mails: Ids, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Keep mail from leaving until it is retried."""
    _ask(context, "hold", mails, config, as_json=as_json)


@outbox_app.command("drop")
def drop(context: typer.Context, *, mails: Ids, config: ConfigPath = None, as_json: AsJson = False) -> None:
    """Never send it."""
    _ask(context, "drop", mails, config, as_json=as_json)


def _which(mails: list[str] | None, *, everything: bool, reason: str | None, channel: str | None) -> "Which":
    from gateway.cli.requesting import Which  # noqa: PLC0415 heavy

    if everything is bool(mails):
        message = "say either which mails, by ID, or --all"
        raise WrongCommand(message)
    if not everything and (reason or channel):
        message = "--reason and --channel go with --all"
        raise WrongCommand(message)
    return Which(ids=tuple(mails or ()), reason=reason, channel=channel)


def _ask(context: typer.Context, verb: str, mails: list[str], config: Path | None, *, as_json: bool) -> None:
    from gateway.cli.requesting import ask_for  # noqa: PLC0415 heavy
    from gateway.pipeline.requests import Verb  # noqa: PLC0415 heavy

    raise typer.Exit(ask_for(Verb(verb), config_path(context, config), mails, as_json=as_json))
