"""What a client saw with its own eyes: which mails it sent, which of them got their 250, and every permanent refusal.

The ledger is written by whoever sends and by nobody else, a line for each event, so it is as true after a crash as before:
`sent IDENTITY SHA256`, `yes IDENTITY`, `no CODE IDENTITY`.
"""

import hashlib
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Self


class Ledger:
    """Safe to use from several threads."""

    def __init__(self, path: Path | None = None) -> None:
        """Keep it in memory, and also in a file where one is named."""
        self.sent: dict[str, set[str]] = {}
        """Of each identity, the digests of the attempts."""
        self.accepted: set[str] = set()
        self.refused: list[str] = []
        """Each permanent refusal, as `code identity`."""
        self._lock = threading.Lock()
        self._file = path.open("a", encoding="ascii", buffering=1) if path is not None else None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return a ledger that another process writes, as far as it has come."""
        ledger = cls()
        ledger.take(path.read_text(encoding="ascii").splitlines() if path.exists() else ())
        return ledger

    def take(self, lines: Iterable[str]) -> None:
        """Add what other lines say."""
        for line in lines:
            match line.split(" "):
                case ["sent", identity, digest] if len(digest) == hashlib.sha256().digest_size * 2:
                    self.sent.setdefault(identity, set()).add(digest)
                case ["yes", identity]:
                    self.accepted.add(identity)
                case ["no", code, identity]:
                    self.refused.append(f"{code} {identity}")
                case _:
                    pass  # a line that is being written right now

    def note_sent(self, identity: str, content: bytes) -> None:
        """Write down that an attempt begins."""
        self._note(f"sent {identity} {hashlib.sha256(content).hexdigest()}")

    def note_accepted(self, identity: str) -> None:
        """Write down that the 250 was read."""
        self._note(f"yes {identity}")

    def note_refused(self, identity: str, code: int) -> None:
        """Write down a 5yz."""
        self._note(f"no {code} {identity}")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _note(self, line: str) -> None:
        with self._lock:
            self.take((line,))
            if self._file is not None:
                self._file.write(line + "\n")
