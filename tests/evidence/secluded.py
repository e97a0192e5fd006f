"""A machine of its own for programs that ask only the machine's own resolver, such as opendmarc.

Run by `unshare --net --mount` (see `seclude`): inside, /etc/resolv.conf names 127.0.0.1. The sockets of port 53 are opened there
and handed out through a unix socket, so that the fake DNS of the test, which lives outside, answers on them. Unix sockets of
the programs inside can be reached from outside, because the file system is shared.
"""

import array
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_SIOCSIFFLAGS = 0x8914
_UP_AND_RUNNING = 0x1 | 0x40


def unshare_command() -> list[str]:
    """Return the command that makes the machine, as root or as somebody who may be root inside."""
    more = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", *more, "--net", "--mount", "--pid", "--fork", "--kill-child"]


def is_permitted() -> bool:
    """Tell whether this machine lets us make another one."""
    mounting = "mount --bind /dev/null /etc/resolv.conf"
    try:
        done = subprocess.run([*unshare_command(), "sh", "-c", mounting], capture_output=True, timeout=30, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


def seclude(folder: Path, programs: Sequence[Sequence[str]]) -> tuple[subprocess.Popen[bytes], socket.socket, socket.socket]:
    """Start programs on a machine of their own; returns its process and the UDP and TCP socket of its port 53.

    Whoever calls this ends the process; everything inside ends with it.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    lines = "\n".join("\t".join(program) for program in programs)
    with ours, theirs:
        command = [*unshare_command(), sys.executable, __file__, str(folder), str(theirs.fileno()), lines]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stderr=subprocess.PIPE)
        theirs.close()
        ours.settimeout(30)
        numbers = array.array("i")
        _, ancillary, *_ = ours.recvmsg(1, socket.CMSG_SPACE(2 * numbers.itemsize))
        if not ancillary:
            process.kill()
            raise OSError(process.communicate()[1].decode())
        numbers.frombytes(ancillary[0][2])
    return process, socket.socket(fileno=numbers[0]), socket.socket(fileno=numbers[1])


def _main(folder: Path, door: int, lines: str) -> None:
    """Live inside: make the machine, hand out its sockets, run the programs until we are killed."""
    _raise_loopback()
    resolver = folder / "resolv.conf"
    resolver.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:2\n")
    subprocess.run(["mount", "--bind", str(resolver), "/etc/resolv.conf"], check=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.create_server(("127.0.0.1", 53)) as tcp:
        udp.bind(("127.0.0.1", 53))
        with socket.socket(fileno=door) as out:
            out.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [udp.fileno(), tcp.fileno()]))])
    for line in lines.split("\n"):
        subprocess.Popen(line.split("\t"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    signal.pause()


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _UP_AND_RUNNING))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
