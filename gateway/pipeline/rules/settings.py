"""The sections `rules` and `triggers` of the configuration, made from the conditions and actions."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, create_model, model_validator

from gateway.evidence.settings import one_or_many
from gateway.pipeline.rules.action import Action
from gateway.pipeline.rules.actions import ACTIONS
from gateway.pipeline.rules.conditions import CONDITIONS
from gateway.pipeline.rules.situation import Event
from gateway.section import Seconds, Section

_BARE: Final = tuple(action.key() for action in ACTIONS if action.argument is None)
_BARE_IN_TRIGGERS: Final = tuple(a.key() for a in ACTIONS if a.argument is None and not a.needs_mail)


def documentation(of: type[object]) -> str:
    """Return the docstring of a condition or an action as one paragraph."""
    return " ".join((of.__doc__ or "").split())


class _When(Section):
    """What must be so; all that stands here together."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            message = "holds no condition; leave it out where the rule is for everything"
            raise ValueError(message)
        return self


def _make_when() -> type[_When]:
    fields: dict[str, Any] = {
        each.key(): (each.argument | None, Field(default=None, description=documentation(each))) for each in CONDITIONS
    }
    several = Annotated[list["When"], BeforeValidator(one_or_many), Field(min_length=1)]
    fields["all"] = (several | None, Field(default=None, description="All of these must be so."))
    fields["any"] = (several | None, Field(default=None, description="One of these must be so."))
    fields["not"] = (  # a keyword of Python, so no class body can say it
        Annotated[list["When"], BeforeValidator(one_or_many), Field(min_length=1)] | None,
        Field(default=None, description="None of these may be so."),
    )
    made = create_model("When", __base__=_When, __module__=__name__, **fields)
    made.model_rebuild(_types_namespace={"When": made})
    return made


def _make_then(name: str, actions: tuple[type[Action], ...]) -> type[Section]:
    fields: dict[str, Any] = {
        each.key(): (each.argument | None, Field(default=None, description=documentation(each)))
        for each in actions
        if each.argument is not None
    }
    return create_model(name, __base__=Section, __module__=__name__, **fields)


def _kind_of(value: object) -> str:
    return "word" if isinstance(value, str) else "mapping"


def _items(model: type[Section], bare: tuple[str, ...]) -> Any:  # noqa: ANN401 a type made of types
    word: Any = Literal.__getitem__(bare)
    item: Any = Annotated[Annotated[word, Tag("word")] | Annotated[model, Tag("mapping")], Discriminator(_kind_of)]
    return Annotated[list[item], BeforeValidator(one_or_many), Field(min_length=1)]


When: Final[Any] = _make_when()
Then: Final = _make_then("Then", ACTIONS)
TriggerThen: Final = _make_then("TriggerThen", tuple(a for a in ACTIONS if not a.needs_mail))

_WHEN: Final = "What must be so, all of it; left out, it is always so. Conditions: " + ", ".join(c.key() for c in CONDITIONS)
_THEN: Final = "What is done, in this order. Actions: "


class _RuleBase(Section):
    """What rules and triggers share."""

    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """What the trace and the history call it; otherwise its number."""


RuleSettings: Final = create_model(
    "RuleSettings",
    __base__=_RuleBase,
    __module__=__name__,
    __doc__="What happens to mail that is like this.",
    when=(When | None, Field(default=None, description=f"{_WHEN}, and all, any, not of them.")),
    then=(_items(Then, _BARE), Field(description=_THEN + ", ".join(a.key() for a in ACTIONS) + ".")),
)


class _TriggerBase(_RuleBase):
    """What happens when something happened to a ticket."""

    on: Annotated[list[Event], BeforeValidator(one_or_many), Field(min_length=1)]
    """The events: created, answered, customer_replied, status_changed, idle, clock_warning, clock_breach."""
    after: Annotated[Seconds, Field(ge=3600)] | None = None
    """With `idle`: after how long without any change, such as 48h; at least an hour, so that two machines come to rest."""

    @model_validator(mode="after")
    def _idle_has_a_time(self) -> Self:
        if (Event.IDLE in self.on) != (self.after is not None):
            message = "`after: 48h` belongs to `on: idle`, and `on: idle` needs it"
            raise ValueError(message)
        return self


TriggerSettings: Final = create_model(
    "TriggerSettings",
    __base__=_TriggerBase,
    __module__=__name__,
    __doc__="What happens when something happened to a ticket.",
    when=(When | None, Field(default=None, description=f"{_WHEN}, and all, any, not of them.")),
    then=(
        _items(TriggerThen, _BARE_IN_TRIGGERS),
        Field(description=_THEN + ", ".join(a.key() for a in ACTIONS if not a.needs_mail) + "."),
    ),
)
