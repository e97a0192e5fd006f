"""What the models say about a place in the file: which keys it takes, and what type stands there.

Used for error messages, for references that become paths, and for the example. Knows nothing of any particular section.
"""

import difflib
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel

from gateway.config.document import Keys


def arms_of(annotation: object) -> Iterator[object]:
    """Yield every type that may stand where `annotation` says, without Annotated, Optional and Union around it."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from arms_of(get_args(annotation)[0])
    elif origin in {Union, UnionType}:
        for arm in get_args(annotation):
            yield from arms_of(arm)
    elif annotation is not NoneType:
        yield annotation


def model_of(annotation: object) -> type[BaseModel] | None:
    """Return the section that stands where `annotation` says, or None."""
    for arm in arms_of(annotation):
        if isinstance(arm, type) and issubclass(arm, BaseModel):
            return arm
    return None


def item_of(annotation: object) -> object | None:
    """Return the type of a list's items or a mapping's values, or None where neither stands there."""
    for arm in arms_of(annotation):
        if get_origin(arm) in {list, dict, tuple}:
            inner: object = get_args(arm)[1 if get_origin(arm) is dict else 0]
            return inner
    return None


def annotations_at(annotation: object, keys: Keys) -> Iterator[object]:
    """Yield each type that the models allow at `keys` below `annotation`."""
    if not keys:
        yield from arms_of(annotation)
        return
    first, rest = keys[0], keys[1:]
    for arm in arms_of(annotation):
        if isinstance(arm, type) and issubclass(arm, BaseModel):
            if isinstance(first, str) and first in arm.model_fields:
                yield from annotations_at(arm.model_fields[first].annotation, rest)
        elif get_origin(arm) in {list, dict, tuple}:
            yield from annotations_at(item_of(arm), rest)


def is_path(root: type[BaseModel], keys: Keys) -> bool:
    """Tell whether a file's path stands at `keys`."""
    return any(arm is Path for arm in annotations_at(root, keys))


def known_keys(root: type[BaseModel], keys: Keys) -> list[str]:
    """Return the keys that the section at `keys` takes."""
    models = (arm for arm in annotations_at(root, keys) if isinstance(arm, type) and issubclass(arm, BaseModel))
    return list(dict.fromkeys(name for model in models for name in model.model_fields))


def did_you_mean(word: str, choices: list[str]) -> str:
    """Return `; did you mean …?` for the choice that looks most like `word`, or else the choices."""
    if close := difflib.get_close_matches(word, choices, n=1, cutoff=0.6):
        return f"; did you mean `{close[0]}`?"
    return f"; known are {', '.join(choices)}" if choices else ""
