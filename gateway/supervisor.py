"""What we tell systemd: ready, reloading, stopping, still alive.

Everything here does nothing when no supervisor is there, so it can be called always. See sd_notify(3) and
sd_watchdog_enabled(3); the protocol is a datagram with `NAME=value` lines. (Sockets that systemd opened are taken over in
`smtp_in/listeners.py`.)
"""

import contextlib
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervisor:
    """Whoever started us and wants to know how it goes; without `address` nobody does."""

    address: str | None = None
    watchdog_seconds: float | None = None
    """Restarted when nothing was heard for so long; call `keep_alive` at least twice in that time. None is never."""

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID."""
        environment = os.environ if environment is None else environment
        address = environment.get("NOTIFY_SOCKET") or None
        return cls(address=address, watchdog_seconds=_watchdog_seconds(environment) if address else None)

    def ready(self, status: str = "") -> None:
        """Say that mail is taken from now on; also ends a reload."""
        self._send("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """Say that the configuration is being read again; `ready` must follow."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, status: str = "") -> None:
        """Say that we end."""
        self._send("STOPPING=1", f"STATUS={status}")

    def say(self, status: str) -> None:
        """Set the line that `systemctl status` shows."""
        self._send(f"STATUS={status}", patience_seconds=0)

    def keep_alive(self) -> None:
        """Feed the watchdog."""
        self._send("WATCHDOG=1", patience_seconds=0)

    def _send(self, *lines: str, patience_seconds: float = 1) -> None:
        """Send one message; a supervisor that does not listen must not stop the mail, nor hold up the event loop."""
        if self.address is None:
            return
        message = "\n".join(line.replace("\n", " ") for line in lines if line != "STATUS=").encode()
        target = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.settimeout(patience_seconds)
            with contextlib.suppress(OSError):
                channel.connect(target)
                channel.sendall(message)


def _watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    microseconds = environment.get("WATCHDOG_USEC", "")
    owner = environment.get("WATCHDOG_PID", "")
    if not microseconds.isdigit() or (owner and owner != str(os.getpid())):
        return None
    return int(microseconds) / 1_000_000 or None
