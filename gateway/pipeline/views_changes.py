"""A ticket's history as a notification shows it: what changed, taken apart so that templates can say it in any language."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.pipeline.policy import Policy
from gateway.pipeline.variable_views import ChangeView
from gateway.tickets import HistoryLine

_MOST: Final = 20
_CHANGE: Final = re.compile(r"(status|assignee|queue|priority|category|tags): ([^\n]*?) \u2192 ([^\n]*)")
_NOTHING: Final = frozenset({"none", "nobody"})


def changes_shown(lines: Sequence[HistoryLine], policy: Policy) -> tuple[ChangeView, ...]:
    """Return the newest changes, newest first: those of status, assignee, queue, priority, category and tags."""
    return tuple(_views(reversed(lines), policy))[:_MOST]


def _views(lines: Iterable[HistoryLine], policy: Policy) -> Iterable[ChangeView]:
    for line in lines:
        match = _CHANGE.fullmatch(line.what[:1000])
        if match is not None:
            kind, old, new = match.groups()
            yield ChangeView(
                at=line.at, by=_name(line.by, policy), kind=kind, old=_value(kind, old, policy), new=_value(kind, new, policy)
            )


def _value(kind: str, value: str, policy: Policy) -> str:
    if value in _NOTHING:
        return ""
    return _name(value, policy) if kind == "assignee" else value


def _name(key: str, policy: Policy) -> str:
    return policy.agents[key].name if key in policy.agents else key
