"""Whether somebody takes connections: what tests wait for that start or end servers."""

import asyncio
from contextlib import suppress


async def is_open(port: int) -> bool:
    """Tell whether a port of this machine takes connections; one that is being closed in this moment still counts."""
    with suppress(ConnectionResetError):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            return False
        writer.close()
    return True
