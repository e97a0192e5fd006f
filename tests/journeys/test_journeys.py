"""Every folder here is a story; see conftest.py."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString
from structlog.testing import capture_logs

from gateway.pipeline.composer import Composer, PrepareAll, prepare_here
from gateway.pipeline.settings import ParseSettings
from gateway.pipeline.worker import Workers
from gateway.storage.database import Database
from tests.journeys.stage import Stage, load_yaml, make_policy

HERE = Path(__file__).parent
STORIES = sorted(path.parent for path in HERE.glob("*/given.yaml"))
_EACH = 15
"""Of so many stories one is played with a composer, too: each policy is new to it, and texts are compiled anew."""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def workers() -> AsyncIterator[Workers]:
    async with Workers(ParseSettings()) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def composer() -> AsyncIterator[Composer]:
    async with Composer(ParseSettings()) as started:
        yield started


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("folder", STORIES, ids=lambda path: path.name)
async def test_journey_ends_as_its_story_says(
    folder: Path, tmp_path: Path, workers: Workers, request: pytest.FixtureRequest
) -> None:
    happened = await _play(folder, tmp_path, workers, prepare_here)
    if request.config.getoption("--update"):
        (folder / "expect.yaml").write_text(to_yaml(happened), "utf-8")
    assert load_yaml(folder / "expect.yaml") == happened


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("folder", STORIES[::_EACH], ids=lambda path: path.name)
async def test_journey_ends_in_the_same_way_where_a_composer_prepares_what_is_written(
    folder: Path, tmp_path: Path, workers: Workers, composer: Composer
) -> None:
    with capture_logs() as logged:
        happened = await _play(folder, tmp_path, workers, composer.prepare_all)

    assert load_yaml(folder / "expect.yaml") == happened
    assert [each for each in logged if each["event"] == "composer.failed"] == []  # then it would have been prepared here


async def _play(folder: Path, data: Path, workers: Workers, prepare_all: PrepareAll) -> list[dict[str, Any]]:
    given = load_yaml(folder / "given.yaml")
    database = await Database.open(data=data)
    try:
        policy = make_policy(given.get("desk", {}))
        stage = Stage(folder=folder, database=database, workers=workers, policy=policy, prepare_all=prepare_all)
        return [await stage.play(step) for step in given["steps"]]
    finally:
        await database.close()


def to_yaml(value: Any) -> str:
    yaml = YAML()
    yaml.width = 130
    yaml.default_flow_style = False
    out = io.StringIO()
    yaml.dump(_literal(value), out)
    return out.getvalue()


def _literal(value: Any) -> Any:
    """Write texts of several lines as blocks."""
    match value:
        case dict():
            return {key: _literal(item) for key, item in value.items()}
        case list():
            return [_literal(item) for item in value]
        case str() if "\n" in value:
            return LiteralScalarString(value)
        case _:
            return value
