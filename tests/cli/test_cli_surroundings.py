"""Logs, supervisor and units: what surrounds the gateway."""

import io
import re
import socket
import subprocess
import sys
from pathlib import Path

import structlog

from gateway.logs import configure_logging
from gateway.supervisor import Supervisor
from tests.needs import program

ROOT = Path(__file__).parents[2]

PROGRAM = """
import logging, warnings, structlog
from gateway.logs import configure_logging
configure_logging("info")
log = structlog.get_logger()
log.debug("mail.opened")
log.info("mail.received", id="0sa", size=5, name="J\\u00fcrgen")
logging.getLogger("library").info("chatter")
logging.getLogger("library").warning("something is odd")
warnings.warn("old", stacklevel=1)
try:
    secret = "geheim"
    raise ValueError("why")
except ValueError:
    log.exception("mail.failed", id="0sa")
"""


def test_events_are_json_off_a_terminal_and_libraries_speak_the_same_way() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    received, odd, old, failed = done.stderr.splitlines()
    assert '"event": "mail.received"' in received
    assert '"name": "Jürgen"' in received
    assert '"logger": "library"' in odd
    assert "old" in old
    assert "ValueError: why" in failed
    assert done.stdout == ""


def test_a_traceback_does_not_tell_the_values_of_variables() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stderr.count("geheim") <= done.stderr.count('secret = "geheim"')


def test_a_log_that_cannot_be_written_does_not_stop_the_mail() -> None:
    program = PROGRAM + 'print("went on")\n'
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=full, text=True, check=False)
    assert done.stdout == "went on\n"


def test_nobody_is_told_anything_where_nobody_listens() -> None:
    supervisor = Supervisor.of_environment({})
    supervisor.ready("x")
    assert supervisor.watchdog_seconds is None


def test_a_supervisor_that_is_gone_does_not_stop_the_mail(tmp_path: Path) -> None:
    Supervisor.of_environment({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()


def test_a_supervisor_that_does_not_read_does_not_hold_up_the_gateway(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        supervisor = Supervisor.of_environment({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        for _ in range(5000):  # more than any queue of datagrams holds: a message that waited would wait for ever
            supervisor.keep_alive()
        assert told.recv(4096) == b"WATCHDOG=1"


def test_messages_have_the_form_of_sd_notify(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        supervisor = Supervisor.of_environment({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000"})
        supervisor.ready("taking mail\non two lines")
        supervisor.keep_alive()
        supervisor.stopping()
        supervisor.reloading()
        assert told.recv(4096) == b"READY=1\nSTATUS=taking mail on two lines"
        assert told.recv(4096) == b"WATCHDOG=1"
        assert told.recv(4096) == b"STOPPING=1"
        assert re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=\d+", told.recv(4096))
    assert supervisor.watchdog_seconds == 30


def test_the_watchdog_of_another_process_is_not_ours() -> None:
    environment = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "1"}
    assert Supervisor.of_environment(environment).watchdog_seconds is None


def test_the_service_is_exposed_to_almost_nothing() -> None:
    done = subprocess.run(
        [program("systemd-analyze"), "security", "--offline=true", str(ROOT / "systemd/ticket-gateway.service")],
        capture_output=True,
        text=True,
        check=True,
    )
    match = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert match is not None
    assert float(match[1]) <= 1.5


def test_the_units_name_what_the_example_configuration_names() -> None:
    service = (ROOT / "systemd/ticket-gateway.service").read_text(encoding="utf-8")
    unit = (ROOT / "systemd/ticket-gateway.socket").read_text(encoding="utf-8")
    example = (ROOT / "conf/gateway.yaml").read_text(encoding="utf-8")
    for credential in re.findall(r"\$\{credential:([a-z-]+)\}", example):
        if credential != "name":
            assert f"LoadCredential={credential}:" in service
    name = re.search(r"^FileDescriptorName=(\w+)$", unit, re.MULTILINE)
    assert name is not None
    assert f"systemd: {name[1]}" in example
    assert "RuntimeDirectory=ticket-gateway" in service
    assert "inject: unix:/run/ticket-gateway/" in example or 'inject: "unix:/run/ticket-gateway/' in example


def test_an_event_that_cannot_be_written_is_lost_and_nothing_else() -> None:
    closed = io.StringIO()
    configure_logging("info", stream=closed)
    closed.close()
    structlog.get_logger().error("mail.failed", exc_info=ValueError("a fault"))
