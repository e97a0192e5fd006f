"""Who may catch everything is written down once, and is true."""

import ast
import re
from pathlib import Path

from gateway import errors

ROOT = Path(errors.__file__).parent


def handlers(path: Path, name: str) -> list[ast.ExceptHandler]:
    """Return where a module catches this class of exceptions, by its own name or by none."""
    nodes = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ExceptHandler))
    return [node for node in nodes if node.type is None or (isinstance(node.type, ast.Name) and node.type.id == name)]


def test_everything_is_caught_only_where_the_tree_of_errors_says_so() -> None:
    named = set(re.findall(r"`([a-z_/]+\.py)`", errors.__doc__ or ""))
    catching = {str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py") if handlers(path, "Exception")}
    assert named == catching | {"tests/docs/test_docs_errors.py"}


def test_what_ends_a_program_is_raised_again_by_whoever_tidies_up_first() -> None:
    found = [(path, each) for path in ROOT.rglob("*.py") for each in handlers(path, "BaseException")]
    assert found
    swallowing = {str(path.relative_to(ROOT)) for path, each in found if not isinstance(each.body[-1], ast.Raise)}
    assert swallowing == {"storage/sqlite.py"}, "its writing thread hands everything to those who wait"
