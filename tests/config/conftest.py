"""A small valid configuration, and a way to change one thing about it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.config import Loaded, load_text
from gateway.config.secrets import Secrets
from gateway.errors import ConfigError
from tests.config.small import changed

Load = Callable[..., Loaded]
Problems = Callable[..., list[str]]


@pytest.fixture
def load() -> Load:
    """Load the small configuration with changes."""

    def load_changed(*changes: tuple[str, str], **environment: str) -> Loaded:
        return load_text(changed(*changes), file="gateway.yaml", secrets=Secrets(environment=environment))

    return load_changed


@pytest.fixture
def problems() -> Problems:
    """Return the mistakes of the small configuration with changes."""

    def problems_of(*changes: tuple[str, str], **environment: str) -> list[str]:
        try:
            load_text(changed(*changes), file="gateway.yaml", secrets=Secrets(environment=environment))
        except ConfigError as error:
            return list(error.problems)
        return []

    return problems_of


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """Return a file that holds a password and a line end."""
    path = tmp_path / "smarthost"
    path.write_text("geheim\n", encoding="utf-8")
    return path
