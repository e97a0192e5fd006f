"""HTML made harmless: no script, no remote load of any kind, links shown honestly.

A linear guard flattens what is nested absurdly deep before nh3 (a real HTML5 parser) sees it. Images survive only as `cid:`
(a part of the same mail) or small `data:` ones; of any other image the alternative text stays. Start with `sanitise_html`.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape, unescape
from itertools import accumulate
from operator import itemgetter
from typing import Final
from urllib.parse import urlsplit

import nh3

_TAGS: Final = {
    "a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite",
    "code", "col", "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1",
    "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main", "mark", "nav", "ol", "p", "pre",
    "q", "s", "samp", "section", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "tt", "u", "ul", "var", "wbr",
}  # fmt: skip
_DROPPED: Final = {
    "script", "style", "title", "head", "noscript", "iframe", "object", "embed", "applet", "svg", "math", "template",
    "textarea", "select", "xmp", "noembed", "noframes", "audio", "video", "canvas", "plaintext",
}  # fmt: skip
_ATTRIBUTES: Final = {
    "*": {"class", "id", "dir", "lang", "style", "title"},
    "a": {"href", "name"},
    "img": {"src", "alt"},
    "blockquote": {"type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start", "type"},
    "li": {"value"},
}
HIDDEN_STYLE: Final = "display:none"
"""All that remains of a style, and only where it hides its element: `htmltext` leaves such text out."""
_HIDES: Final = re.compile(
    r"display:none|visibility:hidden|mso-hide:all|(?:font-size|max-height):0(?:px|pt|em|%)?(?:;|$|!)|opacity:0(?:\.0+)?(?:;|$|!)"
)
_SCHEMES: Final = {"http", "https", "mailto", "tel", "sms", "cid", "data"}
_IMAGE: Final = re.compile(r"data:image/(?:png|gif|jpeg|webp);base64,[A-Za-z0-9+/=\s]{0,65536}")
_NAME: Final = re.compile(r"[A-Za-z0-9_ :.-]{1,200}")

LONGEST_HTML: Final = 2_000_000
_LONGEST_STYLE: Final = 4000
"""Of those worth remembering."""
_MOST_OPEN: Final = 200
_MOST_FORMATTING: Final = 24
_NO_LEVEL: Final = (
    "p|li|td|tr|th|dt|dd|option|tbody|thead|tfoot|colgroup|br|hr|img|input|meta|link|area|base|col|embed|source|track|wbr|param"
)
"""Elements that are empty, or that end by themselves where the next one begins."""
_TAG: Final = re.compile(rf"<(/?)(?!(?:{_NO_LEVEL}|{_NO_LEVEL.upper()})\b)([a-zA-Z][a-zA-Z0-9:]*)")
_FIRST, _SECOND = itemgetter(0), itemgetter(1)
_ANY_TAG: Final = re.compile(r"</?[a-zA-Z][a-zA-Z0-9:]*")
_FORMATTING: Final = frozenset(
    form(name) for form in (str.lower, str.upper) for name in
    ("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u", "span")
)  # fmt: skip
"""Elements that a parser opens again in every block that follows."""
TOKEN: Final = re.compile(r'<(/?)([a-z0-9]+)((?:\s+[^\s=>"]+="[^"]*")*)\s*/?>|([^<]+)|<')
"""A tag (slash, name, attributes) or a text, in HTML as nh3 writes it; linear because attributes cannot be read two ways."""
_HREF: Final = re.compile(r'\shref="([^"]*)"')
_CLAIMED_HOST: Final = re.compile(r"\s*(?:https?://|www\.)([a-z0-9.-]{1,253})", re.IGNORECASE)
_BARE_HOST: Final = re.compile(r"\s*((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24})\s*", re.IGNORECASE)
_FILE_ENDINGS: Final = frozenset({
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt", "csv", "zip", "png", "jpg", "jpeg", "gif", "html", "htm",
    "xml", "json", "log", "eml", "msg",
})  # fmt: skip


def sanitise_html(html: str) -> str:
    """Return HTML that is safe to show and loads nothing; linear in the size of its input, never raises."""
    clean = _CLEANER.clean(limit_nesting(html[:LONGEST_HTML]))
    return _show_true_targets(clean.replace("<img>", ""))


def _filter_attribute(tag: str, attribute: str, value: str) -> str | None:
    match attribute:
        case "style":
            if tag == "img":
                return None
            return _hiding_style(value) if len(value) <= _LONGEST_STYLE else _hiding_style.__wrapped__(value)
        case "href":
            return None if value[:5].lower() == "data:" or value[:4].lower() == "cid:" else value
        case "src":
            return value if value[:4].lower() == "cid:" or _IMAGE.fullmatch(value) else None
        case "class" | "id":
            return value if _NAME.fullmatch(value) else None
        case _:
            return value


@lru_cache(maxsize=512)
def _hiding_style(value: str) -> str | None:
    """Return what remains of a style; a newsletter has a few of them, hundreds of times."""
    is_suspect = "none" in value or "0" in value or "hid" in value or value != value.lower()
    return HIDDEN_STYLE if is_suspect and _HIDES.search("".join(value.lower().split())) else None


_CLEANER: Final = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=_DROPPED,
    attributes=_ATTRIBUTES,
    attribute_filter=_filter_attribute,
    url_schemes=_SCHEMES,
    strip_comments=True,
    link_rel=None,
)
"""Made once: its tables cost as much as a short mail."""


def limit_nesting(html: str) -> str:
    """Drop opening tags that lie absurdly deep, and their closing ones: HTML parsers are quadratic in depth."""
    tags = _ANY_TAG.findall(html)
    if len(tags) <= _MOST_FORMATTING:
        return html
    kinds = {tag: _weigh(tag) for tag in set(tags)}
    weights = list(map(kinds.__getitem__, tags))
    is_deep = _climb(map(_FIRST, weights)) > _MOST_OPEN or _climb(map(_SECOND, weights)) > _MOST_FORMATTING
    return _flatten(html) if is_deep else html


def _weigh(tag: str) -> tuple[int, int]:
    """Return by how much a tag changes the depth, and the depth of formatting."""
    match = _TAG.match(tag)
    if match is None:
        return 0, 0
    step = -1 if match[1] else 1
    return step, step if match[2] in _FORMATTING else 0


def _climb(steps: Iterable[int]) -> int:
    """Return how far steps lead up from their lowest to their highest point: never less than how deep elements are nested."""
    heights = list(accumulate(steps, initial=0))
    return max(heights) - min(heights)


def _flatten(html: str) -> str:
    kept: list[str] = []
    position = depth = formatting = 0
    for tag in _TAG.finditer(html):
        if tag.start() < position:
            continue
        is_formatting = tag[2] in _FORMATTING
        if tag[1]:
            depth = max(0, depth - 1)
            formatting = max(0, formatting - is_formatting)
            continue
        if depth < _MOST_OPEN and not (is_formatting and formatting >= _MOST_FORMATTING):
            depth += 1
            formatting += is_formatting
            continue
        kept.append(html[position : tag.start()])
        end = html.find(">", tag.end())
        if end < 0:
            position = len(html)
            break
        position = end + 1
    kept.append(html[position:])
    return "".join(kept)


def _show_true_targets(html: str) -> str:
    """Put the true target behind each link whose text names another host."""
    if "<a " not in html:
        return html
    done: list[str] = []
    position = 0
    start = html.find("<a ")
    while start >= 0:
        tag = TOKEN.match(html, start)
        end = html.find("</a>", start)
        if tag is None or end < 0:
            break
        href = _HREF.search(tag[3] or "")
        shown = html[tag.end() : end]
        if href is not None and "." in shown:
            target = unescape(href[1])
            if is_misleading(unescape(_text_between_tags(shown)), target):
                done += (html[position : end + 4], f" [{escape(target, quote=False)}]")
                position = end + 4
        start = html.find("<a ", end)
    done.append(html[position:])
    return "".join(done)


def _text_between_tags(html: str) -> str:
    return "".join(token[4] or "" for token in TOKEN.finditer(html)) if "<" in html else html


def is_misleading(text: str, target: str) -> bool:
    """Tell whether a link's text names a host, and the link leads to another one."""
    found = _CLAIMED_HOST.match(text[:500]) or _BARE_HOST.fullmatch(text[:500])
    if found is None or not target.lower().startswith(("http://", "https://")):
        return False
    claimed = found[1].lower().strip(".").removeprefix("www.")
    if "." not in claimed or (found.re is _BARE_HOST and claimed.rpartition(".")[2] in _FILE_ENDINGS):
        return False
    try:
        host = (urlsplit(target).hostname or "").removeprefix("www.")
    except ValueError:
        return True
    return host != claimed and not host.endswith(f".{claimed}")
