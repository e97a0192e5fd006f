"""What all tests share.

Journeys are folders with `given.yaml` (the story, the world, the mails) and `expect.yaml` (what became of them).

`pytest tests/journeys --update` writes `expect.yaml` anew; read the difference before you commit it.
"""

import logging
import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

# How long one example takes says more about what else the machine does than about us.
settings.register_profile("gateway", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("gateway"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("REQUIRE_PEERS") else "gateway")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write expect.yaml anew from what happens")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Take back what a test configured: the next one may want to look at events itself."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level
