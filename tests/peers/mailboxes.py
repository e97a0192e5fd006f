"""Maildirs as their owners see them."""

from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from tests.peers.programs import wait_for


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivered mail."""

    path: Path
    message: EmailMessage

    @property
    def text(self) -> str:
        """Its plain text."""
        part = self.message.get_body(("plain",))
        return part.get_content() if part is not None else ""

    @property
    def whole(self) -> str:
        """All of it, as the reader's program could show it: header and raw body."""
        return self.path.read_bytes().decode(errors="replace")

    def __getitem__(self, name: str) -> str:
        return str(self.message[name] or "")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A maildir of one person."""

    address: str
    folder: Path
    log: Callable[[], str]
    """What to show when a mail does not come."""

    def mails(self) -> list[Delivered]:
        """Return every mail, oldest first."""
        paths = [path for sub in ("new", "cur") if (self.folder / sub).is_dir() for path in (self.folder / sub).iterdir()]
        paths.sort(key=lambda path: path.stat().st_mtime_ns)
        return [Delivered(path, message_from_bytes(path.read_bytes(), policy=policy.default)) for path in paths]

    def wait(self, what: str, wanted: Callable[[Delivered], bool], *, seconds: float = 45.0) -> Delivered:
        """Return the first mail that is wanted, as soon as it is there."""
        return wait_for(
            f"{what} in the mailbox of {self.address}",
            lambda: next((mail for mail in self.mails() if wanted(mail)), None),
            seconds=seconds,
            story=lambda: "\n".join([*(f"- {m['Subject']} from {m['From']}" for m in self.mails()), self.log()]),
        )

    def wait_subject(self, words: str, *, seconds: float = 45.0) -> Delivered:
        """Return the first mail with these words in its subject."""
        return self.wait(f"a mail about {words!r}", lambda mail: words in mail["Subject"], seconds=seconds)
