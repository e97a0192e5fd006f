"""`config example` and `config schema`: both are made from the models, so they cannot say anything else than the code.

In the example a line that begins with `#` and no space is a setting with its default; a comment has a space after the `#`.
"""

import json
import textwrap
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final, get_args

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from gateway.config.document import read_document, value_at
from gateway.config.model import Config
from gateway.config.sample import SAMPLE
from gateway.config.shape import item_of, model_of
from gateway.pipeline.rules.settings import Then, TriggerThen, When
from gateway.section import parse_octets, parse_seconds

_WIDTH: Final = 110
_HEAD: Final = """\
# yaml-language-server: $schema=gateway.schema.json
#
# The configuration of Ticket Gateway. This file is what `ticket-gateway config example` prints.
# A line that begins with # and no space is a setting with its default. Check your own file with
# `ticket-gateway check-config`; let an editor help with `ticket-gateway config schema > gateway.schema.json`.
#
# Durations are numbers of seconds, or numbers with ms, s, m, h, d or w, such as 90s or 2h. Sizes are numbers of octets,
# or numbers with KB, MB or GB. Instead of a password write ${credential:name} (systemd's LoadCredential=), ${file:/path}
# or ${env:NAME}; such values are never printed.
"""
_DURATIONS: Final = ((604_800, "w"), (86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_SIZES: Final = ((1000**3, "GB"), (1000**2, "MB"), (1000, "KB"))


def render_example() -> str:
    """Return the commented YAML file."""
    return _HEAD + "\n" + "\n".join(line for block in _section(Config, SAMPLE, indent=0, gap=True) for line in block) + "\n"


def render_schema() -> str:
    """Return the JSON schema of the file."""
    schema = Config.model_json_schema()
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Ticket Gateway"}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _section(model: type[BaseModel], sample: Mapping[str, Any] | None, *, indent: int, gap: bool = False) -> Iterator[list[str]]:
    """Yield each field of a section as lines; without a sample every one is commented out."""
    for number, (name, field) in enumerate(model.model_fields.items()):
        lines = [] if number == 0 or not gap else [""]
        lines += _comment(field.description or "", indent)
        if sample is not None and name in sample:
            lines += _setting(name, field, sample[name], indent)
        else:
            lines += _default(name, field, indent)
        yield lines


def _comment(text: str, indent: int) -> list[str]:
    pad = " " * indent + "# "
    return textwrap.wrap(" ".join(text.split()), _WIDTH, initial_indent=pad, subsequent_indent=pad, break_on_hyphens=False)


def _setting(name: str, field: FieldInfo, value: Any, indent: int) -> list[str]:  # noqa: ANN401 whatever YAML can say
    pad = " " * indent
    if isinstance(value, dict):
        lines = [f"{pad}{name}:"]
        if model := model_of(field.annotation):
            return lines + _nested(model, value, indent + 2)
        for key, item in value.items():
            inner = model_of(item_of(field.annotation))
            assert inner is not None  # noqa: S101 every mapping of ours is one of sections
            lines += [f"{pad}  {key}:", *_nested(inner, item, indent + 4)]
        return lines
    inner = model_of(item_of(field.annotation))
    if isinstance(value, list) and inner is not None:
        lines = [f"{pad}{name}:"]
        for number, item in enumerate(value):
            first, *rest = _nested(inner, item, indent + 4) if number == 0 else _brief(item, indent + 4)
            lines += [f"{pad}  - {first.lstrip()}", *rest]
        return lines
    return [f"{pad}{name}: {_flow(value)}"]


def _nested(model: type[BaseModel], sample: Mapping[str, Any] | None, indent: int) -> list[str]:
    return [line for block in _section(model, sample, indent=indent) for line in block]


def _brief(sample: Mapping[str, Any], indent: int) -> list[str]:
    """Return a further item of a list, whose kind was explained with the first."""
    return [f"{' ' * indent}{name}: {_flow(value)}" for name, value in sample.items()]


def _default(name: str, field: FieldInfo, indent: int) -> list[str]:
    """Return a setting with its default, commented out; a section becomes its own settings, all commented out."""
    pad = " " * indent
    model = model_of(field.annotation)
    default = field.get_default(call_default_factory=True) if not field.is_required() else PydanticUndefined
    if model is not None and isinstance(default, BaseModel):
        inner = [line.replace("  " * (indent // 2), pad, 1) for line in _nested(model, None, indent + 2)]
        return [f"{pad}#{name}:", *inner]
    if default is PydanticUndefined:
        return [f"{pad}#{name}: …"]
    setting = f"{pad}#{name}: {_flow(_as_written(default, field))}".rstrip()
    item = model_of(item_of(field.annotation))
    if item is not None and default == []:
        return [setting, *_item_settings(item, indent)]
    if item is not None and default == {}:
        return [setting, f"{pad}#   NAME:", *_inner_settings(item, indent + 2)]
    return [setting, *_inner_settings(model, indent)] if model is not None else [setting]


def _item_settings(model: type[BaseModel], indent: int) -> list[str]:
    """Return what each item of an empty list would hold, as comments: there is no default to uncomment."""
    lines: list[str] = []
    for number, (name, field) in enumerate(model.model_fields.items()):
        text = f"{' ' * indent}#   {'-' if number == 0 else ' '} {name}: {field.description or ''}"
        lines += textwrap.wrap(text, _WIDTH, subsequent_indent=" " * indent + "#       ", break_on_hyphens=False)
        lines += _further(field, indent + 4)
    return lines


def _inner_settings(model: type[BaseModel], indent: int) -> list[str]:
    """Return what an optional section would hold, as comments."""
    lines: list[str] = []
    for name, field in model.model_fields.items():
        text = f"{' ' * indent}#   {name}: {field.description or ''}"
        lines += textwrap.wrap(text, _WIDTH, subsequent_indent=" " * indent + "#     ", break_on_hyphens=False)
        lines += _further(field, indent + 2)
    return lines


def _further(field: FieldInfo, indent: int) -> list[str]:
    """Return the settings inside of one that is only described, unless the rules above them show the same."""
    inner = model_of(field.annotation) or model_of(item_of(field.annotation))
    return _inner_settings(inner, indent) if inner is not None and inner not in {When, Then, TriggerThen} else []


def _as_written(value: Any, field: FieldInfo) -> Any:  # noqa: ANN401 whatever a default may be
    """Return a default as an admin would write it, with its unit."""
    readers = {item.func for item in _metadata(field) if isinstance(item, BeforeValidator)}
    if parse_seconds in readers and isinstance(value, int | float):
        return _with_unit(value, _DURATIONS, "")
    if parse_octets in readers and isinstance(value, int):
        return _with_unit(value, _SIZES, " ")
    return as_plain(value)


def _metadata(field: FieldInfo) -> list[Any]:
    """Return what Annotated adds, also inside of `X | None`."""
    found = list(field.metadata)
    for arm in get_args(field.annotation):
        found += getattr(arm, "__metadata__", ())
    return found


def _with_unit(value: float, units: tuple[tuple[int, str], ...], space: str) -> str | float:
    if value == 0:
        return 0
    for size, unit in units:
        if value >= size and value % size == 0:
            return f"{int(value // size)}{space}{unit}"
    return f"{value}s" if units is _DURATIONS else value


def as_plain(value: Any) -> Any:  # noqa: ANN401 whatever a model may hold
    """Turn a setting's value into what YAML and JSON know; a secret becomes stars."""
    match value:
        case BaseModel():
            return {name: as_plain(getattr(value, name)) for name in type(value).model_fields}
        case Mapping():
            return {str(key): as_plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [as_plain(item) for item in value]
        case Enum():
            return value.value
        case None | bool() | int() | float():
            return value
        case _:
            return str(value)


def _flow(value: Any) -> str:  # noqa: ANN401 whatever YAML can say
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return f"[{', '.join(_flow(item) for item in value)}]"
        case dict():
            return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
        case str():
            return value if _is_plain(value) else json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _is_plain(text: str) -> bool:
    """Tell whether a string needs no quotes, even inside of brackets."""
    if not text or text.startswith("@") or any(c in "{}[],:#&*!|>'\"%`$" for c in text):
        return False
    document = read_document(f"a: [{text}]", file="")
    return not document.problems and value_at(document.tree, ("a",)) == [text]
