"""The part of the configuration that says where what must survive a restart is kept."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from gateway.section import Section

SQLITE: Final = "sqlite"


class StorageSettings(Section):
    """Where everything is kept that must survive a restart."""

    data: Path = Path("/var/lib/ticket-gateway")
    """The folder of the SQLite database, of large bodies and of mail that is just arriving; the gateway's alone."""
    database: Annotated[str, StringConstraints(pattern=r"^(sqlite|postgres(ql)?://.+)$")] = Field(default=SQLITE)
    """`sqlite` (a file in `data`, for one machine), or `postgresql://user@host/name` (any number of gateways share it)."""
