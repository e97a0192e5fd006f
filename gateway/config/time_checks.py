"""Mistakes about time that only show between sections: names nobody defined, warnings that come before the time begins."""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from gateway.config.document import Keys, section_of, value_at
from gateway.config.mistake import Mistake
from gateway.config.shape import did_you_mean
from gateway.pipeline.business_hours import ALWAYS, BusinessHours
from gateway.pipeline.policy import in_business_time
from gateway.pipeline.time_settings import DEFAULT, BusinessHoursSettings, ClockSettings
from gateway.section import Section
from gateway.tickets import Priority

_Settings = TypeVar("_Settings", bound=Section)


def times_name_what_exists(tree: object) -> Iterator[Mistake]:
    """Find business hours, clocks and people that are named by queues, reports and views, and not defined."""
    for keys, section in _naming_places(tree):
        name = value_at(tree, keys)
        known = section_of(tree, section)
        if isinstance(name, str) and name not in known and not (keys[0] == "reports" and "@" in name):
            word = section if section == "business_hours" else section.removesuffix("s")
            yield Mistake(keys, f"there is no {word} `{name}`{did_you_mean(name, sorted(known))}")


def _naming_places(tree: object) -> Iterator[tuple[Keys, str]]:
    for queue in section_of(tree, "queues"):
        yield ("queues", queue, "business_hours"), "business_hours"
        yield ("queues", queue, "clock"), "clocks"
        yield ("queues", queue, "default_agent"), "agents"
    for report in section_of(tree, "reports"):
        to = value_at(tree, ("reports", report, "to"))
        for index in range(len(to) if isinstance(to, list) else 0):
            yield ("reports", report, "to", index), "agents"
    for view in section_of(tree, "views"):
        yield ("views", view, "queue"), "queues"
        yield ("views", view, "assignee"), "agents"
        yield ("views", view, "channel"), "channels"


def default_agents_work_there(tree: object) -> Iterator[Mistake]:
    """Find queues whose tickets go to somebody outside of the team."""
    for queue in section_of(tree, "queues"):
        agent = value_at(tree, ("queues", queue, "default_agent"))
        team = [value_at(tree, ("queues", queue, part)) for part in ("agents", "leads")]
        members = {name for part in team if isinstance(part, list) for name in part if isinstance(name, str)}
        if isinstance(agent, str) and agent in section_of(tree, "agents") and agent not in members:
            yield Mistake(("queues", queue, "default_agent"), f"`{agent}` is neither among its agents nor among its leads")


def warnings_come_in_time(tree: object) -> Iterator[Mistake]:
    """Find promises whose warning is longer than the promised time itself, by any calendar that they are counted by."""
    for clock in section_of(tree, "clocks"):
        settings = _made(ClockSettings, value_at(tree, ("clocks", clock)))
        for priority in Priority if settings is not None else ():
            promised = settings.of(priority) if settings is not None else None
            if promised is None or promised.warning is None:
                continue
            times = [in_business_time(promised, hours) for hours in _calendars_of(tree, clock)]
            for name in ("reaction", "resolution"):
                if any((getattr(time, name) or time.warning or 0) < (time.warning or 0) for time in times):
                    where: Keys = ("clocks", clock, priority.value, "warning")
                    yield Mistake(where, f"it is longer than `{name}` itself, so the warning would come before the ticket")
                    break


def _calendars_of(tree: object, clock: str) -> Iterator[BusinessHours]:
    """Yield the calendars of the queues that a clock is for."""
    for queue in section_of(tree, "queues"):
        if (value_at(tree, ("queues", queue, "clock")) or DEFAULT) == clock:
            name = value_at(tree, ("queues", queue, "business_hours")) or DEFAULT
            hours = _made(BusinessHoursSettings, value_at(tree, ("business_hours", name))) if isinstance(name, str) else None
            yield hours.compiled() if hours is not None else ALWAYS


def _made(model: type[_Settings], value: Any) -> _Settings | None:  # noqa: ANN401 whatever YAML can say
    """Return a section that the model takes; what it refuses is reported there."""
    try:
        return model.model_validate(value)
    except ValidationError:
        return None


TIME_CHECKS: Final[tuple[Callable[[object], Iterator[Mistake]], ...]] = (
    times_name_what_exists,
    default_agents_work_there,
    warnings_come_in_time,
)
