"""The texts people see, made from jinja2 templates: the built-in ones in `texts/`, and an admin's own in their folder.

A text is one file per language that reads like the mail it makes: its first line is `Subject: …`, the rest is the text.
`new_ticket.de.txt.j2` may have a `new_ticket.de.html.j2` beside it; where there is none, the HTML is made from the text. An
admin copies a file into their own folder and changes it there. A name that begins with `_` is shared by the others:
`_layout.html.j2` is the frame of all HTML, `_words.de.j2` the words for statuses and the like.
Built-in or not, every template names only what `variables.py` lists, and is escaped in HTML; what admins wrote runs in a sandbox.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, tzinfo
from importlib import resources
from pathlib import Path
from traceback import walk_tb
from typing import Final, TypeVar

from jinja2 import Environment, FunctionLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.pipeline.template_filters import filters_for
from gateway.pipeline.variables import Variables

AnyEnvironment = TypeVar("AnyEnvironment", bound=Environment)

LANGUAGES: Final = ("de", "en")
_SUBJECT: Final = re.compile(r"Subject:[ \t]*(\S[^\n]*)(?:\n|\Z)")
_LONGEST_SUBJECT: Final = 400
_FAILURES: Final = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)
"""Everything that running a template somebody wrote can raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A text, ready to be composed."""

    subject: str
    """One line."""
    text: str
    html: str
    problem: str | None = None
    """Why an admin's template was passed over for the built-in one, as `file:line: reason`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFile:
    """A template as it lies in a folder."""

    name: str
    """Such as `new_ticket.de.txt.j2`."""
    path: str
    source: str


class Templates:
    """All texts, read once: make a new one to see changed files."""

    def __init__(self, folder: Path | None, *, zone: tzinfo = UTC) -> None:
        """Read the built-in templates and those in `folder`; dates are written in `zone`."""
        built_in, _ = _read_folder(Path(str(resources.files("gateway.pipeline"))) / "texts")
        own, self._unreadable = _read_folder(folder) if folder is not None else ({}, ())
        self._own = own
        self._built_in = frozenset(built_in)
        # Only what others wrote is run in a sandbox: it doubles the time that a text takes.
        self._built_in_environment = _environment(Environment, built_in, zone)
        self._own_environment = _environment(ImmutableSandboxedEnvironment, {**built_in, **own}, zone)
        self._known_words: dict[tuple[Environment, str], dict[str, object]] = {}

    def render(self, name: str, language: str, variables: Variables, *, variant: str | None = None) -> Rendered:
        """Return the text `name` (a `Purpose`) in a language (`de` or `en`; anything else is English).

        A variant `short` of `new_ticket` is the admin's own `new_ticket-short.de.txt.j2`. Never raises for an admin's template:
        the built-in text goes out and `problem` says why.
        """
        chosen = language if language in LANGUAGES else "en"
        problem = None
        if variant is not None:
            try:
                return self._render(self._own_environment, f"{name}-{variant}", chosen, variables)
            except _FAILURES as error:
                problem = f"{name}-{variant}: {describe_failure(error)}"
                return replace(self.render(name, language, variables), problem=problem)
        if self._own:
            try:
                return self._render(self._own_environment, name, chosen, variables)
            except _FAILURES as error:
                problem = describe_failure(error)
        return replace(self._render(self._built_in_environment, name, chosen, variables), problem=problem)

    def has_variant(self, name: str, variant: str) -> bool:
        """Tell whether the admin's folder has a variant of a text in any language."""
        return any(f"{name}-{variant}.{language}.txt.j2" in self._own for language in LANGUAGES)

    def try_own(self, name: str, language: str, variables: Variables) -> str | None:
        """Render with the admin's templates only; return what is wrong, or None."""
        try:
            self._render(self._own_environment, name, language, variables)
        except _FAILURES as error:
            return describe_failure(error)
        return None

    def check(self) -> tuple[str, ...]:
        """Return every mistake in the admin's folder as `file:line: reason`."""
        from gateway.pipeline.template_check import check_templates  # noqa: PLC0415 needs this module itself

        return (*self._unreadable, *check_templates(self, tuple(self._own.values()), self._own_environment))

    def _render(self, environment: Environment, name: str, language: str, variables: Variables) -> Rendered:
        stem = f"{name}.{language}"
        values: dict[str, object] = {field.name: getattr(variables, field.name) for field in fields(variables)}
        values |= {"language": language, "words": self._words(environment, language)}
        subject = " ".join(environment.get_template(f"{stem}.subject").render(values).split())[:_LONGEST_SUBJECT]
        text = environment.get_template(f"{stem}.txt.j2").render(values).strip("\n") + "\n"
        html_name = self._html_name(stem, is_own=environment is self._own_environment)
        html = environment.get_template(html_name).render(values | {"subject_line": subject, "plain_text": text})
        return Rendered(subject=subject, text=text, html=html.strip() + "\n")

    def _words(self, environment: Environment, language: str) -> Mapping[str, object]:
        """Return the shared words; what an admin's file does not say (perhaps it is older than the word) ours says."""
        known = self._known_words.get((environment, language))
        if known is None:
            known = {}
            for one in (self._built_in_environment, environment):
                known |= vars(one.get_template(f"_words.{language}.j2").module)
            self._known_words[environment, language] = known
        return known

    def _html_name(self, stem: str, *, is_own: bool) -> str:
        """Choose the HTML that says the same as the text: an admin's own text never goes with the built-in HTML."""
        html_name = f"{stem}.html.j2"
        if is_own and html_name in self._own:
            return html_name
        is_changed = is_own and f"{stem}.txt.j2" in self._own
        return html_name if html_name in self._built_in and not is_changed else "_from_text.html.j2"


def split_subject(source: str) -> tuple[str, str]:
    """Return the subject's template and the text's, the latter with the line numbers of the file.

    Raises:
        ValueError: the first line is no subject.
    """
    match = _SUBJECT.match(source)
    if match is None:
        raise ValueError("the first line must be `Subject: …`")
    return match[1], "\n" + source[match.end() :]


def describe_failure(error: BaseException) -> str:
    """Return where and why a template failed: `file:line: reason`."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename or error.name}:{error.lineno}: {error.message}"
    places = [(f.f_code.co_filename, line) for f, line in walk_tb(error.__traceback__) if f.f_code.co_filename.endswith(".j2")]
    reason = str(error) or type(error).__name__
    return f"{places[-1][0]}:{places[-1][1]}: {reason}" if places else reason


def _environment(kind: type[AnyEnvironment], files: Mapping[str, TemplateFile], zone: tzinfo) -> AnyEnvironment:
    """Return an environment that knows these files, and the subject of each text as a template of its own."""

    def load(name: str) -> tuple[str, str, None] | None:
        stem, _, kind = name.rpartition(".")
        file = files.get(f"{stem}.txt.j2" if kind == "subject" else name)
        if file is None:
            return None
        if file.name.endswith(".txt.j2") and not file.name.startswith("_"):
            try:
                subject, text = split_subject(file.source)
            except ValueError as error:
                raise TemplateSyntaxError(str(error), 1, name=file.name, filename=file.path) from None
            return (subject if kind == "subject" else text), file.path, None
        return file.source, file.path, None

    environment = kind(
        loader=FunctionLoader(load),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=StrictUndefined,
        finalize=lambda value: "" if value is None else value,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=-1,
        auto_reload=False,
    )
    environment.filters.update(filters_for(zone))
    del environment.globals["lipsum"]
    return environment


def _read_folder(folder: Path) -> tuple[dict[str, TemplateFile], tuple[str, ...]]:
    """Read every template of a folder; return them by name, and what could not be read."""
    files: dict[str, TemplateFile] = {}
    problems: list[str] = []
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".j2")
    except OSError as error:
        return {}, (f"{folder}:1: cannot be read: {error.strerror}",)
    for path in paths:
        try:
            files[path.name] = TemplateFile(name=path.name, path=str(path), source=path.read_text(encoding="utf-8"))
        except OSError as error:
            problems.append(f"{path}:1: cannot be read: {error.strerror}")
        except UnicodeDecodeError as error:
            problems.append(f"{path}:{1 + error.object[: error.start].count(10)}: is not UTF-8")
    return files, tuple(problems)
