"""The YAML file as plain values, with the line and column of each of them.

Only the text is judged here: syntax, duplicate keys, aliases that bite their own tail. What the values mean is decided by the
models. Start at `read_document`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Keys = tuple[str | int, ...]
"""The way to a value: mapping keys and list indexes from the top."""

_TAG: Final = "tag:yaml.org,2002:"
_MOST_VALUES: Final = 100_000
"""No configuration is larger; a few lines of aliases of aliases would be."""


class _Unreadable(Exception):
    """The file's text would not become values of a sensible size; says why."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line and a column, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake: where, in which key, and why."""

    place: Place
    keys: Keys
    reason: str

    def describe(self, file: str) -> str:
        """Return `file:line:column: key: reason`."""
        key = f"{format_keys(self.keys)}: " if self.keys else ""
        return f"{file}:{self.place.line}:{self.place.column}: {key}{self.reason}"


@dataclass(slots=True, kw_only=True)
class Document:
    """A file's values."""

    file: str
    tree: object = None
    """Dicts, lists, strings, numbers, booleans and None only; None as a whole when nothing could be read."""
    problems: list[Problem] = field(default_factory=list)
    key_places: dict[Keys, Place] = field(default_factory=dict)
    """Where the key, or the list item, begins."""
    value_places: dict[Keys, Place] = field(default_factory=dict)
    """Where the value begins."""

    def place(self, keys: Keys, *, of_key: bool = False) -> Place:
        """Return where `keys` stand in the file, or the nearest thing around them that does."""
        for end in range(len(keys), 0, -1):
            wanted = self.key_places if of_key or end < len(keys) else self.value_places
            if found := wanted.get(keys[:end]):
                return found
        return Place(1, 1)

    def problem(self, keys: Keys, reason: str, *, of_key: bool = False) -> Problem:
        """Describe a mistake at `keys`."""
        return Problem(place=self.place(keys, of_key=of_key), keys=keys, reason=reason)


def format_keys(keys: Iterable[str | int]) -> str:
    """Return a way to a value as people write it: `listen[0].tls`."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def value_at(tree: object, keys: Keys) -> object:
    """Return the value that `keys` lead to, or None."""
    for key in keys:
        match tree, key:
            case dict(), str() if key in tree:
                tree = tree[key]
            case list(), int() if key < len(tree):
                tree = tree[key]
            case _:
                return None
    return tree


def section_of(tree: object, key: str) -> Mapping[str, object]:
    """Return a mapping of the top level, empty when it is missing or something else."""
    section = value_at(tree, (key,))
    return section if isinstance(section, dict) else {}


def read_document(text: str, *, file: str) -> Document:
    """Read YAML 1.2; mistakes of the text are in `problems`, and what could be read is in `tree`."""
    document = Document(file=file)
    try:
        root = YAML(typ="safe", pure=True).compose(text)
        document.tree = {} if root is None else _Reader(document).value_of(root, (), frozenset())
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        reason = " ".join(str(part) for part in (error.context, error.problem) if part)
        document.problems.append(Problem(place=place, keys=(), reason=f"this is not YAML: {reason}"))
    except YAMLError as error:
        reason = str(error).splitlines()[0]
        document.problems.append(Problem(place=Place(1, 1), keys=(), reason=f"this is not YAML: {reason}"))
    except RecursionError:
        document.problems.append(Problem(place=Place(1, 1), keys=(), reason="this is nested too deeply"))
    except _Unreadable as error:
        document.problems.append(Problem(place=Place(1, 1), keys=(), reason=str(error)))
    else:
        if not isinstance(document.tree, dict):
            reason = "the file must hold keys and values, such as `hostname: gw.firma.example`"
            document.problems.append(document.problem((), reason))
            document.tree = None
    return document


class _Reader:
    """Turns YAML nodes into plain values and notes where they stood."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._count = 0

    def value_of(self, node: Node, keys: Keys, inside: frozenset[int]) -> object:
        self._count += 1
        if self._count > _MOST_VALUES:
            message = f"its aliases hold more than {_MOST_VALUES:,} values"
            raise _Unreadable(message)
        self._document.value_places[keys] = _place_of(node)
        if id(node) in inside:
            self._document.problems.append(self._document.problem(keys, "this alias contains itself"))
            return None
        match node:
            case MappingNode():
                return self._mapping(node, keys, inside | {id(node)})
            case SequenceNode():
                return self._sequence(node, keys, inside | {id(node)})
            case _:
                return _scalar(node)

    def _sequence(self, node: SequenceNode, keys: Keys, inside: frozenset[int]) -> list[object]:
        values = []
        for index, item in enumerate(node.value):
            self._document.key_places[(*keys, index)] = _place_of(item)
            values.append(self.value_of(item, (*keys, index), inside))
        return values

    def _mapping(self, node: MappingNode, keys: Keys, inside: frozenset[int]) -> dict[str, object]:
        values: dict[str, object] = {}
        merged: dict[str, object] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _TAG + "merge":
                merged |= self._merged(value_node, keys, inside)
                continue
            if not isinstance(key_node, ScalarNode):
                self._complain(key_node, keys, "a key must be a plain word")
                continue
            here = (*keys, key_node.value)
            if key_node.value in values:
                first = self._document.key_places[here]
                self._complain(key_node, here, f"is here twice; the first one is in line {first.line}")
                continue
            self._document.key_places[here] = _place_of(key_node)
            values[key_node.value] = self.value_of(value_node, here, inside)
        return merged | values

    def _merged(self, node: Node, keys: Keys, inside: frozenset[int]) -> dict[str, object]:
        value = self.value_of(node, keys, inside)
        parts = value if isinstance(value, list) else [value]
        merged: dict[str, object] = {}
        for part in reversed(parts):
            if not isinstance(part, dict):
                self._complain(node, keys, "`<<` takes a mapping or a list of mappings")
                continue
            merged |= part
        return merged

    def _complain(self, node: Node, keys: Keys, reason: str) -> None:
        self._document.problems.append(Problem(place=_place_of(node), keys=keys, reason=reason))


def _place_of(node: Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


def _scalar(node: Node) -> object:
    """Return a scalar's value by YAML 1.2's core schema; dates stay text."""
    text = str(node.value)
    match str(node.tag).removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return _integer(text)
        case "float":
            return _number(text)
        case _:
            return text


def _integer(text: str) -> object:
    digits = text.replace("_", "")
    for base in (10, 0):
        try:
            return int(digits, base)
        except ValueError:
            continue
    return text


def _number(text: str) -> object:
    try:
        return float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        return text
