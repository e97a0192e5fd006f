"""What the command tells its caller when it ends: the words of sysexits(3)."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes."""

    OK = 0
    FAILED = 1
    """The command did its work, and the answer is no."""
    USAGE = 64
    """The command line is wrong."""
    DATA = 65
    """What was given to read is wrong."""
    NO_INPUT = 66
    """A file cannot be read."""
    NO_SUCH = 67
    """Nothing has that address, id or number."""
    UNAVAILABLE = 69
    """The gateway, or something that it needs, does not answer."""
    SOFTWARE = 70
    """A fault of ours."""
    CANNOT_WRITE = 73
    """Something cannot be written."""
    TEMPORARY = 75
    """Try again later; a pipe alias keeps the mail."""
    NOT_ALLOWED = 77
    """Not for this user."""
    CONFIG = 78
    """The configuration is wrong."""
    INTERRUPTED = 130
    """Ctrl-C."""
