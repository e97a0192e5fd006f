"""What the admins are told of a template that failed while a mail was written: once per template and hour, not for each mail.

The breaker is a timer in the database, so it holds for all nodes and across restarts.
"""

import re
from functools import partial
from typing import Final

from gateway.people import Timer, TimerKind
from gateway.pipeline.loops import BREAKER_TIME
from gateway.pipeline.notices import template_failed
from gateway.pipeline.outgoing import Desk
from gateway.storage.database import Database
from gateway.storage.transaction import Reader
from gateway.tickets import Changes, merge_changes

_PLACE: Final = re.compile(r"(?P<file>[^\n]{1,1000}?):\d+: ")
_LONGEST_KEY: Final = 200


def breaker_key(problem: str) -> str:
    """Return what stands for the template in `file:line: reason`: its file, or where there is none all of it."""
    place = _PLACE.match(problem)
    return f"breaker template {place['file'] if place else problem}"[:_LONGEST_KEY]


async def with_notices(changes: Changes, channel: str, desk: Desk, database: Database) -> Changes:
    """Return changes together with what the admins are told of templates that failed at this desk."""
    known: set[str] = set()
    while wanted := {key: problem for problem in desk.problems if (key := breaker_key(problem)) not in known}:
        known |= set(wanted)
        open_ = await database.read(partial(_open_breakers, tuple(wanted)))
        fresh = {key: problem for key, problem in wanted.items() if key not in open_}
        changes = merge_changes((changes, _tell(channel, fresh, desk)))  # the notice's own template may fail, too: so again
    return changes


def _open_breakers(keys: tuple[str, ...], tx: Reader) -> frozenset[str]:
    return frozenset(key for key in keys if tx.timers.get(key) is not None)


def _tell(channel: str, wanted: dict[str, str], desk: Desk) -> Changes:
    """Return the notices about these problems, and the breakers that keep them from coming again within the hour."""
    language = desk.policy.operators_language(channel)
    notices = [template_failed(desk.scrub(problem)).to(language) for problem in wanted.values()]
    mails = [mail for each in notices for mail in desk.write_to_operators(channel, each.topic, each.text.split("\n"))]
    due = desk.now + BREAKER_TIME
    timers = tuple(Timer(key=key, kind=TimerKind.BREAKER, due_at=due) for key in wanted)
    return Changes(outbound=tuple(mails), timers=timers)
