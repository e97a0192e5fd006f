"""The work of `run` and `route`."""

import asyncio
from pathlib import Path

from gateway.app import open_gateway
from gateway.cli.exits import Exit
from gateway.cli.output import print_error, print_fields, print_json
from gateway.config import Config, load_config
from gateway.daemon import RefusesRoot, run_daemon
from gateway.errors import InvalidAddress, StorageUnavailable, WrongCommand
from gateway.logs import configure_logging
from gateway.mail.addresses import Address
from gateway.mail.envelope import Recipient, RouteKind
from gateway.pipeline.policy import route

_LEADS_TO = {
    RouteKind.CHANNEL: "a channel: customers write here",
    RouteKind.INTAKE: "a channel: its generated address, the target of a forwarding rule",
    RouteKind.TOKEN: "a ticket",
    RouteKind.RETURN: "a reverse-path of ours: bounces come here",
    RouteKind.OPERATOR: "the admins",
}


def serve(path: Path, *, log_level: str, as_root: bool) -> Exit:
    """Run the daemon until it is told to end.

    Raises:
        ConfigError: the configuration is wrong.
        WrongCommand: no such log level.
    """
    try:
        configure_logging(log_level, for_good=True)
    except ValueError as error:
        raise WrongCommand(str(error)) from None
    try:
        asyncio.run(run_daemon(path, as_root=as_root, log_level=log_level))
    except RefusesRoot as error:
        print_error(str(error))
        return Exit.NOT_ALLOWED
    except StorageUnavailable as error:
        print_error(str(error))
        return Exit.UNAVAILABLE
    return Exit.OK


def show_route(path: Path, text: str, *, as_json: bool) -> Exit:
    """Print what an address leads to.

    Raises:
        ConfigError: the configuration is wrong.
        WrongCommand: it is no address.
    """
    try:
        address = Address.parse(text)
    except InvalidAddress:
        message = f"{text!r} is not a mail address"
        raise WrongCommand(message) from None
    config = load_config(path, needs_secrets=False)
    recipient = asyncio.run(_route(config, address))
    queue, agents = _who_gets_it(config, recipient)
    if as_json:
        print_json({**_describe(address, recipient), "queue": queue, "agents": list(agents)})
    elif recipient is None:
        print_error(f"{address} leads nowhere: mail to it is refused with 550 5.1.1")
    else:
        fields = {"address": str(address), "leads to": _LEADS_TO[recipient.kind], "channel": recipient.channel}
        print_fields(fields | ({"new tickets": f"{queue}: {', '.join(agents) or 'nobody'}"} if queue else {}))
    return Exit.OK if recipient is not None else Exit.NO_SUCH


async def _route(config: Config, address: Address) -> Recipient | None:
    """Ask as the intake does; only the address of a ticket needs the database."""
    recipient = route(address, config.policy())
    if recipient is None or recipient.channel:
        return recipient
    async with open_gateway(config, read_only=True) as gateway:
        return await gateway.route(address)


def _who_gets_it(config: Config, recipient: Recipient | None) -> tuple[str | None, tuple[str, ...]]:
    """Return the queue that new tickets go to, and who works there, before rules say otherwise; nothing for other addresses."""
    if recipient is None or recipient.kind not in {RouteKind.CHANNEL, RouteKind.INTAKE}:
        return None, ()
    queue = config.channels[recipient.channel].queue
    return queue, config.policy().team(queue)


def _describe(address: Address, recipient: Recipient | None) -> dict[str, str | None]:
    kind, channel = (recipient.kind.value, recipient.channel) if recipient else (None, None)
    return {"address": str(address), "kind": kind, "channel": channel}
