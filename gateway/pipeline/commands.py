"""What agents say to the gateway in the first lines of a mail: the table of all commands, and how they are read.

A command is one row in one of the modules named below, beside its meaning. Help texts and hints are made from the same rows.
Nothing is done by half: if one line is wrong, nothing of the whole mail is done and nothing is sent.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.mail.addresses import Mailbox
from gateway.pipeline import sayings, sayings_commands
from gateway.pipeline.case import Case
from gateway.pipeline.commands_people import PEOPLE_COMMANDS
from gateway.pipeline.commands_thread import THREAD_COMMANDS
from gateway.pipeline.commands_ticket import TICKET_COMMANDS
from gateway.pipeline.effects import Effect
from gateway.pipeline.near import nearest
from gateway.pipeline.said import Said
from gateway.pipeline.spoken import Command, Meant, Needs, Refused, Spoken
from gateway.tickets import Ticket

COMMANDS: Final[tuple[Command, ...]] = (*THREAD_COMMANDS, *TICKET_COMMANDS, *PEOPLE_COMMANDS)

_BY_WORD: Final = {word.casefold(): command for command in COMMANDS for word in (*command.words, *command.german)}
_BEGINS: Final = "to"
_NOTES: Final = frozenset({"note", "spam"})
_LONGEST_LINE: Final = 500
_SHOWN: Final = 60
_MOST: Final = 30
"""So many commands in one mail are nobody's who types them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """What the first lines of a mail ask for."""

    meant: tuple[Meant, ...] = ()
    text: str = ""
    """What stands below the commands."""
    wrong: tuple[Said, ...] = ()
    """What could not be understood or done, a sentence each; then nothing at all may be done."""

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Return everything that is to be done, in the order in which it was said."""
        return tuple(effect for meant in self.meant for effect in meant.effects)

    @property
    def is_note(self) -> bool:
        """Tell whether the text stays internal."""
        return any(meant.is_note for meant in self.meant)

    @property
    def sends_anyway(self) -> bool:
        """Tell whether the answer goes out although it is stale."""
        return any(meant.sends_anyway for meant in self.meant)

    @property
    def begins_with(self) -> tuple[Mailbox, ...]:
        """Return whom a conversation is begun with."""
        return tuple(mailbox for meant in self.meant for mailbox in meant.begins_with)

    @property
    def tells(self) -> tuple[Said, ...]:
        """Return what the agent hears when all of it is done."""
        return tuple(said for meant in self.meant for said in meant.tells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line that begins with a command, or with what looks like one."""

    text: str
    command: Command | None
    argument: str
    is_cut: bool = False
    """It was longer than anybody types, so what stands at its end may be half of something."""

    @property
    def word(self) -> str:
        """Return the word as typed, with its `#`."""
        return f"#{self.text[1:].strip().partition(' ')[0]}"


@dataclass(slots=True, kw_only=True)
class _Reading:
    case: Case
    agent: str
    ticket: Ticket | None
    begins: bool
    """The mail makes a ticket."""
    may_begin: bool
    """`#to` may be what makes it."""
    meant: list[Meant] = field(default_factory=list)
    wrong: list[Said] = field(default_factory=list)
    said: set[str] = field(default_factory=set)

    def read(self, line: Line) -> None:
        command = line.command
        if command is None:
            self.wrong.append(_unknown(line, self.case.language_of(self.agent)))
            return
        cut = Refused(sayings_commands.line_too_long(line.word, _LONGEST_LINE)) if line.is_cut else None
        meaning = cut or self._mean(command, line)
        if isinstance(meaning, Refused):
            self.wrong.append(meaning.hint)
        else:
            self.meant.append(meaning)
            self.said.add(command.words[0])

    def _mean(self, command: Command, line: Line) -> Meant | Refused:
        if command.argument is not None and not command.is_optional and not line.argument:
            return Refused(sayings_commands.needs_argument(line.word, command.argument))
        if command.argument is None and line.argument:
            return Refused(sayings_commands.stands_alone(line.word, line.argument[:_SHOWN]))
        if command.is_once and command.words[0] in self.said:
            return Refused(sayings_commands.only_once(line.word))
        missing = command.needs is Needs.EARLIER_TICKET or (command.needs is Needs.TICKET and not self.begins)
        if self.ticket is None and missing:
            return Refused(sayings_commands.needs_ticket(line.word))
        if command.words[0] == _BEGINS and not self.may_begin:
            return Refused(sayings.begins_in_new_mail(line.word))
        before = tuple(effect for meant in self.meant for effect in meant.effects)
        return command.meaning(
            Spoken(case=self.case, agent=self.agent, word=line.word, argument=line.argument, ticket=self.ticket, before=before)
        )


def read_commands(text: str, *, agent: str, case: Case, ticket: Ticket | None, begins: bool = False) -> Commands:
    """Read the commands in the first lines of an agent's own text; `begins` says that the mail makes a ticket.

    Lines that begin with `#` and a letter, or with `# ` and a word of ours, count until the first other line; a `#` further
    down is just text. Mail programs put blank lines and signs that nobody sees around them: these are passed over.
    """
    lines = text.split("\n")
    found = tuple(_first_lines(lines))
    if len(found) > _MOST:
        return Commands(wrong=(sayings_commands.too_many_commands(_MOST),))
    has_to = any(line.command is not None and line.command.words[0] == _BEGINS for _, line in found)
    reading = _Reading(case=case, agent=agent, ticket=ticket, begins=begins or has_to, may_begin=ticket is None and not begins)
    for _, line in found:
        reading.read(line)
    below = found[-1][0] + 1 if found else 0
    return Commands(meant=tuple(reading.meant), text="\n".join(lines[below:]).strip("\n"), wrong=tuple(reading.wrong))


def command_lines(text: str) -> tuple[Line, ...]:
    """Return the first lines of a text that are commands, or look like some."""
    return tuple(line for _, line in _first_lines(text.split("\n")))


def says_note(text: str) -> bool:
    """Tell whether the first lines say that what follows is for colleagues only."""
    return any(line.command is not None and line.command.words[0] in _NOTES for line in command_lines(text))


def _first_lines(lines: list[str]) -> Iterator[tuple[int, Line]]:
    for index, line in enumerate(lines):
        stripped = "".join(c for c in line[:_LONGEST_LINE] if c.isprintable() or c.isspace()).strip()
        if not stripped:
            continue
        word, _, argument = stripped[1:].strip().partition(" ")
        command = _BY_WORD.get(word.casefold().rstrip(":"))
        if stripped[0] != "#" or (command is None and not stripped[1:2].isalpha()):
            return
        is_cut = len(line) > _LONGEST_LINE
        yield index, Line(text=stripped, command=command, argument=argument.strip(), is_cut=is_cut)


def _unknown(line: Line, language: str) -> Said:
    meant = nearest(line.word[1:], _BY_WORD)
    known = [command.word(language) for command in COMMANDS]
    return sayings_commands.unknown_command(line.text[:_SHOWN], f"#{meant}" if meant else None, known)
