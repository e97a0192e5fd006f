"""Every mutant switches off something that is there: one that no longer finds its function would survive, or die, for nothing."""

import ast
import inspect
from collections import Counter
from types import ModuleType
from typing import Any

import pytest

from gateway.pipeline import commands, decide, timers
from gateway.pipeline.apply import _Sheet
from gateway.pipeline.rules import triggers
from tests.mutation.mutants import AlwaysReturns, Mutant, all_mutants

MUTANTS = tuple(all_mutants())


def owners_of(mutant: Mutant) -> list[Any]:
    """Return all that a mutant may patch."""
    own = [mutant.owner] if isinstance(mutant, AlwaysReturns) else []
    action = getattr(mutant, "action", None)
    return [*own, *([action] if action else []), _Sheet, commands, commands._Reading, decide, timers, triggers]


def picture_of(mutant: Mutant) -> list[dict[str, Any]]:
    return [dict(vars(owner)) for owner in owners_of(mutant)]


def names_read_in(module: ModuleType) -> set[str]:
    nodes = ast.walk(ast.parse(inspect.getsource(module)))
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def test_no_two_mutants_have_the_same_name() -> None:
    assert [name for name, count in Counter(mutant.name for mutant in MUTANTS).items() if count > 1] == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_changes_one_thing_and_puts_it_back(mutant: Mutant) -> None:
    before = picture_of(mutant)
    for begin in (mutant.install, lambda: mutant.watch(lambda _name: None)):
        undo = begin()
        during = picture_of(mutant)
        undo()
        changed = [
            key
            for old, new in zip(before, during, strict=True)
            for key in old.keys() | new.keys()
            if old.get(key) is not new.get(key)
        ]
        assert len(set(changed)) == 1
        assert picture_of(mutant) == before


GUARDS = tuple(mutant for mutant in MUTANTS if isinstance(mutant, AlwaysReturns))


@pytest.mark.parametrize("mutant", GUARDS, ids=lambda mutant: mutant.name)
def test_what_a_mutant_replaces_exists_and_is_asked_by_that_name(mutant: AlwaysReturns) -> None:
    assert callable(getattr(mutant.owner, mutant.attribute))
    if isinstance(mutant.owner, ModuleType):
        assert mutant.attribute in names_read_in(mutant.owner)
