"""opendkim and opendmarc, asking the fake DNS of the test: spoken to as Postfix speaks to them, or by Postfix itself."""

import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tests.evidence.fake_dns import FakeDns
from tests.evidence.milter import Filtered, ask_filter, is_listening
from tests.evidence.secluded import is_permitted, seclude
from tests.needs import miss, program
from tests.peers.programs import wait_for

AUTHSERV_ID = "mx.firma.example"
SUFFIXES = "com\nexample\nuk\nco.uk\n"
"""What opendmarc takes for public suffixes; the published list knows no `example`, so that it would find no organisation."""
OPENDKIM = """
Mode v
Socket local:{folder}/opendkim
UMask 000
AuthservID {id}
AlwaysAddARHeader true
Nameservers 127.0.0.1
MinimumKeyBits 1024
"""
OPENDMARC = """
Socket local:{folder}/opendmarc
UMask 000
AuthservID {id}
TrustedAuthservIDs {id}
SPFIgnoreResults true
SPFSelfValidate true
PublicSuffixList {folder}/suffixes
IgnoreHosts {folder}/nobody
"""


@dataclass(frozen=True)
class Filters:
    """The folder with the sockets of both."""

    folder: Path

    async def judge(self, mail: bytes, *, client_ip: str, helo: str, mail_from: str) -> tuple[bytes, Filtered]:
        """Return what opendkim wrote about the mail, and what opendmarc made of both."""
        opendkim, opendmarc = self.folder / "opendkim", self.folder / "opendmarc"
        verified = await ask_filter(opendkim, mail, client_ip=client_ip, helo=helo, mail_from=mail_from)
        results = verified.results()
        judged = await ask_filter(opendmarc, results + mail, client_ip=client_ip, helo=helo, mail_from=mail_from)
        return results, judged


def _prepare() -> tuple[Path, list[list[str]]]:
    """Write the configurations; returns their folder and what to run."""
    programs = [program("opendkim"), program("opendmarc")]
    if not is_permitted():
        miss("unshare may not make a machine within this machine")
    # Not pytest's own folder: Postfix runs under an account of its own and must get through.
    folder = Path(tempfile.mkdtemp(prefix="filters-", dir="/tmp"))
    folder.chmod(0o755)
    (folder / "nobody").write_text("192.0.2.255\n")
    (folder / "suffixes").write_text(SUFFIXES)
    commands = []
    for path, text, flag in zip(programs, (OPENDKIM, OPENDMARC), ("-x", "-c"), strict=True):
        configuration = folder / f"{Path(path).name}.conf"
        configuration.write_text(text.format(folder=folder, id=AUTHSERV_ID))
        commands.append([path, "-f", flag, str(configuration)])
    return folder, commands


@contextlib.asynccontextmanager
async def start_filters(dns: FakeDns) -> AsyncIterator[Filters]:
    """Start both on a machine of their own, because opendmarc asks only the machine's resolver; skips where that cannot be."""
    folder, commands = _prepare()
    process, udp, tcp = seclude(folder, commands)
    try:
        await dns.serve_also(udp, tcp)
        for name in ("opendkim", "opendmarc"):
            wait_for(name, lambda name=name: is_listening(folder / name))  # type: ignore[misc]
        yield Filters(folder)
    finally:
        process.kill()
        process.communicate()
        shutil.rmtree(folder, ignore_errors=True)
