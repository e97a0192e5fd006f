"""Where a quotation begins: attribution lines, header blocks, separators. A linear scanner over lines, in forty languages.

`find_opening` judges a line together with the few around it and says what it saw; what to do about it is the business of
`reply` and `forwarded`.
"""

# ruff: noqa: RUF001 wide signs are meant
import re
from typing import Final

from gateway.pipeline.reading import phrases
from gateway.pipeline.reading.header_block import HeaderBlock, read_bare_block, read_header_block
from gateway.pipeline.reading.heading_sieve import FRAME, FRAME_AND_SPACE, TRAILING, find_running
from gateway.pipeline.reading.labels import Role, label_role, read_flat_fields
from gateway.pipeline.reading.lines import Lines, find_address, plain_line
from gateway.pipeline.reading.months import month_number
from gateway.pipeline.reading.openings import Heading, Opening
from gateway.pipeline.reading.timestamps import names_day, names_time

_SHORTEST_FRAME: Final = 2
_SHORTEST_RULE: Final = 5
_LONGEST_FRAMED: Final = 160
_LONGEST_ATTRIBUTION: Final = 600
_MOST_ATTRIBUTION_LINES: Final = 4
_LONGEST_TAIL: Final = 40
_LONGEST_LEAD: Final = 100
_BRACKETED: Final = re.compile(r"[<(\[]\s{0,3}<?(?:mailto:)?[^\s<>()\[\]]{1,128}@[^\s<>()\[\]]{1,200}>?\s{0,3}[>)\]]")
_GROUPWISE: Final = re.compile(r">>>[^>]{5,300}(?:<[^<>]{3,200}>[^>]{0,200})?>>>\s*")
_FLAT_FORWARD: Final = re.compile(
    r"[>\s]{0,20}[-=_*–—]{2,40}\s{0,4}([^-=_*–—:]{3,60}?)\s{0,4}[-=_*–—]{2,40}\s{0,8}([^\s-].{20,})"
)
_WORD_VERBS: Final = frozenset(verb for verb in phrases.WROTE if verb.isascii() or not verb[0] > "\u0590")
_SCRIPT_VERBS: Final = tuple(phrases.WROTE - _WORD_VERBS)
_VERB: Final = re.compile(
    r"(?<!\w)(?:" + "|".join(re.escape(verb) for verb in sorted(_WORD_VERBS, key=len, reverse=True)) + r")(?!\w)"
)


def is_inside_quotation(lines: Lines, opening: Opening) -> bool:
    """Tell whether an opening stands among quoted lines, so that it is part of what somebody else had written.

    A separator that says a mail was forwarded may itself be the first of them (Apple Mail).
    """
    if not lines.depths[opening.start] or opening.is_bare:
        return False
    above = lines.previous_text(opening.start - 1)
    is_first = above < 0 or (not lines.depths[above] and not ends_like_attribution(lines.plain(above)))
    return not (is_first and opening.heading is Heading.FORWARDED)


def find_opening(lines: Lines, index: int) -> Opening | None:
    """Return the opening whose last heading line, or first label or separator, is this line; None for any other line."""
    if index in lines.known:
        known = lines.known[index]
        return known if isinstance(known, Opening) else None
    lines.known[index] = opening = _look(lines, index)
    return opening


def _look(lines: Lines, index: int) -> Opening | None:
    raw = lines.raw[index].strip()
    if not raw:
        return None
    if raw.startswith(">>>") and _GROUPWISE.fullmatch(raw[:_LONGEST_ATTRIBUTION]) and names_time(lines.plain(index)):
        return Opening(
            heading=Heading.ATTRIBUTION, start=index, end=index + 1, is_followed_by_signs=False, has_proof=True, is_bare=True
        )
    plain = lines.plain(index) or plain_line(raw[:_LONGEST_ATTRIBUTION])
    if not plain:
        return None
    return (
        _find_separator(lines, index, plain)
        or _find_header_block(lines, index, plain)
        or _find_attribution(lines, index, plain)
        or _find_running_attribution(lines, index)
    )


def _make(lines: Lines, heading: Heading, start: int, end: int, *, proof: bool, block: HeaderBlock | None = None) -> Opening:
    following = lines.next_text(end)
    signs = following >= 0 and lines.depths[following] > lines.depths[start]
    return Opening(heading=heading, start=start, end=end, is_followed_by_signs=signs, has_proof=proof, block=block)


# ------------------------------------------------------------------------------------------------------------- separators


def frame_width(plain: str) -> int:
    """Count the signs of a line's frame on its left."""
    return len(plain) - len(plain.lstrip(FRAME))


def is_ruler(plain: str) -> bool:
    """Tell whether a line is nothing but five dashes or more."""
    return len(plain) >= _SHORTEST_RULE and not plain.strip(FRAME)


def is_end_of_forward(plain: str) -> bool:
    """Tell whether a line says between dashes that a forwarded mail ends here."""
    core = plain.strip(FRAME_AND_SPACE)
    return frame_width(plain) >= _SHORTEST_FRAME and plain[-1] in FRAME and any(stem in core for stem in phrases.FORWARD_STEMS)


def _find_separator(lines: Lines, index: int, plain: str) -> Opening | None:
    """Find a line between dashes or a known announcement, together with the header block below it."""
    width = frame_width(plain)
    if width >= _SHORTEST_FRAME and (flat := _find_flat_forward(lines, index)):
        return flat
    if len(plain) > _LONGEST_FRAMED:
        return None
    core = plain.strip(FRAME_AND_SPACE)
    if width < _SHORTEST_FRAME:
        return _find_announcement(lines, index, core, plain)
    block = _block_below(lines, index + 1)
    if not core and block is None:
        return None
    heading = _name_separator(core, width, is_closed=plain[-1] in FRAME, is_above_block=block is not None)
    if heading is None:
        return None
    end = block.end if block else index + 1
    if heading in {Heading.FORWARDED, Heading.ORIGINAL} and block is None:
        block, end = _find_rest_of_forward(lines, index + 1)
    return _make(lines, heading, index, end, proof=True, block=block)


def _find_flat_forward(lines: Lines, index: int) -> Opening | None:
    """Find a separator with all labels behind it in the same line, as Yahoo writes it."""
    match = _FLAT_FORWARD.match(lines.raw[index][:2000])
    fields = read_flat_fields(match[2]) if match and plain_line(match[1]) in phrases.FORWARDED | phrases.ORIGINAL else ()
    if not match or not fields:
        return None
    heading = Heading.FORWARDED if plain_line(match[1]) in phrases.FORWARDED else Heading.ORIGINAL
    block = HeaderBlock(start=index, end=index + 1, fields=fields)
    return _make(lines, heading, index, index + 1, proof=True, block=block)


def _find_rest_of_forward(lines: Lines, index: int) -> tuple[HeaderBlock | None, int]:
    """Return what names the author below a separator when no whole block does, and the line behind it."""
    start = lines.next_text(index)
    if start < 0:
        return None, index
    block = read_header_block(lines, start)
    if block is not None and find_address(block.value(Role.FROM) or ""):
        return block, block.end
    last = next((at for at in range(start, min(len(lines), start + 2)) if ends_like_attribution(lines.plain(at))), -1)
    opening = _find_attribution(lines, last, lines.plain(last)) if last >= 0 else None
    return None, last + 1 if opening is not None and opening.start >= start else index


def _name_separator(core: str, width: int, *, is_closed: bool, is_above_block: bool) -> Heading | None:
    """Return what a framed line announces, given the words inside the frame."""
    is_forward = core in phrases.FORWARDED or core in phrases.BEGIN_FORWARDED or (is_closed and core.startswith(_FORWARD_STARTS))
    is_original = core in phrases.ORIGINAL or (is_closed and core.startswith(_ORIGINAL_STARTS))
    is_verb = is_closed and has_verb(core) and (names_day(core) or "@" in core or core.endswith(_VERB_ENDS))
    if is_forward or (core and is_above_block and any(stem in core for stem in phrases.FORWARD_STEMS)):
        return Heading.FORWARDED
    if is_original or (core and is_above_block):
        return Heading.ORIGINAL
    if any(phrase in core for phrase in phrases.REPLY_ABOVE):
        return Heading.REPLY_ABOVE
    if is_verb:
        return Heading.ATTRIBUTION
    return Heading.HEADERS if not core and width >= _SHORTEST_RULE and is_above_block else None


_ORIGINAL_STARTS: Final = tuple(f"{phrase} " for phrase in phrases.ORIGINAL)
_FORWARD_STARTS: Final = tuple(f"{phrase} " for phrase in phrases.FORWARDED)
_VERB_ENDS: Final = tuple(phrases.WROTE)


def _find_announcement(lines: Lines, index: int, core: str, plain: str) -> Opening | None:
    """Find a separator that stands without dashes: it counts only above a header block."""
    is_forward = core in phrases.FORWARDED or core in phrases.BEGIN_FORWARDED
    if not is_forward and core not in phrases.ORIGINAL:
        return None
    block = _block_below(lines, index + 1)
    if block is None:
        return None
    heading = Heading.FORWARDED if is_forward or plain.endswith(":") else Heading.ORIGINAL
    return _make(lines, heading, index, block.end, proof=True, block=block)


def _block_below(lines: Lines, index: int) -> HeaderBlock | None:
    """Return the header block that begins within the next lines."""
    start = lines.next_text(index)
    if start < 0:
        return None
    block = read_header_block(lines, start)
    return block if block is not None and block.is_likely else read_bare_block(lines, start)


def _find_header_block(lines: Lines, index: int, plain: str) -> Opening | None:
    if label_role(plain) is None:
        return None
    block = read_header_block(lines, index)
    if block is None or not block.is_whole:
        return None
    return _make(lines, Heading.HEADERS, index, block.end, proof=True, block=block)


# ------------------------------------------------------------------------------------------------------- attribution lines


def has_verb(plain: str) -> bool:
    """Tell whether a plain line says that somebody wrote."""
    return _VERB.search(plain) is not None or any(verb in plain for verb in _SCRIPT_VERBS)


def ends_like_attribution(plain: str) -> bool:
    """Tell whether a plain line ends with a colon."""
    return plain.rstrip(TRAILING).endswith(":")


def looks_like_heading(lines: Lines, index: int) -> bool:
    """Tell whether a line could belong to the heading of a quotation in any language: much weaker than `find_opening`."""
    plain = lines.plain(index)
    if not plain:
        return False
    role = label_role(plain)
    if role is not None and (find_address(plain) or names_time(plain) or label_role(lines.plain(index + 1)) is not None):
        return True
    if plain[0] in FRAME and frame_width(plain) >= _SHORTEST_FRAME:
        core = plain.strip(FRAME_AND_SPACE)
        if core in phrases.ORIGINAL or core in phrases.FORWARDED or core in phrases.BEGIN_FORWARDED:
            return True
    if not ends_like_attribution(plain) or len(plain) > _LONGEST_ATTRIBUTION:
        return False
    return has_verb(plain) or _BRACKETED.search(plain) is not None or (names_day(plain) and names_time(plain))


def _find_attribution(lines: Lines, index: int, plain: str) -> Opening | None:
    """Find an attribution that ends at a line, over up to four lines."""
    following = lines.next_text(index + 1)
    signs = following >= 0 and lines.depths[following] > lines.depths[index]
    if not ends_like_attribution(plain) and not (signs and has_verb(plain) and names_day(plain) and names_time(plain)):
        return None
    window, likely = "", None
    for start in range(index, max(-1, index - _MOST_ATTRIBUTION_LINES), -1):
        above = lines.plain(start)
        if not above or (start < index and lines.depths[start] != lines.depths[index]):
            break
        window = f"{above} {window}" if window else above
        if len(window) > _LONGEST_ATTRIBUTION:
            break
        if _prove(window):
            begin = _extend(lines, start, index, window)
            return Opening(heading=Heading.ATTRIBUTION, start=begin, end=index + 1, is_followed_by_signs=signs, has_proof=True)
        if likely is None and signs and _is_likely(window):
            likely = _extend(lines, start, index, window)
    if likely is None:
        return None
    return Opening(heading=Heading.ATTRIBUTION, start=likely, end=index + 1, is_followed_by_signs=True, has_proof=False)


def _find_running_attribution(lines: Lines, index: int) -> Opening | None:
    """Find an attribution behind whose colon the quoted text goes on in the same line."""
    start = find_running(lines.raw[index])
    if start is None or not (names_day(start) and names_time(start) and _begins(start)):
        return None
    return Opening(
        heading=Heading.ATTRIBUTION, start=index, end=index + 1, is_followed_by_signs=False, has_proof=True, is_running=True
    )


def _prove(window: str) -> bool:
    """Tell whether lines say who wrote when, so that prose hardly says it the same way."""
    day, time = names_day(window), names_time(window)
    if not time:
        return day and frame_width(window) >= _SHORTEST_FRAME and has_verb(window)
    if has_verb(window):
        return day or _BRACKETED.search(window) is not None
    if not day or "@" not in window or not _begins_with_day(window):
        return False
    bracketed = list(_BRACKETED.finditer(window))
    if bracketed and window[bracketed[-1].start()] == "<" and len(window) - bracketed[-1].end() <= _LONGEST_TAIL:
        return True
    return find_address(window.rstrip(TRAILING + ":").rpartition(" ")[2]) is not None


def _begins_with_day(window: str) -> bool:
    """Tell whether the first word is a number, a weekday before a sign, or a month before a number."""
    first, _, rest = window.partition(" ")
    return any(c.isdigit() for c in first) or first[-1] in ".,،" or (rest[:1].isdigit() and month_number(first) is not None)


def _is_likely(window: str) -> bool:
    """Tell whether lines directly above `>` lines introduce them."""
    return has_verb(window) or _BRACKETED.search(window) is not None or (names_day(window) and names_time(window))


def _extend(lines: Lines, start: int, end: int, window: str) -> int:
    """Return where the attribution really begins, when its first lines were not needed to recognise it."""
    begin = start
    while begin > 0 and end - begin + 1 < _MOST_ATTRIBUTION_LINES and not _begins(window):
        above = lines.plain(begin - 1)
        if not above or len(above) > _LONGEST_LEAD or above[-1] in ".!?:;…。！？" or lines.depths[begin - 1] != lines.depths[end]:
            break
        is_part = names_day(above) or names_time(above) or window[0] in "<(" or (_BRACKETED.search(above) and "@" not in window)
        if not is_part and not (_opens(above) and any(c.isdigit() for c in window)):
            break
        begin, window = begin - 1, f"{above} {window}"
    return begin


def _opens(plain: str) -> bool:
    """Tell whether the first word of a line is a preposition that attributions begin with."""
    return plain.partition(" ")[0] in phrases.OPENINGS


def _begins(plain: str) -> bool:
    """Tell whether a line begins as attributions do, with a preposition before the day."""
    first, _, rest = plain.partition(" ")
    if first in phrases.OPENINGS and any(c.isdigit() for c in rest[:40]):
        return True
    return " ".join(plain.split(" ", 2)[:2]) in phrases.OPENINGS
