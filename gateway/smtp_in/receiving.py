"""How the content of a mail comes in: octets from the wire, through the dots, to memory or the spool, up to the end of DATA.

A mail that cannot be kept (too big, no room, a full disk) is read to its end all the same, because only then a client reads the
reply; but it is not kept, and a client that goes on far beyond the limit is left.
"""

from typing import Final

import structlog

from gateway.mail.content import Content
from gateway.smtp_in import replies
from gateway.smtp_in.replies import Refusal
from gateway.smtp_in.service import Service
from gateway.smtp_in.spool import Arriving
from gateway.smtp_in.transparency import DataReader
from gateway.smtp_in.wire import Wire

log: Final = structlog.get_logger()

_BEYOND: Final = 2
"""How many times the largest size is read before a client is left."""


class EndlessMail(Exception):
    """The client goes on sending a mail that it was told is too big, or should have known."""


async def receive_content(wire: Wire, service: Service, arriving: Arriving) -> Refusal | None:
    """Read the mail that follows on the wire, to its end, and return why it is not kept, if so; then commands follow there.

    Raises:
        EOFError: the client has gone before the end.
        EndlessMail: much more came than is taken.
    """
    limit = service.limits.message_size
    reader = DataReader()
    refusal: Refusal | None = None
    size = 0
    while not reader.is_complete:
        octets = reader.feed(await wire.chunk())
        size += len(octets)
        if refusal is None:
            refusal = await _keep(octets, service, arriving, is_too_big=size > limit)
            if refusal is not None:
                arriving.drop()
        elif size > limit * _BEYOND:
            raise EndlessMail
    if reader.rest:
        wire.put_back(reader.rest)
    return refusal


async def keep_content(arriving: Arriving) -> Content | Refusal:
    """Return the content that has arrived, durable where it is a file, or why that is not possible now."""
    try:
        return await arriving.finish()
    except OSError as error:
        log.error("spool.failed", because=str(error))  # noqa: TRY400 the text says it all, and a full disk says it often
        return replies.OUR_FAULT


async def _keep(octets: bytes, service: Service, arriving: Arriving, *, is_too_big: bool) -> Refusal | None:
    if is_too_big:
        return replies.TOO_BIG
    if not service.in_flight.has_room_for(len(octets)):
        return replies.NO_ROOM
    try:
        await arriving.write(octets)
    except OSError as error:
        log.error("spool.failed", because=str(error))  # noqa: TRY400 the text says it all, and a full disk says it often
        return replies.OUR_FAULT
    return None
