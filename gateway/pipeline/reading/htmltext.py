"""HTML to text, as a person would copy it: paragraphs, lists, tables, links and quotes kept, hidden text left out.

Works in one pass over sanitised HTML, which is well nested. Start with `html_to_text`.
"""

import re
from collections.abc import Callable
from typing import Final

from gateway.pipeline.reading.html import HIDDEN_STYLE
from gateway.pipeline.reading.htmllines import TextLines
from gateway.pipeline.reading.text import clean_text

_TOKEN: Final = re.compile(r'<(/?[a-z0-9]+)([^">]*+(?:"[^"]*"[^">]*)*)>([^<]*+)|([^<]++)|<')
"""A tag (with its slash, its attributes, the text behind it), or a text before any tag, in HTML as nh3 writes it."""
_PARAGRAPHS: Final = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "figure")
_BLOCKS: Final = (
    "div", "dt", "dd", "article", "aside", "section", "header", "footer", "main", "nav", "address", "center", "caption",
    "figcaption",
)  # fmt: skip
_VOID: Final = frozenset({"br", "hr", "img", "wbr", "col"})
_HIDDEN: Final = f'style="{HIDDEN_STYLE}"'
_INVISIBLE: Final = re.compile("[\u200b\u200c\u200d\u2060\u034f\u00ad\ufeff\u180e\u2007]+")
_ONLY_FILLING: Final = re.compile("[\\s\u200b\u200c\u200d\u2060\u034f\u00ad\ufeff\u180e\u00a0\u2007]*")
_QUIET: Final = (
    "(?:b|i|u|s|em|strong|span|font|small|big|code|tt|strike|sub|sup|abbr|bdi|bdo|mark|del|ins|cite|tbody|thead|tfoot|col|"
    "colgroup)"
)
_PLAIN_ATTRIBUTES: Final = '(?: [a-z]+="[^"]*")*'
_QUIET_TAGS: Final = re.compile(rf"<(?:/{_QUIET}|(?:{_QUIET}|td|th){_PLAIN_ATTRIBUTES})>")
"""Tags that change nothing about the text, in HTML as nh3 writes it: it is quicker not to look at each of them."""
_HIDDEN_QUIET: Final = re.compile(rf'<(?:{_QUIET}|td|th)(?: [a-z]+="[^"]*")*? {_HIDDEN}')
_HREF: Final = re.compile(r'\shref="([^"]*)"')
_ALT: Final = re.compile(r'\salt="([^"]*)"')
_START: Final = re.compile(r'\sstart="([^"]*)"')
_SPACES: Final = re.compile(r"[ \t\r\n\f\v]+")
RULE: Final = "_" * 32
"""What a horizontal rule becomes; Outlook writes the same into its plain texts."""
_DIGITS: Final = 7
_SHORT: Final = 200_000
"""Up to here all tokens are taken at once, which is quicker and needs some megabytes."""


def html_to_text(html: str) -> str:
    """Return the text of sanitised HTML."""
    writer = _Writer()
    hidden = writer.hidden
    if _HIDDEN_QUIET.search(html) is None:
        html = _QUIET_TAGS.sub("", html)
    tokens = _TOKEN.findall(html) if len(html) <= _SHORT else map(re.Match.groups, _TOKEN.finditer(html))
    for tag, attributes, behind, text in tokens:
        if tag:
            if hidden or (attributes and _HIDDEN in attributes):
                writer.hide(tag)
            elif (handler := _HANDLERS.get(tag)) is not None:
                handler(writer, attributes)
            if behind and not hidden:
                writer.write(behind)
        elif not hidden:
            writer.write(text or "<")
    return clean_text(writer.finish())


def _unescape(escaped: str) -> str:
    """Undo what nh3 escapes in text and attributes, which is less than HTML could."""
    if "&" not in escaped:
        return escaped
    plain = escaped.replace("&nbsp;", "\xa0").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    return plain.replace("&amp;", "&")


class _Writer(TextLines):
    """Turns tags into lines."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: list[str] = []
        self._pre = 0
        self._echo = ""

    # ------------------------------------------------------------------------------------------------------- text

    def write(self, raw: str) -> None:
        """Add the text between two tags."""
        if raw.isascii() and raw.isprintable() and "&" not in raw and "  " not in raw and not (self._echo or self._pre):
            line = self.line  # nearly all of them
            self.append(raw if line and line[-1][-1] != " " else raw.lstrip(" "))
            return
        if raw.isspace() and not self._pre:
            self._echo = ""
            if self.line and not self.line[-1].endswith(" "):
                self.line.append(" ")
            return
        text = _unescape(raw)
        if self._echo:  # the sanitiser has put the true target behind a lying link: said already
            text, self._echo = text.removeprefix(self._echo), ""
        if self._pre:
            self._write_lines(text)
            return
        if "\n" in text or "  " in text or "\t" in text:
            text = _SPACES.sub(" ", text)
        is_plain = text.isascii()
        if text == " " or not text or (not is_plain and _ONLY_FILLING.fullmatch(text)):
            if self.line and text and not self.line[-1].endswith(" "):
                self.line.append(" ")
            return
        if not is_plain and (not text.isprintable() or "\u034f" in text):  # all others of `_INVISIBLE` are not printable
            text = (text if "\u200d" in text else _INVISIBLE.sub("", text)).replace("\xa0", " ")
        self.append(text if self.line and not self.line[-1].endswith(" ") else text.lstrip(" "))

    def _write_lines(self, text: str) -> None:
        """Add text whose line breaks count."""
        first, *others = text.replace("\r\n", "\n").split("\n")
        self.append(first)
        for line in others:
            self.end_line(keep_empty=True)
            self.append(line)

    # -------------------------------------------------------------------------------------------------------- tags

    def hide(self, tag: str) -> None:
        """Take a tag that hides what it holds, or stands where everything is hidden."""
        if tag in _VOID:
            if not self.hidden and tag in _HANDLERS:
                _HANDLERS[tag](self, "")
        elif not tag.startswith("/"):
            self.hidden.append(tag)
        elif self.hidden and self.hidden[-1] == tag[1:]:
            self.hidden.pop()

    def end_block(self, _: str) -> None:
        """End the line before and behind a block."""
        if self.line:
            self.end_line()

    def end_text(self, _: str) -> None:
        """End the paragraph before and behind one."""
        self.end_paragraph()

    def open_br(self, _: str) -> None:
        """End the line."""
        self.end_line(keep_empty=True)

    def open_hr(self, _: str) -> None:
        """Write a rule as a paragraph of its own."""
        self.end_paragraph()
        self.append(RULE)
        self.end_paragraph()

    def open_link(self, attributes: str) -> None:
        """Remember where a link leads."""
        href = _HREF.search(attributes)
        self.links.append((_unescape(href[1]) if href else "", []))

    def open_table(self, _: str) -> None:
        """Begin a paragraph of rows."""
        self.end_paragraph()
        self.cells.append(False)

    def open_cell(self, _: str) -> None:
        """Begin a cell; one outside of any row opens a row of its own."""
        if not self.cells:
            self.cells.append(False)

    def open_row(self, _: str) -> None:
        """Begin a line of cells."""
        self.end_line()
        self.cells.append(False)

    def open_quote(self, _: str) -> None:
        """Begin a quote one level deeper."""
        self.end_paragraph()
        self.write_gap()
        self.quotes += 1

    def open_pre(self, _: str) -> None:
        """Begin a paragraph whose line breaks count."""
        self.end_paragraph()
        self._pre += 1

    def open_list(self, _: str) -> None:
        """Begin a list of bullets."""
        self._begin_list(None)

    def open_numbered_list(self, attributes: str) -> None:
        """Begin a list of numbers."""
        start = _attribute(attributes, _START)
        self._begin_list(int(start) if start.isdecimal() and start.isascii() and len(start) < _DIGITS else 1)

    def _begin_list(self, number: int | None) -> None:
        if self.lists:
            self.end_line()
        else:
            self.end_paragraph()
        self.lists.append(number)

    def open_item(self, _: str) -> None:
        """Begin a list's next line."""
        self.end_line()
        if self.lists:
            number = self.lists[-1]
            self.marker = "- " if number is None else f"{number}. "
            self.lists[-1] = None if number is None else number + 1

    def close_cell(self, _: str) -> None:
        """Separate the next cell of this line."""
        if self.cells and self.line:
            self.cells[-1] = True

    def close_quote(self, _: str) -> None:
        """Go back to the level outside of a quote."""
        self.end_line()
        self.quotes = max(0, self.quotes - 1)
        self.blank_before = True

    def close_pre(self, _: str) -> None:
        """End such a paragraph."""
        self.end_paragraph()
        self._pre = max(0, self._pre - 1)

    def close_list(self, _: str) -> None:
        """End a list."""
        self.end_line()
        if self.lists:
            self.lists.pop()
        self.blank_before = self.blank_before or not self.lists

    def close_row(self, _: str) -> None:
        """End a line of cells."""
        if self.cells:
            self.cells.pop()
        self.end_line()

    def close_table(self, _: str) -> None:
        """End a paragraph of rows."""
        if self.cells:
            self.cells.pop()
        self.end_line()
        self.blank_before = True

    def write_image(self, attributes: str) -> None:
        """Write an image's alternative text."""
        found = _ALT.search(attributes)
        alternative = found[1].strip() if found else ""
        if alternative:
            self.write(f"[{alternative}]")

    def close_link(self, _: str) -> None:
        """Write where a link leads, unless its text says so."""
        if not self.links:
            return
        href, shown = self.links.pop()
        if self.links:
            self.links[-1][1].extend(shown)
        if not href or not shown or not href[:8].lower().startswith(("http://", "https://", "mailto:", "tel:", "ftp://")):
            return
        text = "".join(shown).strip()
        if not text or (" " not in text and _says_target(text, href)):
            return
        if self.line:
            self.line[-1] = self.line[-1].rstrip(" ")
        self.append(f" <{href}>" if self.line else f"<{href}>")
        self._echo = f" [{href}]"


def _says_target(text: str, href: str) -> bool:
    """Tell whether the text of a link is where it leads, with or without the scheme."""
    plain = href.partition(":")[2].lstrip("/") if ":" in href else href
    plain = plain.partition("?")[0] if href.startswith("mailto:") else plain
    return text.rstrip("/").casefold() in {href.rstrip("/").casefold(), plain.rstrip("/").casefold()}


_HANDLERS: Final[dict[str, Callable[[_Writer, str], None]]] = {
    **{slash + name: _Writer.end_text for name in _PARAGRAPHS for slash in ("", "/")},
    **{slash + name: _Writer.end_block for name in _BLOCKS for slash in ("", "/")},
    "br": _Writer.open_br,
    "hr": _Writer.open_hr,
    "img": _Writer.write_image,
    "a": _Writer.open_link,
    "td": _Writer.open_cell,
    "th": _Writer.open_cell,
    "table": _Writer.open_table,
    "tr": _Writer.open_row,
    "blockquote": _Writer.open_quote,
    "pre": _Writer.open_pre,
    "ul": _Writer.open_list,
    "ol": _Writer.open_numbered_list,
    "li": _Writer.open_item,
    "/a": _Writer.close_link,
    "/td": _Writer.close_cell,
    "/th": _Writer.close_cell,
    "/table": _Writer.close_table,
    "/tr": _Writer.close_row,
    "/blockquote": _Writer.close_quote,
    "/pre": _Writer.close_pre,
    "/ul": _Writer.close_list,
    "/ol": _Writer.close_list,
    "/li": _Writer.end_block,
}
"""What to do at which tag; at any other nothing."""


def _attribute(attributes: str, pattern: "re.Pattern[str]") -> str:
    found = pattern.search(attributes)
    return _unescape(found[1]) if found else ""
