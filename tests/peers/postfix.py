"""Postfix instances: each has its own configuration, queue, data and ports, and logs into its own folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.needs import program
from tests.peers.programs import answers, run, wait_for

_INTERNAL = """
pickup    unix  n  -  n  60  1  pickup
cleanup   unix  n  -  n  -  0  cleanup
qmgr      unix  n  -  n  5  1  qmgr
rewrite   unix  -  -  n  -  -  trivial-rewrite
bounce    unix  -  -  n  -  0  bounce
defer     unix  -  -  n  -  0  bounce
trace     unix  -  -  n  -  0  bounce
verify    unix  -  -  n  -  1  verify
flush     unix  n  -  n  1000?  0  flush
proxymap  unix  -  -  n  -  -  proxymap
proxywrite unix -  -  n  -  1  proxymap
smtp      unix  -  -  n  -  -  smtp
relay     unix  -  -  n  -  -  smtp
lmtp      unix  -  -  n  -  -  lmtp
showq     unix  n  -  n  -  -  showq
error     unix  -  -  n  -  -  error
retry     unix  -  -  n  -  -  error
discard   unix  -  -  n  -  -  discard
local     unix  -  n  n  -  -  local
virtual   unix  -  n  n  -  -  virtual
anvil     unix  -  -  n  -  1  anvil
scache    unix  -  -  n  -  1  scache
tlsmgr    unix  -  -  n  1000?  1  tlsmgr
postlog   unix-dgram n - n - 1 postlogd
"""

_COMMON = """
compatibility_level = 3.6
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
biff = no
append_dot_mydomain = no
alias_maps =
alias_database =
mydestination =
mynetworks = 192.0.2.255/32
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtputf8_enable = yes
virtual_minimum_uid = 100
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
message_size_limit = 60000000
mailbox_size_limit = 0
virtual_mailbox_limit = 0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A line of master.cf with its own settings; `name` is a port or a service's name."""

    name: str
    settings: Sequence[str] = ()
    kind: str = "inet"
    command: str = "smtpd"
    is_private: bool = False
    unprivileged: str = "-"
    most: str = "-"

    def line(self) -> str:
        """Return it as master.cf wants it."""
        name = f"127.0.0.1:{self.name}" if self.kind == "inet" else self.name
        fields = f"{name} {self.kind} {'-' if self.is_private else 'n'} {self.unprivileged} n - {self.most} {self.command}"
        return "\n".join((fields, *(f"  {one}" for one in self.settings)))


@dataclass(kw_only=True)
class Postfix:
    """One instance in a folder of its own."""

    folder: Path
    hostname: str
    services: Sequence[Service]
    settings: Mapping[str, str]
    maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Files named `<name>` in the configuration folder, read as `texthash:`."""
    sasl: str = ""
    """The configuration of Cyrus SASL for smtpd."""

    @property
    def configuration(self) -> Path:
        """The folder of main.cf."""
        return self.folder / "etc"

    @property
    def mailboxes(self) -> Path:
        """The folder of the maildirs."""
        return self.folder / "mail"

    def start(self) -> None:
        """Write everything and start it."""
        for folder in (self.configuration, self.mailboxes, self.folder / "spool", self.folder / "lib"):
            folder.mkdir(parents=True)
        run(["chown", "65534:65534", str(self.mailboxes)])
        run(["chown", "postfix", str(self.folder / "lib")])
        own = {
            "myhostname": self.hostname,
            "myorigin": self.hostname,
            "config_directory": str(self.configuration),
            "queue_directory": str(self.folder / "spool"),
            "data_directory": str(self.folder / "lib"),
            "virtual_mailbox_base": str(self.mailboxes),
            "cyrus_sasl_config_path": str(self.configuration / "sasl"),
            "maillog_file": str(self.folder / "mail.log"),
            "maillog_file_prefixes": str(self.folder),
            **self.settings,
        }
        lines = "".join(f"{name} = {value}\n" for name, value in own.items())
        (self.configuration / "main.cf").write_text(_COMMON + lines)
        (self.configuration / "master.cf").write_text("\n".join((_INTERNAL, *(s.line() for s in self.services), "")))
        sasl = self.configuration / "sasl"  # where Debian's Postfix looks; others are told by cyrus_sasl_config_path
        sasl.mkdir()
        (sasl / "smtpd.conf").write_text(self.sasl)
        for name, entries in self.maps.items():
            text = "".join(f"{key} {value}\n" for key, value in entries.items())
            (self.configuration / name).write_text(text)
        run([program("postfix"), "-c", str(self.configuration), "start"])
        for service in self.services:
            if service.kind == "inet":
                port = int(service.name)
                wait_for(f"Postfix on port {port}", lambda port=port: answers(port), story=self.log)  # type: ignore[misc]

    def stop(self) -> None:
        """End its processes (Postfix knows them by its own pid file)."""
        if (self.folder / "spool" / "pid" / "master.pid").exists():
            run([program("postfix"), "-c", str(self.configuration), "stop"], expected=(0, 1))

    def log(self) -> str:
        """Return what it logged."""
        path = self.folder / "mail.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def queue(self) -> str:
        """Return what waits in its queue, as `postqueue -p` prints it."""
        return run([program("postqueue"), "-c", str(self.configuration), "-p"])
