"""Tag lists `a=b; c=d`, as DKIM, ARC and DMARC write them (RFC 6376 section 3.2)."""

import re
from collections.abc import Mapping
from typing import Final

_NAME: Final = re.compile(rb"[A-Za-z][A-Za-z0-9_]*")
_WSP: Final = b" \t\r\n"


class MalformedTags(Exception):
    """Not a tag list: a name is missing, or one stands twice."""


def parse_tags(text: bytes) -> Mapping[bytes, bytes]:
    """Read a tag list into name → value, white space around both removed, order kept.

    Raises:
        MalformedTags: something is not `name=value`, or a name is repeated.
    """
    tags: dict[bytes, bytes] = {}
    for spec in text.split(b";"):
        stripped = spec.strip(_WSP)
        if not stripped:
            continue
        name, equals, value = stripped.partition(b"=")
        name = name.rstrip(_WSP)
        if not equals or not (name.isalpha() or _NAME.fullmatch(name)):
            raise MalformedTags("something in it is not name=value")
        if name in tags:
            raise MalformedTags("a tag stands twice")
        tags[name] = value.lstrip(_WSP)
    return tags


def without_white_space(value: bytes) -> bytes:
    """Remove folding white space, as base64 and lists of names may hold it."""
    return value.translate(None, _WSP)


def empty_tag(raw: bytes, name: bytes) -> bytes:
    """Return a raw header field with the value of one tag taken out, white space around it too (RFC 6376 section 3.7)."""
    head, colon, value = raw.partition(b":")
    specs = value.split(b";")
    for index, spec in enumerate(specs):
        found, equals, _ = spec.partition(b"=")
        if equals and found.strip(_WSP) == name:
            specs[index] = found + equals
            break
    return head + colon + b";".join(specs)
