"""Programs that a measure starts, the ports and folders they use, and how they are ended."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[1]
CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ticket-gateway-bench"
"""What is made once: the peer's environment, the database with a million tickets."""
DISK: Final = Path(os.environ.get("BENCH_FOLDER", "/var/tmp"))  # noqa: S108 a real disk, which /tmp is not everywhere
"""Where queues and databases lie while they are measured."""

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 40.0
_SYSTEM_PATHS: Final = "/usr/local/sbin:/usr/sbin:/sbin"


class Unavailable(Exception):
    """A measure cannot be taken on this machine; the text says what is missing."""


@contextmanager
def working_folder() -> Iterator[Path]:
    """Give a folder on a real disk and remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-bench-", dir=DISK))
    folder.chmod(0o755)  # Postfix's processes have accounts of their own
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_program(name: str) -> str:
    """Return the path of a system program. Raises Unavailable."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":" + _SYSTEM_PATHS)
    if path is None:
        message = f"{name} is not installed (make peers)"
        raise Unavailable(message)
    return path


def free_port() -> int:
    """Return a port of loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_greeting(port: int, process: subprocess.Popen[bytes] | None = None) -> None:
    """Wait until an SMTP server greets.

    Raises:
        TimeoutError: it does not.
        RuntimeError: its process has ended.
    """
    ends = time.monotonic() + _START_SECONDS
    while time.monotonic() < ends:
        if process is not None and process.poll() is not None:
            message = f"the server on port {port} ended with {process.returncode}; its log is in its folder"
            raise RuntimeError(message)
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            if connection.recv(4) == b"220 ":
                return
        time.sleep(0.05)
    message = f"no server greets on port {port}"
    raise TimeoutError(message)


def run(command: Sequence[str], *, seconds: float = 600) -> str:
    """Run a program to its end and return its output.

    Raises:
        RuntimeError: it failed; the text is what it said.
    """
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode:
        message = f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}{done.stdout[-2000:]}"
        raise RuntimeError(message)
    return done.stdout


@contextmanager
def running(
    name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program while the block lasts, its words in `folder`; when the block fails they are shown."""
    variables = {**os.environ, "PYTHONPATH": str(REPOSITORY), **(environment or {})}
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            env=variables,
            cwd=REPOSITORY,
            start_new_session=True,  # as Postfix does: Linux shares processor time between sessions
        )
        try:
            yield process
        except BaseException:
            print((folder / f"{name}.log").read_text(errors="replace")[-2000:], file=sys.stderr)
            raise
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def module(name: str, *arguments: str) -> list[str]:
    """Return the command that runs one of our own modules."""
    return [sys.executable, "-m", name, *arguments]
