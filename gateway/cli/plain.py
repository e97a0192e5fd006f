"""Values of ours as what JSON knows."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

from gateway.ids import format_id
from gateway.mail.addresses import Address, Mailbox
from gateway.mail.content import Content


def plain(value: Any) -> Any:  # noqa: ANN401, PLR0911 whatever a value may hold, one line for each
    """Turn a value of ours into what JSON knows; of bytes only digest and size."""
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case Address():
            return str(value)
        case Mailbox():
            return plain_mailbox(value)
        case Content():
            return {"sha256": value.sha256, "size": value.size}
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
        case _ if is_dataclass(value):
            return plain_fields(value)
        case _:
            return str(value)


def plain_fields(value: Any) -> dict[str, Any]:  # noqa: ANN401 any dataclass of ours
    """Return a dataclass's fields by name; ids as commands take them."""
    return {field.name: _plain_field(field.name, getattr(value, field.name)) for field in fields(value)}


def _plain_field(name: str, value: Any) -> Any:  # noqa: ANN401 whatever a field may hold
    is_id = name in {"id", "merged_into"} or name.endswith("_id")
    return format_id(value) if is_id and isinstance(value, int) else plain(value)


def plain_mailbox(mailbox: Mailbox) -> dict[str, Any]:
    """Return name and address."""
    return {"name": mailbox.name, "address": str(mailbox.address)}
