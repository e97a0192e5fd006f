"""The mails that customers send in the crash tests: each has an identity, and each attempt to send it looks a little different.

An identity stands in the subject, so that it can be found again in the database whatever became of the mail. A second attempt has
other trace fields, as every mail server gives it: byte for byte it is another mail, but it is the same delivery.
"""

import base64
import hashlib
from dataclasses import dataclass
from random import Random
from typing import Final

PREFIX: Final = "crash"
_LINE_OCTETS: Final = 57
_SMALL: Final = (1, 3_000)
_MIDDLE: Final = (20_000, 100_000)
_LARGE: Final = (300_000, 600_000)
"""More than `spool_above` of the limits: spooled while it arrives, and kept as a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashMail:
    """One mail of a customer."""

    identity: str
    octets: int
    """Of its attachment, about."""
    has_message_id: bool = True

    @property
    def author(self) -> str:
        """The customer's address."""
        return f"{self.identity}@kunde.example"

    @property
    def subject(self) -> str:
        """What the mail is found by."""
        return f"{PREFIX} {self.identity}"

    def attempt(self, number: int) -> bytes:
        """Return the mail as it is sent for the `number`th time, with CRLF line ends."""
        head = [
            f"Received: from laptop by mail.kunde.example with ESMTP id {number}-{self.identity};",
            f"\tSat, 21 Nov 2026 10:00:{number % 60:02} +0000",
            f"From: Käthe Kunde <{self.author}>".replace("ä", "ae"),
            "To: support@firma.example",
            f"Subject: {self.subject}",
            "Date: Sat, 21 Nov 2026 10:00:00 +0000",
            "MIME-Version: 1.0",
            'Content-Type: multipart/mixed; boundary="=_between"',
        ]
        if self.has_message_id:
            head.append(f"Message-ID: <{self.identity}@kunde.example>")
        parts = [
            "",
            "--=_between",
            "Content-Type: text/plain; charset=utf-8",
            "",
            f"The printer does not print, and it says {self.identity}.",
            "--=_between",
            'Content-Type: application/octet-stream; name="log.bin"',
            'Content-Disposition: attachment; filename="log.bin"',
            "Content-Transfer-Encoding: base64",
            "",
            *self._attachment(),
            "--=_between--",
            "",
        ]
        return "\r\n".join(head + parts).encode("ascii")

    def _attachment(self) -> list[str]:
        octets = hashlib.shake_128(self.identity.encode()).digest(self.octets * 3 // 4)
        return [
            base64.b64encode(octets[start : start + _LINE_OCTETS]).decode("ascii")
            for start in range(0, len(octets), _LINE_OCTETS)
        ]


def draw_mail(identity: str, random: Random) -> CrashMail:
    """Return a mail like those of a working day: most are small, some have no Message-ID, few are large."""
    low, high = random.choices((_SMALL, _MIDDLE, _LARGE), weights=(85, 10, 5))[0]
    return CrashMail(identity=identity, octets=random.randint(low, high), has_message_id=random.random() > 0.1)
