"""What the checks between sections find."""

from dataclasses import dataclass

from gateway.config.document import Keys


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake at `keys`."""

    keys: Keys
    reason: str
