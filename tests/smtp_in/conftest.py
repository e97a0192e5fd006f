"""Shared by the tests of the doors."""

from pathlib import Path

import pytest

from tests.smtp_in.smtp_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return what a server is connected to."""
    return World(folder=tmp_path)
