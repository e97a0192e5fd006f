"""The heading of a quotation: what it is, and what it proves. `quotes` finds it."""

from dataclasses import dataclass
from enum import Enum

from gateway.pipeline.reading.header_block import HeaderBlock


class Heading(Enum):
    """What a quotation begins with."""

    ATTRIBUTION = "attribution"
    """`On … wrote:`."""
    HEADERS = "headers"
    """From, Sent, To, Subject."""
    ORIGINAL = "original"
    """`-----Original Message-----`."""
    FORWARDED = "forwarded"
    """`---------- Forwarded message ---------` or `Begin forwarded message:`."""
    REPLY_ABOVE = "reply_above"
    """`##- Please type your reply above this line -##`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The heading of a quotation: lines `start` up to, not including, `end`."""

    heading: Heading
    start: int
    end: int
    is_followed_by_signs: bool
    """The next line with text begins with more `>` than the heading."""
    has_proof: bool
    """Prose hardly looks like this: it names day, time and person, or is a whole header block, or a separator."""
    block: HeaderBlock | None = None
    """The labelled lines in it."""
    is_running: bool = False
    """What is quoted goes on in the same line: only an answer looks like this."""
    is_bare: bool = False
    """The signs around it are its own (GroupWise): it is no part of what is quoted deeper."""
