"""The header fields of a mail by name, for those who ask for many of them."""

from collections import defaultdict

from gateway.mail.message import Message


class HeaderIndex:
    """Fields by lower-case name, each looked up at once."""

    def __init__(self, message: Message) -> None:
        self._values: defaultdict[str, list[str]] = defaultdict(list)
        for header in message.headers:
            self._values[header.name.lower()].append(header.value)

    def first(self, name: str) -> str | None:
        """Return the topmost field of a name, given in lower case, or None."""
        values = self._values.get(name)
        return values[0] if values else None

    def all(self, name: str) -> list[str]:
        """Return every field of a name, given in lower case, topmost first."""
        return self._values.get(name, [])

    def __contains__(self, name: str) -> bool:
        return name in self._values
