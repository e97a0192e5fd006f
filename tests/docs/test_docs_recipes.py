"""Each recipe of docs/admins.md does what it says: with its settings its tests hold, and without them they do not."""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from ruamel.yaml import YAML

from gateway.config import load_text
from gateway.config.trial import require_tests
from gateway.errors import ConfigError

PAGE = Path(__file__).parents[2] / "docs" / "admins.md"
KEY = "/etc/ticket-gateway/dkim.pem"
UNSEEN = {
    "A weekly report for the boss",
    "A mail without a reference joins the one open ticket",
    "An agent works the list of suspended mail",
    "Postfix forwards",
    "Solved tickets close after a week",
    "What leaves is signed",
}
"""What no mail shows: here the test beside the settings is about what goes with them."""


@dataclass(frozen=True, slots=True)
class Recipe:
    title: str
    text: str

    @property
    def settings(self) -> dict[str, Any]:
        read: dict[str, Any] = YAML(typ="safe").load(self.text)
        return read


def blocks() -> Iterator[Recipe]:
    for part in re.split(r"^##+ ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title = part.partition("\n")[0]
        for block in re.findall(r"```yaml\n(.*?)```", part, re.DOTALL):
            yield Recipe(title, block)


COMPANY, *RECIPES = blocks()


def merge(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Put one file into another as an admin does: what stands under the same key belongs together."""
    merged = dict(base)
    for key, value in more.items():
        known = merged.get(key)
        merged[key] = merge(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return merged


def check(settings: Mapping[str, Any], folder: Path) -> None:
    """Do what `check-config` does. Raises ConfigError."""
    places = {"data": str(folder), "listen": [{"smtp": "127.0.0.1:2525"}]}
    text = io.StringIO()
    YAML(typ="safe").dump(merge(merge(COMPANY.settings, places), settings), text)
    key = folder / "dkim.pem"
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key.write_bytes(ed25519.Ed25519PrivateKey.generate().private_bytes(*form))
    key.chmod(0o600)
    require_tests(load_text(text.getvalue().replace(KEY, str(key)), file="gateway.yaml"))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title)
def test_recipe_does_what_its_test_says(recipe: Recipe, tmp_path: Path) -> None:
    assert recipe.settings["tests"]
    check(recipe.settings, tmp_path)


@pytest.mark.parametrize("recipe", [one for one in RECIPES if one.title not in UNSEEN], ids=lambda recipe: recipe.title)
def test_without_its_settings_the_recipes_test_fails(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        check({"tests": recipe.settings["tests"]}, tmp_path)


def test_all_recipes_together_are_one_good_configuration(tmp_path: Path) -> None:
    together: dict[str, Any] = {}
    for recipe in RECIPES:
        lists = {key: [*together.get(key, []), *value] for key, value in recipe.settings.items() if isinstance(value, list)}
        together = merge(together, {**recipe.settings, **lists, "tests": []})
    check(together, tmp_path)


def test_there_are_recipes_for_everything_that_admins_ask_for() -> None:
    assert len(RECIPES) >= 20
    assert {one.title for one in RECIPES} >= UNSEEN
    assert len({one.title for one in RECIPES}) == len(RECIPES)
