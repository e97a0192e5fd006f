"""The harness itself can fail: books that do not balance are seen."""

import hashlib
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.storage.journal import pack, read_piece, segments
from tests.crash.harness.books import Balance, balance, leftovers
from tests.crash.harness.customer import MailServer
from tests.crash.harness.ledger import Ledger
from tests.crash.harness.mails import CrashMail
from tests.crash.harness.site import Nursery, Site, Surroundings


@pytest.fixture(scope="module")
def around() -> Iterator[tuple[Surroundings, Nursery]]:
    with Surroundings() as surroundings, Nursery() as nursery:
        yield surroundings, nursery


def send(site: Site, ledger: Path, **mails: int) -> None:
    """Send mails, each with so many octets of attachment, until they are acknowledged."""
    written = Ledger(ledger)
    server = MailServer(site.port, written)
    for name, octets in mails.items():
        server.send_until_accepted(CrashMail(identity=name, octets=octets))
    server.hang_up()
    written.close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, around: tuple[Surroundings, Nursery]) -> tuple[Path, Path]:
    """Two mails in a database, a small one and a large one; and what the client wrote down."""
    folder = tmp_path_factory.mktemp("books")
    site = Site(folder / "site", surroundings=around[0], nursery=around[1])
    site.start()
    site.wait_until_ready()
    send(site, folder / "ledger", small=100, large=400_000)
    site.wait_until_idle()
    site.stop()
    return site.data, folder / "ledger"


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory, around: tuple[Surroundings, Nursery]) -> tuple[Path, Path]:
    """Two acknowledged mails that only the intake journal has, in one segment, because the desk never heard of them."""
    folder = tmp_path_factory.mktemp("journal")
    site = Site(folder / "site", surroundings=around[0], nursery=around[1])
    site.start()
    site.wait_until_ready()
    desk = site.desk()
    assert desk is not None
    desk.send_signal(signal.SIGSTOP)
    send(site, folder / "ledger", first=100, second=100)
    desk.kill()
    site.kill()
    return site.data, folder / "ledger"


def copy(folder: Path, to: Path) -> Path:
    for path in sorted(folder.rglob("*")):
        place = to / path.relative_to(folder)
        place.mkdir(parents=True) if path.is_dir() else place.write_bytes(path.read_bytes())
    return to


@pytest.fixture
def data(kept: tuple[Path, Path], tmp_path: Path) -> Path:
    """Give a copy that a test may damage."""
    return copy(kept[0], tmp_path)


@pytest.fixture
def ledger(kept: tuple[Path, Path]) -> Ledger:
    return Ledger.read(kept[1])


def change(data: Path, statement: str) -> None:
    connection = sqlite3.connect(data / "gateway.sqlite")
    with connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute(statement)
    connection.close()


def test_books_of_a_quiet_day_are_even(data: Path, ledger: Ledger) -> None:
    assert balance(data, ledger) == Balance(acknowledged=2)
    assert leftovers(data) == ()


def test_acknowledged_mail_without_a_row_is_lost(data: Path, ledger: Ledger) -> None:
    ledger.take((f"sent other {hashlib.sha256(b'other').hexdigest()}", "yes other"))
    assert balance(data, ledger).lost == ("other: no mail",)


def test_acknowledged_mail_without_a_ticket_is_lost(data: Path, ledger: Ledger) -> None:
    change(data, "UPDATE received SET state = 'received', ticket_id = NULL WHERE subject = 'crash small'")
    assert "small: 0 of 1 became a ticket" in balance(data, ledger).lost
    assert balance(data, ledger, is_processed=False).lost == ()


def test_ticket_that_nobody_was_told_of_is_lost(data: Path, ledger: Ledger) -> None:
    change(data, "DELETE FROM outbound WHERE purpose = 'new_ticket'")
    assert len(balance(data, ledger).lost) == 2


def test_other_bytes_than_were_sent_are_a_loss(data: Path, ledger: Ledger) -> None:
    ledger.sent["small"] = {hashlib.sha256(b"something else").hexdigest()}
    assert balance(data, ledger).lost == ("small: other bytes than were sent",)


def test_second_row_of_a_mail_is_a_duplicate(data: Path, ledger: Ledger) -> None:
    change(data, "UPDATE received SET subject = 'crash small'")
    assert balance(data, ledger).duplicates == ("small: 2 mails, 2 tickets, 2 posts",)


def test_second_post_of_a_mail_is_a_duplicate(data: Path, ledger: Ledger) -> None:
    change(data, "UPDATE post SET received_id = (SELECT min(received_id) FROM post)")
    assert balance(data, ledger).duplicates == ("small: 1 mails, 1 tickets, 2 posts",)


def test_second_notification_is_a_duplicate(data: Path, ledger: Ledger) -> None:
    change(data, "UPDATE outbound SET ticket_id = (SELECT min(ticket_id) FROM outbound)")
    assert len(balance(data, ledger).duplicates) == 1


def test_bytes_that_are_gone_or_changed_are_damage(data: Path, ledger: Ledger) -> None:
    (blob, *_) = [path for path in sorted((data / "blobs").rglob("*")) if path.is_file()]
    blob.write_bytes(b"something else")
    assert ["damaged" in line for line in balance(data, ledger).damage] == [True]
    blob.unlink()
    assert ["missing" in line for line in balance(data, ledger).damage] == [True]


def test_file_in_the_spool_is_seen(data: Path) -> None:
    (data / "spool" / "arriving-1").touch()
    assert leftovers(data) == ("left in the spool: arriving-1",)


def test_file_in_the_journal_of_a_gateway_that_was_stopped_is_seen(data: Path) -> None:
    (data / "journal" / "1-1-1.segment").touch()
    (data / "journal" / "1-1-2.beginning").touch()
    assert leftovers(data) == ("left in the journal: 1-1-1.segment", "left in the journal: 1-1-2.beginning")


def test_file_that_the_journal_set_aside_is_damage(data: Path, ledger: Ledger) -> None:
    (data / "journal" / "1-1-1.aside").touch()
    assert balance(data, ledger).damage == ("verify: set aside: 1-1-1.aside",)


def test_permanent_refusals_are_seen(data: Path, ledger: Ledger) -> None:
    ledger.take(("no 550 small",))
    assert balance(data, ledger).permanent_replies == ("550 small",)


# ----------------------------------------------------------------------------------------- mail that only the journal has


@pytest.fixture
def site(waiting: tuple[Path, Path], around: tuple[Surroundings, Nursery], tmp_path: Path) -> Iterator[Site]:
    """Give a gateway that does not run yet, on a copy of what waits."""
    copy(waiting[0], tmp_path / "data")
    site = Site(tmp_path, surroundings=around[0], nursery=around[1])
    yield site
    site.kill()


def let_arrive(site: Site, ledger: Path) -> Balance:
    """Let a gateway take up what is there, stop it, and compare."""
    site.start()
    site.wait_until_ready()
    site.wait_until_idle()
    site.stop()
    return balance(site.data, Ledger.read(ledger)) + Balance(damage=leftovers(site.data))


def test_mail_that_only_the_journal_has_arrives_with_the_next_gateway(site: Site, waiting: tuple[Path, Path]) -> None:
    assert len(balance(site.data, Ledger.read(waiting[1])).lost) == 2
    assert let_arrive(site, waiting[1]) == Balance(acknowledged=2)


def test_record_cut_out_of_the_journal_is_a_lost_mail(site: Site, waiting: tuple[Path, Path]) -> None:
    (segment,) = segments(site.data)
    first, _second = read_piece(segment, 0).rows
    segment.write_bytes(segment.read_bytes()[: len(pack(first))])
    assert let_arrive(site, waiting[1]) == Balance(acknowledged=2, lost=("second: no mail",))


def test_end_cut_off_a_record_of_the_journal_is_a_lost_mail(site: Site, waiting: tuple[Path, Path]) -> None:
    (segment,) = segments(site.data)
    segment.write_bytes(segment.read_bytes()[:-1])
    assert let_arrive(site, waiting[1]) == Balance(acknowledged=2, lost=("second: no mail",))


def test_changed_byte_in_the_journal_is_a_lost_mail_and_damage(site: Site, waiting: tuple[Path, Path]) -> None:
    (segment,) = segments(site.data)
    segment.write_bytes(segment.read_bytes().replace(b"it says first", b"it says fIrst"))
    assert let_arrive(site, waiting[1]) == Balance(
        acknowledged=2, lost=("first: no mail",), damage=(f"verify: set aside: {segment.stem}.aside",)
    )


def test_journal_that_is_gone_is_two_lost_mails(site: Site, waiting: tuple[Path, Path]) -> None:
    for segment in segments(site.data):
        segment.unlink()
    assert len(let_arrive(site, waiting[1]).lost) == 2
