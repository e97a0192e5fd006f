"""What agents are told of a command that cannot be obeyed: how it is written, or why it cannot be."""

from collections.abc import Iterable

from gateway.pipeline.said import Said

# --------------------------------------------------------------------------------------------------- how commands are written


def unknown_command(line: str, meant: str | None, known: Iterable[str]) -> Said:
    """Say: no such command."""
    if meant is not None:
        return Said(
            de=f"`{line}` gibt es nicht. Gemeint war vielleicht `{meant}`. Alle Befehle nennt `#hilfe`.",
            en=f"`{line}` is no command. Perhaps `{meant}` was meant. `#help` names all of them.",
        )
    listed = ", ".join(known)
    return Said(de=f"`{line}` gibt es nicht. Es gibt: {listed}.", en=f"`{line}` is no command. There are: {listed}.")


def needs_argument(word: str, argument: Said) -> Said:
    """Say: something must stand behind it."""
    return Said(
        de=f"Hinter `{word}` fehlt etwas: `{word} <{argument.de}>`.",
        en=f"Something is missing behind `{word}`: `{word} <{argument.en}>`.",
    )


def stands_alone(word: str, argument: str) -> Said:
    """Say: nothing may stand behind it."""
    return Said(
        de=f"`{word}` steht allein in seiner Zeile; `{argument}` dahinter wurde nicht verstanden. Ihr Text beginnt darunter.",
        en=f"`{word}` stands alone on its line; `{argument}` behind it was not understood. Your text begins below it.",
    )


def needs_ticket(word: str) -> Said:
    """Say: it says something about a ticket, and the mail belongs to none."""
    return Said(
        de=f"`{word}` gilt für ein Ticket. Antworten Sie damit auf eine Mail des Tickets.",
        en=f"`{word}` is about a ticket. Say it in an answer to a mail of that ticket.",
    )


def only_once(word: str) -> Said:
    """Say: it cannot be said twice in one mail."""
    return Said(de=f"`{word}` geht nur einmal in einer Mail.", en=f"`{word}` goes only once in a mail.")


def too_many_commands(most: int) -> Said:
    """Say: nobody types so many."""
    return Said(de=f"In einer Mail gehen höchstens {most} Befehle.", en=f"At most {most} commands go into one mail.")


def line_too_long(word: str, most: int) -> Said:
    """Refuse to guess what the rest of a line was."""
    return Said(
        de=f"Die Zeile mit {word} ist länger als {most} Zeichen. Bitte auf mehrere Mails verteilen.",
        en=f"The line with {word} is longer than {most} characters. Please spread it over several mails.",
    )


def too_many_addresses(word: str, most: int) -> Said:
    """Refuse rather than do a part of it."""
    return Said(
        de=f"{word} nimmt höchstens {most} Adressen auf einmal.",
        en=f"{word} takes {most} addresses at a time, no more.",
    )


def none_such(what: Said, wanted: str, meant: str | None, known: Iterable[str]) -> Said:
    """Say: no agent, queue or priority is called that."""
    listed = ", ".join(known)
    return Said(
        de=f"{what.de} `{wanted}` gibt es nicht. {f'Gemeint war vielleicht `{meant}`. ' if meant else ''}Es gibt: {listed}.",
        en=f"There is no {what.en} `{wanted}`. {f'Perhaps `{meant}` was meant. ' if meant else ''}There are: {listed}.",
    )


AGENT = Said(de="Den Agenten", en="agent")
QUEUE = Said(de="Die Queue", en="queue")
PRIORITY = Said(de="Die Priorität", en="priority")

ARGUMENT_AGENT = Said(de="Agent", en="agent")
ARGUMENT_ADDRESS = Said(de="Adresse", en="address")
ARGUMENT_NUMBER = Said(de="Ticketnummer", en="ticket number")
ARGUMENT_UNTIL = Said(de="2d, 3h, 1w oder Datum", en="2d, 3h, 1w or a date")
ARGUMENT_QUEUE = Said(de="Queue", en="queue")
ARGUMENT_PRIORITY = Said(de="niedrig, normal, hoch, dringend", en="low, normal, high, urgent")
ARGUMENT_WORD = Said(de="Wort", en="word")
ARGUMENT_TAGS = Said(de="+Wort -Wort", en="+word -word")
ARGUMENT_AWAY = Said(de="Agent und bis wann", en="agent and until when")


# ---------------------------------------------------------------------------------------------------------- why it cannot be


def no_time(written: str) -> Said:
    """Say: nothing that says until when."""
    return Said(
        de=f"`{written}` ist keine Zeit. Beispiele: 3h, 2d, 1w, 2026-12-01, 01.12.2026.",
        en=f"`{written}` is no time. Examples: 3h, 2d, 1w, 2026-12-01, 01.12.2026.",
    )


def time_is_over(written: str) -> Said:
    """Say: it lies in the past, or too far away."""
    return Said(
        de=f"`{written}` liegt nicht in den nächsten zwölf Monaten.", en=f"`{written}` does not lie in the next twelve months."
    )


def not_in_team(agent: str, queue: str, team: Iterable[str]) -> Said:
    """Say: the agent does not work in the queue."""
    listed = ", ".join(team)
    return Said(
        de=f"{agent} arbeitet nicht in der Queue {queue}. Dort arbeiten: {listed}. Mit `#queue` geben Sie das Ticket weiter.",
        en=f"{agent} does not work in the queue {queue}. There work: {listed}. `#queue` gives the ticket to another team.",
    )


def no_ticket(number: str) -> Said:
    """Say: no ticket has that number."""
    return Said(de=f"Ein Ticket `{number}` gibt es nicht.", en=f"There is no ticket `{number}`.")


def same_ticket(number: str) -> Said:
    """Say: it is this one."""
    return Said(
        de=f"{number} ist dieses Ticket selbst, oder geht schon in ihm weiter.",
        en=f"{number} is this ticket itself, or goes on in it already.",
    )


def closed_ticket(number: str) -> Said:
    """Say: nothing goes on in a closed one."""
    return Said(de=f"{number} ist geschlossen; dort geht nichts weiter.", en=f"{number} is closed; nothing goes on there.")


def nothing_to_split() -> Said:
    """Say: no post of somebody outside."""
    return Said(
        de="In diesem Ticket steht kein Beitrag eines Kunden, der ein eigenes werden könnte.",
        en="No customer's post stands in this ticket that could become one of its own.",
    )


def no_address(written: str) -> Said:
    """Say: no mail can be sent there."""
    return Said(de=f"`{written}` ist keine Mailadresse.", en=f"`{written}` is no mail address.")


def one_address(word: str) -> Said:
    """Say: only one."""
    return Said(de=f"Hinter `{word}` steht genau eine Mailadresse.", en=f"Exactly one mail address stands behind `{word}`.")


def own_address(address: str) -> Said:
    """Say: ours or a colleague's."""
    return Said(
        de=f"{address} gehört zu uns und nimmt nicht als Kunde teil.",
        en=f"{address} is one of ours and takes no part as a customer.",
    )


def takes_no_part(address: str) -> Said:
    """Say: nobody to remove."""
    return Said(de=f"{address} ist an diesem Ticket nicht beteiligt.", en=f"{address} takes no part in this ticket.")


def requester_stays(address: str) -> Said:
    """Say: the requester cannot be taken out."""
    return Said(
        de=f"{address} hat das Anliegen gebracht und bleibt am Ticket beteiligt.",
        en=f"{address} brought the matter and stays in the ticket.",
    )


def takes_part_openly(address: str) -> Said:
    """Say: in Cc already, so everybody knows."""
    return Said(
        de=f"{address} ist schon offen beteiligt. Erst `#uncc {address}`, dann `#bcc`.",
        en=f"{address} takes part already, seen by all. First `#uncc {address}`, then `#bcc`.",
    )


def not_a_lead(agent: str) -> Said:
    """Say: only leads speak for others."""
    return Said(
        de=f"Für {agent} kann das nur eine Teamleitung von {agent} sagen.", en=f"Only a lead of {agent} can say that for {agent}."
    )
