"""The lines that HTML becomes: quotes, indents, bullets, and blank lines that are only written when text follows."""

from typing import Final

_MOST_QUOTES: Final = 50
_MOST_INDENTS: Final = 10


class TextLines:
    """Gathers lines; whoever walks through the markup says where they end."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        """The pieces of the line that is being written."""
        self.blank_before = False
        """A paragraph ended: the next line wants a blank one before it."""
        self.quotes = 0
        self.lists: list[int | None] = []
        """The lists we are in: the next number, or None for bullets."""
        self.marker = ""
        """The bullet or number of the item that has just begun."""
        self.links: list[tuple[str, list[str]]] = []
        """The links we are in: where they lead, and the text so far."""
        self.cells: list[bool] = []
        """The rows we are in: whether a cell has ended since the last text."""

    def append(self, text: str) -> None:
        """Add text to the line, beginning it where there is none."""
        if not text:
            return
        if not self.line:
            start = self.start_of_line()
            if start:
                self.line.append(start)
        elif self.cells and self.cells[-1]:
            self.line.append(" | ")
        if self.cells:
            self.cells[-1] = False
        self.line.append(text)
        if self.links:
            self.links[-1][1].append(text)

    def start_of_line(self) -> str:
        """Return the quote marks, the indent and the bullet that a new line begins with."""
        if self.blank_before:
            self.write_gap()
        if not (self.lists or self.quotes or self.marker):
            return ""
        indent = "  " * max(0, min(len(self.lists), _MOST_INDENTS) - 1)
        marker, self.marker = self.marker, ""
        if self.lists and not marker:
            indent += "  "
        return f"{self.prefix()}{indent}{marker}"

    def prefix(self) -> str:
        """Return the quote marks."""
        return f"{'>' * min(self.quotes, _MOST_QUOTES)} " if self.quotes else ""

    def write_gap(self) -> None:
        """Write the blank line that a paragraph asked for, unless one stands there already."""
        if self.blank_before and self.lines and self.lines[-1].strip("> "):
            self.lines.append(self.prefix().rstrip())
        self.blank_before = False

    def end_line(self, *, keep_empty: bool = False) -> None:
        """End the line, if there is one; `keep_empty` makes a blank one otherwise."""
        if self.line:
            line = "".join(self.line)
            bare = line.rstrip(" ")
            is_signature_mark = line != bare and bare.endswith("--") and bare.strip("> ") == "--"
            self.lines.append(f"{bare} " if is_signature_mark else bare)
            self.line = []
        elif keep_empty:
            self.write_gap()
            self.lines.append(self.prefix().rstrip())

    def end_paragraph(self) -> None:
        """End the line and ask for a blank one before the next."""
        if self.line:
            self.end_line()
        self.blank_before = True

    def finish(self) -> str:
        """Return the whole text."""
        self.end_line()
        lines = self.lines
        while lines and not lines[-1].strip("> "):
            lines.pop()
        return "\n".join(_collapse_blanks(lines))


def _collapse_blanks(lines: list[str]) -> list[str]:
    """Two blank lines in a row are enough of a gap."""
    kept: list[str] = []
    blanks = 0
    for line in lines:
        blanks = 0 if line.strip() else blanks + 1
        if blanks <= 2 and (kept or not blanks):  # noqa: PLR2004 a gap
            kept.append(line)
    return kept
