"""Bringing a database to the newest schema, by one writer, when a gateway starts."""

from typing import Final

from sqlalchemy import Connection, inspect, text

from gateway.errors import StorageUnavailable

HEAD: Final = "0003"
"""The newest migration; a test compares it with the folder."""

_LOCK: Final = 7_493_021_556
"""Any number, the same on all nodes."""


def migrate(connection: Connection) -> None:
    """Apply the migrations that are missing, inside the caller's transaction; other nodes wait.

    Raises:
        StorageUnavailable: the database is newer than this program.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    found = revision(connection)
    if found == HEAD:
        return
    from alembic import command  # noqa: PLC0415 slow to import, and needed once in a database's life
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "gateway.storage:migrations")
    config.attributes["connection"] = connection
    if found is not None and found not in {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}:
        require_newest(connection)
    command.upgrade(config, "head")


def require_newest(connection: Connection) -> None:
    """Check without changing anything.

    Raises:
        StorageUnavailable: the database is empty, older or newer than this program.
    """
    found = revision(connection)
    if found != HEAD:
        message = f"the database has schema {found or 'none'}, this program needs {HEAD}"
        raise StorageUnavailable(message)


def revision(connection: Connection) -> str | None:
    """Return the newest migration that was applied."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found
