"""`contacts dump` and `contacts erase`: everything about a person, handed out or taken away."""

import asyncio
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import typer

from gateway.app import open_gateway
from gateway.cli.accounts import asking_account, become_owner, note_in_journal
from gateway.cli.exits import Exit
from gateway.cli.output import counted, print_error, print_json, print_text, progress_bar, to_json
from gateway.cli.people_work import read_address
from gateway.cli.plain import plain, plain_fields
from gateway.config import load_config
from gateway.config.model import Config
from gateway.errors import NotFound
from gateway.ids import format_id
from gateway.mail.addresses import Address
from gateway.people import NEW_ID, Contact
from gateway.storage.database import Database
from gateway.storage.erasing import Erasure, erase_person
from gateway.storage.person import Dossier
from gateway.storage.transaction import Reader

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_LONGEST_NAME = 80


def dump(path: Path, text: str, *, to: Path | None, as_json: bool) -> Exit:
    """Write everything about a person into a new zip file, or print it without the bytes.

    Raises:
        NotFound: nothing is stored about whoever has this address.
        WrongCommand: it is no address.
        StorageUnavailable: the database does not answer.
    """
    address = read_address(text)
    config = load_config(path, needs_secrets=False)
    try:
        place = _Zip(to) if to is not None else None
        become_owner(config)
        dossier, files = asyncio.run(_dump(config, address, place))
    except OSError as error:
        print_error(f"{to}: {error.strerror}")
        return Exit.CANNOT_WRITE
    if place is None:
        print_json(describe_dossier(dossier), indent=None if as_json else 2)
    elif as_json:
        print_json({"address": str(address), "path": str(to), "tickets": len(dossier.tickets), "files": files})
    else:
        print_text(f"{to}: {counted(len(dossier.tickets), 'ticket')}, {counted(files, 'file')}\n")
    return Exit.OK


async def _dump(config: Config, address: Address, place: "_Zip | None") -> tuple[Dossier, int]:
    database = await Database.open(data=config.data, database=config.database, migrate=False, read_only=True)
    try:
        dossier = await database.read(partial(_dossier, address=address))
        files = await _write_files(database, dossier, place) if place is not None else 0
    except BaseException:
        if place is not None:
            place.discard()
        raise
    finally:
        await database.close()
    if place is not None:
        place.close()
    return dossier, files


def describe_dossier(dossier: Dossier) -> dict[str, Any]:
    """Return everything about a person for JSON; of mails and attachments their digests."""
    return {
        "contact": plain_fields(dossier.contact),
        "tickets": plain(dossier.tickets),
        "posts": plain(dossier.posts),
        "received": plain(dossier.received),
        "outbound": plain(dossier.outbound),
    }


def _dossier(tx: Reader, *, address: Address) -> Dossier:
    dossier = tx.person.export(_contact(tx, address))
    if dossier.contact.id == NEW_ID and not (dossier.tickets or dossier.received or dossier.outbound):
        message = f"nothing is stored about {address}"
        raise NotFound(message)
    return dossier


def _contact(tx: Reader, address: Address) -> Contact:
    """Return whom an address belongs to; who was never taken up as a contact has left mail, maybe."""
    return tx.people.contact_of(address.key) or Contact(id=NEW_ID, name=None, addresses=(address,), created_at=datetime.now(UTC))


class _Zip:
    """A new zip file that only its owner can read; opened before this process becomes another account."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch(mode=0o600, exist_ok=False)
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)

    def add(self, name: str, octets: bytes) -> None:
        self._zip.writestr(name, octets)

    def close(self) -> None:
        self._zip.close()

    def discard(self) -> None:
        self._zip.close()
        self._path.unlink()


async def _write_files(database: Database, dossier: Dossier, place: _Zip) -> int:
    place.add("person.json", to_json(describe_dossier(dossier), indent=2).encode())
    count = 1
    attachments = tuple(_attachments(dossier))
    mails = [("received", line.id) for line in dossier.received] + [("sent", line.id) for line in dossier.outbound]
    with progress_bar() as bar:
        task = bar.add_task("writing", total=len(mails) + len(attachments))
        for kind, mail_id in mails:
            place.add(f"{kind}/{format_id(mail_id)}.eml", await database.read(partial(_content, kind=kind, mail_id=mail_id)))
            count += 1
            bar.advance(task)
        for name, digest in attachments:
            octets = await database.read(partial(_attachment, digest=digest))
            if octets is not None:
                place.add(name, octets)
                count += 1
            bar.advance(task)
    return count


def _content(tx: Reader, *, kind: str, mail_id: int) -> bytes:
    return (tx.received if kind == "received" else tx.outbox).get(mail_id).content.read()


def _attachment(tx: Reader, *, digest: str) -> bytes | None:
    """Return the bytes of an attachment, or nothing where they were erased."""
    try:
        return tx.contents.get(digest).read()
    except NotFound:
        return None


def _attachments(dossier: Dossier) -> Iterator[tuple[str, str]]:
    for post in dossier.posts:
        for number, attachment in enumerate(post.attachments, 1):
            safe = "".join(c if c in _SAFE else "_" for c in attachment.filename or "file")[-_LONGEST_NAME:].lstrip(".")
            yield f"attachments/{format_id(post.id)}-{number}-{safe}", attachment.sha256


# ----------------------------------------------------------------------------------------------------------- erasing


def erase(path: Path, text: str, *, is_sure: bool, as_json: bool) -> Exit:
    """Erase everything about a person, once somebody is sure.

    Raises:
        NotFound: nothing is stored about whoever has this address.
        WrongCommand: it is no address.
        TransientError: the database does not take it now; what is done stays done.
    """
    address = read_address(text)
    config = load_config(path, needs_secrets=False)
    by = asking_account()
    become_owner(config)

    async def work() -> Erasure | None:
        async with open_gateway(config) as gateway:
            dossier = await gateway.database.read(partial(_dossier, address=address))
            if not is_sure and not typer.confirm(_question(dossier), err=True):
                return None
            with progress_bar() as bar:
                task = bar.add_task("erasing", total=None)
                return await erase_person(
                    gateway.database,
                    dossier.contact,
                    by=f"operator {by}",
                    on_progress=lambda done, total: bar.update(task, completed=done, total=total),
                )

    erased = asyncio.run(work())
    if erased is None:
        print_error("nothing was erased")
        return Exit.FAILED
    note_in_journal(f"{by} erased a person: {erased.tickets} tickets, {erased.received} mails in, {erased.outbound} out")
    return _tell_erased(address, erased, as_json=as_json)


def _question(dossier: Dossier) -> str:
    addresses = ", ".join(map(str, dossier.contact.addresses))
    counts = (
        counted(len(dossier.tickets), "ticket"),
        f"{counted(len(dossier.received), 'mail')} from them",
        f"{counted(len(dossier.outbound), 'mail')} to them",
    )
    return f"Erase {addresses} for good, with all that is theirs in {', '.join(counts)}?"


def _tell_erased(address: Address, erased: Erasure, *, as_json: bool) -> Exit:
    code = Exit.TEMPORARY if erased.undecided else Exit.OK
    if as_json:
        print_json({"address": str(address)} | plain_fields(erased))
        return code
    print_text(
        f"{address}: {counted(erased.tickets, 'ticket')} left as a stub; erased {counted(erased.posts, 'post')}, "
        f"{counted(erased.received, 'mail')} in, {counted(erased.outbound, 'mail')} out, {counted(erased.contents, 'body')}\n"
    )
    if erased.undecided:
        print_error(f"{counted(erased.undecided, 'mail')} nobody has decided yet; erase again once that is done")
    return code
