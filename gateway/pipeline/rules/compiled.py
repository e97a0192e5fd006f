"""Rules and triggers as they run: made once per configuration from the settings, and run on any number of situations."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.pipeline.rules.action import Action, Consequence, Filling, StopRules, Unfit, Verdict
from gateway.pipeline.rules.actions import ACTIONS
from gateway.pipeline.rules.condition import Condition
from gateway.pipeline.rules.conditions import CONDITIONS
from gateway.pipeline.rules.situation import Event, Situation
from gateway.section import Section
from gateway.tickets import TraceLine

BY_RULE: Final = "rule"
BY_TRIGGER: Final = "trigger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What looking at a situation gave."""

    hit: bool
    because: str
    captured: Mapping[str, str] = field(default_factory=dict)


class Test(ABC):
    """A condition, or several together."""

    @abstractmethod
    def look(self, situation: Situation) -> Look:
        """Tell whether it is so, and why or why not."""

    @abstractmethod
    def describe(self) -> str:
        """Say what must be so."""

    @abstractmethod
    def conditions(self) -> Iterator[Condition]:
        """Yield every condition in it."""


@dataclass(frozen=True, slots=True)
class _One(Test):
    condition: Condition

    def look(self, situation: Situation) -> Look:
        match = self.condition.holds(situation)
        if match is None:
            return Look(hit=False, because=f"not so: {self.condition.describe()}")
        return Look(hit=True, because=match.because, captured=match.captured)

    def describe(self) -> str:
        return self.condition.describe()

    def conditions(self) -> Iterator[Condition]:
        yield self.condition


@dataclass(frozen=True, slots=True)
class _Several(Test):
    tests: tuple[Test, ...]

    def conditions(self) -> Iterator[Condition]:
        for test in self.tests:
            yield from test.conditions()


class _All(_Several):
    def look(self, situation: Situation) -> Look:
        looks = []
        for test in self.tests:
            look = test.look(situation)
            if not look.hit:
                return look
            looks.append(look)
        captured = {name: value for look in reversed(looks) for name, value in look.captured.items()}
        return Look(hit=True, because=", ".join(look.because for look in looks) or "it has no condition", captured=captured)

    def describe(self) -> str:
        return " and ".join(test.describe() for test in self.tests)


class _Any(_Several):
    def look(self, situation: Situation) -> Look:
        looks = (test.look(situation) for test in self.tests)
        return next((look for look in looks if look.hit), Look(hit=False, because=f"not so: {self.describe()}"))

    def describe(self) -> str:
        return f"({' or '.join(test.describe() for test in self.tests)})"


class _None(_Several):
    def look(self, situation: Situation) -> Look:
        found = next((look for test in self.tests if (look := test.look(situation)).hit), None)
        return Look(hit=True, because=self.describe()) if found is None else Look(hit=False, because=f"but {found.because}")

    def describe(self) -> str:
        return f"not {' and not '.join(test.describe() for test in self.tests)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule or a trigger."""

    number: int
    name: str | None
    by: str
    """`rule` or `trigger`."""
    test: Test
    actions: tuple[Action, ...]
    events: frozenset[Event] = frozenset()
    """On which a trigger fires; of a rule none."""
    after: float | None = None
    """Seconds without any change, for `idle`."""

    @property
    def label(self) -> str:
        """What the trace calls it."""
        return f"{self.by} {self.number}{f' `{self.name}`' if self.name else ''}"

    @property
    def is_early(self) -> bool:
        """Tell whether everything it looks at is known before the 250."""
        return all(condition.is_early() for condition in self.test.conditions())

    @property
    def ends(self) -> bool:
        """Tell whether no further rule is asked after it."""
        return any(action.ends for action in self.actions)

    def look(self, situation: Situation) -> tuple[TraceLine, tuple[Consequence, ...]]:
        """Return what the trace says of it, and what it leads to: nothing where it is not its business."""
        look = self.test.look(situation)
        if not look.hit:
            return TraceLine(step=self.label, hit=False, because=look.because), ()
        filling = Filling(by=BY_RULE, why=self.label, captured=look.captured)
        given: list[Consequence] = []
        for action in self.actions:
            given.append(action.gives(filling))
            if isinstance(given[-1], Verdict | StopRules):
                break
        unfit = "".join(f"; {each.why}" for each in given if isinstance(each, Unfit))
        return TraceLine(step=self.label, hit=True, because=f"{look.because}{unfit}"), tuple(given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All rules and triggers of a configuration, in order."""

    rules: tuple[Rule, ...] = ()
    triggers: tuple[Rule, ...] = ()

    @property
    def refuse(self) -> bool:
        """Tell whether any rule refuses mail before the 250."""
        return any(action.key() == "refuse" for rule in self.rules for action in rule.actions)

    @property
    def idle(self) -> tuple[Rule, ...]:
        """Return the triggers that wait for a ticket on which nothing happens; a timer's detail is the `label` of one."""
        return tuple(trigger for trigger in self.triggers if Event.IDLE in trigger.events)


NO_RULES: Final[Rules] = Rules()


def compile_rules(rules: Sequence[Section], triggers: Sequence[Section] = ()) -> Rules:
    """Make rules of settings that were checked before."""
    return Rules(
        rules=tuple(_compile(settings, number, BY_RULE) for number, settings in enumerate(rules, start=1)),
        triggers=tuple(_compile(settings, number, BY_TRIGGER) for number, settings in enumerate(triggers, start=1)),
    )


def _compile(settings: Any, number: int, by: str) -> Rule:  # noqa: ANN401 a model made of the classes, see settings.py
    return Rule(
        number=number,
        name=settings.name,
        by=by,
        test=compile_when(settings.when),
        actions=tuple(action for item in settings.then for action in _actions_of(item)),
        events=frozenset(getattr(settings, "on", ())),
        after=getattr(settings, "after", None),
    )


def compile_when(when: Any) -> Test:  # noqa: ANN401 likewise
    """Make a test of conditions; of None one that always holds."""
    if when is None:
        return _All(())
    said = ((each, getattr(when, each.key())) for each in CONDITIONS)
    tests: list[Test] = [_One(each.of(argument)) for each, argument in said if argument is not None]
    tests += [compile_when(each) for each in when.all or ()]
    if when.any is not None:
        tests.append(_Any(tuple(map(compile_when, when.any))))
    negated = getattr(when, "not")
    if negated is not None:
        tests.append(_None(tuple(map(compile_when, negated))))
    return tests[0] if len(tests) == 1 else _All(tuple(tests))


def _actions_of(item: Any) -> Iterator[Action]:  # noqa: ANN401 likewise
    """Make the actions of one item of `then`: a bare word, or a mapping."""
    if isinstance(item, str):
        yield next(each for each in ACTIONS if each.key() == item).of(None)
        return
    for each in ACTIONS:
        argument = getattr(item, each.key(), None)
        if argument is not None:
            yield each.of(argument)
