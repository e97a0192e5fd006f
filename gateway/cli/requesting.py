"""What an operator asks for: decided by the same core as mail, and written beside the running gateway."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from gateway.app import Gateway, open_gateway
from gateway.cli.accounts import asking_account, become_owner
from gateway.cli.exits import Exit
from gateway.cli.looking import read_id
from gateway.cli.output import print_error, print_json, print_text
from gateway.config import load_config
from gateway.errors import NotFound, WrongCommand
from gateway.ids import format_id
from gateway.pipeline.journey import process_request
from gateway.pipeline.requests import Request, Verb


def ask_for(verb: Verb, path: Path, texts: Sequence[str], *, as_json: bool) -> Exit:
    """Do it for each mail; one that does not fit does not stop the others.

    Raises:
        ConfigError: the configuration is wrong.
        WrongCommand: a text is no id; nothing was done then.
        TransientError: the database does not take it now.
    """
    ids = [read_id(text) for text in texts]
    config = load_config(path, needs_secrets=False)
    by = asking_account()
    become_owner(config)

    async def open_and_ask() -> Exit:
        async with open_gateway(config) as gateway:
            codes = [await _ask(gateway, Request(verb=verb, mail_id=mail_id, by=by), as_json=as_json) for mail_id in ids]
        return max(codes, default=Exit.OK)

    return asyncio.run(open_and_ask())


async def _ask(gateway: Gateway, request: Request, *, as_json: bool) -> Exit:
    """Do it for one mail, and say what came of it."""
    name = format_id(request.mail_id)
    error, code = None, Exit.OK
    try:
        await process_request(request, gateway.road())
    except NotFound:
        error, code = f"there is no mail {name}", Exit.NO_SUCH
    except WrongCommand as wrong:
        error, code = str(wrong), Exit.USAGE
    if as_json:
        print_json({"id": name, "request": request.verb.value, "error": error})
    elif error is not None:
        print_error(error)
    else:
        print_text(f"{name}: {request.verb}\n")
    return code
