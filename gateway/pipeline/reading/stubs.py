"""Plain parts that only say that the mail is HTML."""

import re
from typing import Final

_MOST_WORDS: Final = 60
_HTML: Final = re.compile(r"\bx?html\b", re.IGNORECASE)
_ABOUT_MAIL: Final = re.compile(
    r"client|programm?|viewer|reader|browser|version|format|e-?mail|message|nachricht|logiciel|courriel|correo|mensaje|messaggio|"
    r"bericht|wiadomo|viesti|meddelande|besked|mensagem",
    re.IGNORECASE,
)


def is_stub(text: str) -> bool:
    """Tell whether a plain part says nothing, or merely that one's mail program should show HTML."""
    stripped = text.strip()
    if not stripped:
        return True
    if len(stripped) > _MOST_WORDS * 12 or len(stripped.split()) > _MOST_WORDS or "?" in stripped:
        return False
    return _HTML.search(stripped) is not None and _ABOUT_MAIL.search(stripped) is not None
