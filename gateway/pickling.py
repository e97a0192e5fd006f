"""Pickles between our own processes, over pipes and sockets that nobody else can reach. Never for anything from outside.

The words of this product are frozen dataclasses with slots, which Python pickles by way of a slow generic path: it asks for
the list of fields with every single value. Here the way is made once for each class; any other class goes the usual way.
"""

import copyreg
import dataclasses
import io
import pickle
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from types import ModuleType
from typing import Any, Final

from gateway import people, tickets
from gateway.mail import addresses, content, envelope, evidence, message, outbound, reading, received

_Reduced = tuple[Callable[..., Any], tuple[Any, ...]]


def dumps(value: object) -> bytes:
    """Return a value as octets. Raises PicklingError or what the value raises."""
    octets = io.BytesIO()
    pickler = pickle.Pickler(octets, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _REDUCERS
    pickler.dump(value)
    return octets.getvalue()


def loads(octets: bytes) -> Any:  # noqa: ANN401 whatever it was
    """Return the value that a process of ours made into octets."""
    return pickle.loads(octets)  # noqa: S301 from our own process


def _words_of(*modules: ModuleType) -> dict[type[Any], tuple[str, ...]]:
    """Return the fields of each of these modules' own dataclasses that has slots for all of them, and two or more.

    One that says itself how it is pickled is left to that.
    """
    found: dict[type[Any], tuple[str, ...]] = {}
    own = (v for m in modules for v in vars(m).values() if isinstance(v, type) and v.__module__ == m.__name__)
    for kind in (each for each in own if "__reduce__" not in vars(each)):
        names = tuple(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else ()
        if len(names) > 1 and set(names) <= set(vars(kind).get("__slots__", ())):
            found[kind] = names
    return found


_SETTERS: Final[dict[type[Any], tuple[Callable[[Any, Any], None], ...]]] = {}
"""What sets each slot, past the class's own refusal to be changed."""
_REDUCERS: Final[dict[type[Any], Callable[[Any], Any]]] = dict(copyreg.dispatch_table)


def learn(*modules: ModuleType) -> None:
    """Take the quick way for the words of these modules, too; whoever loads them learns them by themselves."""
    for kind, names in _words_of(*modules).items():
        _SETTERS[kind] = _setters_of(kind, names)
        _REDUCERS[kind] = partial(_reduce, kind, attrgetter(*names))


def _reduce(kind: type[Any], read: Callable[[Any], tuple[Any, ...]], value: object) -> _Reduced:
    return _rebuild, (kind, read(value))


def _rebuild(kind: type[Any], values: tuple[Any, ...]) -> Any:  # noqa: ANN401 of that class
    setters = _SETTERS.get(kind)
    if setters is None:
        setters = _SETTERS[kind] = _setters_of(kind, tuple(field.name for field in dataclasses.fields(kind)))
    made = object.__new__(kind)
    for set_, value in zip(setters, values, strict=True):
        set_(made, value)
    return made


def _setters_of(kind: type[Any], names: tuple[str, ...]) -> tuple[Callable[[Any, Any], None], ...]:
    return tuple(vars(kind)[name].__set__ for name in names)


learn(addresses, content, envelope, evidence, message, outbound, reading, received, people, tickets)
