"""What is wrong with an admin's templates, before mail depends on them: `file:line: reason`, every mistake at once."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from jinja2 import TemplateSyntaxError, meta, nodes

from gateway.mail.outbound import Purpose
from gateway.pipeline.template_files import TemplateFile, split_subject
from gateway.pipeline.template_samples import SAMPLES
from gateway.pipeline.templates import LANGUAGES, Templates, describe_failure
from gateway.pipeline.variables import VARIABLES_OF

_NAME: Final = re.compile(
    r"(?P<purpose>[a-z_]+)(?:-(?P<variant>[a-z0-9][a-z0-9_-]*))?\.(?P<language>[a-z]+)\.(?P<form>txt|html)\.j2"
)
_ALWAYS: Final[Mapping[str, Any]] = {"language": str, "words": Any, "subject_line": str, "plain_text": str}
_WORDS: Final = frozenset(f"_words.{language}.j2" for language in LANGUAGES)


def check_templates(templates: Templates, channels: Collection[str] | None = None) -> tuple[str, ...]:
    """Return every mistake in an admin's folder; where `channels` are told, a folder of no channel is one."""
    found = [problem for file in templates.shelf.own for problem in _check_file(templates, file)]
    return (*_folders_of_nobody(templates, channels), *found)


def unused_files(templates: Templates, variants: Collection[tuple[str, str]]) -> tuple[str, ...]:
    """Return the files that no text is made from, as `file:line: reason`: perhaps somebody expects otherwise.

    `variants` are those that a channel or a rule chose: the text and the variant's name.
    """
    return tuple(f"{file.path}:1: {why}" for file in templates.shelf.own if (why := _why_unused(templates, file, variants)))


def _why_unused(templates: Templates, file: TemplateFile, variants: Collection[tuple[str, str]]) -> str | None:
    if file.name.startswith("_"):
        if file.name in _WORDS or file.name in templates.shelf.built_in or file.name in _named_by_others(templates):
            return None
        return "no text includes this file"
    match = _NAME.fullmatch(file.name)
    if match is None:
        return None  # a mistake, and said so
    variant = match["variant"]
    if variant is not None and (match["purpose"], variant) not in variants:
        return f"nothing chooses this variant: name `{variant}` in the channel's notifications or in a rule's answer"
    text = f"{file.name.removesuffix('.html.j2')}.txt.j2"
    seen = templates.shelf.seen_by(file.channel)
    if match["form"] == "html" and text in seen and seen[text].level > file.level:
        return f"is passed over: {seen[text].path} is nearer and has no HTML beside it"
    return f"is never used: there is no {text} beside it" if match["form"] == "html" and text not in seen else None


def _named_by_others(templates: Templates) -> frozenset[str]:
    """Return the names that an admin's files include, extend or import."""
    named: set[str] = set()
    for file in templates.shelf.own:
        try:
            tree = templates.environment(file.channel).parse(file.source)
        except TemplateSyntaxError:
            continue
        named |= {name for name in meta.find_referenced_templates(tree) if name is not None}
    return frozenset(named)


def _folders_of_nobody(templates: Templates, channels: Collection[str] | None) -> Iterator[str]:
    for folder, files in templates.shelf.channels.items():
        if channels is not None and files and folder not in channels:
            close = get_close_matches(folder, list(channels), n=1)
            first = next(iter(files.values())).path
            yield f"{first}:1: there is no channel `{folder}`{f'; did you mean `{close[0]}`?' if close else ''}"


def _check_file(templates: Templates, file: TemplateFile) -> Iterator[str]:
    if file.name.startswith("_"):
        yield from _check_shared(templates, file)
        return
    match = _NAME.fullmatch(file.name)
    if match is None or match["purpose"] not in list(Purpose):
        close = get_close_matches(file.name.partition(".")[0].partition("-")[0], list(Purpose), n=1)
        what = f"no text has this name{f' (did you mean {close[0]}?)' if close else ''}; write <text>.<de or en>.<txt or html>.j2"
        yield f"{file.path}:1: {what}, where <text> is one of {', '.join(Purpose)}"
        return
    if match["language"] not in LANGUAGES:
        yield f"{file.path}:1: there are no texts in `{match['language']}`; there are {' and '.join(LANGUAGES)}"
        return
    purpose, environment = Purpose(match["purpose"]), templates.environment(file.channel)
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
        name = f"{purpose}-{match['variant']}" if match["variant"] else purpose
        failures = (templates.try_own(name, match["language"], sample, channel=file.channel) for sample in SAMPLES[purpose])
        yield from dict.fromkeys(failure for failure in failures if failure is not None)


def _check_shared(templates: Templates, file: TemplateFile) -> Iterator[str]:
    """Try every text with a file that they share; only what fails inside that file is its mistake."""
    try:
        templates.environment(file.channel).parse(file.source, file.name, file.path)
    except TemplateSyntaxError as error:
        yield describe_failure(error)
        return
    every = (
        templates.try_own(purpose, language, sample, channel=file.channel)
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
