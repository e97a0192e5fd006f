"""Where templates come from: the built-in ones, an admin's folder, and in it a folder for a channel; the nearest one wins.

A file of an admin is `<folder>/new_ticket.de.txt.j2` for every channel, `<folder>/<channel>/new_ticket.de.txt.j2` for one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from importlib import resources
from pathlib import Path
from typing import Final

_SUBJECT: Final = re.compile(r"Subject:[ \t]*(\S[^\n]*)(?:\n|\Z)")
FORMS: Final = ("txt", "html")


class Level(IntEnum):
    """How near to the reader a file stands: the higher one wins."""

    BUILT_IN = 0
    GENERAL = 1
    """In an admin's folder, for all channels."""
    CHANNEL = 2
    """In a channel's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFile:
    """A template as it lies in a folder."""

    name: str
    """Such as `new_ticket.de.txt.j2`."""
    path: str
    source: str
    level: Level
    channel: str | None = None
    """Whose folder it lies in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """All templates there are, by name."""

    built_in: Mapping[str, TemplateFile]
    general: Mapping[str, TemplateFile] = field(default_factory=dict)
    channels: Mapping[str, Mapping[str, TemplateFile]] = field(default_factory=dict)
    """By the name of the folder, which is that of a channel."""
    unreadable: tuple[str, ...] = ()
    """What could not be read, as `file:line: reason`."""

    @property
    def own(self) -> tuple[TemplateFile, ...]:
        """Return an admin's own files."""
        return (*self.general.values(), *(file for files in self.channels.values() for file in files.values()))

    def seen_by(self, channel: str | None) -> Mapping[str, TemplateFile]:
        """Return the nearest file of each name for a channel; None is a text of no channel."""
        return {**self.built_in, **self.general, **self.channels.get(channel or "", {})}


def read_shelf(folder: Path | None) -> Shelf:
    """Read the built-in templates and those of an admin's folder, with the folders of channels in it."""
    built_in, _ = _read_folder(Path(str(resources.files("gateway.pipeline"))) / "texts", Level.BUILT_IN)
    if folder is None:
        return Shelf(built_in=built_in)
    general, problems = _read_folder(folder, Level.GENERAL)
    channels: dict[str, Mapping[str, TemplateFile]] = {}
    for inner in _folders_in(folder):
        channels[inner.name], more = _read_folder(inner, Level.CHANNEL)
        problems = (*problems, *more)
    return Shelf(built_in=built_in, general=general, channels=channels, unreadable=problems)


def split_subject(source: str) -> tuple[str, str]:
    """Return the subject's template and the text's, the latter with the line numbers of the file.

    Raises:
        ValueError: the first line is no subject.
    """
    match = _SUBJECT.match(source)
    if match is None:
        raise ValueError("the first line must be `Subject: …`")
    return match[1], "\n" + source[match.end() :]


def _folders_in(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))
    except OSError:
        return []  # said already


def _read_folder(folder: Path, level: Level) -> tuple[dict[str, TemplateFile], tuple[str, ...]]:
    """Read every template of a folder; return them by name, and what could not be read."""
    files: dict[str, TemplateFile] = {}
    problems: list[str] = []
    channel = folder.name if level is Level.CHANNEL else None
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".j2")
    except OSError as error:
        return {}, (f"{folder}:1: cannot be read: {error.strerror}",)
    for path in paths:
        try:
            source = path.read_text(encoding="utf-8")
        except OSError as error:
            problems.append(f"{path}:1: cannot be read: {error.strerror}")
        except UnicodeDecodeError as error:
            problems.append(f"{path}:{1 + error.object[: error.start].count(10)}: is not UTF-8")
        else:
            files[path.name] = TemplateFile(name=path.name, path=str(path), source=source, level=level, channel=channel)
    return files, tuple(problems)
