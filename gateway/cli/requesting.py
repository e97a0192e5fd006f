"""What an operator asks for: decided by the same core as mail, and written beside the running gateway."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.app import Gateway, open_gateway
from gateway.cli.accounts import asking_account, become_owner, note_in_journal
from gateway.cli.exits import Exit
from gateway.cli.looking import read_id
from gateway.cli.output import print_error, print_json, print_text, progress_bar
from gateway.config import load_config
from gateway.errors import NotFound, WrongCommand
from gateway.ids import format_id
from gateway.pipeline.errands import process_request
from gateway.pipeline.near import nearest
from gateway.pipeline.reasons import Reason
from gateway.pipeline.requests import Request, Verb
from gateway.storage.transaction import Reader

_MOST: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which suspended mails are meant: those of these ids, or without any all that fit."""

    ids: tuple[str, ...] = ()
    reason: str | None = None
    channel: str | None = None


def ask_for(verb: Verb, path: Path, texts: Sequence[str], *, as_json: bool) -> Exit:
    """Do it for each mail; one that does not fit does not stop the others.

    Raises:
        ConfigError: the configuration is wrong.
        WrongCommand: a text is no id; nothing was done then.
        TransientError: the database does not take it now.
    """
    ids = [read_id(text) for text in texts]
    return _open_and_ask(verb, path, lambda _: ids, as_json=as_json)


def ask_for_suspended(verb: Verb, path: Path, which: Which, *, as_json: bool) -> Exit:
    """Do it for suspended mails.

    Raises:
        ConfigError: the configuration is wrong.
        WrongCommand: a text is no id, or there is no such reason or channel; nothing was done then.
        TransientError: the database does not take it now.
    """
    if which.ids:
        return ask_for(verb, path, which.ids, as_json=as_json)
    if which.reason is not None and which.reason not in set(Reason):
        meant = nearest(which.reason, Reason)
        message = f"there is no reason {which.reason}" + (f"; did you mean {meant}?" if meant else "")
        raise WrongCommand(message)
    return _open_and_ask(verb, path, lambda tx: _waiting(tx, which), as_json=as_json)


def _waiting(tx: Reader, which: Which) -> list[int]:
    channels = (which.channel,) if which.channel is not None else ()
    waiting = tx.suspended.list(channels=channels, limit=_MOST)
    return [mail.id for mail in waiting if which.reason is None or mail.reason == which.reason]


def _open_and_ask(verb: Verb, path: Path, find: Callable[[Reader], list[int]], *, as_json: bool) -> Exit:
    config = load_config(path, needs_secrets=False)
    by = asking_account()
    become_owner(config)

    async def open_and_ask() -> Exit:
        async with open_gateway(config) as gateway:
            ids = await gateway.database.read(find)
            if not ids and not as_json:
                print_text("Nothing like that waits.\n")
            with progress_bar() as bar:
                asked = (Request(verb=verb, mail_id=mail_id, by=by) for mail_id in bar.track(ids, description=verb.value))
                codes = [await _ask(gateway, request, as_json=as_json) for request in asked]
        return max(codes, default=Exit.OK)

    return asyncio.run(open_and_ask())


async def _ask(gateway: Gateway, request: Request, *, as_json: bool) -> Exit:
    """Do it for one mail, and say what came of it."""
    name = format_id(request.mail_id)
    error, code = None, Exit.OK
    try:
        arrival = await process_request(request, gateway.road())
        note_in_journal(f"{name}: {arrival.decision.because}")
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
