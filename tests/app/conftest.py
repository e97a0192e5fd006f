"""A PostgreSQL server, the same as for the tests of the storage."""

from tests.storage.conftest import server

__all__ = ["server"]
