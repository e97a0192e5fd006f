"""`${credential:name}`, `${file:/path}` and `${env:NAME}` inside the file's strings.

What stands behind a reference is filled in before the models see the values, and is never printed: whoever shows a value asks
`Secrets.hide` first. A credential is a file that systemd hands to the service (LoadCredential=); where a path is wanted, such as
for a TLS key, the reference becomes the path of that file.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.config.document import Document, Keys

_REFERENCE: Final = re.compile(r"\$\{([^{}:]*):([^{}]*)\}")
_UNIT_CREDENTIALS: Final = Path("/run/credentials/ticket-gateway.service")
"""Where systemd keeps the running service's credentials; only root may look."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A string that holds references: as written, and as it is with them filled in."""

    written: str
    resolved: str


@dataclass(slots=True, kw_only=True)
class Secrets:
    """Fills references in and remembers where they stood."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    are_required: bool = True
    """False where a command works without them: credentials that only the service can read stay as written."""
    references: dict[Keys, Reference] = field(default_factory=dict)
    unresolved: list[Keys] = field(default_factory=list)
    """Where a credential could not be read outside the service."""

    def fill(self, document: Document, *, is_path: Callable[[Keys], bool]) -> object:
        """Return the document's tree with every reference filled in; what cannot be is added to its problems."""
        return self._fill(document, document.tree, (), is_path)

    def hide(self, keys: Keys, text: str) -> str:
        """Return `text` with what came from references around or inside `keys` replaced by the references."""
        written: dict[str, str] = {}
        for place, reference in self.references.items():
            if place[: len(keys)] == keys[: len(place)] and reference.resolved:
                written |= dict.fromkeys((reference.resolved, repr(reference.resolved)[1:-1]), reference.written)
        if not written:
            return text
        longest_first = sorted(written, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, longest_first)), lambda match: written[match[0]], text)

    def _fill(self, document: Document, value: object, keys: Keys, is_path: Callable[[Keys], bool]) -> object:
        match value:
            case dict():
                return {key: self._fill(document, item, (*keys, key), is_path) for key, item in value.items()}
            case list():
                return [self._fill(document, item, (*keys, index), is_path) for index, item in enumerate(value)]
            case str() if "${" in value:
                return self._fill_text(document, value, keys, as_path=is_path(keys))
            case _:
                return value

    def _fill_text(self, document: Document, text: str, keys: Keys, *, as_path: bool) -> str:
        parts: list[str] = []
        end = 0
        for match in _REFERENCE.finditer(text):
            parts.append(text[end : match.start()])
            end = match.end()
            try:
                parts.append(self._read(match[1], match[2], as_path=as_path))
            except _NotInService:
                self.unresolved.append(keys)
                self.references[keys] = Reference(text, text)
                return text
            except _Unreadable as error:
                document.problems.append(document.problem(keys, f"{match[0]}: {error}"))
                return text
        resolved = "".join((*parts, text[end:]))
        if end:
            self.references[keys] = Reference(text, resolved)
        return resolved

    def _read(self, kind: str, name: str, *, as_path: bool) -> str:
        match kind:
            case "credential":
                path = self._credential(name)
                return str(path) if as_path else _read_text(path)
            case "file":
                return name if as_path else _read_text(Path(name))
            case "env":
                if name not in self.environment:
                    message = "this environment variable is not set"
                    raise _Unreadable(message)
                return self.environment[name]
            case _:
                message = "a reference is one of ${credential:name}, ${file:/path} and ${env:NAME}"
                raise _Unreadable(message)

    def _credential(self, name: str) -> Path:
        if not name or "/" in name or name.startswith("."):
            message = "a credential's name has no slash and does not begin with a dot"
            raise _Unreadable(message)
        folder = self.environment.get("CREDENTIALS_DIRECTORY")
        if folder is not None:
            return Path(folder) / name
        if os.access(_UNIT_CREDENTIALS / name, os.R_OK):
            return _UNIT_CREDENTIALS / name
        if self.are_required:
            message = "$CREDENTIALS_DIRECTORY is not set; systemd sets it for a unit with LoadCredential="
            raise _Unreadable(message)
        raise _NotInService


class _Unreadable(Exception):
    """A reference leads to nothing; the text says why."""


class _NotInService(Exception):
    """A credential that only the service may read."""


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise _Unreadable(error.strerror or "cannot be read") from None
    except UnicodeDecodeError:
        message = "the file is not text in UTF-8"
        raise _Unreadable(message) from None
