"""Accept mails into the folder named by the argument and print the delivery key of each that was acknowledged, for ever."""

import asyncio
import os
import secrets
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway.mail.content import Content
from gateway.mail.envelope import Envelope
from gateway.mail.evidence import (
    Evidence,
)
from gateway.mail.received import ReceivedMail
from gateway.storage.accepting import Acceptance
from gateway.storage.database import Database, utc_now

_EVIDENCE = Evidence.unobserved()


async def accept_forever(database: Database) -> None:
    while True:
        envelope = Envelope(reverse_path=None, recipients=(), received_at=utc_now())
        mail = ReceivedMail(
            id=secrets.randbits(62),
            channel="support",
            envelope=envelope,
            content=Content.of(os.urandom(secrets.choice((200, 20_000, 100_000)))),
            evidence=_EVIDENCE,
        )
        key = secrets.token_hex(16)
        await database.accept([Acceptance(mail=mail, delivery_key=key)])
        os.write(1, f"{key}\n".encode())


async def _main(folder: Path) -> None:
    database = await Database.open(data=folder)
    await asyncio.gather(*(accept_forever(database) for _ in range(8)))


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
