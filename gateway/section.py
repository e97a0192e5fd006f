"""What every section of the configuration is made of: one base model, and types for values with units.

Each package owns the pydantic models of its own section and builds them from these; only `config.py` sees the whole.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr, WithJsonSchema

from gateway.errors import InvalidAddress
from gateway.mail.addresses import Address


class Section(BaseModel):
    """A part of the YAML file: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, arbitrary_types_allowed=True)


_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d|w)?")
_SECONDS: Final = {"ms": 0.001, "s": 1, None: 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(b|kb|mb|gb|k|m|g)?", re.IGNORECASE)
_OCTETS: Final = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3}


def parse_seconds(value: object) -> object:
    """Turn `90`, `"90s"`, `"5m"`, `"2h"`, `"3d"` or `"1w"` into seconds; anything else is left for pydantic to refuse."""
    if isinstance(value, str):
        match = _DURATION.fullmatch(value.strip().lower())
        if match is None:
            message = f"{value!r} is not a duration; write a number and one of ms, s, m, h, d, w, such as 90s or 2h"
            raise ValueError(message)
        return float(match[1]) * _SECONDS[match[2]]
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """A length of business time: hours count as they are, days and weeks as the calendar that it is counted by has them."""

    seconds: float = 0.0
    days: float = 0.0
    weeks: float = 0.0

    def in_seconds(self, *, day: float, week: float) -> float:
        """Return seconds, for a calendar whose working day and week are so long."""
        return self.seconds + self.days * day + self.weeks * week


_BUSINESS_TIME: Final = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s*(s|m|min|h|d|w)")


def parse_business_time(value: object) -> object:
    """Turn `30m`, `4h`, `3d` or `1d 4h` into a `Duration`; a number alone says too little."""
    if isinstance(value, Duration):
        return value
    if not isinstance(value, str):
        message = f"{value!r} is no business time; write numbers with s, m, h, d or w, such as 30m, 4h or 3d"
        raise ValueError(message)  # noqa: TRY004 pydantic takes it as a mistake of the file
    found = Duration()
    for word in re.split(r"(?<=[a-z])\s*(?=\d)", value.strip().lower()):
        match = _BUSINESS_TIME.fullmatch(word)
        if match is None:
            message = f"{value!r} is no business time; write numbers with s, m, h, d or w, such as 30m, 4h or 3d"
            raise ValueError(message)
        amount, unit = float(match[1]), match[2]
        found = Duration(
            seconds=found.seconds + (amount * _SECONDS[unit] if unit not in "dw" else 0.0),
            days=found.days + (amount if unit == "d" else 0.0),
            weeks=found.weeks + (amount if unit == "w" else 0.0),
        )
    if found == Duration():
        message = f"{value!r} is no time at all"
        raise ValueError(message)
    return found


def parse_octets(value: object) -> object:
    """Turn `1000`, `"25 MB"` or `"64k"` (powers of 1000) into octets."""
    if isinstance(value, str):
        match = _SIZE.fullmatch(value.strip())
        if match is None:
            message = f"{value!r} is not a size; write a number and one of KB, MB, GB, such as 25 MB"
            raise ValueError(message)
        return int(float(match[1]) * _OCTETS[(match[2] or "").lower().rstrip("b")])
    return value


def parse_address(value: object) -> object:
    """Turn a string into an `Address`, refusing what no mail could be sent to."""
    if isinstance(value, str):
        try:
            return Address.parse(value)
        except InvalidAddress:
            message = f"{value!r} is not a mail address"
            raise ValueError(message) from None
    return value


Seconds = Annotated[
    float, BeforeValidator(parse_seconds), WithJsonSchema({"type": ["number", "string"], "examples": ["30s", "2h"]})
]
BusinessTime = Annotated[
    Duration, BeforeValidator(parse_business_time), WithJsonSchema({"type": "string", "examples": ["30m", "4h", "3d"]})
]
Octets = Annotated[int, BeforeValidator(parse_octets), WithJsonSchema({"type": ["integer", "string"], "examples": ["25 MB"]})]
ConfiguredAddress = Annotated[Address, BeforeValidator(parse_address), WithJsonSchema({"type": "string", "format": "email"})]
Secret = SecretStr
"""Written as `${credential:name}`, `${file:/path}` or `${env:NAME}`; never printed."""
