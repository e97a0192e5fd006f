"""The figures of a span of time: the database counts in one pass and yields durations in a second; no ticket becomes a value."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Float, Text, and_, case, extract, func, or_, select, type_coerce

from gateway.figures import AGE_BOUNDS, Dimension, Durations, Figures, Promises, Report, Section, SuspendedFigures
from gateway.people import ClockMark
from gateway.states import ReceivedState, TicketStatus
from gateway.storage.rows import ReceivedRow, TicketRow, table_of
from gateway.storage.statements import AnyRow, is_sqlite

_TICKET: Final = table_of(TicketRow)
_RECEIVED: Final = table_of(ReceivedRow)
_PAGE: Final = 5000
_DAY_SECONDS: Final = 86_400.0
_UNSOLVED: Final = tuple(status for status in TicketStatus if status not in {TicketStatus.SOLVED, TicketStatus.CLOSED})
_COLUMNS: Final = (_TICKET.c.channel, _TICKET.c.answer_from, _TICKET.c.queue, _TICKET.c.assignee)
"""Of the dimensions, in their order."""

_COUNTED: Final = 2 + len(AGE_BOUNDS) + 1 + 4
"""New and solved, the ages of the backlog, the clocks kept and missed: what `_conditions` yields and `_figures` reads."""

_Combination = tuple[str, ...]
"""What a ticket is in each dimension."""


@dataclass(slots=True)
class _Sums:
    """What was counted of some tickets."""

    counts: list[int] = field(default_factory=lambda: [0] * _COUNTED)
    answers: "array[float]" = field(default_factory=lambda: array("d"))
    resolutions: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, other: "_Sums") -> None:
        self.counts = [mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)]
        self.answers.extend(other.answers)
        self.resolutions.extend(other.resolutions)


class ReportReader:
    """Makes reports."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def make(self, *, since: datetime, until: datetime) -> Report:
        """Return what happened from `since` on and before `until`; the backlog is today's, aged as at `until`."""
        combinations: dict[_Combination, _Sums] = defaultdict(_Sums)
        self._count(combinations, since, until)
        self._measure(combinations, since, until)
        total = _Sums()
        for sums in combinations.values():
            total.add(sums)
        return Report(
            since=since,
            until=until,
            total=_figures(None, total),
            sections=tuple(_section(dimension, combinations) for dimension in Dimension),
            suspended=self._suspended(since, until),
        )

    def _count(self, combinations: dict[_Combination, _Sums], since: datetime, until: datetime) -> None:
        counted = [func.count(case((condition, 1))) for condition in _conditions(since, until)]
        matters = or_(
            _within(_TICKET.c.created_at, since, until),
            _within(_TICKET.c.first_answered_at, since, until),
            _within(_TICKET.c.solved_at, since, until),
            _TICKET.c.status.in_(_UNSOLVED),
        )  # what is long done is passed over before it is sorted into groups
        for row in self._connection.execute(select(*_COLUMNS, *counted).where(matters).group_by(*_COLUMNS)):
            combinations[_combination(row)].counts = [int(number) for number in row[len(_COLUMNS) :]]

    def _measure(self, combinations: dict[_Combination, _Sums], since: datetime, until: datetime) -> None:
        answered, solved = _within(_TICKET.c.first_answered_at, since, until), _is_solved(since, until)
        seconds = _seconds_sqlite if is_sqlite(self._connection) else _seconds_postgresql
        query = select(
            *_COLUMNS,
            case((answered, seconds(_TICKET.c.created_at, _TICKET.c.first_answered_at))).label("answer"),
            case((solved, seconds(_TICKET.c.created_at, _TICKET.c.solved_at))).label("resolution"),
        ).where(or_(answered, solved))
        with self._connection.execute(query.execution_options(yield_per=_PAGE)) as rows:
            for row in rows:
                sums = combinations[_combination(row)]
                if row.answer is not None:
                    sums.answers.append(row.answer)
                if row.resolution is not None:
                    sums.resolutions.append(row.resolution)

    def _suspended(self, since: datetime, until: datetime) -> tuple[SuspendedFigures, ...]:
        new = func.count(case((_within(_RECEIVED.c.received_at, since, until), 1)))
        query = (
            select(
                _RECEIVED.c.channel,
                func.coalesce(_RECEIVED.c.reason, "").label("why"),
                func.count().label("waiting"),
                new.label("new"),
            )
            .where(_RECEIVED.c.state == ReceivedState.SUSPENDED)
            .group_by(_RECEIVED.c.channel, _RECEIVED.c.reason)
        )
        found = (
            SuspendedFigures(channel=row.channel, reason=row.why, waiting=int(row.waiting), new=int(row.new))
            for row in self._connection.execute(query)
        )
        return tuple(sorted(found, key=lambda each: (-each.waiting, each.channel, each.reason)))


def _conditions(since: datetime, until: datetime) -> Iterator[ColumnElement[bool]]:
    """Yield what is counted, in the order of `_figures`."""
    ticket = _TICKET.c
    answered, solved, unsolved = (
        _within(ticket.first_answered_at, since, until),
        _is_solved(since, until),
        ticket.status.in_(_UNSOLVED),
    )
    yield _within(ticket.created_at, since, until)
    yield solved
    bounds = [None, *(until - bound for bound in AGE_BOUNDS), None]
    for youngest, oldest in pairwise(bounds):
        not_older = () if oldest is None else (ticket.created_at > oldest,)
        not_younger = (ticket.created_at < until,) if youngest is None else (ticket.created_at <= youngest,)
        yield and_(unsolved, *not_younger, *not_older)
    is_waiting = and_(unsolved, ticket.first_answered_at.is_(None))
    for mark, done, late in (
        (ClockMark.REACTION_BREACH, answered, is_waiting),
        (ClockMark.RESOLUTION_BREACH, solved, unsolved),
    ):
        missed = func.coalesce(type_coerce(ticket.announced, Text), "").like(f"%{mark}%")
        yield and_(done, ticket.clock.is_not(None), ~missed)
        yield and_(or_(done, late), missed)


def _within(column: ColumnElement[Any], since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(column >= since, column < until)


def _is_solved(since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(_within(_TICKET.c.solved_at, since, until), _TICKET.c.status.not_in(_UNSOLVED))


def _seconds_sqlite(begin: ColumnElement[Any], end: ColumnElement[Any]) -> ColumnElement[float]:
    return (func.julianday(end, type_=Float) - func.julianday(begin, type_=Float)) * _DAY_SECONDS


def _seconds_postgresql(begin: ColumnElement[Any], end: ColumnElement[Any]) -> ColumnElement[float]:
    return func.float8(extract("epoch", end - begin), type_=Float)


def _combination(row: AnyRow) -> _Combination:
    return (row[0], row[1], row[2], row[3] or "")


def _section(dimension: Dimension, combinations: dict[_Combination, _Sums]) -> Section:
    place = list(Dimension).index(dimension)
    sums: dict[str, _Sums] = defaultdict(_Sums)
    for combination, each in combinations.items():
        sums[combination[place]].add(each)
    return Section(dimension=dimension, figures=tuple(_figures(name, sums[name]) for name in sorted(sums)))


def _figures(name: str | None, sums: _Sums) -> Figures:
    new, solved, *backlog = sums.counts[:-4]
    reaction_kept, reaction_missed, resolution_kept, resolution_missed = sums.counts[-4:]
    return Figures(
        name=name,
        new=new,
        solved=solved,
        backlog=tuple(backlog),
        first_answer=_durations(sums.answers),
        resolution=_durations(sums.resolutions),
        reaction_clock=Promises(kept=reaction_kept, missed=reaction_missed),
        resolution_clock=Promises(kept=resolution_kept, missed=resolution_missed),
    )


def _durations(seconds: Iterable[float]) -> Durations:
    ordered = sorted(seconds)
    if not ordered:
        return Durations()
    return Durations(count=len(ordered), median=_percentile(ordered, 0.5), ninetieth=_percentile(ordered, 0.9))


def _percentile(ordered: list[float], part: float) -> float:
    """Return the value below which that part of the ordered values lies, between neighbours by proportion."""
    below, beyond = divmod((len(ordered) - 1) * part, 1)
    first = int(below)
    second = min(first + 1, len(ordered) - 1)
    return round(ordered[first] + (ordered[second] - ordered[first]) * beyond, 3)
