"""What commands print: results to standard output, everything else to standard error.

JSON is strict UTF-8 whatever the locale says, one value per line; tables are for people on a terminal.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

_WIDTH_OF_PIPE: Final = 160
_NARROW: Final = 20
"""Cells up to this width are never folded."""
_FOLDED: Final = 16
_GAP: Final = 3
_EDGES: Final = 2
_SURROGATES: Final = dict.fromkeys(range(55296, 57344), "�")


def print_text(text: str) -> None:
    """Write text to standard output as UTF-8, at once."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def print_json(value: Any, *, indent: int | None = None) -> None:  # noqa: ANN401 whatever JSON can say
    """Write one JSON value and a line feed."""
    print_text(to_json(value, indent=indent) + "\n")


def to_json(value: Any, *, indent: int | None = None) -> str:  # noqa: ANN401 whatever JSON can say
    """Return JSON without lone surrogates (RFC 8259 section 8.2) and without NaN."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    return text if text.isascii() else text.translate(_SURROGATES)


def print_error(text: str) -> None:
    """Say on standard error what went wrong."""
    sys.stdout.flush()
    sys.stderr.write(f"ticket-gateway: {text}\n")
    sys.stderr.flush()


def print_rows(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str, spare: Sequence[str] = ()
) -> None:
    """Draw a table; `empty` stands there when there is nothing to show.

    Long cells are folded, never cut. Columns without a word are left out, and the `spare` ones, the first first, where the
    terminal is too narrow for all of them.
    """
    from rich import box  # noqa: PLC0415 slow to import
    from rich.table import Table  # noqa: PLC0415 slow to import
    from rich.text import Text  # noqa: PLC0415 slow to import

    cells = [[clean(cell) for cell in row] for row in rows]
    if not cells:
        print_rich(Text(empty, style="dim"))
        return
    widths = {column: _width(row[number] for row in cells) for number, column in enumerate(columns)}
    shown = _columns_that_fit(columns, widths, spare, _console().width)
    if _room(shown, widths) > _console().width:
        _print_blocks(title, columns, cells)
        return
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in shown:
        is_narrow = widths[column] <= _NARROW
        table.add_column(column, overflow="fold", no_wrap=is_narrow, min_width=None if is_narrow else _FOLDED)
    numbers = [columns.index(column) for column in shown]
    for row in cells:
        table.add_row(*(Text(row[number]) for number in numbers))
    print_rich(table)


def _width(cells: Iterable[str]) -> int:
    """Return how much room the longest line of any of these cells takes."""
    from rich.cells import cell_len  # noqa: PLC0415 slow to import

    return max((cell_len(line) for cell in cells for line in cell.split("\n")), default=0)


def _columns_that_fit(columns: Sequence[str], widths: Mapping[str, int], spare: Sequence[str], width: int) -> list[str]:
    """Leave columns out until each of those that may be folded keeps room for a few words."""
    shown = [column for column in columns if widths[column] or not column]
    for column in spare:
        if _room(shown, widths) <= width:
            break
        shown = [c for c in shown if c != column]
    return shown


def _room(shown: Sequence[str], widths: Mapping[str, int]) -> int:
    """Return how much room these columns need at least, the gaps and the edges included."""
    needed = (max(_FOLDED if widths[column] > _NARROW else widths[column], len(column)) for column in shown)
    return sum(needed) + _GAP * (len(shown) - 1) + _EDGES


def _print_blocks(title: str, columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Write rows one below the other, where a table would be too wide to read."""
    print_heading(title)
    for row in cells:
        print_text("\n")
        print_fields({column: cell for column, cell in zip(columns, row, strict=True) if cell and column})


def print_rich(*things: object) -> None:
    """Show rich's renderables on standard output."""
    console = _console()
    for thing in things:
        console.print(thing)


def _console() -> "Console":
    from rich.console import Console  # noqa: PLC0415 slow to import

    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_OF_PIPE)


def clean(text: str) -> str:
    """Return text that cannot move a terminal's cursor or colour it: mail is written by strangers."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def say_step(step: str) -> str:
    """Return a step of a decision as words; rules and triggers have names that their admin chose."""
    return step.replace("_", " ") if step.isidentifier() else step


def counted(number: int, word: str) -> str:
    """Return `1 ticket`, `2 tickets`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def progress_bar() -> "Progress":
    """Return a bar for long work; it shows on a terminal only, on standard error, and leaves nothing behind."""
    from rich.console import Console  # noqa: PLC0415 slow to import
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415 likewise

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def print_fields(fields: Mapping[str, str]) -> None:
    """Draw names and values, one pair per line."""
    from rich.table import Table  # noqa: PLC0415 slow to import
    from rich.text import Text  # noqa: PLC0415 slow to import

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in fields.items():
        grid.add_row(name, Text(clean(value)))
    print_rich(grid)


def print_heading(text: str) -> None:
    """Write a line that begins something."""
    from rich.text import Text  # noqa: PLC0415 slow to import

    print_rich(Text(""), Text(clean(text), style="bold"))


def print_text_block(text: str) -> None:
    """Write what somebody wrote, indented."""
    from rich.padding import Padding  # noqa: PLC0415 slow to import
    from rich.text import Text  # noqa: PLC0415 slow to import

    print_rich(Padding(Text(clean(text)), (0, 0, 0, 2), expand=False))
