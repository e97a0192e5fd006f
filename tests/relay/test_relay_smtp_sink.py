"""The same answers from Postfix's own test server, with no part of ours on the other side."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.mail.addresses import Address
from gateway.mail.outbound import Outcome
from gateway.relay.connection import Handover
from gateway.relay.tries import judge, outcome_of
from tests.needs import program
from tests.peers.programs import Server, free_ports
from tests.relay.servers import Connect

Start = Callable[..., int]

HANDOVER = Handover(
    reverse_path=Address("bounce-1", "gw.firma.example"),
    recipient=Address("kunde", "kunde.example"),
    content=b"Subject: x\r\n\r\n.a line with a dot\r\nend\r\n",
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Make a folder that smtp-sink may write into, although it gives up being root."""
    made = Path(tempfile.mkdtemp(prefix="sink-"))
    made.chmod(0o777)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def start(folder: Path, connect: Connect) -> Iterator[Start]:
    """Start smtp-sink with options and return its port; it ends after our connections."""
    _ = connect
    servers: list[Server] = []
    binary = program("smtp-sink")

    def begin(*options: str) -> int:
        (port,) = free_ports(1)
        account = ("-u", "nobody") if os.geteuid() == 0 else ()
        servers.append(Server(f"sink{len(servers)}", [binary, *account, *options, f"127.0.0.1:{port}", "10"], folder))
        servers[-1].wait_for_port(port)
        return port

    yield begin
    for server in servers:
        server.stop()


async def test_smtp_sink_gets_the_mail_dot_for_dot(connect: Connect, start: Start, folder: Path) -> None:
    smarthost = connect(start("-D", str(folder / "dump")))
    visits = [await smarthost.hand_over(HANDOVER) for _ in range(2)]
    assert [outcome_of(visit) for visit in visits] == [Outcome.SENT] * 2
    dump = (folder / "dump").read_bytes().replace(b"\r\n", b"\n")
    assert dump.count(b"Subject: x\n\n.a line with a dot\nend\n") == 2
    assert dump.count(b"X-Mail-Args: <bounce-1@gw.firma.example>") == 2
    assert dump.count(b"X-Rcpt-Args: <kunde@kunde.example>") == 2


@pytest.mark.parametrize(
    ("option", "command", "outcome"),
    [
        ("-r", "CONNECT", Outcome.DEFERRED),
        ("-r", "MAIL", Outcome.DEFERRED),
        ("-r", "RCPT", Outcome.DEFERRED),
        ("-r", "DATA", Outcome.DEFERRED),
        ("-r", ".", Outcome.DEFERRED),
        ("-f", "CONNECT", Outcome.DEFERRED),
        ("-f", "EHLO,HELO", Outcome.DEFERRED),
        ("-f", "MAIL", Outcome.DEFERRED),
        ("-f", "RCPT", Outcome.BOUNCED),
        ("-f", "DATA", Outcome.BOUNCED),
        ("-f", ".", Outcome.BOUNCED),
        ("-q", "CONNECT", Outcome.DEFERRED),
        ("-q", "EHLO", Outcome.DEFERRED),
        ("-q", "RCPT", Outcome.DEFERRED),
        ("-q", "DATA", Outcome.DEFERRED),
        ("-q", ".", Outcome.DEFERRED),
        ("-Q", "MAIL", Outcome.DEFERRED),
        ("-Q", ".", Outcome.DEFERRED),
    ],
)
async def test_smtp_sink_refuses_and_nothing_is_called_sent(
    connect: Connect, start: Start, option: str, command: str, outcome: Outcome
) -> None:
    visit = await connect(start(option, command)).hand_over(HANDOVER)
    assert judge([visit]) is outcome, visit


async def test_an_unasked_550_while_the_mail_is_on_its_way_never_means_sent(connect: Connect, start: Start) -> None:
    """Where it arrives before the dot it is not believed; where the dot was faster it looks like the answer to it."""
    visit = await connect(start("-A", "0")).hand_over(HANDOVER)
    assert judge([visit]) in {Outcome.DEFERRED, Outcome.BOUNCED}, visit
