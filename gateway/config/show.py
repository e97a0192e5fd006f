"""A loaded configuration as plain values to be shown: every default filled in, every secret hidden.

What is not set and has no default is left out.
"""

import re
from typing import Any, Final

from pydantic import BaseModel

from gateway.config.document import Keys
from gateway.config.example import as_plain
from gateway.config.load import Loaded
from gateway.config.secrets import Secrets

_PASSWORD_IN_URL: Final = re.compile(r"^([a-z+]+://[^:/@]*:)[^@]*@")


def effective_values(loaded: Loaded) -> dict[str, Any]:
    """Return what is in force; where a reference like `${credential:x}` stands in the file, it stands here."""
    return {name: _hidden(getattr(loaded.config, name), (name,), loaded.secrets) for name in type(loaded.config).model_fields}


def _hidden(value: Any, keys: Keys, secrets: Secrets) -> Any:  # noqa: ANN401 whatever a model may hold
    if (reference := secrets.references.get(keys)) is not None:
        return reference.written
    match value:
        case BaseModel():
            items = {name: _hidden(getattr(value, name), (*keys, name), secrets) for name in type(value).model_fields}
            return {name: item for name, item in items.items() if item is not None}
        case dict():
            return {key: _hidden(item, (*keys, key), secrets) for key, item in value.items()}
        case list():
            return [_hidden(item, (*keys, index), secrets) for index, item in enumerate(value)]
        case str():
            return _PASSWORD_IN_URL.sub(r"\1**********@", value)
        case _:
            return as_plain(value)
