"""Makes docs/rules.md: a hand-written introduction, then every condition, action and event from its class."""

import ast
import inspect
from itertools import pairwise
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel

from gateway.pipeline.rules import situation
from gateway.pipeline.rules.actions import ACTIONS
from gateway.pipeline.rules.conditions import CONDITIONS
from gateway.pipeline.rules.settings import documentation
from gateway.pipeline.rules.situation import Event

INTRODUCTION = Path(__file__).with_name("rules_introduction.md")
NAMES: dict[Any, str] = {str: "text", bool: "true or false", float: "number", int: "number"}


def render() -> str:
    """Return the page."""
    return "\n".join(
        (
            INTRODUCTION.read_text(encoding="utf-8"),
            "## Conditions",
            "",
            "Made from the classes by `make docs`. Where a list may stand, one of it is enough. `early` conditions are known",
            "before the mail is taken, so that a rule may `refuse` on them.",
            "",
            "| condition | takes | early | it is so when |",
            "|---|---|---|---|",
            *(
                f"| `{each.key()}` | {takes(each.argument)} | {'yes' if each.is_early() else ''} | {_cell(documentation(each))} |"
                for each in CONDITIONS
            ),
            "",
            "`all`, `any` and `not` take a list of conditions that hold together, one at least, or none.",
            "",
            "## Actions",
            "",
            "| action | takes | in triggers | what it does |",
            "|---|---|---|---|",
            *(
                f"| `{each.key()}` | {takes(each.argument)} | {'' if each.needs_mail else 'yes'} | {_cell(documentation(each))} |"
                for each in ACTIONS
            ),
            "",
            "## Events of triggers",
            "",
            "| event | it happens when |",
            "|---|---|",
            *(f"| `{event}` | {_cell(_meanings()[event.name])} |" for event in Event),
            "",
        )
    )


def takes(argument: Any) -> str:  # noqa: PLR0911 one for each form of a type
    """Say in a few words what stands behind the key."""
    if argument is None:
        return "nothing"
    origin = get_origin(argument)
    if origin is Annotated:
        return takes(get_args(argument)[0])
    if origin is Literal:
        return ", ".join(f"`{word}`" for word in get_args(argument))
    if origin is list:
        inner = takes(get_args(argument)[0])
        return inner if inner.endswith("…") else f"{inner}, …"
    if get_args(argument):
        return " or ".join(dict.fromkeys(takes(arm) for arm in get_args(argument) if arm is not NoneType))
    if isinstance(argument, type) and issubclass(argument, BaseModel):
        return "`{" + ", ".join(argument.model_fields) + "}`"
    members = getattr(argument, "__members__", None)
    if members:
        return " ".join(f"`{member}`" for member in argument)
    return NAMES.get(argument) or str(argument.__name__).lower()


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _meanings() -> dict[str, str]:
    tree = ast.parse(inspect.getsource(situation))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Event")
    found: dict[str, str] = {}
    for member, text in pairwise(body):
        if isinstance(member, ast.Assign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            name = member.targets[0]
            assert isinstance(name, ast.Name)
            found[name.id] = " ".join(str(text.value.value).split())
    return found
