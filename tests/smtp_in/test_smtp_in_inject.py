"""A pipe alias hands a mail to the daemon and is told by exit code how it went."""

import asyncio
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.envelope import Door
from gateway.smtp_in.inject import Injected, inject, stuffed
from gateway.smtp_in.replies import Refusal
from gateway.smtp_in.settings import ListenSettings
from gateway.smtp_in.transparency import DataReader
from tests.smtp_in.smtp_world import DATABASE_AWAY, World


async def inject_into(world: World, mail: bytes, *recipients: str, sender: str = "") -> Injected:
    door = world.folder / "inject.sock"
    async with world.serve(ListenSettings(inject=f"unix:{door}")):
        return await asyncio.to_thread(inject, io.BytesIO(mail), door=door, sender=sender, recipients=recipients)


async def test_injected_mail_gets_network_line_ends_and_loses_its_mbox_line(world: World) -> None:
    mail = b"From kunde@kunde.example Sun Mar  1 12:00:00 2026\nSubject: hello\n\n.dot\nend\r\nwithout line end"
    outcome = await inject_into(world, mail, "support@firma.example", sender="kunde@kunde.example")
    assert outcome.exit_code == 0, outcome.text
    assert world.bodies == [b"Subject: hello\r\n\r\n.dot\r\nend\r\nwithout line end\r\n"]
    assert world.mails[0].mail.envelope.door is Door.INJECT


async def test_large_mail_is_injected_whole(world: World) -> None:
    mail = b"Subject: large\r\n\r\n" + b"0123456789abcde\r\n" * 200_000
    outcome = await inject_into(world, mail, "support@firma.example")
    assert outcome.exit_code == 0
    assert world.bodies == [mail]


@pytest.mark.parametrize(
    ("recipient", "code"),
    [("nobody@firma.example", 67), ("support@elsewhere.example", 77), ("no address", 64), ("a\r\nb@firma.example", 64)],
)
async def test_exit_code_tells_why_a_mail_can_never_be_taken(world: World, recipient: str, code: int) -> None:
    assert (await inject_into(world, b"x\n", recipient)).exit_code == code


async def test_one_recipient_who_may_be_taken_later_makes_the_mail_come_again(world: World) -> None:
    world.failure = DATABASE_AWAY
    outcome = await inject_into(world, b"x\n", "support@firma.example", "nobody@firma.example")
    assert outcome.exit_code == 75


async def test_mail_that_is_refused_for_what_it_holds_is_a_data_error(world: World) -> None:
    world.refusal = Refusal(554, "5.6.0", "no")
    assert (await inject_into(world, b"x\n", "support@firma.example")).exit_code == 65


def test_gateway_that_does_not_run_is_a_reason_to_try_again(tmp_path: Path) -> None:
    outcome = inject(io.BytesIO(b"x"), door=tmp_path / "none.sock", sender="", recipients=("support@firma.example",))
    assert outcome.exit_code == 75


@given(lines=st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\r", b"").replace(b"\n", b"")), max_size=8))
def test_what_is_stuffed_reads_back_as_the_same_lines(lines: list[bytes]) -> None:
    mail = b"".join(line + b"\n" for line in [b"Subject: x", *lines])
    reader = DataReader()
    content = reader.feed(b"".join(stuffed(io.BytesIO(mail))))
    assert reader.is_complete
    assert content == mail.replace(b"\n", b"\r\n")
