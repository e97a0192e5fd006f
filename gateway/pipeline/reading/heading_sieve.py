"""The lines at which a quotation may begin: a cheap sieve that most lines of a mail do not pass, before `quotes` looks closely.

It lets through at least every line that `quotes` could find something at. Start with `heading_candidates`.
"""

# ruff: noqa: RUF001 wide signs are meant
import re
import string
from typing import Final

from gateway.pipeline.reading import phrases
from gateway.pipeline.reading.labels import is_label
from gateway.pipeline.reading.lines import Lines, plain_line

FRAME: Final = "-–—―─━_=*#~"
"""What separators are drawn with."""
FRAME_AND_SPACE: Final = FRAME + " \t|:："
TRAILING: Final = "*_ \t|\"'»"
"""What may stand behind the colon of an attribution."""
_ANY_TRAILING: Final = TRAILING + FRAME + string.whitespace + "\xa0"
_QUOTE_SIGNS: Final = "> \t\xa0"
_LONGEST_ANNOUNCEMENT: Final = 60
_LONGEST_RUNNING: Final = 400
_RUNNING: Final = re.compile(r"> (?:" + "|".join(re.escape(verb) for verb in sorted(phrases.WROTE)) + r") ?:(?= \S)")
_ANNOUNCEMENTS: Final = phrases.ORIGINAL | phrases.FORWARDED | phrases.BEGIN_FORWARDED


def heading_candidates(lines: Lines) -> list[int]:
    """Return the lines at which `quotes.find_opening` may find something, top to bottom."""
    if lines.candidates is None:
        found = [at for at, raw in enumerate(lines.raw) if raw and (_may_stand_alone(raw) or _may_hold_label(raw))]
        lines.candidates = sorted({*found, *_lines_above_signs(lines)}) if any(lines.depths) else found
    return lines.candidates


def _lines_above_signs(lines: Lines) -> list[int]:
    """Return the lines of text directly above lines with more quoting signs."""
    found = []
    depths = lines.depths
    for at in range(1, len(lines)):
        if depths[at] > depths[at - 1]:
            above = lines.previous_text(at - 1, blanks=1)
            if above >= 0 and depths[above] < depths[at]:
                found.append(above)
    return found


def _may_stand_alone(raw: str) -> bool:
    """Tell whether a line without a colon may be a separator: framed by dashes, framed by GroupWise, or an announcement."""
    bare = raw.lstrip("> \t\xa0*|\u200e\u200f\u202a\u202b\u2067")
    if not bare:
        return False
    if bare[0] in FRAME or (raw[0] in " >" and raw.lstrip().startswith(">>>")):
        return True
    if len(raw) > _LONGEST_ANNOUNCEMENT:
        return False
    return (bare.rstrip().lower() if raw.isascii() else plain_line(bare).strip(FRAME_AND_SPACE)) in _ANNOUNCEMENTS


def _may_hold_label(raw: str) -> bool:
    """Tell whether a colon in a line may follow a label or end an attribution; most colons stand in prose and in links."""
    at = raw.find(":")
    if at < 0:
        return not raw.isascii() and ("：" in raw or "︰" in raw)
    label = raw[:at]
    if not label.isascii():
        return True
    bare = label.lstrip(_QUOTE_SIGNS)
    if not bare or bare[0] in FRAME or (raw.startswith((">>>", " ")) and raw.lstrip().startswith(">>>")):
        return True
    if len(bare) <= _LONGEST_ANNOUNCEMENT and is_label(" ".join(bare.lower().split())):
        return True
    last = raw[-1]
    if last in _ANY_TRAILING:
        last = raw.rstrip(_ANY_TRAILING)[-1:]
    return last == ":" or not last.isascii() or ("@" in raw and ">" in raw and find_running(raw) is not None)


def find_running(raw: str) -> str | None:
    """Return the beginning of a line up to a verb of writing and its colon, when the line goes on behind it (Yahoo)."""
    if raw.find(": ") < 0:
        return None
    start = plain_line(raw[:_LONGEST_RUNNING])
    match = _RUNNING.search(start)
    return start[: match.end()].rstrip() if match else None
