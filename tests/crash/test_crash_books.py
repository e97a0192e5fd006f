"""The harness itself can fail: books that do not balance are seen."""

import hashlib
import sqlite3
from pathlib import Path

import pytest

from tests.crash.harness.books import Balance, balance, leftovers
from tests.crash.harness.customer import MailServer
from tests.crash.harness.ledger import Ledger
from tests.crash.harness.mails import CrashMail
from tests.crash.harness.site import Nursery, Site, Surroundings


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two mails in a database, a small one and a large one; and what the client wrote down."""
    folder = tmp_path_factory.mktemp("books")
    ledger = Ledger(folder / "ledger")
    with Surroundings() as surroundings, Nursery() as nursery:
        site = Site(folder / "site", surroundings=surroundings, nursery=nursery)
        site.start()
        site.wait_until_ready()
        server = MailServer(site.port, ledger)
        for name, octets in (("small", 100), ("large", 400_000)):
            server.send_until_accepted(CrashMail(identity=name, octets=octets))
        server.hang_up()
        site.wait_until_idle()
        site.stop()
    ledger.close()
    return site.data, folder / "ledger"


@pytest.fixture
def data(kept: tuple[Path, Path], tmp_path: Path) -> Path:
    """Give a copy that a test may damage."""
    for path in sorted(kept[0].rglob("*")):
        copy = tmp_path / path.relative_to(kept[0])
        copy.mkdir(parents=True) if path.is_dir() else copy.write_bytes(path.read_bytes())
    return tmp_path


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


def test_permanent_refusals_are_seen(data: Path, ledger: Ledger) -> None:
    ledger.take(("no 550 small",))
    assert balance(data, ledger).permanent_replies == ("550 small",)
