"""Plain parts that only say that the mail is HTML."""

import re
from typing import Final

_LONGEST: Final = 600
_VERBS: Final = (
    r"does|do|can|kann|unterst|prend|supporte|affich|soporta|support[ae]|ondersteun|obs[łl]uguje|mostr|visualiz|view|see|read|display|"
    r"anzeigen|sehen|lesen|requires?|ben[öo]tig|is in|im|en|in"
)
_NOUNS: Final = (
    r"e-?mail|mail|message|nachricht|client|programm?|format|viewer|version|courriel|mensaje|correo|messaggio|bericht|wiadomo"
)
_STUBS: Final = re.compile(rf"\b(?:{_VERBS})[^\n]{{0,80}}\bhtml\b|\bhtml\b[^\n]{{0,80}}(?:{_NOUNS})", re.IGNORECASE)
_CONTENT_WORDS: Final = 60


def is_stub(text: str) -> bool:
    """Tell whether a plain part says nothing, or merely that one's mail program should show HTML."""
    stripped = text.strip()
    if not stripped:
        return True
    if len(stripped) > _LONGEST or len(stripped.split()) > _CONTENT_WORDS:
        return False
    return _STUBS.search(stripped) is not None
