"""The example and the schema are what the models say."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from gateway.config import Config, load_text
from gateway.config.example import render_example, render_schema
from gateway.config.references import certificates_are_readable
from gateway.config.sample import sample_config
from gateway.config.secrets import Secrets
from gateway.config.shape import arms_of, item_of, model_of

CONF = Path(__file__).parents[2] / "conf"
SETTING = re.compile(r"^( *)#(?=[a-z_]+:)", re.MULTILINE)


def models_below(model: type[BaseModel], above: tuple[type[BaseModel], ...] = ()) -> Iterator[type[BaseModel]]:
    """Yield a section and those inside of it; conditions hold conditions."""
    if model in above:
        return
    yield model
    for field in model.model_fields.values():
        for annotation in (field.annotation, item_of(field.annotation)):
            if annotation is not None and (inner := model_of(annotation)):
                yield from models_below(inner, (*above, model))


def load_example(text: str, tmp_path: Path) -> Config:
    (tmp_path / "pem").write_text("x", encoding="utf-8")
    (tmp_path / "tls-key").write_text("x", encoding="utf-8")
    (tmp_path / "smarthost").write_text("x", encoding="utf-8")
    text = text.replace("/etc/ticket-gateway/tls/fullchain.pem", str(tmp_path / "pem"))
    secrets = Secrets(environment={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    return load_text(text, file="gateway.yaml", secrets=secrets).config


@pytest.mark.parametrize(("name", "render"), [("gateway.yaml", render_example), ("gateway.schema.json", render_schema)])
def test_the_files_in_conf_are_what_the_command_prints(name: str, render: object) -> None:
    assert callable(render)
    assert (CONF / name).read_text(encoding="utf-8") == render(), (
        f"run `ticket-gateway config …` again and put it into conf/{name}"
    )


def test_the_example_is_a_good_configuration(tmp_path: Path) -> None:
    assert load_example(render_example(), tmp_path).channels["support"].language == "de"


def test_every_default_of_the_example_can_be_uncommented_without_changing_anything(tmp_path: Path) -> None:
    text, count = SETTING.subn(r"\1", render_example())
    assert count > 50
    assert load_example(text, tmp_path) == load_example(render_example(), tmp_path)


def test_every_setting_is_described() -> None:
    missing = [
        f"{model.__name__}.{name}"
        for model in dict.fromkeys(models_below(Config))
        for name, field in model.model_fields.items()
        if not (field.description or "").strip()
    ]
    assert missing == []


def test_every_setting_stands_in_the_example() -> None:
    text = render_example()
    names = {name for model in models_below(Config) for name in model.model_fields}
    assert {name for name in names if not re.search(rf"^[ -]*(#[ -]*)?{name}:", text, re.MULTILINE)} == set()


def test_the_schema_knows_the_sections_and_refuses_other_keys() -> None:
    schema = json.loads(render_schema())
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(Config.model_fields)


def test_the_sample_serves_without_any_file() -> None:
    config = sample_config()
    assert str(config.intake_address("support")) == "support-firma@gw.firma.example"
    assert any(certificates_are_readable({"listen": [{"certificate": "/nonexistent"}]}))


def test_optional_and_annotated_types_are_seen_through() -> None:
    assert list(arms_of(Config.model_fields["hostname"].annotation)) == [str]
