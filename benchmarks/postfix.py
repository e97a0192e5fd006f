"""The peer that accepts: a Postfix of its own with default settings, its queue on the same disk as our database.

Two things differ from Debian's defaults. It listens on a port of its own, and what it has accepted for the support address goes
to its `discard` transport, which is the least that Postfix can do with a mail and so the fairest to it: nothing of its time is
spent on a mailbox. Everything before its 250 is as Debian ships it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.programs import find_program, free_port, run, wait_for_greeting

_DEBIAN_MASTER: Final = Path("/usr/share/postfix/master.cf.dist")
_MAIN: Final = """\
compatibility_level = 3.6
config_directory = {folder}/etc
queue_directory = {folder}/spool
data_directory = {folder}/lib
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
myhostname = mx.firma.example
mydestination =
inet_interfaces = 127.0.0.1
relay_domains = firma.example
relay_transport = discard:
smtpd_relay_restrictions = permit_auth_destination, reject
alias_maps =
"""


@contextmanager
def running_postfix(folder: Path) -> Iterator[int]:
    """Run a Postfix in a folder while the block lasts; give its port."""
    postfix, port = find_program("postfix"), free_port()
    for name in ("etc", "spool", "lib"):
        (folder / name).mkdir(parents=True)
    run(["chown", "postfix", str(folder / "lib")])
    (folder / "etc" / "main.cf").write_text(_MAIN.format(folder=folder))
    (folder / "etc" / "master.cf").write_text(_master(port))
    run([postfix, "-c", str(folder / "etc"), "start"])
    try:
        wait_for_greeting(port)
        yield port
    finally:
        run([postfix, "-c", str(folder / "etc"), "stop"])


def _master(port: int) -> str:
    """Return Debian's master.cf with the SMTP service on another port, nothing in a chroot, and the log in a file."""
    lines = [line for line in _DEBIAN_MASTER.read_text().splitlines() if line and not line.startswith("#")]
    kept: list[str] = []
    for line in lines:
        fields = line.split()
        if line[0] in " \t":  # an option of the service before
            kept.append(line)
        elif fields[0] == "smtp" and fields[1] == "inet":
            kept.append(f"127.0.0.1:{port} inet n - n - - smtpd")
        else:
            fields[4] = "n"
            kept.append(" ".join(fields))
    if not any(line.startswith("postlog ") for line in kept):
        kept.append("postlog unix-dgram n - n - 1 postlogd")
    return "\n".join((*kept, ""))
