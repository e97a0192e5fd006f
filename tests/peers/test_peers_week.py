"""A week in the life of a desk of two teams: neomutt and swaks on one side, Postfix and the daemon on the other.

Read it from Monday to Sunday. What is expected lies in mailboxes, or is what the command line says.
"""

import re

from tests.peers.clients import from_address, swaks, write_mail
from tests.peers.places import STRANGER_IP
from tests.peers.week import SUPPORT, Desk, answer_to, token_address

_NOTE = "Sie hat schon zweimal zu spät bezahlt, bitte kulant bleiben."
_MACHINERY = ("#note", "#queue", "#solved", "via Firma", "Antworten Sie auf diese Mail")


def test_a_week_at_a_desk_of_two_teams(desk: Desk) -> None:
    urgent, _ = desk.ask("kolja", "Kasse steht, eilt", "Seit acht Uhr können wir nichts verkaufen.\n")
    karla = on_monday_a_question_is_answered(desk)
    on_monday_a_note_stays_in_the_team(desk, karla)
    on_tuesday_accounting_takes_over(desk, karla)
    on_tuesday_the_customer_is_on_vacation(desk, karla)
    on_wednesday_an_agent_writes_to_nobody(desk)
    konrad = on_thursday_somebody_pretends_to_be_ben(desk)
    on_thursday_a_stranger_is_let_in(desk, konrad)
    on_friday_two_tickets_become_one(desk)
    on_friday_the_list_is_worked(desk)
    on_friday_nobody_has_answered_in_time(desk, urgent)
    on_saturday_it_is_solved_and_closes(desk, karla)
    on_sunday_everything_is_at_rest(desk)


def on_monday_a_question_is_answered(desk: Desk) -> str:
    """Expect a confirmation for the customer, a notification for one team and not for the other, and an answer by a person."""
    number, confirmation = desk.ask("karla", "Frage zum Vertrag", "Wann endet mein Vertrag?\n")
    assert confirmation["Auto-Submitted"] == "auto-replied"
    assert "Wann endet" not in confirmation.whole
    notification = desk.told("anna", number, "Wann endet mein Vertrag?")
    desk.told("ben", number, "Wann endet mein Vertrag?")
    assert desk.count("carl@firma.test", number) == 0

    desk.world.agent("anna").answer(notification.path, "Guten Tag, er endet im Mai.\n")
    answer = desk.got("karla@kunde.test", "er endet im Mai")
    assert answer["From"] == '"Anna (Firma Support)" <support@firma.test>'
    desk.told("ben", number, "er endet im Mai")
    ticket = desk.show(number)["ticket"]
    assert (ticket["status"], ticket["assignee"], ticket["queue"]) == ("pending", "anna", "support")

    desk.world.customer("karla").answer(answer.path, "Danke! Und wo ist die Rechnung vom April?\n")
    desk.told("anna", number, "Rechnung vom April")
    shown = desk.show(number)
    assert shown["ticket"]["status"] == "open"
    assert [(post["side"], post["text"].splitlines()[0]) for post in shown["posts"]] == [
        ("customer", "Wann endet mein Vertrag?"),
        ("agent", "Guten Tag, er endet im Mai."),
        ("customer", "Danke! Und wo ist die Rechnung vom April?"),
    ]
    return number


def on_monday_a_note_stays_in_the_team(desk: Desk, number: str) -> None:
    """Expect that a colleague reads it; that the customer never does, Sunday looks at once more."""
    desk.world.agent("anna").answer(desk.told("anna", number, "Rechnung vom April").path, f"#note\n{_NOTE}\n")
    desk.told("ben", number, _NOTE)
    assert desk.count("karla@kunde.test", "kulant") == 0


def on_tuesday_accounting_takes_over(desk: Desk, number: str) -> None:
    """Expect that the other team is told, with what was said so far, and that its answer goes the same way."""
    desk.world.agent("ben").answer(desk.told("ben", number, "Rechnung vom April").path, "#queue accounting\n")
    handover = desk.told("carl", number, "Rechnung vom April")
    assert desk.show(number)["ticket"]["queue"] == "accounting"
    desk.world.agent("carl").answer(handover.path, "Die Rechnung liegt morgen in Ihrer Post.\n")
    assert desk.got("karla@kunde.test", "liegt morgen in Ihrer Post")["From"] == '"Carl (Firma Support)" <support@firma.test>'
    desk.wait_status(number, "pending")


def on_tuesday_the_customer_is_on_vacation(desk: Desk, number: str) -> None:
    """Expect that a vacation note is kept, and neither opens the ticket, nor is answered, nor rings a bell."""
    answer = desk.got("karla@kunde.test", "liegt morgen in Ihrer Post")
    before = len(desk.world.mailbox("carl@firma.test").mails()), len(desk.world.mailbox("karla@kunde.test").mails())
    vacation = answer_to(
        answer,
        sender="Karla <karla@kunde.test>",
        to=SUPPORT,
        text="Ich bin bis Montag nicht im Büro.\n",
        headers=(("Auto-Submitted", "auto-replied"),),
    )
    desk.send(vacation, sender="<>")
    shown = desk.show(number)
    assert shown["ticket"]["status"] == "pending"
    assert shown["posts"][-1]["text"] == "Ich bin bis Montag nicht im Büro."
    assert (len(desk.world.mailbox("carl@firma.test").mails()), len(desk.world.mailbox("karla@kunde.test").mails())) == before


def on_wednesday_an_agent_writes_to_nobody(desk: Desk) -> None:
    """Expect that a mail to an unknown user comes back from Postfix to the agent who wrote it, on its ticket."""
    text = "#to gibtsnicht@kunde.test\nGuten Tag, Ihr Gerät ist repariert.\n"
    desk.world.agent("anna").write(SUPPORT, "Ihr Gerät", text)
    failed = desk.told("anna", "gibtsnicht@kunde.test", "550")
    (number,) = desk.numbers_of("gibtsnicht@kunde.test", "Ihr Gerät")
    assert number in failed["Subject"]
    (sent,) = desk.show(number)["outbound"][:1]
    assert (sent["recipient"], sent["state"]) == ("gibtsnicht@kunde.test", "bounced")


def on_thursday_somebody_pretends_to_be_ben(desk: Desk) -> str:
    """Expect that a stolen token is not enough: the mail waits, ben is asked, and nothing has happened."""
    number, _ = desk.ask("konrad", "Passwort vergessen", "Wie komme ich wieder hinein?\n")
    notification = desk.told("ben", number, "Wie komme ich wieder hinein?")
    address = token_address(notification)
    forged = answer_to(notification, sender="Ben Berger <ben@firma.test>", to=address, text="Rufen Sie 0900 500 an.\n\n#solved\n")
    received = desk.send_from_elsewhere(forged)
    assert (received.state, received.reason) == ("suspended", "agent_unconfirmed")
    desk.told("ben", "Bitte bestätigen", "eine Mail mit Ihrem Namen wollte für Sie handeln")
    assert [one["reason"] for one in desk.lines("suspended", "list")] == ["agent_unconfirmed"]
    shown = desk.show(number)
    assert (shown["ticket"]["status"], len(shown["posts"])) == ("new", 1)
    return number


def on_thursday_a_stranger_is_let_in(desk: Desk, number: str) -> None:
    """Expect that one word of an agent makes a participant of somebody who knew the thread, and that answers go to both."""
    thread = desk.got("konrad@kunde.test", "Ihre Nachricht ist angekommen", number)
    stranger = answer_to(thread, sender="Kilian <kilian@kunde.test>", to=SUPPORT, text="Ich habe dasselbe, mein Konto ist k-2.\n")
    received = desk.send(stranger)
    assert (received.state, received.reason) == ("suspended", "stranger_on_ticket")
    asked = desk.told("anna", "Bitte bestätigen", "kilian@kunde.test", "mein Konto ist k-2")
    desk.world.agent("anna").answer(asked.path, "confirm\n")
    desk.wait_released(received.id)

    desk.world.agent("anna").answer(
        desk.told("anna", number, "Wie komme ich").path, "#send\nBitte hier klicken: firma.test/neu\n"
    )
    for reader in ("konrad@kunde.test", "kilian@kunde.test"):
        desk.got(reader, "Bitte hier klicken")
        assert desk.count(reader, "0900 500") == 0
    participants = [one["mailbox"] for one in desk.show(number)["ticket"]["participants"]]
    assert [str(one) for one in participants if "kilian" in str(one)]


def on_friday_two_tickets_become_one(desk: Desk) -> None:
    """Expect that mail to the merged ticket lands in the one that went on."""
    first, _ = desk.ask("klara", "Lieferung fehlt", "Paket 1 ist nicht da.\n")
    second, confirmation = desk.ask("klara", "Lieferung immer noch nicht da", "Und Paket 2 auch nicht.\n")
    desk.world.agent("anna").answer(desk.told("anna", second, "Paket 2").path, f"#merge {first}\n")
    desk.wait_status(second, "closed")
    desk.world.customer("klara").answer(confirmation.path, "Beide sind eben gekommen.\n")
    desk.told("ben", first, "Beide sind eben gekommen")
    assert [post["text"] for post in desk.show(first)["posts"]][-1] == "Beide sind eben gekommen."
    assert "Beide sind eben" not in str(desk.show(second)["posts"])


def on_friday_the_list_is_worked(desk: Desk) -> None:
    """Expect that an agent takes up one suspended mail and rejects another by answering the list."""
    mail = write_mail(sender="Kurt <kurt@kunde.test>", to=SUPPORT, subject="Von unterwegs", text="Hotelnetz, tut mir leid.\n")
    options = from_address(STRANGER_IP, "hotel.fremd.test")
    swaks(desk.world.ports.company, mail, sender="kurt@kunde.test", to=SUPPORT, options=options)
    received = desk.world.gateway.wait_received(mail["Message-ID"])
    assert (received.state, received.reason) == ("suspended", "contradicted_sender")
    digest = desk.told("anna", "auf eine Entscheidung", "Von unterwegs")
    place = {subject: number for number, subject in re.findall(r"^(\d+)\. (.+?)\r?$", digest.text, re.MULTILINE)}
    (forged,) = (number for subject, number in place.items() if "Passwort vergessen" in subject)
    desk.world.agent("anna").answer(digest.path, f"accept {place['Von unterwegs']}\nreject {forged}\n")

    desk.wait_released(received.id)
    desk.told("ben", "Von unterwegs", "Hotelnetz, tut mir leid.")
    assert desk.lines("suspended", "list") == []


def on_friday_nobody_has_answered_in_time(desk: Desk, number: str) -> None:
    """Expect that the team was warned of the promise on Monday's urgent ticket, and told with its lead that it is late."""
    for agent in ("anna", "ben"):
        warning = desk.told(agent, number, "läuft bald ab")
        breach = desk.told(agent, number, "ist abgelaufen")
        assert warning["References"].split()[0] == breach["References"].split()[0]
        assert desk.count(f"{agent}@firma.test", number, "ist abgelaufen") == 1
    assert [one["number"] for one in desk.lines("tickets", "list", "--late")] == [number]
    desk.world.agent("ben").answer(desk.told("ben", number, "ist abgelaufen").path, "Wir rufen sofort an!\n")
    desk.got("kolja@kunde.test", "Wir rufen sofort an!")


def on_saturday_it_is_solved_and_closes(desk: Desk, number: str) -> None:
    """Expect that a solved ticket closes by itself, and that the customer's next mail opens one that follows it."""
    desk.world.agent("carl").answer(desk.told("carl", number, "Rechnung vom April").path, "#solved\n")
    desk.wait_status(number, "closed")
    answer = desk.got("karla@kunde.test", "liegt morgen in Ihrer Post")
    desk.world.customer("karla").answer(answer.path, "Nun habe ich sie verloren.\n")
    again = desk.told("carl", "Nun habe ich sie verloren.")
    following = again["Subject"].partition("]")[0].removeprefix("[")
    assert following != number
    assert f"opened, follows {number}" in [line["what"] for line in desk.show(following)["history"]]


def on_sunday_everything_is_at_rest(desk: Desk) -> None:
    """Expect that all mail left once, that no note and no command ever did, and that the log tells of no fault."""
    states = {mail["state"] for mail in desk.lines("outbox", "list")}
    assert states <= {"sent", "bounced"}
    assert desk.lines("failed", "list") == []
    for customer in ("karla", "kolja", "konrad", "kilian", "klara", "kurt"):
        mailbox = desk.world.mailbox(f"{customer}@kunde.test")
        ids = [mail["Message-ID"] for mail in mailbox.mails()]
        assert len(ids) == len(set(ids)), f"{customer} got a mail twice"
        for mail in mailbox.mails():
            assert not [words for words in (*_MACHINERY, "kulant", "0900 500") if words in mail.text]
    words = desk.world.gateway.words()
    assert not [event for event in ("mail.failed", "timer.failed", "relay.failed", "desk.died", "Traceback") if event in words]
