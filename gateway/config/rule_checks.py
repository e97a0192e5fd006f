"""Mistakes in rules and triggers that only show beside the rest of the file: names nobody defined, rules that cannot match.

Works on the plain values like `references.py`, which lists these checks among its own.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from gateway.config.document import Keys, section_of, value_at
from gateway.config.mistake import Mistake
from gateway.config.shape import did_you_mean
from gateway.pipeline.rules.action import PLACEHOLDER
from gateway.pipeline.rules.actions import ACTIONS
from gateway.pipeline.rules.conditions import CONDITIONS
from gateway.pipeline.rules.patterns import Pattern, WrongPattern
from gateway.pipeline.templates import LANGUAGES

_ONE_AT_A_TIME: Final = ("channel", "assurance_is", "kind_is", "language", "business_hours", "contact_known", "contact_vip")
"""A mail has one of each: two that have nothing in common cannot both be so."""
_ENDING: Final = frozenset(action.key() for action in ACTIONS if action.ends)
_LATE: Final = frozenset(condition.key() for condition in CONDITIONS if not condition.is_early())
_FILLABLE: Final = ("queue", "assign", "priority", "category", "tag", "note")
_SECTIONS: Final = ("rules", "triggers")


def rules_name_what_exists(tree: object) -> Iterator[Mistake]:
    """Find queues, agents and channels that a rule names and that are not defined."""
    for keys, section in _naming_places(tree):
        known = section_of(tree, section)
        for place, name in _texts(tree, keys):
            if name.casefold() not in known and not PLACEHOLDER.search(name):
                hint = did_you_mean(name, sorted(known))
                yield Mistake(place, f"there is no {section.removesuffix('s')} `{name}`{hint}")


def _naming_places(tree: object) -> Iterator[tuple[Keys, str]]:
    for rule in _rules(tree):
        for when in _whens(tree, (*rule, "when")):
            yield (*when, "channel"), "channels"
            yield (*when, "ticket_has", "queue"), "queues"
            yield (*when, "ticket_has", "assignee"), "agents"
        for item in _items(tree, (*rule, "then")):
            yield (*item, "queue"), "queues"
            yield (*item, "assign"), "agents"
            is_mapping = isinstance(value_at(tree, (*item, "notify")), dict)
            yield (*item, "notify", *(("agents",) if is_mapping else ())), "agents"
            yield (*item, "notify", "queue"), "queues"


def groups_exist(tree: object) -> Iterator[Mistake]:
    """Find `{1}` and `{name}` that no pattern of the rule fills."""
    for rule in _rules(tree):
        known = set[str]()
        for when in _whens(tree, (*rule, "when")):
            for key in (("subject_matches",), ("body_matches",), ("header_is", "matches")):
                for _, text in _texts(tree, (*when, *key)):
                    known |= _groups(text)
        for item in _items(tree, (*rule, "then")):
            for action in _FILLABLE:
                for place, text in _texts(tree, (*item, action)):
                    for match in PLACEHOLDER.finditer(text):
                        if match[1] not in known:
                            yield Mistake(place, f"no pattern of this rule has a group `{match[1]}`")


def _groups(text: str) -> frozenset[str]:
    try:
        return Pattern.of(text).groups
    except WrongPattern:
        return frozenset()


def variants_exist(tree: object) -> Iterator[Mistake]:
    """Find texts that a rule or a channel chose and that the folder of templates does not have."""
    wanted: list[tuple[Keys, str]] = [
        ((*item, "answer"), "confirmation") for rule in _rules(tree) for item in _items(tree, (*rule, "then"))
    ]
    for channel in section_of(tree, "channels"):
        keys: Keys = ("channels", channel, "notifications")
        stages = value_at(tree, keys)
        wanted += [((*keys, stage, "template"), stage) for stage in (stages if isinstance(stages, dict) else ())]
    folder = value_at(tree, ("texts", "templates"))
    folders = (
        [Path(folder), *(Path(folder) / channel for channel in section_of(tree, "channels"))] if isinstance(folder, str) else []
    )
    for keys, text in wanted:
        for place, variant in _texts(tree, keys):
            names = [f"{text}-{variant}.{language}.txt.j2" for language in LANGUAGES]
            if not isinstance(folder, str):
                yield Mistake(place, f"there is no folder for {names[0]}: name one in texts.templates")
            elif folder.startswith("/") and not any((each / name).is_file() for each in folders for name in names):
                yield Mistake(place, f"there is no {' or '.join(names)} in {folder}")


def rules_can_match(tree: object) -> Iterator[Mistake]:
    """Find conditions that contradict each other, and rules behind one that ends everything."""
    for rule in _rules(tree):
        yield from _contradictions(tree, (*rule, "when"), {})
    for section in _SECTIONS:
        ended: int | None = None
        for rule in _items(tree, (section,)):
            if ended is not None:
                reason = f"is never asked: {section.removesuffix('s')} {ended} before it has no condition and ends the list"
                yield Mistake(rule, reason)
            elif section == "rules" and not value_at(tree, (*rule, "when")) and _ENDING & _actions(tree, rule):
                ended = int(rule[-1]) + 1


def _contradictions(tree: object, when: Keys, said: dict[str, frozenset[str]]) -> Iterator[Mistake]:
    """Follow what must be so together: the conditions of one mapping and those below its `all`."""
    conditions = value_at(tree, when)
    if not isinstance(conditions, Mapping):
        return
    for key in _ONE_AT_A_TIME:
        if key in conditions:
            value = conditions[key]
            values = frozenset(str(each).casefold() for each in (value if isinstance(value, list) else [value]))
            if not said.setdefault(key, values) & values:
                earlier = " or ".join(sorted(said[key]))
                yield Mistake((*when, key), f"this can never be so together with {key}: {earlier}, which must be so, too")
    for each in _items(tree, (*when, "all")):
        yield from _contradictions(tree, each, said)
    for each in (*_items(tree, (*when, "any")), *_items(tree, (*when, "not"))):
        yield from _contradictions(tree, each, dict(said) if each[len(when)] == "any" else {})


def refusals_are_early(tree: object) -> Iterator[Mistake]:
    """Find rules that refuse on what is known only after the mail was taken."""
    for rule in _items(tree, ("rules",)):
        if "refuse" not in _actions(tree, rule):
            continue
        for when in _whens(tree, (*rule, "when")):
            conditions = value_at(tree, when)
            for key in sorted(_LATE & set(conditions)) if isinstance(conditions, dict) else ():
                reason = (
                    "is known only after the mail was taken, or only of forwarded mail: such a rule cannot refuse; `suspend` can"
                )
                yield Mistake((*when, key), reason)


def _actions(tree: object, rule: Keys) -> set[str]:
    """Return the words of all actions of a rule."""
    found = {text for _, text in _texts(tree, (*rule, "then"))}
    for item in _items(tree, (*rule, "then")):
        value = value_at(tree, item)
        found |= set(value) if isinstance(value, dict) else set()
    return found


def _rules(tree: object) -> Iterator[Keys]:
    for section in _SECTIONS:
        yield from _items(tree, (section,))


def _whens(tree: object, keys: Keys) -> Iterator[Keys]:
    """Yield each mapping of conditions at and below `keys`."""
    if isinstance(value_at(tree, keys), dict):
        yield keys
        for several in ("all", "any", "not"):
            for each in _items(tree, (*keys, several)):
                yield from _whens(tree, each)


def _items(tree: object, keys: Keys) -> Iterator[Keys]:
    """Yield the keys of each item of a list; what is no list is its own only item."""
    value = value_at(tree, keys)
    if isinstance(value, list):
        yield from ((*keys, index) for index in range(len(value)))
    elif value is not None:
        yield keys


def _texts(tree: object, keys: Keys) -> Iterator[tuple[Keys, str]]:
    for place in _items(tree, keys):
        if isinstance(text := value_at(tree, place), str):
            yield place, text


RULE_CHECKS: Final = (rules_name_what_exists, groups_exist, variants_exist, rules_can_match, refusals_are_early)
