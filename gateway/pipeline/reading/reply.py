"""What a person wrote, apart from what they quoted and how they signed.

Every line of the text goes to exactly one of visible, quoted and signature, in order. A blank line before a quotation goes with
it; one behind it belongs to the answer that follows. An answer between quoted lines is visible. What a person forwards is no
quotation: it is what they want us to read, so it stays visible.

Start with `split_reply`. For customers: in doubt, visible. For agents, whose words go out again, use `surely_visible`.
"""

import re
from collections.abc import Sequence
from typing import Final

from gateway.mail.reading import Reply
from gateway.pipeline.marker import find_markers
from gateway.pipeline.reading.fingerprints import Fingerprint, find_own_text
from gateway.pipeline.reading.heading_sieve import heading_candidates
from gateway.pipeline.reading.html_quotes import find_container, find_quote_line, has_blockquote
from gateway.pipeline.reading.lines import Lines, is_blank
from gateway.pipeline.reading.quotes import find_opening, looks_like_heading
from gateway.pipeline.reading.reply_scan import Part, Plan, judge_signs, scan
from gateway.pipeline.reading.signatures import find_signature

_LONGEST_UNKNOWN_HEADING: Final = 6
_LONGEST_BANNER: Final = 8
_RULE: Final = re.compile(r"\s*_{20,}\s*")


def split_reply(
    text: str,
    html: str | None,
    *,
    marker: str | None = None,
    fingerprints: Sequence[Fingerprint] = (),
    is_answer: bool | None = None,
    is_forward: bool = False,
) -> Reply:
    """Split a text into what is new, what is quoted and the signature.

    `marker` is the token of a mail of ours whose MAC was verified; `fingerprints` are those of the mails of ours that this may
    answer. `is_answer` tells what the headers say (None: not known), `is_forward` that the subject says so.
    """
    return split_lines(Lines(text), html, marker=marker, fingerprints=fingerprints, is_answer=is_answer, is_forward=is_forward)


def split_lines(
    lines: Lines,
    html: str | None,
    *,
    marker: str | None = None,
    fingerprints: Sequence[Fingerprint] = (),
    is_answer: bool | None = None,
    is_forward: bool = False,
) -> Reply:
    """Do what `split_reply` does with lines that somebody has looked at already."""
    plan = _prepare(lines, html, marker, fingerprints)
    plan.is_answer, plan.is_forward = is_answer, is_forward
    scan(plan)
    judge_signs(plan)
    if plan.sure is not None:
        _quote_unknown_heading(plan, plan.sure)
    _give_blanks_away(plan)
    certain = _is_certain(plan)
    _find_signatures(plan)
    return Reply(
        visible=_join(plan, Part.VISIBLE),
        quoted=_join(plan, Part.QUOTED),
        signature=_join(plan, Part.SIGNATURE),
        is_certain=certain,
    )


def surely_visible(text: str, reply: Reply) -> str | None:
    """Return only what surely stands above our marker or fingerprinted quotation.

    None when a quotation is suspected but not surely found, and when something was also written between or below the quoted
    lines: nobody may guess what of it is meant for the customer. An empty text when nothing was written at all.
    """
    if not reply.is_certain:
        return None
    visible = reply.visible.split("\n")
    head = 0
    for line, seen in zip(text.split("\n"), visible, strict=False):
        if line != seen:
            break
        head += 1
    if reply.quoted and not all(is_blank(line) for line in visible[head:]):
        return None
    return "\n".join(visible if not reply.quoted else visible[:head]).strip("\n")


def _prepare(lines: Lines, html: str | None, marker: str | None, fingerprints: Sequence[Fingerprint]) -> Plan:
    """Find what is surely ours."""
    marked = find_markers("\n".join(lines.raw))
    ours = [index for index, token in marked if token == (marker or "").lower()]
    container = find_container(html) if html else None
    own, has_own_words = find_own_text(lines.raw, fingerprints)
    sure = min(ours, default=None)
    if own.start >= 0 and (own.is_whole or lines.depths[own.start] or _is_announced(lines, own.start)):
        sure = own.start if sure is None else min(sure, own.start)
    return Plan(
        lines=lines,
        parts=[Part.VISIBLE] * len(lines),
        is_answer=None,
        is_forward=False,
        sure=sure,
        sure_end=own.end if own.is_whole and _is_answered_below(lines, own.start, own.end) else len(lines),
        hint=find_quote_line(html, container, lines.raw) if html and container is not None else None,
        has_html_quote=container is not None or (html is not None and has_blockquote(html)),
        is_suspicious=bool(marked) or has_own_words,
    )


def _is_announced(lines: Lines, index: int) -> bool:
    """Tell whether what stands directly above a line is the heading of a quotation."""
    above = lines.previous_text(index - 1)
    return above >= 0 and looks_like_heading(lines, above)


def _is_answered_below(lines: Lines, start: int, end: int) -> bool:
    """Tell whether the whole answer stands below our text: nothing but a heading above, something without `>` below."""
    if lines.depths[start]:
        return False
    above = [at for at in range(start) if not lines.is_blank(at) and not looks_like_heading(lines, at)]
    below = [at for at in range(end, len(lines)) if not lines.is_blank(at)]
    return not above and bool(below) and not any(lines.depths[at] or looks_like_heading(lines, at) for at in below)


def _quote_unknown_heading(plan: Plan, sure: int) -> None:
    """Send what stands directly above our own text along with it when it looks like a heading in any language."""
    lines = plan.lines
    first = next((at for at in range(len(lines)) if plan.parts[at] is Part.QUOTED), sure)
    above = lines.previous_text(min(first, sure) - 1)
    if above < 0 or not looks_like_heading(lines, above):
        return
    start = above
    while start > 0 and above - start < _LONGEST_UNKNOWN_HEADING and looks_like_heading(lines, start - 1):
        start -= 1
    plan.quote(start, min(first, sure))


def _give_blanks_away(plan: Plan) -> None:
    """Send blank lines around a quotation to the quoted part; those between it and more that is visible to the answer below."""
    lines, parts = plan.lines, plan.parts
    if Part.QUOTED not in parts:
        return
    last = next((at for at in range(len(lines) - 1, -1, -1) if not lines.is_blank(at)), -1)
    if last >= 0 and parts[last] is Part.QUOTED:
        parts[last:] = [Part.QUOTED] * (len(lines) - last)
    for at in range(last - 1, -1, -1):
        if lines.is_blank(at) and parts[at + 1] is Part.QUOTED:
            parts[at] = Part.QUOTED
    first = next((at for at in range(len(lines)) if parts[at] is Part.VISIBLE and not lines.is_blank(at)), 0)
    if Part.QUOTED in parts[:first]:
        parts[:first] = [Part.QUOTED] * first


def _is_certain(plan: Plan) -> bool:
    """Tell whether the end of what is visible was proven, or there is surely nothing quoted at all."""
    parts = plan.parts
    if Part.QUOTED not in parts:
        return not plan.is_suspicious and plan.forward is None and not _may_hold_quote(plan.lines) and not plan.has_html_quote
    if plan.sure is None or plan.forward is not None:
        return False
    first = parts.index(Part.QUOTED)
    if not all(parts[at] is Part.QUOTED for at in range(first, plan.sure + 1)):
        return False
    return plan.heading_end is None or plan.rest is None or _stands_close(plan.lines, plan.heading_end, plan.sure)


def _stands_close(lines: Lines, end: int, sure: int) -> bool:
    """Tell whether a heading belongs to our own text below it: between them stands little, and no other heading.

    A banner of a mail system may stand there. Were it more, the heading could be something the person wrote, and the words
    below it, too.
    """
    between = [at for at in range(end, sure) if not lines.is_blank(at)]
    return len(between) <= _LONGEST_BANNER and not any(find_opening(lines, at) for at in between)


def _may_hold_quote(lines: Lines) -> bool:
    """Tell whether any line at all looks as if it belonged to a quotation."""
    return any(_RULE.match(lines.raw[at]) or looks_like_heading(lines, at) for at in heading_candidates(lines))


def _find_signatures(plan: Plan) -> None:
    """Find the signature at the end of each stretch that is visible."""
    start = 0
    has_answer = False
    last = len(plan.lines) if plan.forward is None else plan.forward
    while start < last:
        if plan.parts[start] is not Part.VISIBLE:
            start += 1
            continue
        end = start
        while end < last and plan.parts[end] is Part.VISIBLE:
            end += 1
        begin = find_signature(plan.lines.raw, start, end, may_be_all=has_answer)
        has_answer = has_answer or any(not plan.lines.is_blank(at) for at in range(start, begin))
        plan.parts[begin:end] = [Part.SIGNATURE] * (end - begin)
        start = end


def _join(plan: Plan, part: Part) -> str:
    if part not in plan.parts:
        return ""
    if plan.parts.count(part) == len(plan.parts):
        return "\n".join(plan.lines.raw)
    return "\n".join(line for line, where in zip(plan.lines.raw, plan.parts, strict=True) if where is part)
