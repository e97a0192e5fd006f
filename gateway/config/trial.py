"""Tries a configuration on the mails of its own `tests` before it is used; what fails is told like every other mistake."""

from collections.abc import Iterator

from gateway.config.load import Loaded
from gateway.errors import ConfigError
from gateway.pipeline.mail_tests import MailTestResult, run_tests

_TRACED = ("rule ", "trigger ")


def try_tests(loaded: Loaded) -> Iterator[MailTestResult]:
    """Run the tests of a configuration, one after the other."""
    yield from run_tests(loaded.config.tests, loaded.config.policy())


def describe_failure(result: MailTestResult, loaded: Loaded) -> str:
    """Return why a test failed: its place, what was expected and what was, and what the rules said. Several lines."""
    place = loaded.document.place(("tests", result.number - 1))
    head = f"{loaded.document.file}:{place.line}:{place.column}: tests[{result.number - 1}]: `{result.name}` fails"
    lines = [f"    {mistake}" for mistake in result.mistakes]
    if result.ended is not None:
        lines.append(f"    it became: {result.ended.outcome}, {result.ended.reason}: {result.ended.because}")
        lines += [
            f"    {'hit ' if line.hit else 'miss'} {line.step}: {line.because}"
            for line in result.ended.trace
            if line.step.startswith(_TRACED)
        ]
    return "\n".join((head, *lines))


def require_tests(loaded: Loaded) -> None:
    """Run the tests of a configuration.

    Raises:
        ConfigError: some fail; with each of them as `describe_failure` says it.
    """
    failures = tuple(describe_failure(result, loaded) for result in try_tests(loaded) if result.mistakes)
    if failures:
        raise ConfigError(failures)
