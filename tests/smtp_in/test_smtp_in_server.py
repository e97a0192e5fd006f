"""The life of the listeners: starting, certificates, draining, and what the disk and the network do to them."""

import asyncio
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.smtp_in.listeners import open_listeners, passed_sockets
from gateway.smtp_in.settings import LimitSettings, ListenSettings
from gateway.smtp_in.shared_counts import SharedCounts
from gateway.smtp_in.tls import Certificates
from tests.needs import program
from tests.smtp_in.certificates import make_certificate
from tests.smtp_in.smtp_world import MAIL, Client, World, until

LARGE = b"Subject: large\r\n\r\n" + b"0123456789abcde\r\n" * 100_000


async def begin_data(client: Client) -> None:
    await client.greet()
    await client.begin_mail()
    assert (await client.ask("DATA")).startswith("354 ")


# ------------------------------------------------------------------------------------------------------------- draining


async def test_draining_tells_idle_clients_and_lets_mails_in_flight_finish(world: World) -> None:
    async with world.serve() as server:
        idle, busy = await world.connect(server), await world.connect(server)
        await idle.greet()
        await begin_data(busy)
        await busy.send(b"Subject: x\r\n")
        await until(lambda: any(session.phase.value == "content" for session in server.service.sessions))
        draining = asyncio.create_task(server.drain(10))
        assert await idle.reply() == "421 4.3.2 Service is restarting, come back in a minute"
        assert await idle.reply() == ""
        with pytest.raises(OSError):  # noqa: PT011 refused or reset, as the kernel likes
            await asyncio.wait_for(Client.connect(server.addresses[0]), 1)
        await busy.send(b"\r\nText\r\n.\r\nMAIL FROM:<>\r\n")
        assert (await busy.reply()).startswith("250 2.0.0 ")
        assert (await busy.reply()).startswith("421 4.3.2 ")
        await draining
        assert len(world.stored) == 1


async def test_draining_does_not_wait_for_ever(world: World) -> None:
    async with world.serve() as server:
        client = await world.connect(server)
        await begin_data(client)
        await until(lambda: any(session.phase.value == "content" for session in server.service.sessions))
        await asyncio.wait_for(server.drain(0.05), 5)
        assert await client.reply() == ""
    assert world.stored == {}


async def test_new_limits_hold_from_the_next_command_on(world: World) -> None:
    async with world.serve() as server:
        client = await world.connect(server)
        await client.greet()
        server.reconfigure(limits=LimitSettings(message_size=64_000), hostname="new.firma.example")
        assert (await client.ask("MAIL FROM:<> SIZE=100000")).startswith("552 5.3.4 ")
        assert (await client.ask("EHLO x")).startswith("250-new.firma.example\n250-SIZE 64000")


# --------------------------------------------------------------------------------------------------- clients that vanish


@pytest.mark.parametrize("content", [b"Subject: x\r\n", LARGE])
async def test_client_that_vanishes_in_the_middle_of_a_mail_leaves_nothing(world: World, content: bytes) -> None:
    async with world.serve() as server:
        client = await world.connect(server)
        await begin_data(client)
        await client.send(content)
        await until(lambda: server.service.in_flight.total >= len(content) - 10)
        client.vanish()
        await until(lambda: not server.service.sessions)
        assert (server.service.in_flight.total, server.service.in_flight.in_memory) == (0, 0)
        assert (server.service.connections.total, world.stored) == (0, {})
    assert list((world.folder / "spool").iterdir()) == []


async def test_client_that_shuts_its_side_down_early_still_gets_every_answer(world: World) -> None:
    async with world.serve() as server:
        client = await world.connect(server)
        await client.send(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<support@firma.example>\r\nDATA\r\nSubject: x\r\n\r\n.\r\nQUIT\r\n")
        client.writer.write_eof()
        codes = [(await client.reply())[:3] for _ in range(8)]
        assert codes == ["220", "250", "250", "250", "354", "250", "221", ""]
        assert len(world.stored) == 1


# -------------------------------------------------------------------------------------------------------------- the disk


async def test_disk_that_takes_nothing_defers_large_mails_and_the_session_goes_on(world: World) -> None:
    async with world.serve() as server:
        shutil.rmtree(world.folder / "spool")
        client = await world.connect(server)
        await client.greet()
        assert (await client.send_mail(LARGE)).startswith("451 4.3.0 ")
        assert (await client.send_mail(MAIL)).startswith("250 2.0.0 ")
        assert server.service.in_flight.total == 0


async def test_large_mail_that_the_database_does_not_take_leaves_no_file(world: World) -> None:
    world.failure = RuntimeError("no")
    async with world.serve() as server:
        client = await world.connect(server)
        await client.greet()
        assert (await client.send_mail(LARGE)).startswith("451 4.3.0 ")
    assert list((world.folder / "spool").iterdir()) == []


async def test_many_small_mails_at_once_go_to_disk_when_memory_is_short(world: World) -> None:
    async with world.serve(limits=LimitSettings(in_memory=1_000_000)) as server:
        body = b"Subject: x\r\n\r\n" + b"0123456789abcde\r\n" * 12_000
        clients = [await world.connect(server) for _ in range(12)]
        for client in clients:
            await begin_data(client)
            await client.send(body)
        await until(lambda: server.service.in_flight.total >= 12 * (len(body) - 10))
        assert server.service.in_flight.in_memory < 1_500_000
        for client in clients:
            await client.send(b".\r\n")
            assert (await client.reply()).startswith("250 ")
        assert world.bodies == [body]


# ----------------------------------------------------------------------------------------------------------- certificates


async def test_new_certificate_is_shown_without_a_restart_and_a_broken_one_keeps_the_old(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, "old.firma.example")
    certificates = Certificates(certificate=certificate, key=key)
    first = certificates.context
    await certificates.refresh()
    assert certificates.context is first
    make_certificate(tmp_path, "new.firma.example")
    await certificates.refresh()
    second = certificates.context
    assert second is not first
    for breakage in (lambda: key.write_text("no key"), key.unlink):
        breakage()
        with capture_logs() as logs:
            await certificates.refresh()
            await certificates.refresh()
        assert [line["event"] for line in logs] == ["certificate.refused"]
        assert certificates.context is second
    make_certificate(tmp_path, "third.firma.example")
    await certificates.refresh()
    assert certificates.context is not second


async def test_running_server_uses_the_certificate_that_was_renewed(world: World) -> None:
    certificate, key = make_certificate(world.folder, "old.firma.example")
    async with world.serve(ListenSettings(smtp="127.0.0.1:0", certificate=certificate, key=key)) as server:
        seen = []
        for name in ("old.firma.example", "new.firma.example"):
            make_certificate(world.folder, name)
            await server.refresh_certificates()
            client = await world.connect(server)
            await client.greet()
            await client.ask("STARTTLS")
            await client.start_tls()
            seen.append(client.writer.get_extra_info("ssl_object").getpeercert(binary_form=True))
            assert name.encode() in seen[-1]
            await client.ask("EHLO x")
            assert (await client.send_mail(MAIL + name.encode())).startswith("250 ")
        assert all(mail.mail.envelope.tls and mail.mail.envelope.tls.startswith("TLSv1.") for mail in world.mails)


async def test_implicit_tls_speaks_tls_from_the_first_octet(world: World) -> None:
    certificate, key = make_certificate(world.folder, "gw.firma.example")
    listener = ListenSettings.model_validate({"smtp": "127.0.0.1:0", "tls": "implicit", "certificate": certificate, "key": key})
    async with world.serve(listener) as server:
        client = await world.connect(server)
        await client.start_tls()
        await client.greet()
        assert (await client.send_mail(LARGE)).startswith("250 ")
        plain = await world.connect(server)
        await plain.send(b"EHLO x\r\n")
        assert await plain.reply() == ""
        await until(lambda: len(server.service.sessions) == 1)


# ---------------------------------------------------------------------------------------------------------------- sockets


async def test_socket_that_a_dead_process_left_is_replaced_and_a_live_one_is_not(world: World) -> None:
    path = world.folder / "lmtp.sock"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    entry = ListenSettings(lmtp=f"unix:{path}")
    async with world.serve(entry):
        with pytest.raises(OSError, match="in use"):
            open_listeners([entry], passed={})


@pytest.mark.parametrize(("own", "is_there"), [(0, False), (1, True)])
async def test_socket_is_removed_at_the_end_by_the_process_that_made_it_and_by_no_other(
    world: World, own: int, *, is_there: bool
) -> None:
    path = world.folder / "lmtp.sock"
    page = SharedCounts.make(2)
    shared = SharedCounts(page.descriptor, processes=2, own=own, key=page.key)
    async with world.serve(ListenSettings(lmtp=f"unix:{path}"), shared=shared):
        assert path.exists()
    assert path.exists() is is_there
    os.close(page.descriptor)


def test_sockets_that_systemd_passes_are_taken_by_name() -> None:
    environ = {"LISTEN_PID": "42", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "smtp:lmtp:smtp"}
    assert passed_sockets(environ, pid=42) == {"smtp": [3, 5], "lmtp": [4]}
    assert passed_sockets(environ, pid=43) == {}
    assert passed_sockets({}, pid=42) == {}


def test_passed_socket_stands_in_for_the_address() -> None:
    bound = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{bound.getsockname()[1]}"
    (listener,) = open_listeners([ListenSettings(smtp="127.0.0.1:25", systemd="smtp")], passed={"smtp": [bound.detach()]})
    assert listener.address == address
    listener.socket.close()


# ---------------------------------------------------------------------------------------------------------------- the log


async def test_log_names_the_mail_but_not_what_it_says_and_one_line_stands_for_a_burst(world: World) -> None:
    with capture_logs() as logs:
        async with world.serve(limits=LimitSettings(connections=1)) as server:
            client = await world.connect(server)
            await client.greet()
            await client.send_mail(b"Subject: our secret\r\n\r\nthe secret")
            for _ in range(3):
                assert (await (await world.connect(server)).reply()).startswith("421 4.7.0 ")
            world.clock.seconds += 61
            server.service.sweep()
    assert "secret" not in str(logs)
    (received,) = [line for line in logs if line["event"] == "mail.received"]
    assert (received["size"], received["channels"], received["client_ip"]) == (35, ["support"], "127.0.0.1")
    refused = [line for line in logs if line["event"] == "session.refused"]
    assert [(line["limit"], line.get("count")) for line in refused] == [("connections", None), ("connections", 2)]


# --------------------------------------------------------------------------------------------------- clients of other makers


async def test_swaks_hands_over_a_mail_in_tls(world: World) -> None:
    certificate, key = make_certificate(world.folder, "gw.firma.example")
    async with world.serve(ListenSettings(smtp="127.0.0.1:0", certificate=certificate, key=key)) as server:
        host, _, port = server.addresses[0].rpartition(":")
        command = [
            program("swaks"),
            "--server",
            host,
            "--port",
            port,
            "--tls",
            "--from",
            "k@kunde.example",
            "--to",
            "support@firma.example",
        ]
        result = await asyncio.to_thread(
            subprocess.run, [*command, "--body", ".\n..dots"], capture_output=True, text=True, timeout=60, check=False
        )
        assert result.returncode == 0, result.stdout
        assert b"\r\n.\r\n..dots" in world.bodies[0]
        assert world.mails[0].mail.envelope.tls is not None


async def test_smtplib_hands_over_mails_and_is_told_which_recipients_are_wrong(world: World) -> None:
    import smtplib  # noqa: PLC0415 only here

    def send(port: int) -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
            client.sendmail("k@kunde.example", ["support@firma.example"], "Subject: one\n\n.dot\n")
            return client.sendmail("", ["support@firma.example", "nobody@firma.example"], "Subject: two\n\n")

    async with world.serve() as server:
        refused = await asyncio.to_thread(send, int(server.addresses[0].rpartition(":")[2]))
        assert refused == {"nobody@firma.example": (550, b"5.1.1 No such recipient here")}
        assert world.bodies == [b"Subject: one\r\n\r\n.dot\r\n", b"Subject: two\r\n\r\n"]


async def test_client_that_leaves_right_after_the_handshake_is_nothing_to_warn_of(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    certificate, key = make_certificate(world.folder, "gw.firma.example")
    async with world.serve(ListenSettings(smtp="127.0.0.1:0", certificate=certificate, key=key)) as server:
        for _ in range(10):
            client = await world.connect(server)
            await client.greet()
            await client.ask("STARTTLS")
            await client.start_tls()
            client.writer.close()
        await until(lambda: not server.service.sessions)
    assert "eof_received" not in caplog.text
