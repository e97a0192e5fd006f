"""From a file to a `Config`, or to every mistake in it at once.

The steps: read the text (`document`), fill references in (`secrets`), let the models judge each section, then look between the
sections (`references`). Start at `load_config`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gateway.config.document import Document, Keys, Problem, read_document, value_at
from gateway.config.model import Config
from gateway.config.references import find_mistakes
from gateway.config.secrets import Secrets
from gateway.config.shape import did_you_mean, is_path, known_keys
from gateway.errors import ConfigError

_WORDS = {
    "missing": "is missing",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "string_type": "must be text; put it in quotes",
    "list_type": "must be a list, such as [one, two]",
    "dict_type": "must hold keys and values",
    "model_type": "must hold keys and values",
    "model_attributes_type": "must hold keys and values",
    "path_type": "must be the path of a file",
    "too_short": "must not be empty",
    "ip_v4_network": "must be a network, such as 203.0.113.0/24 or 2001:db8::/32",
    "ip_v6_network": "must be a network, such as 203.0.113.0/24 or 2001:db8::/32",
}
"""pydantic's commonest complaints in an admin's words; the others are taken as they come."""

_SHAPES = {
    "[key]": "a name begins with a letter or a digit and holds only lower-case letters, digits, - and _",
    "database": "must be `sqlite`, or postgresql://user@host/name",
    "hostname": "must be a host name, such as mail.firma.example",
    "mode": "must be three octal digits, such as 0660",
}
"""What a text must look like, by the key where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A valid file: what it means, and what it says."""

    config: Config
    document: Document
    secrets: Secrets


def load_config(path: Path, *, needs_secrets: bool = True) -> Config:
    """Read the configuration.

    With `needs_secrets=False`, credentials that only the running service can read stay as they are written: enough for commands
    that send nothing.

    Raises:
        ConfigError: with every mistake as `file:line:column: key: reason`.
    """
    return load_file(path, needs_secrets=needs_secrets).config


def load_file(path: Path, *, needs_secrets: bool = True) -> Loaded:
    """Like `load_config`, and keep the document for showing it. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError((f"{path}: cannot be read: {error.strerror}",)) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError((f"{path}:{line}:1: this is not text in UTF-8",)) from None
    return load_text(text, file=str(path), secrets=Secrets(are_required=needs_secrets))


def load_text(text: str, *, file: str, secrets: Secrets | None = None) -> Loaded:
    """Read the configuration from text; `file` is the name in messages. Raises ConfigError."""
    secrets = secrets or Secrets()
    document = read_document(text, file=file)
    if document.tree is None:
        raise ConfigError(tuple(problem.describe(file) for problem in document.problems))
    tree = secrets.fill(document, is_path=lambda keys: is_path(Config, keys))
    problems = [*document.problems]
    config: Config | None = None
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        problems += _problems_of(error, document, secrets)
    found = {problem.keys for problem in problems}
    for mistake in find_mistakes(tree):
        if mistake.keys not in found:
            problems.append(document.problem(mistake.keys, secrets.hide(mistake.keys, mistake.reason)))
    if problems or config is None:
        ordered = sorted(problems, key=lambda problem: problem.place)
        raise ConfigError(tuple(dict.fromkeys(problem.describe(file) for problem in ordered)))
    return Loaded(config=config, document=document, secrets=secrets)


def _problems_of(error: ValidationError, document: Document, secrets: Secrets) -> Iterator[Problem]:
    """Turn pydantic's complaints into problems; several about one value (a union's arms) become one."""
    reasons: dict[tuple[Keys, bool], list[str]] = {}
    for detail in error.errors(include_url=False, include_context=False):
        keys = _keys_in_file(detail, document)
        reason = secrets.hide(keys, _reason(detail, keys))
        about_key = detail["type"] in {"extra_forbidden", "missing"}
        known = reasons.setdefault((keys, about_key), [])
        if reason not in known:
            known.append(reason)
    for (keys, about_key), texts in reasons.items():
        yield document.problem(keys, ", or ".join(texts), of_key=about_key)


def _keys_in_file(detail: ErrorDetails, document: Document) -> Keys:
    """Return the place of a complaint, without what pydantic adds for unions and for keys of mappings."""
    keys: Keys = ()
    *path, last = detail["loc"] or ("",)
    for part in path:
        if value_at(document.tree, (*keys, part)) is not None:
            keys = (*keys, part)
    if detail["type"] in {"missing", "extra_forbidden"} or value_at(document.tree, (*keys, last)) is not None:
        return (*keys, last) if last != "" else keys
    return (*keys, last) if (*keys, last) in document.value_places else keys


def _reason(detail: ErrorDetails, keys: Keys) -> str:
    kind = detail["type"]
    if kind == "extra_forbidden":
        return "is not known here" + did_you_mean(str(keys[-1]), known_keys(Config, keys[:-1]))
    if kind == "string_pattern_mismatch" and (shape := _SHAPES.get(str(detail["loc"][-1]))):
        return shape
    if kind in _WORDS:
        return _WORDS[kind]
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input ").removeprefix("String ")
    message = message.replace("should", "must", 1)
    return message[:1].lower() + message[1:]
