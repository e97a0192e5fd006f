"""What the rules of a configuration say of one mail, or its triggers of one event: a value that steps merge into what they do."""

from dataclasses import dataclass
from typing import Final, assert_never

from gateway.pipeline.effects import AddNote, Assign, ChangeTags, MoveToQueue, SetCategory, SetPriority, SetStatus
from gateway.pipeline.rules.action import AnswerWith, Consequence, OpenAnew, StopRules, Tell, TicketEffect, Unfit, Verdict
from gateway.tickets import TraceLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """What all rules that hit come to; later ones win over earlier ones."""

    verdict: Verdict | None = None
    because: str = ""
    """Which rule gave the verdict, and why."""
    effects: tuple[TicketEffect, ...] = ()
    """What changes on the ticket, the queue first."""
    opens_anew: bool = False
    answer: str | None = None
    """The template that the requester gets."""
    tells: tuple[Tell, ...] = ()
    trace: tuple[TraceLine, ...] = ()

    @property
    def queue(self) -> str | None:
        """The queue that it goes to, where a rule says so."""
        return next((effect.queue for effect in self.effects if isinstance(effect, MoveToQueue)), None)


NO_RULING: Final = Ruled()


def add_up(consequences: list[Consequence], trace: list[TraceLine], because: str) -> Ruled:
    """Return what the consequences of all rules come to, in the order in which they came."""
    kept: dict[object, TicketEffect] = {}
    for index, each in enumerate(consequences):
        match each:
            case ChangeTags() | AddNote():
                kept[index] = each  # they add up
            case MoveToQueue() | Assign() | SetPriority() | SetCategory() | SetStatus():
                kept[type(each)] = each
            case Verdict() | OpenAnew() | AnswerWith() | Tell() | StopRules() | Unfit():
                pass
            case _:
                assert_never(each)
    effects = sorted(kept.values(), key=lambda effect: not isinstance(effect, MoveToQueue))
    return Ruled(
        verdict=next((each for each in consequences if isinstance(each, Verdict)), None),
        because=because,
        effects=tuple(effects),
        opens_anew=any(isinstance(each, OpenAnew) for each in consequences),
        answer=next((each.template for each in reversed(consequences) if isinstance(each, AnswerWith)), None),
        tells=tuple(each for each in consequences if isinstance(each, Tell)),
        trace=tuple(trace),
    )
