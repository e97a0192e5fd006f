"""Every error this product raises on purpose.

The first cut is whether trying again can help::

    GatewayError
    ├── TransientError          try again: 451 before the 250, the mail stays `received` after it
    │   ├── StorageUnavailable  the database or the disk does not take it now
    │   ├── ConcurrentChange    somebody was faster: decide again on fresh facts
    │   └── Overloaded          a bound of ours is reached
    └── PermanentError          trying again cannot help
        ├── ConfigError         the admin's file is wrong
        ├── InvalidAddress      not an address that mail could be sent to
        ├── InvalidTransition   a state change that no table allows (our own fault)
        ├── NotFound            nothing has that id or number
        └── WrongCommand        an operator asked for what cannot be done

Anything else that is raised is a fault of ours: 451 before the 250, state `failed` after it.
What a stranger is told is never the text of an error.
"""


class GatewayError(Exception):
    """Base of all errors raised on purpose."""


class TransientError(GatewayError):
    """Trying again later can help."""


class StorageUnavailable(TransientError):
    """The database or the disk does not take the work now."""


class ConcurrentChange(TransientError):
    """Somebody else changed the same thing first; read again and decide again."""


class Overloaded(TransientError):
    """A configured bound is reached."""


class PermanentError(GatewayError):
    """Trying again cannot help."""


class ConfigError(PermanentError):
    """The configuration is wrong; `problems` holds every mistake as `file:line:column: key: reason`."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class InvalidAddress(PermanentError):
    """Not an address that mail could be sent to."""


class InvalidTransition(PermanentError):
    """A state change that no table allows."""


class NotFound(PermanentError):
    """Nothing has that id or number."""


class WrongCommand(PermanentError):
    """What was asked for cannot be done; the text says what could."""
