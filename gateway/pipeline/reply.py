"""What a person wrote, apart from what they quoted and how they signed."""

from collections.abc import Sequence

from gateway.mail import Reply
from gateway.pipeline.fingerprints import Fingerprint, match_lines
from gateway.pipeline.lines import is_blank, quote_depth
from gateway.pipeline.marker import find_markers


def split_reply(
    text: str,
    html: str | None,
    *,
    marker: str | None = None,
    fingerprints: Sequence[Fingerprint] = (),
    is_forward: bool = False,
) -> Reply:
    """Split a text into what is new, what is quoted and the signature; every line goes to exactly one, in order."""
    del html, is_forward
    lines = text.split("\n")
    starts = [index for index, token in find_markers(text) if token == marker]
    matches = match_lines(lines, tuple(fingerprints))
    starts += sorted(matches.sure)[:1]
    start = min(starts) if starts else len(lines)
    quoted = [index for index, line in enumerate(lines) if index >= start or quote_depth(line)]
    marks = set(quoted)
    return Reply(
        visible="\n".join(line for index, line in enumerate(lines) if index not in marks),
        quoted="\n".join(line for index, line in enumerate(lines) if index in marks),
        signature="",
        is_certain=bool(starts) or not marks,
    )


def surely_visible(text: str, reply: Reply) -> str | None:
    """Return only what surely stands above our marker or fingerprinted quote; None when that cannot be told."""
    if not reply.is_certain:
        return None
    visible = reply.visible.split("\n")
    head = 0
    for line, seen in zip(text.split("\n"), visible, strict=False):
        if line != seen:
            break
        head += 1
    if not all(is_blank(line) for line in visible[head:]):
        return None
    return "\n".join(visible[:head]).strip("\n") or None
