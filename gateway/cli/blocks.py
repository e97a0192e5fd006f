"""`suspended block`: by what somebody types, or by a suspended mail."""

from pathlib import Path

from gateway.cli.exits import Exit
from gateway.cli.looking import look
from gateway.cli.people_work import ask_people
from gateway.cli.requesting import ask_for
from gateway.errors import WrongCommand
from gateway.ids import format_id, parse_id
from gateway.pipeline.requests import Verb
from gateway.pipeline.wishes import AddBlock
from gateway.states import ReceivedState
from gateway.storage.received import ReceivedSummary
from gateway.storage.transaction import Reader


def block_sender(path: Path, value: str, *, why: str, as_json: bool) -> Exit:
    """Block what was typed; of a suspended mail its author, and discard it.

    Raises:
        NotFound: there is no such mail.
        WrongCommand: it is nothing that can be blocked.
    """
    mail_id = parse_id(value)
    if mail_id is None:
        return ask_people(path, [AddBlock(value=value, why=why)], as_json=as_json)
    author = look(path, lambda tx: _author_of(tx, mail_id))
    code = ask_people(path, [AddBlock(value=author, why=why or f"mail {format_id(mail_id)}")], as_json=as_json)
    return code if code is not Exit.OK else ask_for(Verb.REJECT, path, [value], as_json=as_json)


def _author_of(tx: Reader, mail_id: int) -> str:
    state = tx.received.get(mail_id).state
    if state is not ReceivedState.SUSPENDED:
        message = f"{format_id(mail_id)} is {state}, not suspended; block its author by address"
        raise WrongCommand(message)
    waiting: dict[int, ReceivedSummary] = {mail.id: mail for mail in tx.suspended.list(limit=100_000)}
    author = waiting[mail_id].author
    if author is None:
        message = f"{format_id(mail_id)} names no author; block the network it came from"
        raise WrongCommand(message)
    return author
