"""What the HTML of a mail knows about quotation that its text does not show: containers that mail programs mark.

It only gives hints: the words behind such a container are looked up in the text, and the line they begin in is where a quotation
begins that no heading announces in any known language.
"""

import re
from collections.abc import Sequence
from html import unescape
from typing import Final

from gateway.pipeline.reading.lines import plain_line

_LONGEST_HTML: Final = 4_000_000
_TAG: Final = re.compile(r"<(?:div|blockquote|table|td|p|span|section|hr)\s([^<>]{1,1000})>", re.IGNORECASE)
_BLOCKQUOTE: Final = re.compile("<[bB](?i:lockquote)")
_CONTAINER: Final = re.compile(
    r"gmail_quote|gmail_attr|divrplyfwdmsg|outlookmessageheader|yahoo_quoted|yqt\d|protonmail_quote|moz-cite-prefix|tutanota_quote|"
    r"zmail_extra|zimbra_quote|olk_src_body|ms-outlook-mobile-reference-message|mail-editor-reference-message-container|"
    r"type=\"cite\"|domino-section-head|lotus-quote|quoted-reply|quotedreply|mail_quote|replyforwardheader|appendonsend|"
    r"wmmailquote|gmx_quote|name=\"quote\"|isforwardcontent|ntes_|qqmail_quote|ntes-mailbase|mailmail_quote|freshdesk_quote"
)
_ANY_MARKUP: Final = re.compile(r"<[^<>]{0,2000}>")
_WORD: Final = re.compile(r"[^\W_]{1,64}")
_NEEDED_WORDS: Final = 6
_LOOK_AHEAD: Final = 8000


def has_blockquote(html: str) -> bool:
    """Tell whether any element of the HTML is a quotation, marked by a mail program or not."""
    return _BLOCKQUOTE.search(html, 0, _LONGEST_HTML) is not None


def find_quote_line(html: str, start: int, lines: Sequence[str]) -> int | None:
    """Return the line of the text at which a container begins whose content starts at `start`; None where that is unclear."""
    behind = unescape(_ANY_MARKUP.sub(" ", html[start : start + _LOOK_AHEAD]))
    wanted = _WORD.findall(plain_line(behind))[:_NEEDED_WORDS]
    return _find_words(wanted, lines) if len(wanted) == _NEEDED_WORDS else None


def find_container(html: str) -> int | None:
    """Return the position behind the tag that opens the first container that a mail program marks as a quotation."""
    for tag in _TAG.finditer(html[:_LONGEST_HTML]):
        if _CONTAINER.search(tag[1].lower()):
            return tag.end()
    return None


def _find_words(wanted: list[str], lines: Sequence[str]) -> int | None:
    """Return the line that begins with some words, which may go on in the lines below it."""
    words: list[str] = []
    places: list[int] = []
    firsts: list[int] = []
    for index, line in enumerate(lines):
        found = _WORD.findall(plain_line(line))
        if found and found[0] == wanted[0]:
            firsts.append(len(words))
        words += found
        places += [index] * len(found)
    return next((places[at] for at in firsts if words[at : at + len(wanted)] == wanted), None)
