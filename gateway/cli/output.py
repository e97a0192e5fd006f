"""What commands print: results to standard output, everything else to standard error.

JSON is strict UTF-8 whatever the locale says, one value per line; tables are for people on a terminal.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

_WIDTH_OF_PIPE: Final = 160
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


def print_rows(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """Draw a table, whose last column takes the room that is left; `empty` stands there when there is nothing to show."""
    from rich import box  # noqa: PLC0415 slow to import
    from rich.table import Table  # noqa: PLC0415 slow to import
    from rich.text import Text  # noqa: PLC0415 slow to import

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=number < len(columns) - 1)
    for row in rows:
        table.add_row(*(Text(clean(cell)) for cell in row))
    print_rich(table if table.row_count else Text(empty, style="dim"))


def print_rich(*things: object) -> None:
    """Show rich's renderables on standard output."""
    from rich.console import Console  # noqa: PLC0415 slow to import

    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_OF_PIPE)
    for thing in things:
        console.print(thing)


def clean(text: str) -> str:
    """Return text that cannot move a terminal's cursor or colour it: mail is written by strangers."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def counted(number: int, word: str) -> str:
    """Return `1 ticket`, `2 tickets`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


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
