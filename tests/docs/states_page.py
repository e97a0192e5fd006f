"""Makes docs/states.md from the tables of gateway/states.py and the sentences beside its words."""

import ast
import inspect
from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Any

from gateway import states
from gateway.states import (
    OUTBOUND_TRANSITIONS,
    RECEIVED_TRANSITIONS,
    TICKET_TRANSITIONS,
    OutboundState,
    ReceivedState,
    TicketStatus,
)

HEAD = """\
# States

Made from the tables in `gateway/states.py` by `make docs`; do not edit. Nothing changes a state but through `advance`, and the
database compares with the old state whenever it writes a new one.
"""


def render() -> str:
    """Return the page."""
    return "\n".join(
        (
            HEAD,
            _section("Received mail", ReceivedState, RECEIVED_TRANSITIONS, ReceivedState.RECEIVED),
            _section("Outbound mail", OutboundState, OUTBOUND_TRANSITIONS, OutboundState.QUEUED),
            _section("Ticket", TicketStatus, TICKET_TRANSITIONS, TicketStatus.NEW),
        )
    )


def _section(title: str, words: type[StrEnum], table: Mapping[Any, frozenset[Any]], start: StrEnum) -> str:
    meanings = _meanings(words)
    order = list(words)
    arrows = [(old, new) for old in order for new in order if new in table[old]]
    lines = [f"## {title}", "", "```mermaid", "stateDiagram-v2", f"  [*] --> {start}"]
    lines += [f"  {old} --> {new}" for old, new in arrows]
    lines += [f"  {word} --> [*]" for word in order if not table[word]]
    lines += ["```", "", "| state | means | may become |", "|---|---|---|"]
    for word in order:
        followers = ", ".join(f"`{new}`" for new in order if new in table[word])
        lines.append(f"| `{word}` | {meanings[word.name]} | {followers or 'nothing more'} |")
    return "\n".join([*lines, ""])


def _meanings(words: type[StrEnum]) -> dict[str, str]:
    """Return the docstring below each member."""
    tree = ast.parse(inspect.getsource(states))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == words.__name__)
    found: dict[str, str] = {}
    for member, text in pairwise(body):
        if isinstance(member, ast.Assign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            name = member.targets[0]
            assert isinstance(name, ast.Name)
            found[name.id] = " ".join(str(text.value.value).split())
    return found
