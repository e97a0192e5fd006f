"""`contacts import` and `contacts export`: everybody in a file, or from one."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from gateway.app import Gateway, open_gateway
from gateway.cli.accounts import asking_account, become_owner, note_in_journal
from gateway.cli.exits import Exit
from gateway.cli.looking import look
from gateway.cli.output import counted, print_error, print_json, print_text, progress_bar
from gateway.cli.show_people import describe_contact
from gateway.config import load_config
from gateway.errors import WrongCommand
from gateway.pipeline.contact_sheet import read_sheet, write_sheet
from gateway.pipeline.contact_wishes import find_mistakes
from gateway.pipeline.errands import process_people
from gateway.pipeline.people_requests import PeopleRequest, gather_known
from gateway.pipeline.wishes import ImportContacts, PersonLine
from gateway.storage.transaction import Reader

_AT_A_TIME = 200
_MOST_SHOWN = 50
_LARGEST = 50_000_000


def import_contacts(path: Path, file: Path, *, skip_bad: bool, as_json: bool) -> Exit:
    """Import a file; with a mistake in it nothing, unless lines with mistakes are to be left out.

    Raises:
        ConfigError: the configuration is wrong.
        WrongCommand: the file cannot be read.
        TransientError: the database does not take it now.
    """
    octets = _read(file)
    config = load_config(path, needs_secrets=False)
    by = asking_account()
    become_owner(config)

    async def work() -> tuple[list[tuple[int, str]], int, int]:
        async with open_gateway(config) as gateway:
            lines, mistakes = await _check(gateway, octets)
            if mistakes and not skip_bad:
                return mistakes, 0, 0
            with progress_bar() as bar:
                task = bar.add_task("importing", total=len(lines))
                changed = await _write(gateway, lines, by, on_progress=lambda done: bar.update(task, completed=done))
            return mistakes, len(lines), changed

    mistakes, imported, changed = asyncio.run(work())
    return _summarise(file, mistakes, imported, changed, as_json=as_json)


def _read(file: Path) -> bytes:
    try:
        if str(file) == "-":
            octets = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with file.open("rb") as opened:
                octets = opened.read(_LARGEST + 1)
    except OSError as error:
        message = f"{file}: {error.strerror}"
        raise WrongCommand(message) from None
    if len(octets) > _LARGEST:
        message = f"{file}: larger than {_LARGEST // 1_000_000} MB; import it in parts"
        raise WrongCommand(message)
    return octets


async def _check(gateway: Gateway, octets: bytes) -> tuple[list[PersonLine], list[tuple[int, str]]]:
    """Return the lines without mistakes, and all mistakes in the order of their lines."""
    sheet = read_sheet(octets)
    wish = ImportContacts(lines=sheet.lines)
    known = await gateway.database.read(partial(gather_known, wish=wish, now=gateway.road().clock()))
    mistakes = sorted({*sheet.mistakes, *find_mistakes(sheet.lines, known, gateway.policy)})
    bad = {line for line, _ in mistakes}
    return [line for line in sheet.lines if line.line not in bad], mistakes


async def _write(gateway: Gateway, lines: Sequence[PersonLine], by: str, *, on_progress: Callable[[int], None]) -> int:
    changed = 0
    for start in range(0, len(lines), _AT_A_TIME):
        some = tuple(lines[start : start + _AT_A_TIME])
        arrival = await process_people(PeopleRequest(wish=ImportContacts(lines=some), by=by), gateway.road())
        note_in_journal(arrival.decision.because)
        changed += len(arrival.changes.contacts)
        on_progress(start + len(some))
    return changed


def _summarise(file: Path, mistakes: Sequence[tuple[int, str]], imported: int, changed: int, *, as_json: bool) -> Exit:
    is_refused = bool(mistakes) and not imported
    if as_json:
        listed = [{"line": line, "because": why} for line, why in mistakes]
        print_json({"file": str(file), "imported": imported, "changed": changed, "mistakes": listed})
        return Exit.DATA if mistakes else Exit.OK
    for line, why in mistakes[:_MOST_SHOWN]:
        print_error(f"{file}:{line}: {why}")
    if len(mistakes) > _MOST_SHOWN:
        print_error(f"and {len(mistakes) - _MOST_SHOWN} more mistakes")
    if is_refused:
        print_error(f"{counted(len(mistakes), 'mistake')}; nothing was imported")
        return Exit.DATA
    left_out = len({line for line, _ in mistakes})
    same = f", {imported - changed} of them known like that already" if imported > changed else ""
    rest = f"; {counted(left_out, 'line')} left out" if left_out else ""
    print_text(f"{counted(imported, 'contact')} imported{same}{rest}\n")
    return Exit.DATA if mistakes else Exit.OK


def export_contacts(path: Path, *, delimiter: str, as_json: bool) -> None:
    """Print everybody.

    Raises:
        WrongCommand: no such sign.
    """
    if delimiter not in {",", ";"}:
        message = "the delimiter is `,` or `;`"
        raise WrongCommand(message)

    def work(tx: Reader) -> None:
        organisations = {organisation.id: organisation for organisation in tx.people.all_organisations()}
        if as_json:
            for contact in tx.people.all_contacts():
                organisation = organisations.get(contact.organisation_id) if contact.organisation_id is not None else None
                print_json(describe_contact(contact, organisation))
            return
        names = {each.id: each.name for each in organisations.values()}
        for line in write_sheet(tx.people.all_contacts(), names, delimiter=delimiter):
            print_text(line)

    look(path, work)
