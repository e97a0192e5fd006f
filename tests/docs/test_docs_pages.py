"""The pages say what the source says."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.config import load_text
from gateway.config.trial import require_tests
from gateway.pipeline.received_line import ReceivedLine
from gateway.pipeline.suspended import read_orders
from gateway.states import ReceivedState
from tests.docs import agents_page, rules_page, templates_page
from tests.docs.states_page import render

ROOT = Path(__file__).parents[2]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
EVENT = re.compile(r"[a-z_]+\.[a-z_]+")
WAITING = ReceivedLine(
    id=1,
    channel="support",
    author=None,
    subject=None,
    received_at=datetime(2026, 11, 2, tzinfo=UTC),
    state=ReceivedState.SUSPENDED,
    reason=None,
)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")


def sources() -> Iterator[ast.Module]:
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        yield ast.parse(path.read_text(encoding="utf-8"))


def logged_events() -> set[str]:
    """Every literal first argument of a log call that looks like an event."""
    return {
        call.args[0].value
        for tree in sources()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in LEVELS
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


def literals() -> set[str]:
    return {
        node.value
        for tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and EVENT.fullmatch(node.value)
    }


def documented_events() -> set[str]:
    return set(re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs/events.md").read_text(encoding="utf-8"), re.MULTILINE))


def test_every_event_that_is_logged_is_documented() -> None:
    assert logged_events() - documented_events() == set()


def test_every_documented_event_stands_in_the_source() -> None:
    assert documented_events() - literals() == set()


def test_every_event_is_a_noun_and_what_happened_to_it() -> None:
    assert [event for event in logged_events() if not EVENT.fullmatch(event)] == []


def test_the_states_page_is_made_from_the_tables(request: pytest.FixtureRequest) -> None:
    page = ROOT / "docs/states.md"
    if request.config.getoption("--update"):
        page.write_text(render(), encoding="utf-8")
    assert page.read_text(encoding="utf-8") == render(), "run `make docs`"


def test_the_page_about_rules_is_made_from_the_classes(request: pytest.FixtureRequest) -> None:
    page = ROOT / "docs/rules.md"
    if request.config.getoption("--update"):
        page.write_text(rules_page.render(), encoding="utf-8")
    assert page.read_text(encoding="utf-8") == rules_page.render(), "run `make docs`"


def test_the_page_about_texts_is_made_from_the_variables(request: pytest.FixtureRequest) -> None:
    page = ROOT / "docs/templates.md"
    if request.config.getoption("--update"):
        page.write_text(templates_page.render(), encoding="utf-8")
    assert page.read_text(encoding="utf-8") == templates_page.render(), "run `make docs`"


@pytest.mark.parametrize(("name", "language"), [("agents.md", "en"), ("agents.de.md", "de")])
def test_the_page_for_agents_is_made_from_the_commands(request: pytest.FixtureRequest, name: str, language: str) -> None:
    page = ROOT / "docs" / name
    if request.config.getoption("--update"):
        page.write_text(agents_page.render(language), encoding="utf-8")
    assert page.read_text(encoding="utf-8") == agents_page.render(language), "run `make docs`"


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_for_agents_fits_on_one_page(language: str) -> None:
    lines = agents_page.render(language).splitlines()
    assert len(lines) <= 66, "so many lines has a printed page"
    assert [line for line in lines if len(line.replace("`", "")) > 160] == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_for_agents_shows_orders_that_the_list_understands(language: str) -> None:
    listed = dict.fromkeys(range(1, 8), WAITING)
    page = agents_page.introduction(language).read_text(encoding="utf-8")
    bullet = next(part for part in page.split("\n- ") if "3 5`" in part)
    for order in re.findall(r"`([^`#]+)`", bullet):
        orders, wrong = read_orders(order, listed)
        assert orders, order
        assert not wrong, order


def test_the_configuration_on_the_page_about_rules_is_good_and_its_tests_hold(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", rules_page.INTRODUCTION.read_text(encoding="utf-8"), re.DOTALL)
    agents = (
        "agents: {anna: {name: Anna, addresses: [anna@firma.example]}, clara: {name: Clara, addresses: [clara@firma.example]}}"
    )
    small = f"""\
hostname: gw.firma.example
data: {tmp_path}
listen: [{{smtp: "127.0.0.1:2525"}}]
smarthosts: {{main: {{host: smtp.firma.example}}}}
{agents}
queues: {{support: {{agents: [anna]}}, accounting: {{agents: [clara]}}}}
channels: {{support: {{address: support@firma.example, display_name: Firma, queue: support, smarthosts: [main]}}}}
"""
    require_tests(load_text(small + "".join(blocks), file="rules.md"))


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))], ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [link for link in LINK.findall(text) if not (page.parent / link).exists()] == []


def test_every_file_that_the_flow_names_exists() -> None:
    names = set(re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.py)`", (ROOT / "docs/flow.md").read_text(encoding="utf-8")))
    found = {path.name for path in (ROOT / "gateway").rglob("*.py")}
    assert {name for name in names if Path(name).name not in found} == set()
