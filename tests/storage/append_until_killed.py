"""Take mails into the journal of the folder named by the argument, and print the delivery key of each that is acknowledged."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway.storage.database import Database
from tests.storage.accept_until_killed import accept_forever
from tests.storage.journal_world import attached


async def _main(folder: Path) -> None:
    await (await Database.open(data=folder)).close()
    async with attached(folder) as database:
        await asyncio.gather(*(accept_forever(database) for _ in range(8)))


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
