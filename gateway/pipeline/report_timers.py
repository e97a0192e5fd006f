"""The weekly report: when it is due, and what becomes of it then. Pure.

A report's timer sets itself anew each time it fires. One that was due while nobody was at work is sent once, late.
"""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from gateway.mail.addresses import Mailbox
from gateway.people import Timer, TimerKind
from gateway.pipeline.case import Hit, Miss
from gateway.pipeline.effects import Effect, SendReport, SetTimer
from gateway.pipeline.policy import Policy
from gateway.pipeline.reasons import Outcome, Reason
from gateway.pipeline.time_settings import WEEKDAYS
from gateway.pipeline.timer_facts import TimerCase

WEEK: Final = timedelta(days=7)


def send_report(case: TimerCase) -> Hit | Miss:
    """Mail the figures of the seven days before, and set the timer for the next time."""
    name, report = case.timer.detail, case.facts.report
    settings = case.policy.reports.get(name)
    if settings is None or report is None:
        return Miss(f"there is no report {name} any more")
    people = (*(case.policy.agent_mailbox(key) for key in settings.to if key in case.policy.agents),)
    to = (*people, *(Mailbox(None, address) for address in settings.addresses))
    again = SetTimer(timer=timer_of(name, case.policy, case.facts.now))
    because = f"report {name}: {report.total.new} new, {report.total.solved} solved, {report.total.open} open"
    effects: tuple[Effect, ...] = (*(SendReport(to=mailbox, name=name, report=report) for mailbox in to), again)
    return Hit(outcome=Outcome.RECORD, reason=Reason.REPORT_DUE, because=because, effects=effects)


def standing_timers(policy: Policy, now: datetime) -> tuple[Timer, ...]:
    """Return the timers that must stand whatever happens: the next time of each report."""
    return tuple(timer_of(name, policy, now) for name in policy.reports)


def timer_of(name: str, policy: Policy, now: datetime) -> Timer:
    """Return the timer of a report for the next time after `now`."""
    settings = policy.reports[name]
    zone = ZoneInfo(settings.timezone or policy.texts.timezone)
    due = next_weekly(now, weekday=WEEKDAYS.index(settings.weekday), minutes=settings.time, zone=zone)
    return Timer(key=f"{TimerKind.REPORT} {name}", kind=TimerKind.REPORT, due_at=due, detail=name)


def next_weekly(now: datetime, *, weekday: int, minutes: int, zone: ZoneInfo) -> datetime:
    """Return the next moment after `now` at which a wall clock shows that weekday (Monday is 0) and time of day."""
    today = now.astimezone(zone).date()
    for days in range((weekday - today.weekday()) % 7, 15, 7):
        day = today + timedelta(days=days)
        due = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=zone)
        if due > now:
            return due.astimezone(ZoneInfo("UTC"))
    message = "one of two weeks lies ahead"
    raise AssertionError(message)
