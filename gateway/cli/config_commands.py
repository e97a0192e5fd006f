"""`check-config` and `config show`."""

import io
from pathlib import Path

from ruamel.yaml import YAML

from gateway.cli.exits import Exit
from gateway.cli.output import print_error, print_json, print_text, progress_bar
from gateway.config import Loaded, load_file
from gateway.config.document import format_keys
from gateway.config.show import effective_values
from gateway.config.text_checks import find_template_mistakes, find_unused_templates
from gateway.errors import ConfigError


def check(path: Path, *, as_json: bool) -> Exit:
    """Report every mistake and every test that fails, or say that there is none."""
    try:
        loaded = _load_tried(path)
    except ConfigError as error:
        if not as_json:
            raise
        print_json({"file": str(path), "problems": list(error.problems)})
        return Exit.CONFIG
    warnings = find_unused_templates(loaded.config)
    if as_json:
        unchecked = [format_keys(keys) for keys in loaded.secrets.unresolved]
        print_json({"file": str(path), "problems": [], "warnings": list(warnings), "unchecked": unchecked})
        return Exit.OK
    print_text(f"{path}: {_summary(loaded)}\n")
    for warning in warnings:
        print_error(f"warning: {warning}")
    if loaded.secrets.unresolved:
        places = ", ".join(format_keys(keys) for keys in loaded.secrets.unresolved)
        print_error(f"not checked, because only the service can read the credentials: {places}")
    return Exit.OK


def _load_tried(path: Path) -> Loaded:
    """Read it, try its texts and run its own tests. Raises ConfigError: with all that fails of the last two at once."""
    loaded = load_file(path, needs_secrets=False)
    if failures := (*find_template_mistakes(loaded.config), *_run_tests(loaded)):
        raise ConfigError(failures)
    return loaded


def _run_tests(loaded: Loaded) -> tuple[str, ...]:
    """Run the configuration's own tests, with a bar on a terminal, and return what failed."""
    from gateway.config.trial import describe_failure, try_tests  # noqa: PLC0415 only where there are tests

    failures: list[str] = []
    with progress_bar() as bar:
        task = bar.add_task("testing", total=len(loaded.config.tests))
        for result in try_tests(loaded):
            failures += [describe_failure(result, loaded)] if result.mistakes else []
            bar.advance(task)
    return tuple(failures)


def _summary(loaded: Loaded) -> str:
    config = loaded.config
    counts = (("channel", config.channels), ("queue", config.queues), ("agent", config.agents), ("smarthost", config.smarthosts))
    said = (("rule", config.rules), ("trigger", config.triggers), ("test", config.tests))
    numbers = [(word, len(items)) for word, items in counts] + [(word, len(items)) for word, items in said if items]
    return "good: " + ", ".join(f"{number} {word}{'' if number == 1 else 's'}" for word, number in numbers)


def show(path: Path, *, as_json: bool) -> None:
    """Print what is in force."""
    values = effective_values(load_file(path, needs_secrets=False))
    if as_json:
        print_json(values, indent=2)
        return
    out = io.StringIO()
    YAML().dump(values, out)
    print_text(out.getvalue())
