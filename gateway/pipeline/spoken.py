"""What a command is: the words for it, what it takes, and what it means. The commands themselves stand in `commands_*.py`.

A command is one row, made beside its meaning: help, hints and the page for agents follow from it. A meaning returns what is to
be done, or why it cannot be, and then nothing of the whole mail is done.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from gateway.mail.addresses import Mailbox
from gateway.pipeline.case import Case
from gateway.pipeline.effects import Effect, MoveToQueue
from gateway.pipeline.policy import Policy
from gateway.pipeline.said import Said
from gateway.tickets import Ticket


class Needs(Enum):
    """What must be there for a command to mean anything."""

    NOTHING = auto()
    """It is about the agent."""
    TICKET = auto()
    """A ticket, or one that the same mail begins."""
    EARLIER_TICKET = auto()
    """A ticket in which something was said before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A command as an agent said it, and what its meaning can depend on."""

    case: Case
    agent: str
    word: str
    """As typed, with the `#`."""
    argument: str
    ticket: Ticket | None
    before: tuple[Effect, ...]
    """What the lines above it ask for."""

    @property
    def policy(self) -> Policy:
        """Return the configuration."""
        return self.case.policy

    @property
    def why(self) -> str:
        """Return what the history says of it: the line of the command."""
        return f"{self.word} {self.argument}".strip()

    @property
    def queue(self) -> str:
        """Return the queue in which the ticket will be after the lines above."""
        moved = [effect.queue for effect in self.before if isinstance(effect, MoveToQueue)]
        return moved[-1] if moved else (self.ticket.queue if self.ticket else self.case.channel.queue)

    def on(self) -> Ticket:
        """Return the ticket; only a command that needs an earlier one may ask."""
        if self.ticket is None:
            message = f"{self.word} without a ticket"
            raise AssertionError(message)
        return self.ticket


@dataclass(frozen=True, slots=True)
class Refused:
    """The command cannot be done; `hint` says what could."""

    hint: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What a command asks for."""

    effects: tuple[Effect, ...] = ()
    is_note: bool = False
    """The text below it stays internal."""
    sends_anyway: bool = False
    """The answer goes out although a colleague has answered since."""
    begins_with: tuple[Mailbox, ...] = ()
    """Whom a conversation is begun with."""
    tells: tuple[Said, ...] = ()
    """What the agent hears when it is done; nothing where that is obvious."""


Meaning = Callable[[Spoken], Meant | Refused]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing an agent can say."""

    words: tuple[str, ...]
    """In English, without the `#`; the first is the one that documentation uses."""
    german: tuple[str, ...]
    argument: Said | None = None
    """What follows the word, named for help; None takes nothing."""
    is_optional: bool = False
    """It may also stand alone."""
    help: Said
    meaning: Meaning
    needs: Needs = Needs.TICKET
    is_once: bool = False
    """It cannot be said twice in one mail."""

    def word(self, language: str) -> str:
        """Return the first word of a language, with its `#`."""
        return f"#{(self.german if language == 'de' else self.words)[0]}"

    def usage(self, language: str) -> str:
        """Return how it is written, such as `#assign <agent>`."""
        if self.argument is None:
            return self.word(language)
        argument = f"<{self.argument.to(language)}>"
        return f"{self.word(language)} {f'[{argument}]' if self.is_optional else argument}"
