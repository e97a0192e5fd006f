"""From the intake journal into the tables: each acknowledged mail once, whatever dies, is damaged or comes twice."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from gateway.errors import NotFound, StorageUnavailable
from gateway.ids import format_id
from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.people import Contact
from gateway.states import ReceivedState
from gateway.storage import verification
from gateway.storage.database import Database
from gateway.storage.erasing import erase_person
from gateway.storage.folder import BlobFolder
from gateway.storage.journal import FOLDER, pack, read_piece, segments, set_aside_files
from gateway.storage.sqlite_accepting import DELIVERY_KEY, NAMES, AcceptedRow
from gateway.tickets import Changes, ReceivedChange
from tests.storage.journal_world import FIRST_NEW_ID, Intake, appending, attached, packed, until, write_segment
from tests.storage.test_storage_erasing import everything

if TYPE_CHECKING:
    from structlog.typing import EventDict

    from tests.storage.conftest import Make

WRITER = Path(__file__).with_name("append_until_killed.py")
LARGE = 100_000


def only(events: "list[EventDict]", name: str) -> "list[EventDict]":
    return [event for event in events if event["event"] == name]


def without_channel(row: AcceptedRow) -> AcceptedRow:
    """Return a row that no table takes."""
    return tuple(None if name == "channel" else value for name, value in zip(NAMES, row, strict=True))


async def test_mail_in_the_journal_gets_into_the_tables_as_it_was_taken(make: "Make", intake: Intake) -> None:
    mails = [make.acceptance(b"Gr\xfc\xdfe \0 tg1"), make.acceptance(b""), make.acceptance(b"x" * LARGE, message_id=None)]
    async with attached(intake.data) as front:
        await front.accept(mails)
        assert await intake.importer.store_all() == 3
        assert len(segments(intake.data)) == 1, "its writer holds it"
    await intake.importer.store_all()
    assert segments(intake.data) == ()
    stored = await intake.database.read(lambda tx: tx.received.get_all([each.mail.id for each in mails]))
    assert {each.id: (each.envelope, each.evidence, each.content.read()) for each in stored} == {
        each.mail.id: (each.mail.envelope, each.mail.evidence, each.mail.content.read()) for each in mails
    }


async def test_each_mail_is_read_once_while_its_segment_grows(make: "Make", intake: Intake) -> None:
    async with appending(intake.data) as writer:
        for number in range(5):
            await writer.append(intake.rows([make.acceptance(b"%d" % number)]))
            assert await intake.importer.store_all() == 1
    assert await intake.importer.store_all() == 0
    assert len(await intake.keys()) == 5


@pytest.mark.parametrize("end", [b"", b"\0tg1", b"\0", bytes(10), bytes(5000)], ids=["cut", "magic", "octet", "zeros", "hole"])
async def test_torn_end_is_dropped_with_its_segment(end: bytes, make: "Make", intake: Intake) -> None:
    whole, torn = intake.rows([make.acceptance(b"whole"), make.acceptance(b"torn")])
    path = write_segment(intake.data, pack(whole) + (end or pack(torn)[:-1]))
    with capture_logs() as events:
        await intake.importer.store_all()
    (event,) = only(events, "journal.torn")
    assert (event["segment"], event["at"]) == (path.name, len(pack(whole)))
    assert await intake.keys() == [whole[DELIVERY_KEY]]
    assert (segments(intake.data), set_aside_files(intake.data)) == ((), ())


async def test_whatever_octet_is_damaged_all_other_mail_is_stored_and_the_file_is_kept(make: "Make", intake: Intake) -> None:
    places = len(pack(intake.rows([make.acceptance(b"victim")])[0])) - 10
    expected: list[str] = []
    for place in range(places):
        rows = intake.rows([make.acceptance(b"victim"), make.acceptance(b"one"), make.acceptance(b"other")])
        octets = bytearray(packed(rows))
        octets[place] ^= 0x80 if place % 2 else 0xFF
        write_segment(intake.data, bytes(octets), number=place)
        expected += [row[DELIVERY_KEY] for row in rows[1:]]
    with capture_logs() as events:
        assert await intake.importer.store_all() == len(expected)
    assert await intake.keys() == sorted(expected)
    assert {event["at"] for event in only(events, "journal.damaged")} == {0}
    assert len(only(events, "journal.set_aside")) == len(set_aside_files(intake.data)) == places
    assert segments(intake.data) == ()


async def test_damaged_journal_is_no_sound_database(make: "Make", intake: Intake) -> None:
    octets = bytearray(packed(intake.rows([make.acceptance(b"one"), make.acceptance(b"other")])))
    octets[30] ^= 1
    write_segment(intake.data, bytes(octets))
    await intake.importer.store_all()
    found = await intake.database.verify()
    assert found.aside == tuple(map(str, set_aside_files(intake.data)))
    assert len(found.aside) == 1
    assert not found.is_sound


async def test_mail_that_waits_is_counted_and_nothing_is_wrong_with_it(make: "Make", intake: Intake) -> None:
    intake.leave([make.acceptance(), make.acceptance()])
    found = await intake.database.verify()
    assert (found.waiting, found.is_sound) == (2, True)


async def test_record_that_is_half_written_is_waited_for(make: "Make", intake: Intake) -> None:
    (row,) = intake.rows([make.acceptance(b"x" * 20_000)])
    async with appending(intake.data) as writer:
        await writer.append(intake.rows([make.acceptance()]))
        (path,) = segments(intake.data)
        with path.open("ab") as file:
            file.write(pack(row)[:9000])
            file.flush()
            with capture_logs() as events:
                assert await intake.importer.store_all() == 1
                assert await intake.importer.store_all() == 0
            assert events == []
            file.write(pack(row)[9000:])
        assert await intake.importer.store_all() == 1


async def test_second_copy_is_one_mail_wherever_the_first_one_is(make: "Make", intake: Intake) -> None:
    first = make.acceptance()
    copies = [replace(first, mail=replace(first.mail, id=next(make.ids))) for _ in range(4)]
    known = make.acceptance()
    await intake.database.accept([known])
    copy_of_known = replace(known, mail=replace(known.mail, id=next(make.ids)))
    intake.leave([first, copies[0], copy_of_known], number=1)
    intake.leave([copies[1], make.acceptance(), copies[2]], number=2)
    with capture_logs() as events:
        await intake.importer.store_all()
        intake.leave([copies[3]], number=3)
        await intake.importer.store_all()
    told = {(event["id"], event["first"]) for event in only(events, "mail.second_copy")}
    expected = {(each.mail.id, first.mail.id) for each in copies} | {(copy_of_known.mail.id, known.mail.id)}
    assert told == {(format_id(one), format_id(other)) for one, other in expected}
    assert len(await intake.stored_ids()) == 3


async def test_segment_of_a_desk_that_died_before_it_was_removed_makes_nothing_twice(make: "Make", intake: Intake) -> None:
    path = intake.leave([make.acceptance(), make.acceptance(b"x" * LARGE)])
    octets = path.read_bytes()
    await intake.importer.store_all()
    before = await intake.database.read(lambda tx: tx.received.list())
    path.write_bytes(octets)
    with capture_logs() as events:
        await intake.another_importer().store_all()
    assert await intake.database.read(lambda tx: tx.received.list()) == before
    assert events == [], "these are no second copies"
    assert segments(intake.data) == ()


async def test_mail_whose_id_is_taken_gets_another_and_others_keep_theirs(make: "Make", intake: Intake) -> None:
    known = make.acceptance()
    await intake.database.accept([known])
    clash = make.acceptance(b"clash")
    clash = replace(clash, mail=replace(clash.mail, id=known.mail.id))
    again = replace(clash, delivery_key="once more")
    others = [make.acceptance(), make.acceptance()]
    path = intake.leave([others[0], clash, again, others[1]])
    octets = path.read_bytes()
    with capture_logs() as events:
        await intake.importer.store_all()
    taken = format_id(known.mail.id)
    assert [(event["id"], event["stored_as"]) for event in only(events, "journal.id_taken")] == [
        (taken, format_id(FIRST_NEW_ID)),
        (taken, format_id(FIRST_NEW_ID + 1)),
    ]
    ids = sorted([known.mail.id, others[0].mail.id, others[1].mail.id, FIRST_NEW_ID, FIRST_NEW_ID + 1])
    assert await intake.stored_ids() == ids
    path.write_bytes(octets)
    await intake.another_importer().store_all()
    assert await intake.stored_ids() == ids, "read again it is the same mail"
    assert (segments(intake.data), set_aside_files(intake.data)) == ((), ())


async def test_mail_that_no_table_takes_is_kept_in_a_file_and_others_go_on(make: "Make", intake: Intake) -> None:
    good, bad, fine = intake.rows([make.acceptance(), make.acceptance(), make.acceptance()])
    write_segment(intake.data, packed([good, without_channel(bad), fine]))
    with capture_logs() as events:
        await intake.importer.store_all()
    (event,) = only(events, "journal.unstorable")
    (path,) = set_aside_files(intake.data)
    assert event["file"] == path.name
    assert "NOT NULL" in event["fault"]
    assert read_piece(path, 0).rows == (without_channel(bad),)
    assert await intake.keys() == sorted([good[DELIVERY_KEY], fine[DELIVERY_KEY]])
    assert segments(intake.data) == ()


async def test_what_cannot_be_read_keeps_no_other_mail_from_the_tables(make: "Make", intake: Intake) -> None:
    blocking = intake.data / FOLDER / "00000000000001-x-1.segment"
    blocking.mkdir()
    later = make.acceptance()
    intake.leave([later], number=2)
    with capture_logs() as events:
        assert await intake.importer.store_all() == 1
    assert [event["segment"] for event in only(events, "journal.deferred")] == [blocking.name]
    assert await intake.stored_ids() == [later.mail.id]


async def test_database_that_takes_nothing_leaves_the_mail_in_the_journal(
    make: "Make", intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.storage.sqlite._LOCK_SECONDS", 0.01)
    impatient = Intake(intake.data, await Database.open(data=intake.data))
    path = intake.leave([make.acceptance()])
    other = sqlite3.connect(intake.data / "gateway.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable):
        await impatient.importer.store_all()
    assert path.exists()
    other.execute("ROLLBACK")
    other.close()
    assert await impatient.importer.store_all() == 1
    await impatient.database.close()


async def test_importer_that_runs_stores_what_comes_as_soon_as_somebody_rings(make: "Make", intake: Intake) -> None:
    running = asyncio.create_task(intake.importer.run())
    async with attached(intake.data, on_accepted=intake.importer.ring) as front:
        for number in range(3):
            await front.accept([make.acceptance(b"%d" % number)])
    await until(lambda: segments(intake.data) == ())
    running.cancel()
    assert len(await intake.keys()) == 3


async def test_importer_that_nobody_rings_looks_by_itself(make: "Make", intake: Intake) -> None:
    running = asyncio.create_task(intake.importer.run())
    await asyncio.sleep(0)
    intake.leave([make.acceptance()])
    await until(lambda: segments(intake.data) == ())
    running.cancel()
    assert len(await intake.keys()) == 1


# ---------------------------------------------------------------------------------------- what was erased, and orphans


async def test_erased_mail_does_not_come_back_when_its_segment_is_read_again(make: "Make", intake: Intake) -> None:
    address = Address("klara", "kunde.example")
    mails = [
        make.acceptance(b"heimlich", author_key=address.key, subject="heimlich"),
        make.acceptance(b"heimlich" * LARGE, author_key=address.key, subject="heimlich"),
    ]
    path = intake.leave(mails)
    octets = path.read_bytes()
    await intake.importer.store_all()
    contact = Contact(id=next(make.ids), name="Klara", addresses=(address,), created_at=make.now)
    decided = tuple(
        ReceivedChange(id=each.mail.id, old=ReceivedState.RECEIVED, new=ReceivedState.SUSPENDED, reason="x", because="x")
        for each in mails
    )
    await intake.database.apply(Changes(contacts=(contact,), received=decided))
    assert (await erase_person(intake.database, contact, by="operator")).received == 2

    left = await intake.database.read(everything)
    path.write_bytes(octets)
    await intake.another_importer().store_all()
    assert await intake.database.read(everything) == left
    assert [line for line in left.splitlines() if "heimlich" in line] == []
    for mail in mails:
        with pytest.raises(NotFound):
            await intake.database.blobs.get(mail.mail.content.sha256)


@pytest.fixture
def _no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "GRACE_SECONDS", -1.0)
    monkeypatch.setattr(verification, "_WAITING_SECONDS", -1.0, raising=False)


@pytest.mark.usefixtures("_no_grace")
async def test_bytes_of_mail_that_waits_in_the_journal_are_no_orphans(make: "Make", intake: Intake) -> None:
    mail, folder = make.acceptance(b"L" * LARGE), BlobFolder(intake.data)
    async with attached(intake.data) as front:
        await front.accept([mail])
        await intake.database.remove_orphans()
        assert folder.has(mail.mail.content.sha256)
    await intake.importer.store_all()
    assert (await intake.database.read(lambda tx: tx.received.get(mail.mail.id))).content.read() == mail.mail.content.read()
    orphan = Content.of(b"O" * LARGE)
    folder.put(orphan)
    assert await intake.database.remove_orphans() == 1
    assert (folder.has(orphan.sha256), folder.has(mail.mail.content.sha256)) == (False, True)


@pytest.mark.usefixtures("_no_grace")
async def test_bytes_of_mail_that_was_set_aside_are_no_orphans(make: "Make", intake: Intake) -> None:
    mail = make.acceptance(b"L" * LARGE)
    (row,) = intake.rows([mail])
    write_segment(intake.data, pack(without_channel(row)))
    await intake.importer.store_all()
    assert len(set_aside_files(intake.data)) == 1
    await intake.database.remove_orphans()
    assert BlobFolder(intake.data).has(mail.mail.content.sha256)


def test_bytes_that_are_put_again_are_as_good_as_new(tmp_path: Path) -> None:
    folder, content = BlobFolder(tmp_path), Content.of(b"L" * LARGE)
    folder.create()
    folder.put(content)
    path = folder.path(content.sha256)
    os.utime(path, (0, 0))
    folder.put(content)
    assert path.stat().st_mtime > 1e9


# ------------------------------------------------------------------------------------------------------ kill nine


def acknowledged_before_death(folder: Path) -> list[str]:
    """Kill a process that takes mail; return the delivery keys of those that it acknowledged."""
    with subprocess.Popen([sys.executable, str(WRITER), str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = [line.strip() for _, line in zip(range(150), process.stdout, strict=False)]
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    return acknowledged


async def test_mail_that_a_killed_writer_acknowledged_gets_into_the_tables_once(tmp_path: Path) -> None:
    acknowledged = [key for _ in range(3) for key in acknowledged_before_death(tmp_path)]
    assert len(acknowledged) >= 450
    database = await Database.open(data=tmp_path)
    intake = Intake(tmp_path, database)
    await intake.importer.store_all()
    keys = await intake.keys()
    assert len(keys) == len(set(keys))
    assert set(acknowledged) <= set(keys)
    found = await database.verify()
    assert (found.missing, found.damaged, found.aside, found.waiting) == ((), (), (), 0)
    assert segments(tmp_path) == ()
    await database.close()
