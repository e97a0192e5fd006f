"""Asking for what is to change about people: decided by the same core as mail, and written beside the running gateway."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.app import Gateway, open_gateway
from gateway.cli.accounts import asking_account, become_owner, note_in_journal
from gateway.cli.exits import Exit
from gateway.cli.output import print_error, print_json, print_text
from gateway.config import load_config
from gateway.config.model import Config
from gateway.errors import InvalidAddress, NotFound, WrongCommand
from gateway.mail.addresses import Address
from gateway.pipeline.errands import process_people
from gateway.pipeline.people_requests import PeopleRequest
from gateway.pipeline.wishes import Wish


def ask_people(path: Path, wishes: Sequence[Wish], *, as_json: bool) -> Exit:
    """Fulfil each wish and say what came of it; one that cannot be does not stop the others.

    Raises:
        ConfigError: the configuration is wrong.
        TransientError: the database does not take it now.
    """
    return ask_configured(path, lambda _: wishes, as_json=as_json)


def ask_configured(path: Path, make: Callable[[Config], Sequence[Wish]], *, as_json: bool) -> Exit:
    """Fulfil likewise what the configuration has a say in."""
    config = load_config(path, needs_secrets=False)
    wishes = make(config)
    by = asking_account()
    become_owner(config)

    async def open_and_ask() -> Exit:
        async with open_gateway(config) as gateway:
            codes = [await _ask(gateway, PeopleRequest(wish=wish, by=by), as_json=as_json) for wish in wishes]
        return max(codes, default=Exit.OK)

    return asyncio.run(open_and_ask())


async def _ask(gateway: Gateway, request: PeopleRequest, *, as_json: bool) -> Exit:
    error, code, done = None, Exit.OK, ""
    try:
        arrival = await process_people(request, gateway.road())
    except NotFound as missing:
        error, code = str(missing), Exit.NO_SUCH
    except WrongCommand as wrong:
        error, code = str(wrong), Exit.USAGE
    else:
        because = arrival.decision.because
        note_in_journal(because)
        done = because.partition(": ")[2] + ("" if arrival.decision.effects else " (it is so already)")
    if as_json:
        print_json({"done": done or None, "error": error})
    elif error is not None:
        for line in error.split("\n"):
            print_error(line)
    else:
        print_text(f"{done}\n")
    return code


def read_address(text: str) -> Address:
    """Read an address of the command line.

    Raises:
        WrongCommand: it is none.
    """
    try:
        return Address.parse(text)
    except InvalidAddress:
        message = f"{text!r} is not a mail address"
        raise WrongCommand(message) from None
