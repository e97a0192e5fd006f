"""Which mails say the same: all that counts is their words, for machines count up numbers and mail programs break lines."""

import re
from hashlib import blake2b
from typing import Final

from gateway.mail.reading import Reading

_NUMBERS: Final = re.compile(r"\d+")
_BLANKS_AND_DIGITS: Final = bytes(octet for octet in range(128) if chr(octet).isspace() or chr(octet).isdecimal())
_MOST_SIGNS: Final = 20_000
"""What begins with so much of the same says the same; no flood costs more than that."""


def said_in(reading: Reading) -> str:
    """Return what the author of a mail says in it, without what is quoted below."""
    reply = reading.reply
    return "\n".join(part for part in (reply.visible, reply.signature) if part.strip()) or reading.message.text


def likeness_of(text: str) -> str:
    """Return a digest that texts share which differ in numbers, case and white space only; empty where there are no words."""
    said = (
        text[:_MOST_SIGNS].encode("utf-8", "surrogatepass").translate(None, _BLANKS_AND_DIGITS).decode("utf-8", "surrogatepass")
    )
    words = "".join((said if _is_western(said) else _NUMBERS.sub("", said)).split()).casefold()
    return blake2b(words.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest() if words else ""


def _is_western(text: str) -> bool:
    """Tell whether a text is Latin-1, where all digits are ASCII; looking for others takes longer than all the rest."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
