"""What Alembic compares with the models: everything but the tables of the full-text search."""

from typing import Any


def is_ours(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:  # noqa: ANN401, FBT001 Alembic's
    """Leave out the search tables, which the migrations alone make, on each engine in its own way."""
    del item, reflected, compare_to
    return not (kind == "table" and name is not None and name.split("_")[0] == "search")
