"""What is documented of texts and their variables, from the docstrings beside them: for `templates` and docs/templates.md."""

import ast
import inspect
import textwrap
from dataclasses import dataclass, fields, is_dataclass
from itertools import pairwise
from typing import Any, get_args, get_type_hints

from gateway.mail.outbound import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentedField:
    """One variable, or one part of one."""

    name: str
    kind: str
    """What it is, in a word or two: `text`, `date`, `list of PostView`."""
    says: str
    """Its docstring as one paragraph; empty where the name says it."""


def purpose_says(purpose: Purpose) -> str:
    """Return what a text is for."""
    return _docstrings(Purpose)[purpose.name]


def documented_fields(of: type[Any]) -> tuple[DocumentedField, ...]:
    """Return every field of a class of variables, or of one of the views in it, in their order."""
    says, hints = _docstrings(of), get_type_hints(of)
    return tuple(DocumentedField(name=f.name, kind=_kind(hints[f.name]), says=says.get(f.name, "")) for f in fields(of))


def views_in(of: type[Any]) -> tuple[type[Any], ...]:
    """Return the classes that a class of variables is made of, each once, the outer ones first."""
    found: dict[type[Any], None] = {}
    for hint in get_type_hints(of).values():
        for view in _classes(hint):
            found |= {view: None, **dict.fromkeys(views_in(view))}
    return tuple(found)


def _classes(hint: Any) -> tuple[type[Any], ...]:  # noqa: ANN401 a type
    if isinstance(hint, type) and is_dataclass(hint):
        return (hint,)
    return tuple(each for arm in get_args(hint) for each in _classes(arm))


def _kind(hint: Any) -> str:  # noqa: ANN401 a type
    arms = [arm for arm in get_args(hint) if arm is not type(None) and arm is not Ellipsis]
    if getattr(hint, "__origin__", None) is tuple:
        return f"list of {_kind(arms[0])}"
    if type(None) in get_args(hint):
        return f"{' or '.join(map(_kind, arms))}, or none"
    names = {"str": "text", "int": "number", "float": "number", "bool": "true or false", "datetime": "date", "Markup": "HTML"}
    name = getattr(hint, "__name__", str(hint))
    return names.get(name, name)


def _docstrings(of: type[Any]) -> dict[str, str]:
    """Return the docstrings below the members of a class, each as one paragraph."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(of)))
    members = [member for node in tree.body if isinstance(node, ast.ClassDef) for member in node.body]
    return {
        name: " ".join(text.value.value.split())
        for member, text in pairwise(members)
        if (name := _name(member)) is not None
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _name(member: ast.stmt) -> str | None:
    target = member.target if isinstance(member, ast.AnnAssign) else member.targets[0] if isinstance(member, ast.Assign) else None
    return target.id if isinstance(target, ast.Name) else None
