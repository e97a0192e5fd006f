"""What `templates` shows: which texts there are, the files they are made from, and one of them for a sample ticket."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.cli.exits import Exit
from gateway.cli.options import DEFAULT_CONFIG
from gateway.cli.output import print_error, print_fields, print_heading, print_json, print_rows, print_text, print_text_block
from gateway.config import load_config
from gateway.config.model import Config
from gateway.errors import ConfigError, NotFound, WrongCommand
from gateway.mail.addresses import Address, Mailbox
from gateway.mail.outbound import Purpose
from gateway.pipeline.compose import Draft, compose
from gateway.pipeline.template_docs import documented_fields, purpose_says
from gateway.pipeline.template_files import FORMS, Level, TemplateFile
from gateway.pipeline.template_samples import AT, SAMPLES
from gateway.pipeline.templates import LANGUAGES, Rendered, Templates
from gateway.pipeline.variable_views import ChannelView
from gateway.pipeline.variables import VARIABLES_OF, Variables

_SHARED: Final[Mapping[str, str]] = {
    "_layout": "The frame around all HTML.",
    "_notification": "What all notifications to agents have in common.",
    "_report": "The weekly report's figures.",
    "_from_text": "HTML for texts that have none of their own.",
    "_words": "Words that several texts share: statuses, priorities, reasons.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What is to be shown, and how."""

    name: str
    channel: str | None
    language: str | None
    sample: int
    html: bool
    text: bool
    mail: Path | None
    as_json: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Texts:
    """The texts of a configuration, or without one the built-in ones."""

    templates: Templates
    config: Config | None

    def channel(self, key: str | None) -> str | None:
        """Return the channel that is meant: the given one, else the first. Raises NotFound."""
        known = list(self.config.channels) if self.config else []
        if key is not None and key not in known:
            message = f"there is no channel {key}; there are: {', '.join(known) or 'none without a configuration'}"
            raise NotFound(message)
        return key or next(iter(known), None)

    def language(self, channel: str | None, given: str | None) -> str:
        """Return the language that is meant: the given one, else the channel's."""
        return given or (self.config.channels[channel].language if self.config and channel else "en")

    def view(self, channel: str | None) -> ChannelView | None:
        """Return what templates see of a channel, None without a configuration."""
        if self.config is None or channel is None:
            return None
        settings = self.config.channels[channel]
        return ChannelView(name=settings.display_name, address=str(settings.address))


def list_all(path: Path | None, *, as_json: bool) -> None:
    """Print every text and every shared file, with the files that stand in their place."""
    texts = _read(path)
    own = texts.templates.shelf.own
    entries = [_entry(name, _about(name), own) for name in (*Purpose, *_SHARED)]
    if as_json:
        print_json(entries)
        return
    rows = [(each["name"], each["about"], "\n".join(_short(file) for file in each["own"])) for each in entries]
    folder = texts.config.texts.templates if texts.config else None
    columns = ("text", "what it says", f"yours in {folder}" if folder else "yours")
    print_rows("Texts", columns, rows, empty="no texts")
    variants = sorted({text for file in own if "-" in (text := file.name.partition(".")[0]) and not text.startswith("_")})
    if variants:
        print_text_block(f"Variants: {', '.join(variants)}")
    if folder is None:
        print_text_block("All of them are built in. To change one, name a folder in texts.templates and copy a file there.")


def show_one(path: Path | None, name: str, *, channel: str | None, language: str | None, as_json: bool) -> None:
    """Print a text's files as they are in force, and its variables.

    Raises:
        NotFound: there is no such text or channel.
    """
    texts = _read(path)
    files = list(_files_of(texts, name, texts.channel(channel), language))
    if not files:
        raise _no_such(name)
    documented = _variables_of(name)
    if as_json:
        shown = [{"file": f.path, "level": f.level.name.lower(), "channel": f.channel, "source": f.source} for f in files]
        print_json({"name": name, "about": _about(name), "files": shown, "variables": documented})
        return
    for file in files:
        print_heading(f"{file.path}{' (built in)' if file.level is Level.BUILT_IN else ''}")
        print_text(file.source.rstrip("\n") + "\n")
    if documented:
        print_heading("Variables (docs/templates.md has all of them)")
        print_fields(documented)


def preview(path: Path | None, wanted: Preview) -> Exit:
    """Print a text for a sample ticket, or write it as a mail.

    Raises:
        NotFound: there is no such text, channel or sample.
        ConfigError: the template fails; with its file and line.
        WrongCommand: two kinds of output at once.
    """
    if sum((wanted.html, wanted.text, wanted.mail is not None, wanted.as_json)) > 1:
        message = "one of --html, --text, --mail and --json is enough"
        raise WrongCommand(message)
    texts = _read(path)
    channel = texts.channel(wanted.channel)
    language = texts.language(channel, wanted.language)
    rendered = _render(texts, wanted, channel, language)
    if rendered.problem is not None:
        raise ConfigError((rendered.problem,))
    if wanted.mail is not None:
        return _write(wanted.mail, _mail(rendered, wanted, texts.view(channel), language))
    if wanted.as_json:
        print_json({"name": wanted.name, "language": language, "channel": channel, **_plain(rendered)})
    elif wanted.html or wanted.text:
        print_text(rendered.html if wanted.html else rendered.text)
    else:
        print_heading(rendered.subject)
        print_text_block(f"\n{rendered.text.rstrip()}")
    return Exit.OK


def _read(path: Path | None) -> _Texts:
    if path is None and not DEFAULT_CONFIG.exists():
        return _Texts(templates=Templates(None), config=None)
    config = load_config(path or DEFAULT_CONFIG, needs_secrets=False)
    return _Texts(templates=Templates(config.texts.templates, zone=ZoneInfo(config.texts.timezone)), config=config)


def _render(texts: _Texts, wanted: Preview, channel: str | None, language: str) -> Rendered:
    purpose, _, variant = wanted.name.partition("-")
    if purpose not in list(Purpose) or (variant and not _has_variant(texts, wanted.name)):
        raise _no_such(wanted.name)
    samples = SAMPLES[Purpose(purpose)]
    if wanted.sample > len(samples):
        message = f"{purpose} has {len(samples)} sample{'' if len(samples) == 1 else 's'}"
        raise NotFound(message)
    variables = _speaking_for(samples[wanted.sample - 1], texts.view(channel))
    return texts.templates.render(purpose, language, variables, variant=variant or None, channel=channel)


def _has_variant(texts: _Texts, name: str) -> bool:
    return any(file.name in {f"{name}.{language}.txt.j2" for language in LANGUAGES} for file in texts.templates.shelf.own)


def _speaking_for(variables: Variables, channel: ChannelView | None) -> Variables:
    has_channel = any(field.name == "channel" for field in fields(variables))
    return replace(variables, channel=channel) if has_channel and channel is not None else variables  # type: ignore[arg-type]


def _mail(rendered: Rendered, wanted: Preview, channel: ChannelView | None, language: str) -> bytes:
    speaker = channel or ChannelView(name="Firma Support", address="support@firma.example")
    draft = Draft(
        from_=Mailbox(speaker.name, Address.parse(speaker.address)),
        to=Mailbox("Preview", Address.parse("preview@firma.example")),
        subject=rendered.subject,
        message_id=f"{wanted.name}.{language}.{wanted.sample}.preview@{Address.parse(speaker.address).domain}",
        date=AT,
        text=rendered.text,
        html=rendered.html,
        language=language,
    )
    return compose(draft)


def _write(path: Path, content: bytes) -> Exit:
    if str(path) == "-":
        print_text(content.decode("utf-8", "replace"))
        return Exit.OK
    try:
        path.write_bytes(content)
    except OSError as error:
        print_error(f"{path}: cannot be written: {error.strerror}")
        return Exit.CANNOT_WRITE
    return Exit.OK


def _entry(name: str, about: str, own: tuple[TemplateFile, ...]) -> dict[str, Any]:
    files = [file for file in own if file.name.partition(".")[0].partition("-")[0] == name]
    return {"name": name, "about": about, "languages": list(LANGUAGES), "own": [_plain_file(file) for file in files]}


def _plain_file(file: TemplateFile) -> dict[str, Any]:
    return {"name": file.name, "path": file.path, "channel": file.channel}


def _short(file: Mapping[str, Any]) -> str:
    return f"{file['channel']}/{file['name']}" if file["channel"] else str(file["name"])


def _plain(rendered: Rendered) -> dict[str, str]:
    return {"subject": rendered.subject, "text": rendered.text, "html": rendered.html}


def _about(name: str) -> str:
    purpose = name.partition("-")[0]
    if purpose in list(Purpose):
        return purpose_says(Purpose(purpose))
    return _SHARED.get(name, "")


def _files_of(texts: _Texts, name: str, channel: str | None, language: str | None) -> Iterator[TemplateFile]:
    seen = texts.templates.shelf.seen_by(channel)
    languages = (language,) if language else LANGUAGES
    names = [f"{name}.{each}.{form}.j2" for each in languages for form in FORMS]
    names += [f"{name}.{each}.j2" for each in (*languages, *FORMS)]
    yield from (seen[each] for each in names if each in seen)


def _variables_of(name: str) -> dict[str, str]:
    purpose = name.partition("-")[0]
    documented = documented_fields(VARIABLES_OF[Purpose(purpose)]) if purpose in list(Purpose) else ()
    return {each.name: ": ".join(filter(None, (each.kind, each.says))) for each in documented}


def _no_such(name: str) -> NotFound:
    from difflib import get_close_matches  # noqa: PLC0415 only here

    known = [*Purpose, *_SHARED]
    close = get_close_matches(name, known, n=1)
    return NotFound(f"there is no text {name}{f'; did you mean {close[0]}?' if close else ''} (`templates list` names them)")
