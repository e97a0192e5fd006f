"""What is wrong with an admin's templates, before mail depends on them: `file:line: reason`, every mistake at once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from jinja2 import TemplateSyntaxError, meta, nodes
from jinja2.environment import Environment

from gateway.mail import Purpose
from gateway.pipeline.template_samples import SAMPLES
from gateway.pipeline.templates import LANGUAGES, TemplateFile, Templates, describe_failure, split_subject
from gateway.pipeline.variables import VARIABLES_OF

_NAME: Final = re.compile(r"(?P<purpose>[a-z_]+)(?P<variant>-[a-z0-9_-]+)?\.(?P<language>[a-z]+)\.(?P<form>txt|html)\.j2")
_ALWAYS: Final[Mapping[str, Any]] = {"language": str, "words": Any, "subject_line": str, "plain_text": str}


def check_templates(templates: Templates, files: Sequence[TemplateFile], environment: Environment) -> tuple[str, ...]:
    """Return every mistake in the given files of an admin's folder."""
    return tuple(problem for file in files for problem in _check_file(templates, file, environment))


def _check_file(templates: Templates, file: TemplateFile, environment: Environment) -> Iterator[str]:
    if file.name.startswith("_"):
        yield from _check_shared(templates, file, environment)
        return
    match = _NAME.fullmatch(file.name)
    if match is None or match["purpose"] not in list(Purpose) or match["language"] not in LANGUAGES:
        known = ", ".join(Purpose)
        yield f"{file.path}:1: no text has this name; write <text>.<de or en>.<txt or html>.j2, where <text> is one of {known}"
        return
    purpose = Purpose(match["purpose"])
    try:
        sources = split_subject(file.source) if match["form"] == "txt" else (file.source,)
        trees = [environment.parse(source, file.name, file.path) for source in sources]
    except TemplateSyntaxError as error:
        yield describe_failure(error)
        return
    except ValueError as error:
        yield f"{file.path}:1: {error}"
        return
    try:
        problems = [
            f"{file.path}:{problem}"
            for tree in trees
            for problem in _unknown_variables(tree, VARIABLES_OF[purpose], frozenset(environment.globals))
        ]
    except TemplateSyntaxError as error:  # a filter or test that does not exist shows only now
        problems = [f"{file.path}:{error.lineno}: {error.message}"]
    yield from problems
    if not problems:
        failures = (
            templates.try_own(f"{purpose}{match['variant'] or ''}", match["language"], sample) for sample in SAMPLES[purpose]
        )
        yield from dict.fromkeys(failure for failure in failures if failure is not None)


def _check_shared(templates: Templates, file: TemplateFile, environment: Environment) -> Iterator[str]:
    """Try every text with a file that they share; only what fails inside that file is its mistake."""
    try:
        environment.parse(file.source, file.name, file.path)
    except TemplateSyntaxError as error:
        yield describe_failure(error)
        return
    every = (
        templates.try_own(purpose, language, sample)
        for purpose, samples in SAMPLES.items()
        for language in LANGUAGES
        for sample in samples
    )
    yield from dict.fromkeys(failure for failure in every if failure is not None and failure.startswith(f"{file.path}:"))


def _unknown_variables(tree: nodes.Template, variables: type, builtins: frozenset[str]) -> Iterator[str]:
    """Yield names and attributes that the text's variables do not have, as `line: reason`."""
    types = {**_ALWAYS, **get_type_hints(variables)}
    unknown = meta.find_undeclared_variables(tree) - set(types) - builtins
    for name in tree.find_all(nodes.Name):
        if name.name in unknown and name.ctx == "load":
            known = ", ".join(field.name for field in fields(variables))
            yield f"{name.lineno}: there is no variable {name.name!r} here; there are {known}"
    for loop in tree.find_all(nodes.For):
        if isinstance(loop.target, nodes.Name):
            types[loop.target.name] = _item_type(_type_of(loop.iter, types))
    for access in tree.find_all(nodes.Getattr):
        owner = _type_of(access.node, types)
        if isinstance(owner, type) and is_dataclass(owner) and access.attr not in (there := [f.name for f in fields(owner)]):
            yield f"{access.lineno}: there is no {access.attr!r} in that; there are {', '.join(there)}"


def _type_of(node: nodes.Node, types: Mapping[str, Any]) -> Any:  # noqa: ANN401 a type, or anything where none is known
    """Return the type of a name or of a chain of attributes, as far as the variables tell."""
    if isinstance(node, nodes.Name):
        return _without_none(types.get(node.name, Any))
    if isinstance(node, nodes.Getattr):
        owner = _type_of(node.node, types)
        if isinstance(owner, type) and is_dataclass(owner):
            return _without_none(get_type_hints(owner).get(node.attr, Any))
    return Any


def _without_none(hint: Any) -> Any:  # noqa: ANN401 likewise
    if get_origin(hint) in {UnionType, Union}:
        kept = [part for part in get_args(hint) if part is not NoneType]
        return kept[0] if len(kept) == 1 else Any
    return hint


def _item_type(hint: Any) -> Any:  # noqa: ANN401 likewise
    return get_args(hint)[0] if get_origin(hint) is tuple else Any
