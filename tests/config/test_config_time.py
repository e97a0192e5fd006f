"""Mistakes about time are found before it matters, with the line where they stand."""

import pytest

from gateway.config import load_text
from gateway.errors import ConfigError
from gateway.section import Duration
from gateway.tickets import Priority
from tests.config.small import SMALL

TIMED = (
    SMALL
    + """\
business_hours:
  default:
    holidays: {country: de, state: BY}
    monday: ["13:00-24:00", "09:00-12:00"]
    also: [2026-12-24]
clocks:
  default:
    normal: {reaction: 4h, resolution: 3d, warning: 1h}
"""
)


def problems_of(old: str, new: str) -> list[str]:
    assert old in TIMED
    try:
        load_text(TIMED.replace(old, new), file="gateway.yaml")
    except ConfigError as error:
        return list(error.problems)
    return []


def test_times_become_what_the_clocks_count_by() -> None:
    config = load_text(TIMED, file="gateway.yaml").config
    policy = config.policy()
    hours = policy.hours("support")
    assert hours.week[0] == ((540, 720), (780, 1440))
    assert hours.country == "DE"
    promise = policy.promise("support", Priority.NORMAL)
    assert (promise.reaction, promise.resolution, promise.warning) == (4 * 3600, 3 * 14 * 3600, 3600)
    assert policy.promise("support", Priority.LOW).reaction is None


def test_several_units_add_up() -> None:
    config = load_text(TIMED.replace("3d", "1w 2d 90m"), file="gateway.yaml").config
    normal = config.clocks["default"].normal
    assert normal is not None
    assert normal.resolution == Duration(seconds=5400, days=2, weeks=1)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("state: BY", "state: XY", "20:15: business_hours.default.holidays: no holidays are known of DE, XY"),
        ("country: de, state: BY", "country: XX", "20:15: business_hours.default.holidays: no holidays are known of XX"),
        ('"09:00-12:00"', '"09:00-14:00"', "21:13: business_hours.default.monday: two spans overlap at 13:00"),
        ('"09:00-12:00"', '"12:00-09:00"', "21:29: business_hours.default.monday[1]: '12:00-09:00' ends before it begins"),
        ('"09:00-12:00"', '"09:00-09:00"', "21:29: business_hours.default.monday[1]: '09:00-09:00' ends before it begins"),
        ('"09:00-12:00"', "nine to five", "21:29: business_hours.default.monday[1]: 'nine to five' is no span of time"),
        ('"13:00-24:00"', '"13:00-24:01"', "21:14: business_hours.default.monday[0]: '13:00-24:01' is no span of time"),
        ('monday: ["13:00-24:00", "09:00-12:00"]', "monday: []", "20:5: business_hours.default: it is never open"),
        ("holidays:", "timezone: Europe/Bonn\n    holidays:", "20:15: business_hours.default.timezone: there is no time zone"),
        ("leads: [ben]", "leads: [ben], clock: fast", "11:50: queues.support.clock: there is no clock `fast`"),
        ("leads: [ben]", "business_hours: night", "11:45: queues.support.business_hours: there is no business_hours `night`"),
        (
            "leads: [ben]",
            "default_agent: bne",
            "11:44: queues.support.default_agent: there is no agent `bne`; did you mean `ben`?",
        ),
        ("leads: [ben]", "default_agent: ben", "11:44: queues.support.default_agent: `ben` is neither among its agents"),
        ("warning: 1h", "warning: 5h", "25:53: clocks.default.normal.warning: it is longer than `reaction` itself"),
        ("reaction: 4h, resolution: 3d, warning: 1h", "resolution: 1d, warning: 2d", "warning: it is longer than `resolution`"),
        ("warning: 1h", "warning: soon", "25:53: clocks.default.normal.warning: 'soon' is no business time"),
        ("warning: 1h", "warning: 60", "25:53: clocks.default.normal.warning: 60 is no business time"),
        ("warning: 1h", "warning: 0h", "25:53: clocks.default.normal.warning: '0h' is no time at all"),
        (
            "clocks:",
            "reports: {team: {to: [annna, a@b.example]}}\nclocks:",
            "23:23: reports.team.to[0]: there is no agent `annna`",
        ),
        ("clocks:", 'reports: {team: {to: [anna], time: "24:00"}}\nclocks:', "reports.team.time: '24:00' is no time of day"),
        ("clocks:", "views: {x: {queue: suport}}\nclocks:", "23:20: views.x.queue: there is no queue `suport`"),
        ("clocks:", "views: {x: {status: [opn]}}\nclocks:", "23:22: views.x.status[0]: must be"),
    ],
)
def test_mistakes_about_time_have_their_place(old: str, new: str, expected: str) -> None:
    (problem,) = problems_of(old, new)
    assert expected in problem
    assert problem.startswith("gateway.yaml:")


def test_a_warning_as_long_as_a_promise_that_is_not_made_is_no_mistake() -> None:
    assert problems_of("reaction: 4h, resolution: 3d, warning: 1h", "resolution: 3d, warning: 5h") == []
