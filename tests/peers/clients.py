"""What people use: swaks and smtp-source for customers and strangers, neomutt for agents."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from pathlib import Path

import pytest

from tests.needs import program
from tests.peers.programs import run

_KEYS_SECONDS = 45.0


def write_mail(
    *,
    sender: str,
    to: str,
    subject: str,
    text: str,
    attachments: Sequence[tuple[str, str, bytes]] = (),
    headers: Sequence[tuple[str, str]] = (),
) -> EmailMessage:
    """Write a mail as a customer's program would; attachments are `(filename, type, bytes)`."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = formatdate(localtime=False)
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip(">"))
    for name, value in headers:
        mail[name] = value
    mail.set_content(text)
    for filename, kind, body in attachments:
        maintype, _, subtype = kind.partition("/")
        mail.add_attachment(body, maintype=maintype, subtype=subtype, filename=filename)
    return mail


def swaks(
    port: int, mail: EmailMessage | bytes, *, sender: str, to: str, options: Sequence[str] = (), expected: Sequence[int] = (0,)
) -> str:
    """Hand a mail to a server on loopback and return the dialog."""
    content = mail if isinstance(mail, bytes) else mail.as_bytes(policy=SMTP)
    command = [program("swaks"), "--server", f"127.0.0.1:{port}", "--helo", "mail.kunde.test", "--from", sender, "--to", to]
    return run([*command, *options, "--data", "-"], content=content, expected=expected)


def from_address(ip: str, name: str = "mail.kunde.test") -> tuple[str, ...]:
    """Return swaks options that say to Postfix which client this is (XCLIENT): loopback has no customers."""
    return ("--xclient-addr", ip, "--xclient-name", name, "--xclient-helo", name)


def smtp_source(port: int, *, count: int, sessions: int, sender: str, to: str, size: int = 2000) -> float:
    """Send many mails at once; return how many seconds it took."""
    begun = time.monotonic()
    command = [program("smtp-source"), "-c", "-m", str(count), "-s", str(sessions), "-l", str(size)]
    run([*command, "-f", sender, "-t", to, "-S", "Massenpost", f"127.0.0.1:{port}"])
    return time.monotonic() - begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Neomutt:
    """A person's mail program, run in a terminal of its own with keys pushed into it."""

    folder: Path
    name: str
    address: str
    maildir: Path
    submission_port: int
    password: str | None = None
    """Goes with TLS; without it the server must know the person by the network."""
    ca: Path | None = None

    def answer(self, delivered: Path, text: str, *, attachment: Path | None = None, is_below: bool = False) -> str:
        """Reply to one delivered mail: neomutt quotes it and addresses it, `text` is written above the quote (or below)."""
        home = self.folder / f"neomutt-{time.monotonic_ns()}"
        inbox = home / "inbox"
        for sub in ("new", "cur", "tmp"):
            (inbox / sub).mkdir(parents=True)
        (home / "Mail").mkdir()
        (inbox / "new" / delivered.name.partition(":")[0]).write_bytes(delivered.read_bytes())
        words, editor, configuration = home / "words", home / "editor", home / "neomuttrc"
        words.write_text(text, encoding="utf-8")
        order = f'"{home}/quoted" "{words}"' if is_below else f'"{words}" "{home}/quoted"'
        editor.write_text(f'#!/bin/sh\ncat "$1" >"{home}/quoted"\ncat {order} >"$1"\n')
        editor.chmod(0o755)
        configuration.write_text(self._settings(editor), encoding="utf-8")
        attach = f"<attach-file>{attachment}<enter>" if attachment else ""
        keys = f'push "<first-entry><reply>{attach}<send-message><quit>"'
        command = [program("neomutt"), "-n", "-F", str(configuration), "-f", str(inbox), "-e", keys]
        return run_in_terminal(command, home)

    def write(self, to: str, subject: str, text: str) -> None:
        """Write a new mail."""
        home = self.folder / f"neomutt-{time.monotonic_ns()}"
        home.mkdir()
        configuration = home / "neomuttrc"
        configuration.write_text(self._settings(home / "editor"), encoding="utf-8")
        environment = {**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8"}
        command = [program("neomutt"), "-n", "-F", str(configuration), "-s", subject, "--", to]
        run(command, content=text.encode(), environment=environment)

    def _settings(self, editor: Path) -> str:
        return f"""set user_agent=yes
set realname="{self.name}"
set from="{self.address}"
set use_from=yes
set use_envelope_from=yes
set hostname="{self.address.partition("@")[2]}"
set charset="utf-8"
set send_charset="us-ascii:utf-8"
set editor="{editor}"
set autoedit=yes
set fast_reply=yes
set include=yes
set reply_to=yes
set honor_followup_to=yes
set abort_nosubject=no
set abort_unmodified=no
set abort_noattach=no
set copy=no
set quit=yes
set delete=no
set move=no
set confirmappend=no
set mail_check_stats=no
set crypt_use_gpgme=no
{self._submission(editor.parent)}
set folder="{editor.parent}"
set postponed=""
set record=""
set header_cache=""
set wait_key=no
set sleep_time=0
"""

    def _submission(self, home: Path) -> str:
        if self.password is None:
            return f'set smtp_url="smtp://localhost:{self.submission_port}/"\nset ssl_starttls=no\nset ssl_force_tls=no'
        return f"""set smtp_url="smtp://{self.address}@localhost:{self.submission_port}/"
set smtp_pass="{self.password}"
set smtp_authenticators="plain"
set ssl_starttls=yes
set ssl_force_tls=yes
set certificate_file="{home}/certificates"
set ssl_ca_certificates_file={self.ca}"""


def run_in_terminal(command: Sequence[str], home: Path) -> str:
    """Run a program that wants a terminal and return what it showed; kill it and fail when it asks something."""
    inside, outside = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "HOME": str(home), "LC_ALL": "C.UTF-8", "LINES": "40", "COLUMNS": "120"}
    process = subprocess.Popen(list(command), stdin=outside, stdout=outside, stderr=outside, env=environment, cwd=home)
    os.close(outside)
    shown = bytearray()
    deadline = time.monotonic() + _KEYS_SECONDS
    try:
        while process.poll() is None and time.monotonic() < deadline:
            ready, _, _ = select.select([inside], [], [], 0.1)
            if ready:
                try:
                    shown += os.read(inside, 65_536)
                except OSError:  # the other end was closed
                    break
        process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        pytest.fail(f"{command[0]} did not end by itself and showed:\n{shown.decode(errors='replace')}")
    finally:
        os.close(inside)
    screen = shown.decode(errors="replace")
    assert process.returncode == 0, f"{command[0]} ended with {process.returncode} and showed:\n{screen}"
    return screen
