"""What agents are told of a mail of theirs: what it did, or why it did nothing.

What is wrong with one command stands in `sayings_commands.py`, what became of an answer to the list of suspended mail in
`sayings_suspended.py`. The trace of a decision is English; the agent reads the language of the desk. Nothing else in the pipeline
holds sentences for agents: longer texts are templates in `texts/`.
"""

from datetime import datetime

from gateway.pipeline.said import Said

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
