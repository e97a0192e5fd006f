"""What an agent wrote, apart from what their mail program quoted: only that goes out again. Pure."""

from gateway.pipeline.case import Case
from gateway.pipeline.lines import Lines
from gateway.pipeline.marker import find_markers
from gateway.pipeline.quotes import looks_like_heading
from gateway.pipeline.reply import surely_visible


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
    """Tell whether nothing but its words makes a quotation one."""
    lines = Lines(quoted)
    first = lines.next_text(0)
    return first >= 0 and not (lines.depths[first] or looks_like_heading(lines, first) or find_markers(quoted))
