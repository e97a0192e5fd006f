"""What agents can say to the gateway in the first lines of a mail.

A command is one row of `COMMANDS`: its words (English and German), what it takes, and what it means. Help texts, error texts
and the page for agents are made from the same table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.pipeline.effects import Assign, Effect, SetStatus
from gateway.pipeline.policy import Policy
from gateway.states import TicketStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """Who says a command and where: what its meaning can depend on."""

    agent: str
    argument: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Refused:
    """The command cannot be done; `hint` says what could."""

    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing an agent can say."""

    words: tuple[str, ...]
    """Without the `#`; the first is the one that documentation uses."""
    argument: str | None
    """What follows the word, named for help; None takes nothing."""
    help: str
    meaning: Callable[[Spoken], Effect | Refused | None]
    """None: nothing changes but what `makes_note` says."""
    makes_note: bool = False
    """The text below it stays internal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """What the first lines of a mail ask for."""

    effects: tuple[Effect, ...] = ()
    is_note: bool = False
    text: str = ""
    """What stands below the commands."""
    wrong: tuple[str, ...] = ()
    """What could not be understood or done, a sentence each; then nothing at all may be done."""


def _status(status: TicketStatus) -> Callable[[Spoken], Effect | Refused | None]:
    def set_status(spoken: Spoken) -> SetStatus:
        return SetStatus(status=status, by=spoken.agent, why=f"#{status}")

    return set_status


def _take(spoken: Spoken) -> Assign:
    return Assign(agent=spoken.agent, by=spoken.agent, why="#take")


def _assign(spoken: Spoken) -> Assign | Refused:
    wanted = spoken.argument.casefold()
    if wanted not in spoken.policy.agents:
        return Refused(f"There is no agent `{spoken.argument}`. Known: {', '.join(sorted(spoken.policy.agents))}.")
    return Assign(agent=wanted, by=spoken.agent, why=f"#assign {wanted}")


def _nothing(_spoken: Spoken) -> None:
    return None


COMMANDS: Final = (
    Command(
        words=("note", "notiz", "intern"),
        argument=None,
        help="What follows is for colleagues only; the customer never sees it.",
        meaning=_nothing,
        makes_note=True,
    ),
    Command(
        words=("solved", "gelöst", "erledigt"), argument=None, help="The matter is solved.", meaning=_status(TicketStatus.SOLVED)
    ),
    Command(
        words=("close", "closed", "schließen", "schliessen"),
        argument=None,
        help="Close it for good; the customer's next mail opens a new ticket.",
        meaning=_status(TicketStatus.CLOSED),
    ),
    Command(words=("open", "offen"), argument=None, help="We owe the next move.", meaning=_status(TicketStatus.OPEN)),
    Command(
        words=("pending", "wartet"), argument=None, help="The customer owes the next move.", meaning=_status(TicketStatus.PENDING)
    ),
    Command(
        words=("hold", "zurückstellen"),
        argument=None,
        help="Somebody else owes the next move.",
        meaning=_status(TicketStatus.ON_HOLD),
    ),
    Command(words=("take", "übernehmen"), argument=None, help="Take the ticket yourself.", meaning=_take),
    Command(words=("assign", "zuweisen"), argument="agent", help="Give the ticket to a colleague.", meaning=_assign),
)

_BY_WORD: Final = {word: command for command in COMMANDS for word in command.words}


def read_commands(text: str, *, agent: str, policy: Policy) -> Commands:
    """Read the commands in the first lines of an agent's own text.

    Lines that begin with `#` and a letter, or with `# ` and a word of ours, count until the first other line; a `#` further
    down is just text. Mail programs put blank lines and signs that nobody sees around them: these are passed over.
    """
    lines = text.split("\n")
    effects: list[Effect] = []
    wrong: list[str] = []
    is_note = False
    read = 0
    for index, line in enumerate(lines):
        stripped = "".join(c for c in line if c.isprintable() or c.isspace()).strip()
        if not stripped:
            continue
        word, _, argument = stripped[1:].strip().partition(" ")
        command = _BY_WORD.get(word.casefold())
        if stripped[0] != "#" or (command is None and not stripped[1:2].isalpha()):
            break
        read = index + 1
        if command is None:
            wrong.append(f"`{stripped[:60]}` is no command. Known: {', '.join('#' + c.words[0] for c in COMMANDS)}.")
            continue
        meaning = _mean(command, Spoken(agent=agent, argument=argument.strip(), policy=policy))
        if isinstance(meaning, Refused):
            wrong.append(meaning.hint)
        elif meaning is not None:
            effects.append(meaning)
        is_note = is_note or command.makes_note
    return Commands(effects=tuple(effects), is_note=is_note, text="\n".join(lines[read:]).strip("\n"), wrong=tuple(wrong))


def _mean(command: Command, spoken: Spoken) -> Effect | Refused | None:
    word = f"#{command.words[0]}"
    if command.argument and not spoken.argument:
        return Refused(f"`{word}` needs a word behind it: `{word} <{command.argument}>`.")
    if command.argument is None and spoken.argument:
        return Refused(f"`{word}` stands alone on its line; `{spoken.argument[:40]}` behind it was not understood.")
    return command.meaning(spoken)
