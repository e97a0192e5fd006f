"""The composer prepares what decisions write exactly as the desk itself would, and where it cannot, the desk does."""

import asyncio
import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from structlog.testing import capture_logs

from gateway.evidence.signing import DkimSigner
from gateway.ids import Ids
from gateway.pipeline.apply import Scene
from gateway.pipeline.composer import Composer, prepare_here
from gateway.pipeline.effects import Decision, TellOperators
from gateway.pipeline.journey import go_on
from gateway.pipeline.outgoing import Desk
from gateway.pipeline.reasons import Outcome, Reason
from gateway.pipeline.settings import ParseSettings
from gateway.pipeline.spooling import SPOOL_OCTETS, hold
from gateway.pipeline.templates import Templates
from gateway.states import ReceivedState
from gateway.storage.contents import LARGEST_INLINE
from gateway.storage.ticket_list import TicketFilter
from gateway.storage.transaction import Reader
from gateway.tickets import Changes
from tests.app.running import read
from tests.app.test_app_batches import gateway_with, run_until
from tests.journeys.stage import KEYS, make_policy

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
POLICY = make_policy({"operators": {"addresses": ["admin@ops.example"]}})
TEMPLATES = Templates(None)


def desk_with(*, templates: Templates = TEMPLATES, signers: Mapping[str, DkimSigner] | None = None) -> Desk:
    """Return a desk; two of them make the same ids."""
    ids = Ids(clock_ms=lambda: 1_800_000_000_000, node=0).reserve(100_000)
    return Desk(policy=POLICY, keys=KEYS, ids=ids, templates=templates, now=NOW, signers=signers if signers is not None else {})


def tell(text: str) -> tuple[Scene, Decision]:
    """Return a task: tell the admins something."""
    effect = TellOperators(topic="Grüße", text=text)
    return Scene(channel="support"), Decision(outcome=Outcome.RECORD, reason=Reason.RECEIPT, because="", effects=(effect,))


def content_of(changes: Changes) -> bytes:
    (mail,) = changes.outbound
    return mail.content.read()


def children() -> set[int]:
    return {int(word) for path in Path("/proc/self/task").glob("*/children") for word in path.read_text().split()}


async def prepare(composer: Composer, desk: Desk, *tasks: tuple[Scene, Decision]) -> list[Changes]:
    """Let the composer prepare; it must not need our help."""
    with capture_logs() as logged:
        changes = await composer.prepare_all(tasks, desk, go_on)
    assert logged == []
    return changes


async def test_composer_prepares_to_the_octet_what_the_desk_would_prepare() -> None:
    tasks = [tell(f"Zeile {number}\näöü") for number in range(5)]
    async with Composer(ParseSettings()) as composer:
        there = await prepare(composer, desk_with(), *tasks)

    assert there == await prepare_here(tasks, replace(desk_with(), ids=desk_with().ids.reserve(5000)), go_on)


async def test_ids_that_are_made_while_the_composer_works_are_larger() -> None:
    desk = desk_with()
    async with Composer(ParseSettings()) as composer:
        (one,) = await prepare(composer, desk, tell("eins"))
        between = desk.ids.next()
        (two,) = await prepare(composer, desk, tell("zwei"))

    assert one.outbound[0].id < between < two.outbound[0].id


async def test_what_is_wrong_with_a_template_is_told_to_the_desk(tmp_path: Path) -> None:
    (tmp_path / "operator_notice.en.txt.j2").write_text("Subject: {{ title }}\n{{ nothing_like_this }}\n")
    (tmp_path / "operator_notice.de.txt.j2").write_text("Subject: {{ title }}\n{{ nothing_like_this }}\n")
    desk = desk_with(templates=Templates(tmp_path))
    async with Composer(ParseSettings()) as composer:
        (changes,) = await prepare(composer, desk, tell("eins"))

    assert b"eins" in content_of(changes)
    assert [problem for problem in desk.problems if "nothing_like_this" in problem] == desk.problems != []


async def test_changed_texts_count_from_the_next_batch_on(tmp_path: Path) -> None:
    async with Composer(ParseSettings()) as composer:
        (before,) = await prepare(composer, desk_with(), tell("eins"))
        for language in ("de", "en"):
            (tmp_path / f"operator_notice.{language}.txt.j2").write_text("Subject: {{ title }}\nEin anderer Text.\n")
        (after,) = await prepare(composer, desk_with(templates=Templates(tmp_path)), tell("eins"))

    assert b"Ein anderer Text." not in content_of(before)
    assert b"Ein anderer Text." in content_of(after)


async def test_texts_are_those_that_were_read_and_not_what_lies_in_the_folder_now(tmp_path: Path) -> None:
    for language in ("de", "en"):
        (tmp_path / f"operator_notice.{language}.txt.j2").write_text("Subject: {{ title }}\nWie gelesen.\n")
    desk = desk_with(templates=Templates(tmp_path))
    for language in ("de", "en"):
        (tmp_path / f"operator_notice.{language}.txt.j2").write_text("Subject: {{ title }}\nWie es jetzt da liegt.\n")
    async with Composer(ParseSettings()) as composer:
        (changes,) = await prepare(composer, desk, tell("eins"))

    assert b"Wie gelesen." in content_of(changes)


async def test_composer_signs_what_the_desk_would_sign() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    signers = {"firma.example": DkimSigner("firma.example", "gw", pem)}
    async with Composer(ParseSettings()) as composer:
        (changes,) = await prepare(composer, desk_with(signers=signers), tell("eins"))
    (here,) = await prepare_here([tell("eins")], desk_with(signers=signers), go_on)

    assert b"DKIM-Signature: " in content_of(changes)
    assert content_of(changes) == content_of(here)  # Ed25519 signs the same in the same way


async def test_large_mails_come_as_files_of_the_spool(tmp_path: Path) -> None:
    async with Composer(ParseSettings(), spool=tmp_path) as composer:
        large, small = await prepare(composer, desk_with(), tell("ganz lang " * 20_000), tell("kurz"))

    (mail,) = large.outbound
    assert mail.content.path is not None
    assert mail.content.path.parent == tmp_path
    assert b"ganz lang" in mail.content.read()
    assert small.outbound[0].content.body is not None


@pytest.mark.parametrize("when", ["before", "between"])
async def test_when_the_composer_dies_the_desk_prepares_and_the_next_batch_has_a_new_composer(when: str) -> None:
    before = children()
    async with Composer(ParseSettings()) as composer:
        if when == "between":
            await prepare(composer, desk_with(), tell("eins"))
        (pid,) = children() - before
        os.kill(pid, signal.SIGKILL)
        with capture_logs() as logged:
            first = await composer.prepare_all([tell("zwei")], desk_with(), go_on)
        again = await prepare(composer, desk_with(), tell("drei"))

    assert [each["event"] for each in logged] in ([], ["composer.failed"])  # its end may have been noticed before
    assert b"zwei" in content_of(first[0])
    assert b"drei" in content_of(again[0])


async def test_when_the_composer_takes_too_long_the_desk_prepares_and_the_next_batch_has_a_new_composer() -> None:
    before = children()
    async with Composer(ParseSettings(seconds=1)) as composer:
        (pid,) = children() - before
        os.kill(pid, signal.SIGSTOP)
        with capture_logs() as logged:
            (changes,) = await composer.prepare_all([tell("zwei")], desk_with(), go_on)
        (again,) = await prepare(composer, desk_with(), tell("drei"))

    assert [each["event"] for each in logged] == ["composer.failed"]
    assert b"zwei" in content_of(changes)
    assert b"drei" in content_of(again)


async def test_a_decision_that_needs_more_ids_than_were_reserved_is_prepared_here_and_leaves_no_file_behind(
    tmp_path: Path,
) -> None:
    many = (TellOperators(topic="lang", text="ganz lang " * 20_000), *(TellOperators(topic="kurz", text=""),) * 1000)
    async with Composer(ParseSettings(), spool=tmp_path) as composer:
        with capture_logs() as logged:
            (changes,) = await composer.prepare_all([(tell("")[0], replace(tell("")[1], effects=many))], desk_with(), go_on)
        files = await asyncio.to_thread(lambda: list(tmp_path.iterdir()))

    assert [each["event"] for each in logged] == ["composer.failed"]
    assert len({mail.id for mail in changes.outbound}) == 1001
    assert files == [changes.outbound[0].content.path]


async def test_what_cannot_be_pickled_is_prepared_here() -> None:
    policy = replace(POLICY, agents=MappingProxyType(dict(POLICY.agents)))
    async with Composer(ParseSettings()) as composer:
        with capture_logs() as logged:
            (changes,) = await composer.prepare_all([tell("eins")], replace(desk_with(), policy=policy), go_on)

    assert [each["event"] for each in logged] == ["composer.failed"]
    assert b"eins" in content_of(changes)


async def test_without_a_running_composer_the_desk_prepares() -> None:
    (changes,) = await Composer(ParseSettings()).prepare_all([tell("eins")], desk_with(), go_on)

    assert b"eins" in content_of(changes)


async def test_mails_become_tickets_while_the_composer_keeps_dying(tmp_path: Path) -> None:
    authors = [f"k{number}@kunde{number}.example" for number in range(100)]
    before = children()
    async with gateway_with(tmp_path, authors) as gateway:
        workers = children() - before
        gateway.composer = Composer(ParseSettings(), spool=gateway.spool)
        await gateway.composer.start()

        def is_done(tx: Reader) -> bool:
            for pid in children() - before - workers:
                os.kill(pid, signal.SIGKILL)
            return not tx.received.list((ReceivedState.RECEIVED,))

        await run_until(gateway, is_done)
        tickets = await gateway.database.read(lambda tx: tx.tickets.list(TicketFilter(limit=200)))
        mails = await gateway.database.read(lambda tx: tx.outbox.list(limit=500))

    assert sorted(str(ticket.requester.address) for ticket in tickets) == sorted(authors)
    assert len(mails) == 200, "one to the customer and one to the agent, of each"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return "sqlite" if request.param == "sqlite" else str(request.getfixturevalue("server").create())


async def test_large_files_go_through_the_spool_and_leave_nothing_there(tmp_path: Path, database: str) -> None:
    """All mails carry the same file, as company logos do: whoever is done first must not take it from the others."""
    logo = bytes(range(256)) * 400
    authors = [f"k{number}@kunde{number}.example" for number in range(40)]
    async with gateway_with(tmp_path, authors, database=database, attached=logo) as gateway:
        await asyncio.to_thread(gateway.spool.mkdir, exist_ok=True)
        gateway.composer = Composer(ParseSettings(), spool=gateway.spool)
        await gateway.composer.start()
        with capture_logs() as logged:
            await run_until(gateway, lambda tx: not tx.received.list((ReceivedState.RECEIVED,)))
        left = await asyncio.to_thread(lambda: list(gateway.spool.iterdir()))
        sent = await gateway.database.read(lambda tx: tx.outbox.list(limit=500))
        to_anna = [mail.content.read() for mail in sent if str(mail.recipient) == "anna@firma.example"]

    assert left == []
    assert {each["event"] for each in logged} == {"mail.decided"}
    assert len(to_anna) == 40
    files = [part.get_content() for mail in to_anna for part in read(mail).iter_attachments()]
    assert files == [logo] * 40


def test_two_holders_of_the_same_octets_have_a_file_each(tmp_path: Path) -> None:
    one, other = (hold(b"x" * 100_000, tmp_path) for _ in range(2))
    assert one.path is not None
    one.path.unlink()

    assert one.sha256 == other.sha256
    assert other.read() == b"x" * 100_000


def test_what_is_spooled_is_what_storage_keeps_as_a_file() -> None:
    assert SPOOL_OCTETS == LARGEST_INLINE
