"""The texts people see, made from jinja2 templates: the built-in ones in `texts/`, and an admin's own in their folder.

A text is one file per language that reads like the mail it makes: its first line is `Subject: …`, the rest is the text.
`new_ticket.de.txt.j2` may have a `new_ticket.de.html.j2` beside it; where there is none, the HTML is made from the text. An
admin copies a file into their own folder and changes it there, for one channel in a folder of the channel's name inside it. A
name that begins with `_` is shared by the others: `_layout.html.j2` is the frame of all HTML, `_words.de.j2` the words for
statuses and the like. Built-in or not, every template names only what `variables.py` lists, and is escaped in HTML; what admins
wrote runs in a sandbox.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path
from traceback import walk_tb
from typing import Final, TypeVar

from jinja2 import Environment, FunctionLoader, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.pipeline.template_files import Level, Shelf, TemplateFile, read_shelf, split_subject
from gateway.pipeline.template_filters import filters_for
from gateway.pipeline.variables import Variables

AnyEnvironment = TypeVar("AnyEnvironment", bound=Environment)

LANGUAGES: Final = ("de", "en")
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _View:
    """The texts as one channel has them: the nearest file of each name, and what runs them."""

    files: Mapping[str, TemplateFile]
    environment: Environment


class Templates:
    """All texts, read once: make a new one to see changed files."""

    def __init__(self, folder: Path | None, *, zone: tzinfo = UTC, shelf: Shelf | None = None) -> None:
        """Read the built-in templates and those in `folder`, or take those that were read; dates are written in `zone`."""
        self.shelf = read_shelf(folder) if shelf is None else shelf
        self._zone = zone
        # Only what others wrote is run in a sandbox: it doubles the time that a text takes.
        self._built_in = _View(files=self.shelf.built_in, environment=_environment(Environment, self.shelf.built_in, zone))
        self._views = {channel: self._make_view(channel, zone) for channel in (None, *self.shelf.channels)}
        self._known_words: dict[tuple[Environment, str], Mapping[str, object]] = {}

    def __reduce__(self) -> tuple[Callable[[], "Templates"], tuple[()]]:
        """Travel to another process as what was read: files may be others by now."""
        return partial(Templates, None, zone=self._zone, shelf=self.shelf), ()

    def render(
        self, name: str, language: str, variables: Variables, *, variant: str | None = None, channel: str | None = None
    ) -> Rendered:
        """Return the text `name` (a `Purpose`) in a language (`de` or `en`; anything else is English), as a channel has it.

        A variant `short` of `new_ticket` is the admin's own `new_ticket-short.de.txt.j2`. Never raises for an admin's template:
        the built-in text goes out and `problem` says why.
        """
        chosen = language if language in LANGUAGES else "en"
        view = self._view(channel)
        problem = None
        if variant is not None:
            try:
                return self._render(view, f"{name}-{variant}", chosen, variables)
            except _FAILURES as error:
                problem = f"{name}-{variant}: {describe_failure(error)}"
                return replace(self.render(name, language, variables, channel=channel), problem=problem)
        if view is not self._built_in:
            try:
                return self._render(view, name, chosen, variables)
            except _FAILURES as error:
                problem = describe_failure(error)
        return replace(self._render(self._built_in, name, chosen, variables), problem=problem)

    def words(self, language: str, *, channel: str | None = None) -> Mapping[str, object]:
        """Return the words that texts share, as a channel has them; an admin's own that fail are passed over."""
        view = self._view(channel)
        try:
            return self._words(view, language)
        except _FAILURES:
            return self._words(self._built_in, language)

    def try_own(self, name: str, language: str, variables: Variables, *, channel: str | None = None) -> str | None:
        """Render with the admin's templates only; return what is wrong, or None."""
        try:
            self._render(self._view(channel), name, language, variables)
        except _FAILURES as error:
            return describe_failure(error)
        return None

    def check(self, channels: Collection[str] | None = None) -> tuple[str, ...]:
        """Return every mistake in the admin's folder as `file:line: reason`; `channels` are those that there are."""
        from gateway.pipeline.template_check import check_templates  # noqa: PLC0415 needs this module itself

        return (*self.shelf.unreadable, *check_templates(self, channels))

    def environment(self, channel: str | None) -> Environment:
        """Return what runs the texts of a channel."""
        return self._view(channel).environment

    def _make_view(self, channel: str | None, zone: tzinfo) -> _View:
        files = self.shelf.seen_by(channel)
        if all(file.level is Level.BUILT_IN for file in files.values()):
            return self._built_in
        return _View(files=files, environment=_environment(ImmutableSandboxedEnvironment, files, zone))

    def _view(self, channel: str | None) -> _View:
        return self._views.get(channel) or self._views[None]

    def _render(self, view: _View, name: str, language: str, variables: Variables) -> Rendered:
        stem, environment = f"{name}.{language}", view.environment
        values: dict[str, object] = dict(environment.globals)
        values |= {field.name: getattr(variables, field.name) for field in fields(variables)}
        values |= {"language": language, "words": self._words(view, language)}
        subject = " ".join(_run(environment, f"{stem}.subject", values).split())[:_LONGEST_SUBJECT]
        text = _run(environment, f"{stem}.txt.j2", values).strip("\n") + "\n"
        html = _run(environment, _html_name(view, stem), values | {"subject_line": subject, "plain_text": text})
        return Rendered(subject=subject, text=text, html=html.strip() + "\n")

    def _words(self, view: _View, language: str) -> Mapping[str, object]:
        """Return the shared words; what an admin's file does not say (perhaps it is older than the word) ours says."""
        known = self._known_words.get((view.environment, language))
        if known is None:
            known = {}
            for one in dict.fromkeys((self._built_in, self._views[None], view)):
                known = _joined(known, vars(one.environment.get_template(f"_words.{language}.j2").module))
            self._known_words[view.environment, language] = known
        return known


def _run(environment: Environment, name: str, values: dict[str, object]) -> str:
    """Run a template on values that hold the environment's own names already: `render` would copy them all, each time."""
    template = environment.get_template(name)
    try:
        return environment.concat(template.root_render_func(template.new_context(values, shared=True)))
    except _FAILURES:
        environment.handle_exception()  # raises it again, with the template's own lines in its trace


def _joined(words: Mapping[str, object], more: Mapping[str, object]) -> dict[str, object]:
    """Return words with others on top; of a table such as `status` the others may say only some."""
    joined = dict(words)
    for name, value in more.items():
        old = joined.get(name)
        joined[name] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    return joined


def _html_name(view: _View, stem: str) -> str:
    """Choose the HTML that says the same as the text: a changed text never goes with the HTML of the unchanged one."""
    text, html = view.files.get(f"{stem}.txt.j2"), view.files.get(f"{stem}.html.j2")
    return html.name if html is not None and (text is None or html.level >= text.level) else "_from_text.html.j2"


def describe_failure(error: BaseException) -> str:
    """Return where and why a template failed: `file:line: reason`."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename or error.name}:{error.lineno}: {error.message}"
    places = [(f.f_code.co_filename, line) for f, line in walk_tb(error.__traceback__) if f.f_code.co_filename.endswith(".j2")]
    reason = _say_missing(error) if isinstance(error, TemplateNotFound) else str(error) or type(error).__name__
    return f"{places[-1][0]}:{places[-1][1]}: {reason}" if places else reason


def _say_missing(error: TemplateNotFound) -> str:
    name = error.name or str(error)
    file = f"{name.removesuffix('.subject')}.txt.j2" if name.endswith(".subject") else name
    return f"the file {file} is missing"


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
