"""Which mails say the same: all that counts is their words, for machines count up numbers and mail programs break lines."""

import re
from hashlib import blake2b
from typing import Final

from gateway.mail.reading import Reading

_NUMBERS: Final = re.compile(r"\d+")
_MOST_SIGNS: Final = 20_000
"""What begins with so much of the same says the same; no flood costs more than that."""


def said_in(reading: Reading) -> str:
    """Return what the author of a mail says in it, without what is quoted below."""
    reply = reading.reply
    return "\n".join(part for part in (reply.visible, reply.signature) if part.strip()) or reading.message.text


def likeness_of(text: str) -> str:
    """Return a digest that texts share which differ in numbers, case and white space only; empty where there are no words."""
    words = "".join(_NUMBERS.sub("", text[:_MOST_SIGNS]).split()).casefold()
    return blake2b(words.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest() if words else ""
