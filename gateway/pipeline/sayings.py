"""What agents are told about the commands in their mails: every sentence in German and in English, side by side.

The trace of a decision is English; the agent reads the language of the desk. Nothing else in the pipeline holds sentences for
agents: longer texts are templates in `texts/`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.states import ReceivedState


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One sentence in both languages."""

    de: str
    en: str

    def to(self, language: str) -> str:
        """Return it in a language; whoever reads neither gets English."""
        return self.de if language == "de" else self.en


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


# ------------------------------------------------------------------------------------------------------------- what was done


def given_to_absent(agent: str) -> Said:
    """Say: they are away."""
    return Said(
        de=f"{agent} hat das Ticket jetzt, ist aber abwesend und hört nichts davon.",
        en=f"{agent} has the ticket now, but is away and hears nothing of it.",
    )


def is_away(agent: str, until: datetime | None) -> Said:
    """Say: an agent is away from now on."""
    if until is None:
        return Said(
            de=f"{agent} ist ab jetzt abwesend, bis `#zurück` kommt: keine Benachrichtigungen, keine neuen Tickets.",
            en=f"{agent} is away from now on, until `#back`: no notifications, no new tickets.",
        )
    return Said(
        de=f"{agent} ist abwesend bis {until:%d.%m.%Y, %H:%M}: keine Benachrichtigungen, keine neuen Tickets.",
        en=f"{agent} is away until {until:%Y-%m-%d, %H:%M}: no notifications, no new tickets.",
    )


def is_back(agent: str) -> Said:
    """Say: an agent is back."""
    return Said(de=f"{agent} ist wieder da.", en=f"{agent} is back.")


def nobody_known(address: str) -> Said:
    """Say: an address is nobody's whom we know."""
    return Said(de=f"Unter {address} ist niemand bekannt.", en=f"Nobody is known by {address}.")


def is_same(address: str, known: str) -> Said:
    """Say: two addresses are one person's from now on."""
    return Said(de=f"{address} und {known} sind ab jetzt eine Person.", en=f"{address} and {known} are one person from now on.")


def is_blocked(address: str) -> Said:
    """Say: mail of an address waits from now on."""
    return Said(
        de=f"Mail von {address} wird ab jetzt zurückgehalten. Aufheben kann das ein Admin: "
        f"`ticket-gateway suspended unblock {address}`.",
        en=f"Mail from {address} is held from now on. An admin can lift that: `ticket-gateway suspended unblock {address}`.",
    )


def is_spam(number: str) -> Said:
    """Say: closed, tagged, nothing sent."""
    return Said(
        de=f"{number} ist geschlossen und als Spam markiert; niemand bekommt eine Antwort. Der Absender ist nicht gesperrt: "
        "Absender von Spam sind meist gefälscht. Sperren: `#block`.",
        en=f"{number} is closed and tagged as spam; nobody gets an answer. Its sender is not blocked, because senders of spam "
        "are mostly forged. To block: `#block`.",
    )


def is_merged(number: str, into: str) -> Said:
    """Say: goes on elsewhere."""
    return Said(
        de=f"{number} ist geschlossen und geht in {into} weiter. Wer beteiligt war, ist es jetzt dort; neue Mail folgt.",
        en=f"{number} is closed and goes on in {into}. Who took part does so there now; later mail follows.",
    )


def is_split(author: str) -> Said:
    """Say: a post became a ticket."""
    return Said(
        de=f"Der Beitrag von {author} ist jetzt ein eigenes Ticket; die Benachrichtigung dazu kommt gesondert.",
        en=f"The post by {author} is a ticket of its own now; its notification comes separately.",
    )


def conversation_begun(customer: str, address: str, *, sent: bool) -> Said:
    """Say: an agent wrote to a customer."""
    if sent:
        return Said(
            de=f"Es gibt jetzt ein Ticket mit {customer}; Ihre Mail ging von {address} hinaus.",
            en=f"There is a ticket with {customer} now; your mail went out from {address}.",
        )
    return Said(
        de=f"Es gibt jetzt ein Ticket mit {customer}. Ihre Mail haben Sie selbst verschickt; wir haben sie nicht noch einmal "
        f"verschickt. Wenn Sie hierauf antworten, geht das von {address} an {customer}.",
        en=f"There is a ticket with {customer} now. You sent your mail yourself, so we did not send it again. "
        f"What you answer to this mail goes to {customer} from {address}.",
    )


# ------------------------------------------------------------------------------------------------ why a mail did nothing


def waits_no_longer() -> Said:
    """Say: the mail that was asked about is gone."""
    return Said(
        de="Diese Mail wartet nicht mehr: Sie wurde angenommen, verworfen oder ist abgelaufen.",
        en="That mail no longer waits: it was taken up, rejected or has expired.",
    )


def not_confirmed() -> Said:
    """Say: the first line was another word."""
    return Said(
        de="Nichts ist geschehen. Um die Mail freizugeben, antworten Sie mit `confirm` in der ersten Zeile.",
        en="Nothing was done. To release the mail, answer with `confirm` as the first line.",
    )


def nothing_written() -> Said:
    """Say: nothing stands above the quote."""
    return Said(
        de="Nichts wurde verschickt oder vermerkt: Über der zitierten Mail stand kein Text.",
        en="Nothing was sent or noted: no text was found above the quoted mail.",
    )


def nobody_to_answer(requester: str) -> Said:
    """Say: nobody has an address."""
    return Said(
        de=f"Nichts wurde verschickt: An {requester} kann keine Mail gehen, und sonst ist niemand beteiligt.",
        en=f"Nothing was sent: no mail can be sent to {requester}, and nobody else takes part.",
    )


def begins_in_new_mail(word: str) -> Said:
    """Say: it begins a ticket, and there is one."""
    return Said(
        de=f"`{word}` beginnt ein neues Ticket: bitte in einer neuen Mail an die Support-Adresse. Wer an diesem Ticket "
        "teilnehmen soll, kommt mit `#cc` dazu.",
        en=f"`{word}` begins a new ticket: please say it in a new mail to the support address. `#cc` lets somebody take part "
        "in this one.",
    )


def nothing_to_begin_with(word: str) -> Said:
    """Say: a conversation without a first word."""
    return Said(
        de=f"Unter `{word}` fehlt der Text, der an den Kunden gehen soll.",
        en=f"The text for the customer is missing below `{word}`.",
    )


# --------------------------------------------------------------------------------------------- answers to suspended mail


def unknown_order(line: str) -> Said:
    """No order stands in the first line of an answer to the list."""
    return Said(
        de=f"`{line}` wurde nicht verstanden. So geht es: `annehmen 3 5`, `ablehnen 4`, `sperren 7`, `spam 2`.",
        en=f"`{line}` was not understood. This is how: `accept 3 5`, `reject 4`, `block 7`, `spam 2`.",
    )


def order_without_number() -> Said:
    """Nothing says which mail."""
    return Said(
        de="Dahinter fehlt, welche Mail gemeint ist: eine Nummer der Liste, `3-6` oder `alle`.",
        en="Which mail is meant must stand behind it: a number of the list, `3-6` or `all`.",
    )


def no_number(word: str) -> Said:
    """Something else stands where a number must."""
    return Said(de=f"`{word}` ist keine Nummer der Liste.", en=f"`{word}` is no number of the list.")


def not_on_list(word: str) -> Said:
    """No mail has that number there."""
    return Said(de=f"Die Nummer {word} steht nicht auf dieser Liste.", en=f"The number {word} is not on this list.")


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


def works_no_more() -> Said:
    """Say it of a list that went out under an older configuration."""
    return Said(
        de="Angehaltene Mails bearbeitet inzwischen jemand anders.",
        en="Somebody else works suspended mail by now.",
    )


def two_orders(number: int) -> Said:
    """One mail cannot be accepted and rejected."""
    return Said(de=f"Für {number} stehen zwei Anweisungen da.", en=f"Two orders stand there for {number}.")


def no_longer_waits(number: int, state: ReceivedState) -> Said:
    """Somebody was faster."""
    became = _BECAME.get(state, Said(de="sie ist in Arbeit", en="it is being worked on"))
    return Said(
        de=f"{number}: wartet nicht mehr ({became.de}), nichts wurde geändert.",
        en=f"{number}: no longer waits ({became.en}), nothing was changed.",
    )


_BECAME: Final = {
    ReceivedState.TICKETED: Said(de="sie wurde angenommen", en="it was accepted"),
    ReceivedState.RECORDED: Said(de="sie wurde angenommen", en="it was accepted"),
    ReceivedState.DISCARDED: Said(de="sie wurde verworfen", en="it was rejected"),
}


def worked(number: int, verb: str) -> Said:
    """One mail was worked."""
    de = {"accept": "angenommen", "reject": "verworfen", "block": "verworfen, Absender gesperrt", "spam": "als Spam verworfen"}
    en = {"accept": "accepted", "reject": "discarded", "block": "discarded, sender blocked", "spam": "discarded as spam"}
    return Said(de=f"{number}: {de[verb]}.", en=f"{number}: {en[verb]}.")
