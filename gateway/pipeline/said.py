"""One sentence for agents or admins, in German and in English, side by side."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One sentence in both languages."""

    de: str
    en: str

    def to(self, language: str) -> str:
        """Return it in a language; whoever reads neither gets English."""
        return self.de if language == "de" else self.en
