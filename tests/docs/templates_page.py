"""Makes docs/templates.md: a hand-written introduction, then every text with the variables it may name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.mail.outbound import Purpose
from gateway.pipeline.template_docs import documented_fields, purpose_says, views_in
from gateway.pipeline.variables import VARIABLES_OF

INTRODUCTION = Path(__file__).with_name("templates_introduction.md")


def render() -> str:
    """Return the page."""
    return "\n".join((INTRODUCTION.read_text(encoding="utf-8").rstrip("\n"), "", *_texts(), *_views())) + "\n"


def _texts() -> Iterator[str]:
    yield "## Texts and their variables"
    yield ""
    yield "Made from the source by `make docs`. Every text also has `language` (`de` or `en`) and `words` (what `_words` sets),"
    yield "its HTML `subject_line` and `plain_text`."
    yield ""
    for kind in dict.fromkeys(VARIABLES_OF.values()):
        for purpose in (each for each in Purpose if VARIABLES_OF[each] is kind):
            yield f"**`{purpose}`** {purpose_says(purpose)}"
            yield ""
        yield from _table(kind)


def _views() -> Iterator[str]:
    yield "## Parts of variables"
    yield ""
    for view in dict.fromkeys(view for kind in VARIABLES_OF.values() for view in views_in(kind)):
        yield f"### {view.__name__}"
        yield ""
        yield " ".join((view.__doc__ or "").split())
        yield ""
        yield from _table(view)


def _table(of: type[Any]) -> Iterator[str]:
    yield "| name | is | meaning |"
    yield "|---|---|---|"
    yield from (f"| `{each.name}` | {each.kind} | {each.says.replace('|', chr(92) + '|')} |" for each in documented_fields(of))
    yield ""
