"""The text of an SPF record, read strictly (RFC 7208 sections 4.6.1, 5, 6 and 12)."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

_MODIFIER: Final = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)", re.DOTALL)
_MECHANISM: Final = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9_.-]*)(.*)", re.DOTALL)
_DUAL_CIDR: Final = re.compile(r"(?:/(0|[1-9]\d{0,2}))?(?://(0|[1-9]\d{0,2}))?")
_MACRO: Final = re.compile(r"%(?:[%_-]|\{([A-Za-z])(\d{0,5})(r?)([.\-+,/_=]*)\})", re.IGNORECASE)
_TOP_LABEL: Final = re.compile(r"(?=[A-Za-z0-9-]{0,63}[A-Za-z-])[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_DOMAIN_LETTERS: Final = frozenset("slodiphv")
_TEXT_LETTERS: Final = _DOMAIN_LETTERS | frozenset("crt")


class MalformedRecord(Exception):
    """A syntax error anywhere makes the whole record a permanent error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """One mechanism with its qualifier. `spec` is the domain with its macros, None where there is none."""

    text: str
    qualifier: str
    mechanism: str
    spec: str | None = None
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None
    prefix4: int = 32
    prefix6: int = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record that is well-formed throughout."""

    directives: tuple[Directive, ...]
    redirect: str | None


def parse_record(text: bytes) -> Record:
    """Read a whole record.

    Raises:
        MalformedRecord: a syntax error anywhere in it (RFC 7208 section 4.6).
    """
    try:
        terms = text.decode("ascii").split(" ")[1:]
    except UnicodeDecodeError:
        raise MalformedRecord("it holds more than ASCII") from None
    directives: list[Directive] = []
    modifiers: dict[str, str] = {}
    for term in terms:
        if not term:
            continue
        modifier = _MODIFIER.fullmatch(term)
        if modifier is None:
            directives.append(_parse_directive(term))
            continue
        name = modifier[1].lower()
        if name in {"redirect", "exp"}:
            if name in modifiers:
                message = f"{name} stands twice"
                raise MalformedRecord(message)
            check_domain_spec(modifier[2])
        else:
            check_macro_string(modifier[2], _TEXT_LETTERS)
        modifiers[name] = modifier[2]
    has_all = any(d.mechanism == "all" for d in directives)
    return Record(directives=tuple(directives), redirect=None if has_all else modifiers.get("redirect"))


def _parse_directive(term: str) -> Directive:
    match = _MECHANISM.fullmatch(term)
    if match is None:
        message = f"{term[:60]!r} is no term"
        raise MalformedRecord(message)
    qualifier, mechanism, rest = match[1] or "+", match[2].lower(), match[3]
    match mechanism:
        case "all":
            if rest:
                raise MalformedRecord("all takes nothing")
            return Directive(text=term, qualifier=qualifier, mechanism=mechanism)
        case "ip4" | "ip6":
            return Directive(text=term, qualifier=qualifier, mechanism=mechanism, network=_parse_network(mechanism, rest))
        case "include" | "exists":
            if not rest.startswith(":"):
                message = f"{mechanism} needs a domain"
                raise MalformedRecord(message)
            return Directive(text=term, qualifier=qualifier, mechanism=mechanism, spec=check_domain_spec(rest[1:]))
        case "ptr":
            if rest and not rest.startswith(":"):
                raise MalformedRecord("ptr takes only a domain")
            return Directive(
                text=term, qualifier=qualifier, mechanism=mechanism, spec=check_domain_spec(rest[1:]) if rest else None
            )
        case "a" | "mx":
            return _parse_hosts(term, qualifier, mechanism, rest)
        case _:
            message = f"{mechanism[:60]} is no mechanism"
            raise MalformedRecord(message)


def _parse_hosts(term: str, qualifier: str, mechanism: str, rest: str) -> Directive:
    """Read `a` and `mx`: an optional domain, then prefix lengths; slashes inside macros belong to the domain."""
    spec = None
    suffix = rest
    if rest.startswith(":"):
        end = rest.rfind("}") + 1
        slash = rest.find("/", end)
        while slash >= 0 and _DUAL_CIDR.fullmatch(rest, slash) is None:
            slash = rest.find("/", slash + 1)
        cut = len(rest) if slash < 0 else slash
        spec, suffix = check_domain_spec(rest[1:cut]), rest[cut:]
    lengths = _DUAL_CIDR.fullmatch(suffix)
    if lengths is None:
        message = f"{term[:60]!r} has no valid prefix length"
        raise MalformedRecord(message)
    prefix4, prefix6 = int(lengths[1] or 32), int(lengths[2] or 128)
    if prefix4 > 32 or prefix6 > 128:  # noqa: PLR2004 the lengths of addresses
        message = f"{term[:60]!r} has a prefix length that is too long"
        raise MalformedRecord(message)
    return Directive(text=term, qualifier=qualifier, mechanism=mechanism, spec=spec, prefix4=prefix4, prefix6=prefix6)


def _parse_network(mechanism: str, rest: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    if not rest.startswith(":"):
        message = f"{mechanism} needs an address"
        raise MalformedRecord(message)
    address, slash, length = rest[1:].partition("/")
    if slash and not (length.isascii() and length.isdigit() and str(int(length[:4])) == length):
        message = f"{mechanism} has no valid prefix length"
        raise MalformedRecord(message)
    try:
        if "%" in address:
            raise MalformedRecord("an address has a zone")
        if mechanism == "ip4":
            return ipaddress.IPv4Network(rest[1:], strict=False)
        return ipaddress.IPv6Network(rest[1:], strict=False)
    except ValueError:
        message = f"{rest[1:][:60]!r} is no address of {mechanism}"
        raise MalformedRecord(message) from None


def check_domain_spec(spec: str) -> str:
    """Check a domain with macros: it ends in a macro or in a top label (RFC 7208 section 7.1)."""
    end = check_macro_string(spec, _DOMAIN_LETTERS)
    name = spec.removesuffix(".")
    if not spec or end != len(spec):
        _, dot, top = name.rpartition(".")
        if not dot or not _TOP_LABEL.fullmatch(top):
            message = f"{spec[:60]!r} is no domain"
            raise MalformedRecord(message)
    return spec


def check_macro_string(text: str, letters: frozenset[str]) -> int:
    """Check every macro in a text; returns where the last one ended. Raises MalformedRecord."""
    position = last = 0
    if any(not 0x21 <= ord(c) <= 0x7E for c in text):  # noqa: PLR2004 visible ASCII
        raise MalformedRecord("it holds control characters")
    while (position := text.find("%", position)) >= 0:
        match = _MACRO.match(text, position)
        if match is None or (match[1] and (match[1].lower() not in letters or match[2].lstrip("0") != match[2])):
            message = f"{text[position:][:20]!r} is no macro"
            raise MalformedRecord(message)
        position = match.end()
        last = position if match[1] else last
    return last


def has_macro(spec: str, letter: str) -> bool:
    """Tell whether a checked text holds this macro."""
    return any((match[1] or "").lower() == letter for match in _MACRO.finditer(spec))


def macros() -> "re.Pattern[str]":
    """Return the pattern of one macro: letter, digits, `r`, delimiters."""
    return _MACRO
