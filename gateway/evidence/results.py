"""Reading `Authentication-Results` as others write them (RFC 8601), tolerantly and in one pass.

Only the words are read here; whose words may be believed is decided elsewhere.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.evidence.headers import find_end, tokenize

MAX_METHODS: Final = 50
MAX_LENGTH: Final = 16_000
"""Characters; no server writes more."""

_METHOD: Final = re.compile(r"([a-z][a-z0-9-]*)(?:/\d+)?=([a-z]+)", re.IGNORECASE)
_PROPERTY: Final = re.compile(r"([a-z]+\.[a-z0-9._-]+)=(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodResult:
    """One `method=result` and its properties; all names and results in lower case."""

    method: str
    result: str
    properties: Mapping[str, str]

    def domain(self, *names: str) -> str | None:
        """Return the domain of the first of these properties that is there."""
        for name in names:
            value = self.properties.get(name)
            if value:
                return value.rpartition("@")[2].lower().rstrip(".") or None
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationResults:
    """What a server says it found. `authserv_id` is in lower case."""

    authserv_id: str
    methods: tuple[MethodResult, ...]

    def first(self, method: str) -> MethodResult | None:
        """Return the first result of a method."""
        return next((m for m in self.methods if m.method == method), None)


def read_results(text: str) -> AuthenticationResults:
    """Read a field's value, or what stands behind `i=N;` in ARC; what cannot be read is left out."""
    specs = _split(text[:MAX_LENGTH])
    words = specs[0].split() if specs else []
    methods: list[MethodResult] = []
    for spec in specs[1 : MAX_METHODS + 1]:
        found = _read_method(spec)
        if found is not None:
            methods.append(found)
    return AuthenticationResults(authserv_id=words[0].strip('"').lower() if words else "", methods=tuple(methods))


def drop_results_of(authserv_id: str, content: bytes) -> bytes:
    """Return a mail without the Authentication-Results fields that claim to be of this name (RFC 8601 section 5).

    Who reads what we hand out believes those, so they must be ours alone. One that hides behind a bare CR goes, too, and one that
    cannot be read but names us; everything else stays octet for octet.
    """
    end, _ = find_end(content)
    fields: list[list[bytes]] = []
    for line in content[:end].splitlines(keepends=True):
        if fields and line[:1] in (b" ", b"\t"):
            fields[-1].append(line)
        else:
            fields.append([line])
    kept = (b"".join(lines) for lines in fields if not _claims(authserv_id.lower(), lines))
    return b"".join(kept) + content[end:]


def _claims(authserv_id: str, lines: list[bytes]) -> bool:
    name, _, value = b" ".join(line.strip() for line in lines).partition(b":")
    if name.strip().lower() != b"authentication-results":
        return False
    text = value.decode("utf-8", "replace")
    claimed = read_results(text).authserv_id.replace("\\", "")
    return claimed == authserv_id or (not claimed and authserv_id in text.lower())


def _split(text: str) -> list[str]:
    """Cut at semicolons outside of quotes and comments; comments become spaces."""
    tokens = tokenize(text)
    if tokens is None:
        return []
    specs: list[list[str]] = [[]]
    for word in tokens:
        if word == ";":
            specs.append([])
        else:
            specs[-1].append(word)
    return ["".join(spec).strip() for spec in specs]


def _read_method(spec: str) -> MethodResult | None:
    words = spec.replace(" =", "=").replace("= ", "=").split(" ")
    match = _METHOD.fullmatch(words[0])
    if match is None:
        return None
    properties: dict[str, str] = {}
    for word in words[1:]:
        found = _PROPERTY.fullmatch(word)
        if found is not None:
            properties.setdefault(found[1].lower(), found[2].strip('"<>'))
    return MethodResult(method=match[1].lower(), result=match[2].lower(), properties=properties)
