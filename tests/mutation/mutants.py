"""What `make mutate` switches off, one at a time: every step, effect, guard, command, rule condition, action and timer.

A mutant changes one thing while it is installed and tells of what it would have changed: `install` returns how to undo it, and
`watch` installs only an observer. Journeys in which a mutant is never noticed need not be played against it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol, get_args

from gateway.people import TimerKind
from gateway.pipeline import agents, apply, commands, decide, gate, gather, gather_people, guard, loops, senders, steps, timers
from gateway.pipeline.case import Case, Miss
from gateway.pipeline.effects import ChangeTags, Effect
from gateway.pipeline.rules import triggers
from gateway.pipeline.rules.action import Action
from gateway.pipeline.rules.actions import ACTIONS
from gateway.pipeline.rules.conditions import CONDITIONS
from gateway.pipeline.rules.situation import Event
from gateway.pipeline.settings import ChannelSettings

Undo = Callable[[], None]
Notice = Callable[[str], None]


class Mutant(Protocol):
    """One thing that can be switched off."""

    @property
    def name(self) -> str:
        """What a reader calls it."""

    def install(self) -> Undo:
        """Switch it off until the returned function is called."""

    def watch(self, notice: Notice) -> Undo:
        """Call `notice` with the name whenever it matters."""


@dataclass(frozen=True)
class StepOff:
    """A step of the decision that never hits."""

    index: int

    @property
    def name(self) -> str:
        return f"step {decide.STEPS[self.index].__name__}"

    def install(self) -> Undo:
        def off(_case: Case) -> Miss:
            return Miss("switched off")

        return self._replace(off)

    def watch(self, notice: Notice) -> Undo:
        step, name = decide.STEPS[self.index], self.name

        def watched(case: Case) -> Any:
            found = step(case)
            if not isinstance(found, Miss):
                notice(name)
            return found

        watched.__name__ = step.__name__
        return self._replace(watched)

    def _replace(self, step: Any) -> Undo:
        if not hasattr(step, "__name__") or step.__name__ == "off":
            step.__name__ = decide.STEPS[self.index].__name__
        steps = list(decide.STEPS)
        steps[self.index] = step
        return _patch(decide, "STEPS", tuple(steps))


@dataclass(frozen=True)
class EffectOff:
    """An effect that is decided and not carried out."""

    effect: type

    @property
    def name(self) -> str:
        return f"effect {self.effect.__name__}"

    def install(self) -> Undo:
        perform = apply._Sheet.perform

        def performed(sheet: Any, effect: Any) -> None:
            if not isinstance(effect, self.effect):
                perform(sheet, effect)

        return _patch(apply._Sheet, "perform", performed)

    def watch(self, notice: Notice) -> Undo:
        perform = apply._Sheet.perform

        def performed(sheet: Any, effect: Any) -> None:
            if isinstance(effect, self.effect):
                notice(self.name)
            perform(sheet, effect)

        return _patch(apply._Sheet, "perform", performed)


@dataclass(frozen=True)
class AlwaysReturns:
    """A guard or a condition that always says the same."""

    name: str
    owner: Any
    attribute: str
    value: Any

    def install(self) -> Undo:
        def constant(*_args: object, **_keywords: object) -> Any:
            return self.value

        return _patch(self.owner, self.attribute, constant)

    def watch(self, notice: Notice) -> Undo:
        original = getattr(self.owner, self.attribute)

        def watched(*args: Any, **keywords: Any) -> Any:
            result = original(*args, **keywords)
            if result != self.value:
                notice(self.name)
            return result

        return _patch(self.owner, self.attribute, watched)


@dataclass(frozen=True)
class CommandOff:
    """A command of agents that nobody understands any more."""

    word: str

    @property
    def name(self) -> str:
        return f"command #{self.word}"

    def install(self) -> Undo:
        kept = {word: command for word, command in commands._BY_WORD.items() if command.words[0] != self.word}
        return _patch(commands, "_BY_WORD", kept)

    def watch(self, notice: Notice) -> Undo:
        read = commands._Reading.read

        def watched(reading: Any, line: Any) -> None:
            if line.command is not None and line.command.words[0] == self.word:
                notice(self.name)
            read(reading, line)

        return _patch(commands._Reading, "read", watched)


def _patch(owner: Any, attribute: str, value: Any) -> Undo:
    own = vars(owner).get(attribute, None)
    setattr(owner, attribute, value)

    def undo() -> None:
        if own is None:
            delattr(owner, attribute)
        else:
            setattr(owner, attribute, own)

    return undo


@dataclass(frozen=True)
class TimerOff:
    """A timer that falls due and does nothing."""

    kind: TimerKind

    @property
    def name(self) -> str:
        return f"timer {self.kind}"

    def install(self) -> Undo:
        def off(_case: object) -> Miss:
            return Miss("switched off")

        return _patch(timers, "STEPS", {**timers.STEPS, self.kind: off})

    def watch(self, notice: Notice) -> Undo:
        step = timers.STEPS[self.kind]

        def watched(case: Any) -> Any:
            notice(self.name)
            return step(case)

        watched.__name__ = step.__name__
        return _patch(timers, "STEPS", {**timers.STEPS, self.kind: watched})


@dataclass(frozen=True)
class ActionOff:
    """An action of rules and triggers that changes nothing."""

    action: type[Action]

    @property
    def name(self) -> str:
        return f"action {self.action.key()}"

    def install(self) -> Undo:
        def nothing(_action: object, filling: Any) -> ChangeTags:
            return ChangeTags(add=(), remove=(), by=filling.by, why=filling.why)

        return _patch(self.action, "gives", nothing)

    def watch(self, notice: Notice) -> Undo:
        gives = self.action.gives

        def watched(action: Any, filling: Any) -> Any:
            notice(self.name)
            return gives(action, filling)

        return _patch(self.action, "gives", watched)


@dataclass(frozen=True)
class EventOff:
    """An event that sets off no trigger."""

    event: Event

    @property
    def name(self) -> str:
        return f"trigger on {self.event}"

    def install(self) -> Undo:
        happened = triggers.events_of

        def without(*args: Any, **keywords: Any) -> tuple[Event, ...]:
            return tuple(event for event in happened(*args, **keywords) if event is not self.event)

        return _patch(triggers, "events_of", without)

    def watch(self, notice: Notice) -> Undo:
        happened = triggers.events_of

        def watched(*args: Any, **keywords: Any) -> tuple[Event, ...]:
            events = happened(*args, **keywords)
            if self.event in events:
                notice(self.name)
            return events

        return _patch(triggers, "events_of", watched)


def all_mutants() -> Iterator[Mutant]:
    """Yield every mutant there is."""
    yield from (StepOff(index) for index in range(len(decide.STEPS) - 1))
    yield from (EffectOff(effect) for effect in get_args(Effect))
    yield from guards()
    yield from (CommandOff(command.words[0]) for command in commands.COMMANDS)
    yield from (AlwaysReturns(f"condition {each.key()}", each, "holds", None) for each in CONDITIONS)
    yield from (ActionOff(action) for action in ACTIONS)
    yield from (TimerOff(kind) for kind in TimerKind if timers.STEPS[kind] is not timers.do_nothing)
    yield from (EventOff(event) for event in _TICKET_EVENTS)


_TICKET_EVENTS: Final = (Event.CREATED, Event.ANSWERED, Event.CUSTOMER_REPLIED, Event.STATUS_CHANGED)


def guards() -> Iterator[Mutant]:
    """Yield the guards: what doubts, caps and holds back."""
    yield AlwaysReturns("guard: no note in an answer", agents, "leak_in", None)
    yield AlwaysReturns("guard: a finished ticket is not taken up", steps, "why_anew", None)
    yield AlwaysReturns("guard: the token of an agent", gate, "_doubt_token", None)
    yield AlwaysReturns("guard: a fresh and unseen mail", gate, "_doubt_freshness", None)
    yield AlwaysReturns("guard: the proof covers the token", gate, "_token_is_covered", True)
    yield AlwaysReturns("guard: who may join", steps, "_may_join", True)
    yield AlwaysReturns("guard: what swallows a repeated mail", steps, "_swallows", True)
    yield AlwaysReturns("guard: words of notes", guard, "find_note", None)
    yield AlwaysReturns("guard: the frame of mails to agents", guard, "find_frame", None)
    yield AlwaysReturns("guard: caps on automatic mail", loops, "_full_cap", None)
    yield AlwaysReturns("guard: an agent's mailbox that answers by itself", loops, "_goes_back", False)
    yield AlwaysReturns("guard: who gets no automatic answer", steps, "why_no_answer", None)
    yield AlwaysReturns("guard: what says the same", gather_people, "likeness_of", "")
    yield AlwaysReturns("guard: the admins hear of a flood", senders, "_tell_of_flood", ())
    yield AlwaysReturns("guard: notifications that are switched off", ChannelSettings, "sends", True)
    yield AlwaysReturns("triggers on what falls due", timers, "_triggered", ((), ()))
    yield AlwaysReturns("guard: whom no verification mail goes to", senders, "_why_not_ask", None)
    yield AlwaysReturns("guard: a newer answer of a colleague", gather, "_newer_answer", None)
