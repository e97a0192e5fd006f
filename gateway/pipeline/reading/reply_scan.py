"""Which line of an answer goes where, found out from top to bottom. The public door is `reply`.

A heading takes everything below it, unless what follows carries quoting signs: then only those lines are quotation, and an answer
between them stays visible. In doubt a line is visible, and no heading leaves a mail without anything visible unless the quotation
is surely ours.
"""

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from gateway.pipeline.reading.heading_sieve import heading_candidates
from gateway.pipeline.reading.lines import Lines
from gateway.pipeline.reading.openings import Heading, Opening
from gateway.pipeline.reading.quotes import find_opening, is_inside_quotation, is_ruler

_LONGEST_UNKNOWN_HEADING: Final = 6
_FEW_WORDS: Final = 3
_QUOTE_WORDS: Final = 4
_ENOUGH_LINES: Final = 50
_FEWEST_SIGNED: Final = 2
_MOST_OTHER_SIGNS: Final = 8
_OTHER_SIGN: Final = re.compile(r"\s{0,4}([A-Za-z]{1,12}>|[|)#:}%!+;])(?:\s|\Z)")


class Part(Enum):
    """Where a line goes."""

    VISIBLE = 0
    QUOTED = 1
    SIGNATURE = 2


@dataclass(slots=True)
class Plan:
    """Which line goes where, while it is being found out."""

    lines: Lines
    parts: list[Part]
    is_answer: bool | None
    is_forward: bool
    sure: int | None
    """The first line that is surely ours."""
    sure_end: int
    """The line behind our own text; all below is quotation, too, unless the whole answer stands there."""
    hint: int | None
    """Where the HTML says that a quotation begins."""
    has_html_quote: bool
    """The HTML says that there is a quotation, wherever it begins."""
    has_attributed_signs: bool = False
    is_suspicious: bool = False
    heading_end: int | None = None
    """The line behind the heading of the quotation that takes the rest."""
    rest: int | None = None
    """From this line on everything is quotation."""
    other_signs: set[str] = field(default_factory=set)
    """Signs other than `>` that were found to quote."""
    forward: int | None = None
    """From this line on it is somebody else's mail that was forwarded."""

    def quote(self, start: int, end: int) -> None:
        """Send some lines to the quoted part."""
        self.parts[start:end] = [Part.QUOTED] * (end - start)


def scan(plan: Plan) -> None:
    """Walk down the lines until a quotation or a forwarded mail takes the rest."""
    known = (at for at in (plan.sure, plan.hint) if at is not None)
    following = 0
    for stop in sorted({*heading_candidates(plan.lines), *known}):
        if stop >= following:
            following = _step(plan, stop)


def _step(plan: Plan, index: int) -> int:
    """Look at one line; return the next one to look at, the end when everything is decided."""
    lines = plan.lines
    if index == plan.sure and not lines.depths[index]:
        plan.quote(index, plan.sure_end)
        return plan.sure_end if plan.sure_end < len(lines) else _quote_rest(plan, index)
    opening = find_opening(lines, index)
    if opening is None:
        follows_hint = index == plan.hint and not plan.is_forward and not lines.depths[index]
        return _follow_hint(plan, index) if follows_hint else index + 1
    plan.is_suspicious = True
    if is_inside_quotation(lines, opening):
        return opening.end
    if opening.heading is Heading.FORWARDED or (plan.is_forward and opening.heading is not Heading.ATTRIBUTION):
        plan.forward = opening.start
        return len(lines)
    return _begin_quotation(plan, opening) if _accepts(plan, opening) else max(opening.end, index + 1)


def _begin_quotation(plan: Plan, opening: Opening) -> int:
    """Quote a heading and what follows it; return the next line to look at, the end when it took the rest."""
    if opening.is_followed_by_signs:
        plan.has_attributed_signs = True
    elif not _quote_other_signs(plan, opening):
        plan.heading_end = opening.end
        return _quote_rest(plan, opening.start) if _may_take_the_rest(plan, opening.start) else len(plan.lines)
    plan.quote(opening.start, opening.end)
    return opening.end


def _may_take_the_rest(plan: Plan, start: int) -> bool:
    """Tell whether a quotation may take all that follows: something is left above it, or it is surely ours.

    Otherwise the answer may stand below, and nothing would be left to read.
    """
    return plan.sure is not None or _has_words(plan, start)


def _has_words(plan: Plan, end: int) -> bool:
    """Tell whether something above a line is visible and no quotation."""
    lines = plan.lines
    return any(plan.parts[at] is Part.VISIBLE and not lines.depths[at] and not lines.is_blank(at) for at in range(end))


def _quote_other_signs(plan: Plan, opening: Opening) -> bool:
    """Quote lines below an attribution that begin with another sign than `>`, such as `|` or `AA>`; tell whether there are."""
    if opening.heading is not Heading.ATTRIBUTION:
        return False
    lines = plan.lines
    first = lines.next_text(opening.end, blanks=4)
    match = _OTHER_SIGN.match(lines.raw[first]) if first >= 0 else None
    if match is None:
        return False
    if match[1] in plan.other_signs or len(plan.other_signs) >= _MOST_OTHER_SIGNS:
        return True
    plan.other_signs.add(match[1])
    signed = [at for at in range(first, len(lines)) if (m := _OTHER_SIGN.match(lines.raw[at])) and m[1] == match[1]]
    if len(signed) < _FEWEST_SIGNED:
        return False
    for at in signed:
        plan.quote(at, at + 1)
    return True


def _follow_hint(plan: Plan, index: int) -> int:
    """Begin a quotation where the HTML says so, below something that is visible."""
    lines = plan.lines
    if not _has_words(plan, index):
        return index + 1
    signed = next((at for at in range(index, min(len(lines), index + _LONGEST_UNKNOWN_HEADING)) if lines.depths[at]), None)
    if signed is None:
        return _quote_rest(plan, index)
    plan.quote(index, signed)
    plan.has_attributed_signs = True
    return signed


def _accepts(plan: Plan, opening: Opening) -> bool:
    """Tell whether a heading really begins a quotation; in doubt it does not."""
    if opening.is_followed_by_signs:
        return True
    if not opening.has_proof:
        return False
    if opening.heading in {Heading.ORIGINAL, Heading.REPLY_ABOVE} or plan.is_answer:
        return True
    if opening.is_running or (plan.is_answer is False and opening.block is not None and not opening.block.is_unmistakable):
        return False
    if opening.heading is Heading.ATTRIBUTION:
        return plan.is_answer is None or any("@" in plan.lines.raw[at] for at in range(opening.start, opening.end))
    return True


def _quote_rest(plan: Plan, start: int) -> int:
    """Send everything from a line on to the quoted part, with the ruler above it; return the end."""
    above = plan.lines.previous_text(start - 1)
    if above >= 0 and (is_ruler(plan.lines.plain(above)) or (above == start - 1 and plan.lines.plain(above) == "---")):
        start = above
    plan.rest = start
    plan.quote(start, len(plan.lines))
    return len(plan.lines)


def judge_signs(plan: Plan) -> None:
    """Send lines that begin with `>` to the quoted part, unless they look like arrows or bullets."""
    lines = plan.lines
    end = min(len(lines) if plan.rest is None else plan.rest, len(lines) if plan.forward is None else plan.forward)
    signed = [at for at in range(end) if lines.depths[at]]
    if not signed:
        return
    plan.is_suspicious = True
    is_known = plan.has_attributed_signs or (plan.sure is not None and bool(lines.depths[plan.sure]))
    if not is_known and plan.is_answer is False and max(lines.depths[at] for at in signed) == 1:
        return
    for start, stop in _blocks(signed):
        if is_known or not _is_arrow(lines, start, stop, is_single=plan.is_answer is not True and len(signed) == 1):
            plan.quote(start, stop)


def _blocks(signed: list[int]) -> list[tuple[int, int]]:
    """Return stretches (first, behind the last) of lines that begin with `>`."""
    blocks: list[tuple[int, int]] = []
    for at in signed:
        if blocks and blocks[-1][1] == at:
            blocks[-1] = (blocks[-1][0], at + 1)
        else:
            blocks.append((at, at + 1))
    return blocks


def _is_arrow(lines: Lines, start: int, stop: int, *, is_single: bool) -> bool:
    """Tell whether lines with `>` that nothing introduces are a menu path, bullets or a prompt rather than a quotation."""
    if max(lines.depths[start:stop]) > 1:
        return False
    longest = max(len(lines.plain(at).split()) for at in range(start, min(stop, start + _ENOUGH_LINES)))
    if is_single:
        return longest < _QUOTE_WORDS
    return longest <= _FEW_WORDS and not lines.is_blank(start - 1)
