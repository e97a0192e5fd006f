"""What is wrong with the templates of a configuration, and which of them nobody uses: `file:line: reason`."""

from zoneinfo import ZoneInfo

from gateway.config.model import Config
from gateway.errors import ConfigError
from gateway.pipeline.template_check import unused_files
from gateway.pipeline.templates import Templates


def find_template_mistakes(config: Config) -> tuple[str, ...]:
    """Return every mistake in the folder of templates."""
    return _templates(config).check(tuple(config.channels)) if config.texts.templates else ()


def find_unused_templates(config: Config) -> tuple[str, ...]:
    """Return the files in the folder of templates that nothing is made from."""
    return unused_files(_templates(config), chosen_variants(config)) if config.texts.templates else ()


def require_templates(config: Config) -> None:
    """Try all templates.

    Raises:
        ConfigError: some would fail; with each mistake.
    """
    if mistakes := find_template_mistakes(config):
        raise ConfigError(mistakes)


def chosen_variants(config: Config) -> frozenset[tuple[str, str]]:
    """Return the text and the name of each variant that a channel or a rule chose."""
    of_channels = {
        (stage, settings.template)
        for channel in config.channels.values()
        for stage, settings in channel.notifications.items()
        if settings.template is not None
    }
    done = (item for rule in config.rules for item in getattr(rule, "then", ()) if not isinstance(item, str))
    of_rules = {("confirmation", item.answer) for item in done if item.answer is not None}
    return frozenset(of_channels | of_rules)


def _templates(config: Config) -> Templates:
    return Templates(config.texts.templates, zone=ZoneInfo(config.texts.timezone))
