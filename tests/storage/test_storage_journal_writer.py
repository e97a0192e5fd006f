"""Appending to the intake journal: what is acknowledged is on the disk, and a disk that takes nothing is a temporary fault."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.errors import StorageUnavailable
from gateway.storage import journal_writer
from gateway.storage.journal import FOLDER, count_records, held, read_piece, segments
from tests.storage.journal_world import Intake, appending, attached, until

if TYPE_CHECKING:
    from tests.storage.conftest import Make


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let segments stay open until the test says otherwise."""
    monkeypatch.setattr(journal_writer, "_IDLE_SECONDS", 600.0)
    monkeypatch.setattr(journal_writer, "_OLD_SECONDS", 600.0)


def is_held(path: Path) -> bool:
    with held(path) as size:
        return size is None


@contextmanager
def no_file_larger_than(octets: int) -> Iterator[None]:
    """Let the system refuse longer files, as a full disk would: it takes what still fits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("_patient")
async def test_acknowledged_mail_stands_in_a_segment_that_its_writer_holds(make: "Make", intake: Intake) -> None:
    rows = intake.rows([make.acceptance(b"%d" % number) for number in range(3)])
    async with appending(intake.data) as writer:
        await writer.append(rows[:1])
        await writer.append(rows[1:])
        (path,) = segments(intake.data)
        assert list(read_piece(path, 0).rows) == rows
        assert is_held(path)
        assert path.stat().st_mode & 0o777 == 0o600
    assert not is_held(path)


@pytest.mark.usefixtures("_patient")
async def test_many_sessions_append_to_one_segment_at_the_same_time(make: "Make", intake: Intake) -> None:
    rows = intake.rows([make.acceptance(b"%d" % number * 2000) for number in range(200)])
    async with appending(intake.data) as writer:
        await asyncio.gather(*(writer.append([row]) for row in rows))
        (path,) = segments(intake.data)
        assert list(read_piece(path, 0).rows) == rows


@pytest.mark.usefixtures("_patient")
async def test_full_segment_is_let_go_and_the_next_mail_begins_another(
    make: "Make", intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_writer, "_LARGE_OCTETS", 10_000)
    rows = intake.rows([make.acceptance(b"x" * 6000) for _ in range(4)])
    async with appending(intake.data) as writer:
        for row in rows:
            await writer.append([row])
        paths = segments(intake.data)
        await until(lambda: not is_held(paths[1]))
        assert [list(read_piece(path, 0).rows) for path in paths] == [rows[:2], rows[2:]]


async def test_old_segment_is_let_go_however_much_mail_comes(
    make: "Make", intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_writer, "_IDLE_SECONDS", 600.0)
    monkeypatch.setattr(journal_writer, "_OLD_SECONDS", 0.0)
    async with appending(intake.data) as writer:
        for row in intake.rows([make.acceptance(), make.acceptance()]):
            await writer.append([row])
        assert len(segments(intake.data)) == 2
        await until(lambda: not any(map(is_held, segments(intake.data))))


async def test_segment_is_let_go_when_no_mail_comes(make: "Make", intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_writer, "_IDLE_SECONDS", 0.01)
    async with appending(intake.data) as writer:
        await writer.append(intake.rows([make.acceptance()]))
        (first,) = segments(intake.data)
        await until(lambda: not is_held(first))
        await writer.append(intake.rows([make.acceptance()]))
        assert len(segments(intake.data)) == 2


async def test_disk_that_is_full_is_a_temporary_fault_and_leaves_no_half_mail(make: "Make", intake: Intake) -> None:
    first, refused, later = intake.rows([make.acceptance(b"x" * 30_000) for _ in range(3)])
    async with appending(intake.data) as writer:
        await writer.append([first])
        with no_file_larger_than(40_000), pytest.raises(StorageUnavailable, match="journal"):
            await writer.append([refused])
        await writer.append([later])
    paths = segments(intake.data)
    assert [row for path in paths for row in read_piece(path, 0).rows] == [first, later]
    assert [path.stat().st_size for path in paths] == [read_piece(path, 0).end for path in paths]


async def test_journal_that_cannot_be_begun_is_a_temporary_fault_for_all_who_wait(make: "Make", intake: Intake) -> None:
    rows = intake.rows([make.acceptance(b"%d" % number) for number in range(5)])
    folder = intake.data / FOLDER
    folder.rmdir()
    folder.write_bytes(b"no folder")
    async with appending(intake.data) as writer:
        told = await asyncio.gather(*(writer.append([row]) for row in rows), return_exceptions=True)
        assert [type(each) for each in told] == [StorageUnavailable] * 5
        folder.unlink()
        await writer.append(rows)
    assert count_records(segments(intake.data)) == 5


@pytest.mark.usefixtures("_patient")
async def test_what_was_being_appended_when_a_session_went_away_stays(make: "Make", intake: Intake) -> None:
    one, other = intake.rows([make.acceptance(), make.acceptance()])
    async with appending(intake.data) as writer:
        leaving = asyncio.create_task(writer.append([one]))
        await asyncio.sleep(0)
        leaving.cancel()
        await writer.append([other])
        assert list(read_piece(segments(intake.data)[0], 0).rows) == [one, other]


async def test_closing_finishes_what_waits_and_then_takes_nothing(make: "Make", intake: Intake) -> None:
    rows = intake.rows([make.acceptance(b"%d" % number) for number in range(50)])
    async with appending(intake.data) as writer:
        waiting = [asyncio.create_task(writer.append([row])) for row in rows]
        await asyncio.sleep(0)
        await writer.close()
        await asyncio.gather(*waiting)
        with pytest.raises(StorageUnavailable):
            await writer.append(rows[:1])
    assert count_records(segments(intake.data)) == 50


async def test_whoever_reads_the_journal_is_told_of_the_last_mail_however_fast_they_come(make: "Make", intake: Intake) -> None:
    rows = intake.rows([make.acceptance(b"%d" % number) for number in range(20)])
    counts: list[int] = []
    async with appending(intake.data, on_appended=lambda: counts.append(count_records(segments(intake.data)))) as writer:
        for row in rows:
            await writer.append([row])
        await until(lambda: counts[-1] == len(rows))
    assert counts[0] >= 1


@pytest.mark.usefixtures("_patient")
async def test_large_bodies_do_not_stand_in_the_journal(make: "Make", intake: Intake) -> None:
    small, large = make.acceptance(b"s" * 60_000), make.acceptance(b"L" * 1_000_000)
    async with attached(intake.data) as front:
        assert await front.accept([small, large]) == (small.mail.id, large.mail.id)
        (path,) = segments(intake.data)
        assert path.stat().st_size < 70_000
    await intake.importer.store_all()
    stored = await intake.database.read(lambda tx: tx.received.get_all([small.mail.id, large.mail.id]))
    assert [mail.content.read() for mail in stored] == [small.mail.content.read(), large.mail.content.read()]


async def test_each_writer_appends_to_a_segment_of_its_own(make: "Make", intake: Intake) -> None:
    one, other = intake.rows([make.acceptance(), make.acceptance()])
    async with appending(intake.data) as first, appending(intake.data) as second:
        await first.append([one])
        await second.append([other])
        assert sorted(row for path in segments(intake.data) for row in read_piece(path, 0).rows) == sorted([one, other])
        assert len(segments(intake.data)) == 2
