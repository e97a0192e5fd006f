"""What happens to mails and clients on the way to the 250."""

import pytest

from gateway.mail.addresses import Address
from gateway.mail.envelope import Door
from gateway.smtp_in.settings import LimitSettings, ListenSettings
from tests.smtp_in.smtp_world import DATABASE_AWAY, HOSTNAME, MAIL, World


async def test_mail_is_stored_before_its_250_and_the_pipeline_is_woken(world: World) -> None:
    async with world.serve() as server:
        client = await world.connect(server)
        await client.greet()
        reply = await client.send_mail(MAIL)
        assert reply.startswith("250 2.0.0 ")
        assert reply.endswith(" accepted")
        assert world.wakes == 1
        (stored,) = world.mails
        assert world.bodies == [MAIL + b"\r\n"]
        envelope = stored.mail.envelope
        assert (envelope.reverse_path, envelope.client_ip, envelope.helo) == (
            Address("kunde", "kunde.example"),
            "127.0.0.1",
            "client.example",
        )
        assert (stored.author_key, stored.message_id, stored.subject) == ("kunde@kunde.example", "1@kunde.example", "Hello")
        assert await client.ask("QUIT") == "221 2.0.0 Bye"
        assert await client.reply() == ""


async def test_fault_of_ours_is_a_451_that_says_nothing_and_the_next_mail_is_taken(world: World) -> None:
    world.failure = RuntimeError("secret path /var/lib")
    async with world.serve() as server:
        client = await world.connect(server)
        await client.greet()
        reply = await client.send_mail(MAIL)
        assert reply == "451 4.3.0 Temporary fault on our side, come back later"
        world.failure = DATABASE_AWAY
        assert (await client.send_mail(MAIL)).startswith("451 4.3.0 ")
        world.failure = None
        assert (await client.send_mail(MAIL)).startswith("250 2.0.0 ")
        assert len(world.stored) == 1


@pytest.mark.parametrize("size", [0, 1, 3000, 300_000, 2_000_000])
async def test_mails_of_every_size_arrive_octet_for_octet(world: World, size: int) -> None:
    body = (
        b".leading dot\r\n..two dots\r\nbare\nline\rends \0 and " + b"x" * 1500 + b"\r\n" + bytes(range(128, 256)) + b"\r\n"
    ) * (size // 100 + 1)
    content = b"Subject: x\r\n\r\n" + body[:size]
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    async with world.serve() as server:
        client = await world.connect(server)
        await client.greet()
        assert (await client.send_mail(stuffed)).startswith("250 ")
        assert world.bodies == [content + b"\r\n"]
    assert list((world.folder / "spool").iterdir()) == []


async def test_lmtp_answers_each_recipient_and_stores_one_mail_per_channel(world: World) -> None:
    path = world.folder / "lmtp.sock"
    async with world.serve(ListenSettings(lmtp=f"unix:{path}")) as server:
        assert oct(path.stat().st_mode)[-3:] == "660"
        client = await world.connect(server)
        await client.greet(verb="LHLO")
        assert (await client.ask("MAIL FROM:<>")).startswith("250 ")
        assert (await client.ask("RCPT TO:<support@firma.example>")).startswith("250 ")
        assert (await client.ask("RCPT TO:<nobody@firma.example>")).startswith("550 5.1.1 ")
        assert (await client.ask("RCPT TO:<sales@firma.example>")).startswith("250 ")
        await client.ask("DATA")
        await client.send(MAIL + b"\r\n.\r\n")
        replies = [await client.reply(), await client.reply()]
        assert all(reply.startswith("250 2.0.0 ") for reply in replies)
        assert replies[0] != replies[1]
        assert sorted(mail.mail.channel for mail in world.mails) == ["sales", "support"]
        assert {mail.mail.envelope.door for mail in world.mails} == {Door.LMTP}
        assert {mail.mail.envelope.client_ip for mail in world.mails} == {None}
        assert world.commits == [2]
    assert not path.exists()


async def test_announced_extensions_are_ours_and_nothing_tells_the_software(world: World) -> None:
    async with world.serve(limits=LimitSettings(message_size=1_000_000)) as server:
        client = await world.connect(server)
        assert await client.reply() == f"220 {HOSTNAME} ESMTP ready"
        assert (await client.ask("EHLO x")).split("\n") == [
            f"250-{HOSTNAME}",
            "250-SIZE 1000000",
            "250-PIPELINING",
            "250-8BITMIME",
            "250-ENHANCEDSTATUSCODES",
            "250-SMTPUTF8",
            "250 HELP",
        ]


async def test_fault_in_the_middle_of_a_mail_never_turns_the_rest_of_it_into_commands(world: World) -> None:
    async with world.serve() as server:
        server.service.spool.close()  # Whatever writes to the spool fails with an error that nobody expects.
        client = await world.connect(server)
        await client.greet()
        await client.begin_mail()
        await client.ask("DATA")
        await client.send(b"x" * 400_000 + b"\r\nMAIL FROM:<attacker@attacker.example>\r\nNOOP\r\n")
        assert await client.reply() == "451 4.3.0 Temporary fault on our side, come back later"
        assert await client.reply() == ""
    assert world.stored == {}
