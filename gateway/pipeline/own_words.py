"""What an agent wrote, apart from what their mail program quoted: only that goes out again. Pure."""

from itertools import islice
from typing import Final

from gateway.pipeline.case import Case
from gateway.pipeline.marker import find_markers
from gateway.pipeline.reading.lines import Lines
from gateway.pipeline.reading.quotes import looks_like_heading
from gateway.pipeline.reading.reply import surely_visible

_BEGINNING: Final = 4
"""So many lines of a quotation may say that it is one: a rule, a heading, a banner."""


def own_words(case: Case) -> tuple[str, bool]:
    """Return what an agent wrote, and whether it surely is all of that and nothing else.

    What was taken for a quotation only because the words are ours, without a heading, a sign or a marker, may as well be the
    agent's own sentence: then the whole text counts, unsurely. An answer must not end where it repeats what the customer said.
    """
    message, reply = case.message, case.reading.reply
    if reply.quoted.strip() and _is_unmarked(reply.quoted):
        return message.text.strip("\n"), False
    text = surely_visible(message.text, reply)
    return (reply.visible, False) if text is None else (text, True)


def _is_unmarked(quoted: str) -> bool:
    """Tell whether nothing but its words makes a quotation one: no sign and no heading where it begins, no marker in it."""
    lines = Lines(quoted)
    first = islice((at for at in range(len(lines)) if not lines.is_blank(at)), _BEGINNING)
    return not any(lines.depths[at] or looks_like_heading(lines, at) for at in first) and not find_markers(quoted)
